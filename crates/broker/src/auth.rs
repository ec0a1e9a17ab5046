//! What a person has to do first: log in, or end a pause.

use moment::Moment;

use crate::action::Refusal;
use crate::broker::{Broker, Words};
use crate::ids::{ProfileName, RequestId};
use crate::roster::{Class, PoolIx, ProfileIx};

impl Broker {
    pub(crate) fn pause(&mut self, profile: &ProfileName, paused: bool) {
        let Some(ix) = self.roster.profile(profile) else { return };
        self.set_paused(ix, paused);
    }

    pub(crate) fn set_paused(&mut self, ix: ProfileIx, paused: bool) {
        let row = &mut self.roster.profiles[ix];
        row.paused = paused;
        let pool = row.pool;
        let party = self.roster.pools[pool].party;
        if let Some((request, _)) = self.roster.parties[party].claim
            && self.requests.get(&request).is_some_and(|request| request.profile == ix)
        {
            self.release_claim(party, request);
        }
        self.mark(pool);
    }

    pub(crate) fn auth_needed(&mut self, _now: Moment, profile: &ProfileName, message: Words) {
        let Some(ix) = self.roster.profile(profile) else { return };
        let admin = self.roster.party_of(self.roster.profiles[ix].pool).admin;
        self.roster.scopes[admin].auth = Some(message);
        for party in self.roster.scopes[admin].parties.clone() {
            for pool in self.roster.parties[party].pools.clone() {
                self.refuse_unasked(pool);
                self.mark(pool);
            }
            for scope in self.roster.parties[party].scopes() {
                self.mark_scope(scope);
            }
        }
    }

    pub(crate) fn auth_ok(&mut self, now: Moment, profile: &ProfileName) {
        let Some(ix) = self.roster.profile(profile) else { return };
        let admin = self.roster.party_of(self.roster.profiles[ix].pool).admin;
        self.roster.scopes[admin].auth = None;
        self.retry_unconfirmed(now, admin, None);
        for party in self.roster.scopes[admin].parties.clone() {
            self.mark_party(party);
        }
    }

    /// Sends those away who need an open that needs a log-on, and behind whom nobody sits.
    pub(crate) fn refuse_unasked(&mut self, pool: PoolIx) {
        if self.roster.scopes[self.roster.party_of(pool).admin].auth.is_none() {
            return;
        }
        for profile in self.roster.pools[pool].profiles.clone() {
            for class in Class::ALL {
                let waiting: Vec<_> = self.roster.profiles[profile].line(class).iter().collect();
                for place in waiting {
                    self.refuse_if_unasked(place.request);
                }
            }
        }
    }

    pub(crate) fn refuse_if_unasked(&mut self, id: RequestId) {
        let Some(request) = self.requests.get(&id) else { return };
        let Some(class) = request.ask.class() else { return };
        let pool = self.roster.profiles[request.profile].pool;
        let Some(message) = &self.roster.scopes[self.roster.party_of(pool).admin].auth else {
            return;
        };
        let served_without = class == Class::Turn && self.serves_turns(pool);
        if request.holder.interactive || served_without || self.is_covered(pool, id) {
            return;
        }
        let message = message.clone();
        self.turn_away(id, Refusal::Auth(message));
    }
}
