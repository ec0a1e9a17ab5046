//! Hands sessions to those who wait, then slots to those who need them, until nothing moves.

use moment::Moment;

use crate::action::{Action, CloseCause};
use crate::broker::Broker;
use crate::ids::{RequestId, SessionId};
use crate::roster::{Class, PartyIx, PoolIx, ScopeIx};
use crate::timer::Timer;

impl Broker {
    /// Moves everything that can move.
    pub(crate) fn settle(&mut self, now: Moment) {
        loop {
            if let Some(pool) = self.dirty.pools.pop_first() {
                self.serve(now, pool);
            } else if let Some(scope) = self.dirty.organizations.pop_first() {
                while self.has_hope(now, scope) && self.open_one(now, scope) {}
                self.tell_of(now, scope);
            } else if let Some(scope) = self.dirty.admins.pop_first() {
                self.feed_all(now, scope);
                self.tell_of(now, scope);
            } else if let Some(party) = self.dirty.parties.pop_first() {
                self.feed(now, party);
            } else if let Some(pool) = self.dirty.spreads.pop_first() {
                self.spread(now, pool);
            } else {
                return;
            }
        }
    }

    /// Hands the pool's sessions to those who wait for one.
    fn serve(&mut self, now: Moment, pool: PoolIx) {
        self.answer_connects(pool);
        for session in self.roster.pools[pool].ready.clone() {
            self.assign(now, session);
        }
        self.expire_overdue(now, pool);
        self.keep_warm(now, pool);
        self.check_drained(pool);
        self.watch_spread(now, pool);
        self.watch_stalls(pool);
        self.refresh_hunger(self.roster.pools[pool].party);
        self.touch(now, pool);
    }

    fn answer_connects(&mut self, pool: PoolIx) {
        while let Some(place) = self.head(pool, Class::Connect)
            && let Some(session) = self.any_open(pool)
        {
            self.take_request(place.request);
            self.emit(Action::Connected {
                request: place.request,
                session,
                reused: false,
            });
        }
    }

    /// Gives a session that nobody uses to the right one, if there is one.
    fn assign(&mut self, now: Moment, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let (pool, admin) = (session.pool, session.admin);
        let newborn = std::mem::take(&mut session.newborn);
        if let Some((claimant, _)) = session.claim {
            self.hand_over(now, id, claimant);
            return;
        }
        let turn = self.head(pool, Class::Turn).into_iter().chain(self.head_wanting(id));
        let turn = turn.min().map(|place| (place, Class::Turn));
        let exclusive = self
            .head_alone(pool, Class::Exclusive)
            .map(|place| (place, Class::Exclusive));
        let fresh = self.head_alone(pool, Class::Fresh).map(|place| (place, Class::Fresh));
        // A session that was just opened goes to whoever waits longest; one that was shared stays shared while it is
        // wanted so: those who want it alone claim it.
        let chosen = if newborn {
            [turn, exclusive, fresh].into_iter().flatten().min()
        } else {
            turn.or(exclusive)
        };
        match chosen {
            None => {}
            Some((_, Class::Turn)) if self.must_wait_for_pace(now, admin) => {}
            Some((place, Class::Turn)) => self.grant_turn(now, place.request, id),
            Some((place, Class::Exclusive | Class::Fresh)) => {
                if newborn {
                    self.bind(now, place.request, id, true);
                } else {
                    self.bind_unless_rival(now, place.request, id);
                }
            }
            Some((_, Class::Connect)) => {}
        }
    }

    /// A claimed session is free: it goes to the claimant, or makes room for it.
    fn hand_over(&mut self, now: Moment, id: SessionId, claimant: RequestId) {
        let Some(request) = self.requests.get(&claimant) else {
            return;
        };
        let pool = self.roster.profiles[request.profile].pool;
        let fits = self.sessions.get(&id).is_some_and(|session| session.pool == pool);
        if fits && request.ask.class() == Some(Class::Exclusive) {
            self.bind_unless_rival(now, claimant, id);
        } else {
            self.give_up(now, id, self.roster.pools[pool].party);
        }
    }

    /// Passing a session on within an admin is being served: under a shared ceiling somebody else may come first.
    fn bind_unless_rival(&mut self, now: Moment, request: RequestId, id: SessionId) {
        if !self.books.has_fence() {
            return;
        }
        let Some(place) = self.requests.get(&request).map(|request| request.place) else {
            return;
        };
        match self.rival(now, id, place) {
            Some(rival) => self.give_up(now, id, rival),
            // Rather a new one than one that is about to expire, if there can be a new one.
            None if self.is_stale(now, id) && self.could_open(now, request) => {
                self.begin_close(now, id, CloseCause::Idle);
            }
            None => self.bind(now, request, id, false),
        }
    }

    fn could_open(&self, now: Moment, request: RequestId) -> bool {
        let Some(profile) = self.requests.get(&request).map(|request| request.profile) else {
            return false;
        };
        self.obstacle(now, self.roster.profiles[profile].pool, profile)
            .is_none()
    }

    /// FIFO within an admin, between its organizations, too.
    fn feed_all(&mut self, now: Moment, admin: ScopeIx) {
        let mut parties: Vec<PartyIx> = self.roster.scopes[admin].hungry.iter().copied().collect();
        parties.sort_by_key(|party| self.next_of(now, *party).map(|next| next.order.place));
        for party in parties {
            self.feed(now, party);
        }
    }

    /// A slot or an idle session appeared, or went: who waits may want to know, and may want a second session.
    fn tell_of(&mut self, now: Moment, scope: ScopeIx) {
        for party in self.roster.scopes[scope].hungry.clone() {
            for pool in self.roster.parties[party].pools.clone() {
                self.touch(now, pool);
            }
        }
        self.dirty
            .spreads
            .extend(self.roster.scopes[scope].spreading.iter().copied());
    }

    fn has_hope(&self, now: Moment, scope: ScopeIx) -> bool {
        let scope = &self.roster.scopes[scope];
        !scope.hungry.is_empty() && (!scope.is_full(now) || !scope.idle.is_empty())
    }

    /// Opens for the first that can, and makes room for those before it; false if nobody can.
    fn open_one(&mut self, now: Moment, scope: ScopeIx) -> bool {
        let hungry = &self.roster.scopes[scope].hungry;
        let mut order: Vec<_> = hungry
            .iter()
            .filter_map(|party| self.next_of(now, *party).map(|next| (next.order, *party)))
            .collect();
        order.sort_unstable();
        order.into_iter().any(|(_, party)| self.try_open(now, party))
    }

    /// Opens what the party needs and may open; then sees what it could claim.
    fn feed(&mut self, now: Moment, party: PartyIx) {
        while self.roster.parties[party].hungry && self.try_open(now, party) {}
        if self.roster.parties[party].hungry {
            self.consider_claim(now, party);
            self.watch_rate(now, party);
        }
    }

    /// Begins one open for the party, or makes room for one.
    fn try_open(&mut self, now: Moment, party: PartyIx) -> bool {
        let Some(next) = self.next_of(now, party) else {
            return false;
        };
        if self.ceilings(now, party).is_empty() {
            self.begin_open(now, next.pool, next.profile);
            self.refresh_hunger(party);
            return true;
        }
        self.make_room(now, party);
        false
    }

    /// Nobody of the party needs a slot any more.
    pub(crate) fn sate(&mut self, party: PartyIx) {
        self.timers.clear(Timer::Claim(party));
        self.timers.clear(Timer::Rate(party));
        if let Some((request, _)) = self.roster.parties[party].claim {
            self.release_claim(party, request);
        }
        for scope in self.roster.parties[party].scopes() {
            let row = &mut self.roster.scopes[scope];
            row.hungry.remove(&party);
            row.claimants.remove(&party);
            if !row.spreading.is_empty() {
                self.mark_scope(scope);
            }
        }
    }

    /// Wakes a party when the window for opens moves on.
    fn watch_rate(&mut self, now: Moment, party: PartyIx) {
        for pool in self.roster.parties[party].pools.clone() {
            let Some(place) = self.next_demander(pool) else {
                continue;
            };
            let Some(profile) = self.requests.get(&place.request).map(|request| request.profile) else {
                continue;
            };
            self.watch_rate_of(now, pool, profile);
        }
    }
}
