//! A second session for a shared profile: only when somebody waits long enough behind another's pipeline, and only from
//! a slot that nobody else needs.

use moment::Moment;

use crate::broker::Broker;
use crate::event::Priority;
use crate::profile::Sharing;
use crate::roster::{Class, PoolIx, ProfileIx};
use crate::timer::Timer;

impl Broker {
    /// Notes when the first turn of the pool will have waited long enough, or that it has.
    pub(crate) fn watch_spread(&mut self, now: Moment, pool: PoolIx) {
        let due = self.spread_due(pool);
        let scopes = self.roster.party_of(pool).scopes();
        match due {
            Some(due) if due > now => self.timers.set(Timer::Spread(pool), due),
            Some(_) | None => self.timers.clear(Timer::Spread(pool)),
        }
        let wants = due.is_some_and(|due| due <= now);
        for scope in scopes {
            let spreading = &mut self.roster.scopes[scope].spreading;
            if wants {
                spreading.insert(pool);
            } else {
                spreading.remove(&pool);
            }
        }
        if wants {
            self.dirty.spreads.insert(pool);
        }
    }

    pub(crate) fn sharing(&self, profile: ProfileIx) -> Sharing {
        self.roster.profiles[profile]
            .profile
            .as_ref()
            .map_or_else(Sharing::default, |profile| profile.sharing)
    }

    fn spread_due(&self, pool: PoolIx) -> Option<Moment> {
        let place = self.head(pool, Class::Turn)?;
        let may_serve = self.serves_turns(pool) || self.returning(pool).is_some();
        let waits_behind = may_serve && self.roster.pools[pool].opening.is_empty();
        let request = self.requests.get(&place.request)?;
        let patience = self.sharing(request.profile).spread_after;
        let since = request.since;
        waits_behind.then(|| (since + patience).max(self.roster.pools[pool].spread_from))
    }

    /// Opens a second session, if it may.
    pub(crate) fn spread(&mut self, now: Moment, pool: PoolIx) {
        if self.spread_due(pool).is_none_or(|due| due > now) {
            return;
        }
        let Some(place) = self.head(pool, Class::Turn) else {
            return;
        };
        let Some(profile) = self.requests.get(&place.request).map(|request| request.profile) else {
            return;
        };
        let party = self.roster.pools[pool].party;
        let batch = self.requests.get(&place.request).map(|request| request.priority) == Some(Priority::Batch);
        if batch && self.is_reserved(pool, profile)
            || !self.ceilings(now, party).is_empty()
            || self.somebody_needs_it(now, pool)
        {
            return;
        }
        if self.obstacle(now, pool, profile).is_some() {
            self.watch_rate_of(now, pool, profile);
            return;
        }
        self.begin_open(now, pool, profile);
    }

    /// True if somebody under the same ceilings could use the slot.
    pub(crate) fn somebody_needs_it(&self, now: Moment, pool: PoolIx) -> bool {
        self.roster
            .party_of(pool)
            .scopes()
            .flat_map(|scope| self.roster.scopes[scope].hungry.iter())
            .any(|party| self.next_of(now, *party).is_some())
    }

    /// Sets the timer for the moment at which the window for opens lets this profile open again.
    pub(crate) fn watch_rate_of(&mut self, now: Moment, pool: PoolIx, profile: ProfileIx) {
        let Some(rate) = self.roster.profiles[profile]
            .profile
            .as_ref()
            .and_then(|profile| profile.limits.opens)
        else {
            return;
        };
        let admin = self.roster.party_of(pool).admin;
        if let Some(Some(until)) = self.rate(now, admin, rate) {
            self.timers.set(Timer::Rate(self.roster.pools[pool].party), until);
        }
    }
}
