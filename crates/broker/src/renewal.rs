//! What comes after a session that is old or whose token ends: its successor is opened first where a slot is free, and
//! takes over between two pipelines; where none is, the session is closed first.

use moment::Moment;

use crate::action::CloseCause;
use crate::broker::Broker;
use crate::ids::SessionId;
use crate::roster::{Class, PoolIx, ProfileIx};
use crate::session::{Session, State};
use crate::timer::Timer;

impl Broker {
    pub(crate) fn token_ends(&mut self, now: Moment, id: SessionId, at: Option<Moment>) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        session.token = at;
        let ready = session.is_ready();
        self.watch_renewal(now, id);
        if ready {
            // The time that counts may be another now.
            self.timers.set(Timer::Idle(id), now);
        }
        self.watch_bound(now, id);
    }

    /// When a session must be gone: its age, its token, and for one that is kept warm its idle time.
    fn renewal_end(&self, session: &Session) -> Option<Moment> {
        let warm = self.lifetimes(session).keep_warm && self.is_held(session.pool);
        let idle = warm.then(|| self.idle_at(session));
        [self.age_limit(session), idle].into_iter().flatten().min()
    }

    /// Sets the timer for the look for a successor.
    pub(crate) fn watch_renewal(&mut self, now: Moment, id: SessionId) {
        let Some(session) = self.sessions.get(&id).filter(|row| row.state == State::Open) else {
            return;
        };
        match self.renewal_end(session) {
            Some(end) => {
                // Of a short life at most the last quarter.
                let ahead = self.settings.renew_ahead.min(end.since(session.since) / 4);
                let due = end - ahead;
                let again = now + self.settings.renew_ahead / 6;
                self.timers.set(
                    Timer::Renewal(id),
                    if due > now { due } else { again.min(end.max(now)) },
                );
            }
            None => self.timers.clear(Timer::Renewal(id)),
        }
    }

    /// The session nears its end: opens its successor, if it is wanted and a slot is free for it.
    pub(crate) fn renew_session(&mut self, now: Moment, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        let Some(end) = self.renewal_end(session).filter(|_| session.state == State::Open) else {
            return;
        };
        if end <= now {
            // Too late to be first: it closes when it is free, and the next in need opens another.
            return;
        }
        let near = end.since(now) <= self.settings.renew_ahead;
        let shared = session.lease.is_none() && session.doomed.is_none() && session.claim.is_none();
        let pool = session.pool;
        let replaced = self.roster.pools[pool]
            .sessions
            .iter()
            .filter_map(|other| self.sessions.get(other))
            .any(|other| other.replaces == Some(id));
        if near
            && shared
            && !replaced
            && let Some(profile) = self.wanted(pool)
            && self.may_open_spare(now, pool, profile)
            && let Some(successor) = self.begin_open(now, pool, profile)
            && let Some(row) = self.sessions.get_mut(&successor)
        {
            row.replaces = Some(id);
        }
        self.watch_renewal(now, id);
    }

    /// The successor is open: its predecessor runs what it runs, and nothing after that.
    pub(crate) fn retire_replaced(&mut self, now: Moment, successor: SessionId) {
        let Some(old) = self.sessions.get_mut(&successor).and_then(|row| row.replaces.take()) else {
            return;
        };
        let Some(session) = self.sessions.get_mut(&old) else {
            return;
        };
        if session.state != State::Open || session.lease.is_some() || session.claim.is_some() {
            return;
        }
        session.doomed.get_or_insert(CloseCause::Worn);
        let over = session.turns.is_empty();
        let pool = session.pool;
        self.reindex(old);
        if over {
            self.begin_close(now, old, CloseCause::Worn);
        }
        self.mark(pool);
    }

    /// A profile for which a session of the pool is wanted: somebody waits, runs something, or holds a shared lease.
    fn wanted(&self, pool: PoolIx) -> Option<ProfileIx> {
        let waits = |class| {
            let place = self.head(pool, class)?;
            self.requests.get(&place.request).map(|request| request.profile)
        };
        let runs = || {
            self.roster.pools[pool]
                .sessions
                .iter()
                .filter_map(|id| self.sessions.get(id))
                .filter(|session| !session.turns.is_empty())
                .find_map(|session| self.roster.profile(&session.profile))
                .filter(|profile| self.active(pool).any(|other| other == *profile))
        };
        waits(Class::Turn).or_else(runs).or_else(|| self.held_by_profile(pool))
    }

    fn held_by_profile(&self, pool: PoolIx) -> Option<ProfileIx> {
        self.active(pool)
            .find(|profile| self.roster.profiles[*profile].shared > 0)
    }

    /// True if somebody holds a shared lease on the pool's sessions.
    fn is_held(&self, pool: PoolIx) -> bool {
        self.held_by_profile(pool).is_some()
    }

    /// True if a slot is there that nobody else needs, and nothing keeps an open from beginning.
    fn may_open_spare(&self, now: Moment, pool: PoolIx, profile: ProfileIx) -> bool {
        let party = self.roster.pools[pool].party;
        self.ceilings(now, party).is_empty()
            && !self.somebody_needs_it(now, pool)
            && self.obstacle(now, pool, profile).is_none()
    }

    /// Opens a session ahead of its first use, for a profile that is to be kept warm while somebody holds a lease.
    pub(crate) fn keep_warm(&mut self, now: Moment, pool: PoolIx) {
        let live = |id: &SessionId| {
            self.sessions
                .get(id)
                .is_some_and(|row| row.is_opening() || row.state == State::Recovering || row.serves_turns())
        };
        let warm = |profile: &ProfileIx| {
            let row = &self.roster.profiles[*profile];
            row.shared > 0 && row.profile.as_ref().is_some_and(|profile| profile.lifetimes.keep_warm)
        };
        let Some(profile) = self.active(pool).find(warm) else {
            return;
        };
        if self.roster.pools[pool].sessions.iter().any(live) || !self.may_open_spare(now, pool, profile) {
            return;
        }
        self.begin_open(now, pool, profile);
    }
}
