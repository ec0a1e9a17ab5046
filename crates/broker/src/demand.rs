//! Who needs a slot that is not there yet.
//!
//! An open is made for a pool, not for a request: whoever is first when the session is open gets it, and a waiter that
//! was served meanwhile leaves it to the next. So what counts is how many need a session and how many are on the way.

use moment::Moment;

use crate::broker::Broker;
use crate::event::Priority;
use crate::ids::{RequestId, SessionId};
use crate::line::Place;
use crate::profile::OpenRate;
use crate::roster::{Class, PartyIx, PoolIx, ProfileIx, ScopeIx};
use crate::session::{Session, State};

/// What keeps an open from beginning that has nothing to do with ceilings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    Stopping,
    Books,
    Auth,
    Hold {
        until: Moment,
    },
    /// The last open failed: one at a time is tried, until one succeeds.
    Trial,
    /// `None`: until an open that is under way has ended.
    Rate {
        until: Option<Moment>,
    },
}

/// Who comes first between parties: late ones last, then the one served longest ago, then the longest wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Order {
    /// A batch request that still lets interactive ones pass.
    pub(crate) yields: bool,
    pub(crate) served: u64,
    pub(crate) place: Place,
}

/// What a party would open next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Next {
    pub(crate) order: Order,
    pub(crate) pool: PoolIx,
    pub(crate) profile: ProfileIx,
}

impl Broker {
    /// An open session of the pool, whoever uses it.
    pub(crate) fn any_open(&self, pool: PoolIx) -> Option<SessionId> {
        let open = |id: &&SessionId| {
            self.sessions
                .get(id)
                .is_some_and(|session| session.state == State::Open && session.doomed.is_none())
        };
        self.roster.pools[pool].sessions.iter().find(open).copied()
    }

    /// True if pipelines of the pool have a session on which to take turns.
    pub(crate) fn serves_turns(&self, pool: PoolIx) -> bool {
        let serves = |id: &SessionId| self.sessions.get(id).is_some_and(Session::serves_turns);
        self.roster.pools[pool].sessions.iter().any(serves)
    }

    /// The one that an open would be for beside those who need a session to themselves: a first turn without a session
    /// to run on, or a connect without a session to find.
    fn sharer(&self, pool: PoolIx) -> Option<Place> {
        let first = match self.head(pool, Class::Turn) {
            Some(turn) => Some(turn).filter(|_| !self.serves_turns(pool)),
            None => self
                .head(pool, Class::Connect)
                .filter(|_| self.any_open(pool).is_none()),
        };
        first.filter(|place| !self.waits_for_return(pool, place.request))
    }

    /// The clean session of an earlier run that is just being found again, if there is one.
    pub(crate) fn returning(&self, pool: PoolIx) -> Option<SessionId> {
        let returns = |id: &&SessionId| {
            self.sessions.get(id).is_some_and(|session| {
                session.state == State::Recovering
                    && session.lease.is_none()
                    && !session.dirty
                    && session.doomed.is_none()
            })
        };
        self.roster.pools[pool].sessions.iter().find(returns).copied()
    }

    /// True if a request that shares need not have another session opened, because one is just being found again. Who
    /// does not wait, or hardly, does not wait for that either.
    fn waits_for_return(&self, pool: PoolIx, request: RequestId) -> bool {
        let patient = |request: &crate::request::Request| {
            let patience = self.sharing(request.profile).spread_after;
            request
                .deadline
                .is_none_or(|deadline| deadline > request.since + patience)
        };
        self.returning(pool).is_some() && self.requests.get(&request).is_some_and(patient)
    }

    /// The first `count` that need a session, in order.
    pub(crate) fn demanders(&self, pool: PoolIx, count: usize) -> Vec<Place> {
        let mut places: Vec<Place> = Vec::new();
        for profile in self.active(pool) {
            let row = &self.roster.profiles[profile];
            for class in [Class::Exclusive, Class::Fresh] {
                places.extend(row.line(class).iter().take(count));
            }
        }
        places.extend(self.sharer(pool));
        places.sort_unstable();
        places.truncate(count);
        places
    }

    /// The first that needs a session beyond those on the way.
    pub(crate) fn next_demander(&self, pool: PoolIx) -> Option<Place> {
        let under_way = self.roster.pools[pool].opening.len();
        let next = self.demanders(pool, under_way + 1).get(under_way).copied()?;
        let request = self.requests.get(&next.request)?;
        if request.priority == Priority::Batch && self.is_reserved(pool, request.profile) {
            return self.next_interactive(pool, under_way);
        }
        Some(next)
    }

    /// True if no more of the account's slots are left than are reserved for interactive requests. The last slot that an
    /// account has at all is nobody's own.
    pub(crate) fn is_reserved(&self, pool: PoolIx, profile: ProfileIx) -> bool {
        let reserve = self.roster.profiles[profile]
            .profile
            .as_ref()
            .map_or(0, |profile| profile.limits.reserve_interactive as usize);
        if reserve == 0 {
            return false;
        }
        let admin = &self.roster.scopes[self.roster.party_of(pool).admin];
        let most = admin.limit.map_or(usize::MAX, |limit| limit as usize);
        let available = admin.room().saturating_add(admin.idle.len());
        available <= reserve.min(most.saturating_sub(1))
    }

    /// The first of a class who may have a session to itself: batch stands aside where no more is left than is reserved.
    pub(crate) fn head_alone(&self, pool: PoolIx, class: Class) -> Option<Place> {
        let heads = self.active(pool).filter_map(|profile| {
            let line = self.roster.profiles[profile].line(class);
            if self.is_reserved(pool, profile) {
                line.iter().find(|place| self.is_interactive(place))
            } else {
                line.first()
            }
        });
        heads.min()
    }

    fn is_interactive(&self, place: &Place) -> bool {
        self.requests
            .get(&place.request)
            .is_some_and(|request| request.priority == Priority::Interactive)
    }

    /// The first in the lines who may have what is reserved, beyond those for whom an open is under way.
    fn next_interactive(&self, pool: PoolIx, under_way: usize) -> Option<Place> {
        let covered = self.demanders(pool, under_way);
        let interactive = |place: &Place| self.is_interactive(place);
        let alone = self.active(pool).flat_map(|profile| {
            let row = &self.roster.profiles[profile];
            [Class::Exclusive, Class::Fresh]
                .into_iter()
                .filter_map(|class| {
                    row.line(class)
                        .iter()
                        .find(|place| interactive(place) && !covered.contains(place))
                })
                .collect::<Vec<_>>()
        });
        let sharer = self
            .sharer(pool)
            .filter(|place| interactive(place) && !covered.contains(place));
        alone.chain(sharer).min()
    }

    /// True if an open that is under way is for this request.
    pub(crate) fn is_covered(&self, pool: PoolIx, request: RequestId) -> bool {
        let under_way = self.roster.pools[pool].opening.len();
        under_way > 0
            && self
                .demanders(pool, under_way)
                .iter()
                .any(|place| place.request == request)
    }

    /// How many need a session beyond those on the way.
    fn missing(&self, pool: PoolIx) -> usize {
        let alone: usize = self
            .active(pool)
            .map(|profile| &self.roster.profiles[profile])
            .map(|row| row.line(Class::Exclusive).len() + row.line(Class::Fresh).len())
            .sum();
        let all = alone + usize::from(self.sharer(pool).is_some());
        all.saturating_sub(self.roster.pools[pool].opening.len())
    }

    /// How many slots a party could use now.
    pub(crate) fn need(&self, party: PartyIx) -> usize {
        let row = &self.roster.parties[party];
        let missing: usize = row.pools.iter().map(|pool| self.missing(*pool)).sum();
        let admin = &self.roster.scopes[row.admin];
        if admin.is_at_limit() {
            missing
        } else {
            missing.min(admin.room())
        }
    }

    /// What stands in the way of opening for this profile, ceilings aside.
    pub(crate) fn obstacle(&self, now: Moment, pool: PoolIx, profile: ProfileIx) -> Option<Obstacle> {
        if self.stopping.is_some() {
            return Some(Obstacle::Stopping);
        }
        let admin = &self.roster.scopes[self.roster.party_of(pool).admin];
        if admin.auth.is_some() {
            return Some(Obstacle::Auth);
        }
        if self.books.failed.is_some_and(|until| until > now) || !self.books.has_fence() {
            return Some(Obstacle::Books);
        }
        if let Some(hold) = self.roster.pools[pool].hold.as_ref().filter(|hold| hold.until > now) {
            return Some(Obstacle::Hold { until: hold.until });
        }
        if self.roster.pools[pool].wary && !self.roster.pools[pool].opening.is_empty() {
            return Some(Obstacle::Trial);
        }
        let rate = self.roster.profiles[profile]
            .profile
            .as_ref()
            .and_then(|profile| profile.limits.opens)?;
        self.rate(now, self.roster.party_of(pool).admin, rate)
            .map(|until| Obstacle::Rate { until })
    }

    /// An open counts from before it begins until a period after it has ended: the server saw it somewhere between.
    pub(crate) fn rate(&self, now: Moment, admin: ScopeIx, rate: OpenRate) -> Option<Option<Moment>> {
        let scope = &self.roster.scopes[admin];
        let most = rate.opens.max(1) as usize;
        let recent: Vec<Moment> = scope
            .opens
            .iter()
            .copied()
            .filter(|ended| *ended + rate.period > now)
            .collect();
        let count = recent.len() + scope.opening.len() + scope.unanswered.len();
        if count < most {
            return None;
        }
        Some(recent.get(count - most).map(|ended| *ended + rate.period))
    }

    /// What a party would open next, if nothing but a ceiling stood in the way.
    pub(crate) fn next_of(&self, now: Moment, party: PartyIx) -> Option<Next> {
        let row = &self.roster.parties[party];
        row.pools
            .iter()
            .filter_map(|pool| {
                let place = self.next_demander(*pool)?;
                let profile = self.requests.get(&place.request)?.profile;
                let order = self.order(now, party, place);
                self.obstacle(now, *pool, profile).is_none().then_some(Next {
                    order,
                    pool: *pool,
                    profile,
                })
            })
            .min_by_key(|next| next.order)
    }

    pub(crate) fn order(&self, now: Moment, party: PartyIx, place: Place) -> Order {
        Order {
            yields: place.at > now,
            served: self.roster.parties[party].served,
            place,
        }
    }

    /// The ceilings that keep a party from opening.
    pub(crate) fn ceilings(&self, now: Moment, party: PartyIx) -> Vec<ScopeIx> {
        self.roster.parties[party]
            .scopes()
            .filter(|scope| self.roster.scopes[*scope].is_full(now))
            .collect()
    }

    /// Notes whether anybody of the party needs a slot.
    pub(crate) fn refresh_hunger(&mut self, party: PartyIx) {
        let hungry = self.roster.parties[party]
            .pools
            .iter()
            .any(|pool| self.next_demander(*pool).is_some());
        let was = std::mem::replace(&mut self.roster.parties[party].hungry, hungry);
        let scopes = self.roster.parties[party].scopes();
        if hungry {
            for scope in scopes {
                self.roster.scopes[scope].hungry.insert(party);
            }
            self.dirty.parties.insert(party);
        } else if was {
            self.sate(party);
        }
    }
}
