//! The daemon goes and sessions stay: where a server lets a shell be left, it is left there for the next daemon, and the
//! lease that has it goes on.

use moment::Moment;

use crate::action::{Action, Refusal};
use crate::broker::Broker;
use crate::entry::Entry;
use crate::ids::{LeaseId, SessionId};
use crate::roster::PoolIx;
use crate::session::{Session, State};
use crate::timer::Timer;

impl Broker {
    /// True if the pool's sessions stay open in a drain, to be left afterwards: every profile that uses it is drained for
    /// that, and lets them be left.
    pub(crate) fn is_left(&self, pool: PoolIx) -> bool {
        let profiles = &self.roster.pools[pool].profiles;
        let is_left = |row: &crate::roster::ProfileRow| {
            row.drain.is_some_and(|drain| drain.leave)
                && row.profile.as_ref().is_some_and(|profile| profile.lifetimes.leave)
        };
        !profiles.is_empty() && profiles.iter().all(|profile| is_left(&self.roster.profiles[*profile]))
    }

    /// True if the next daemon can have the session as it is.
    pub(crate) fn can_leave(&self, session: &Session) -> bool {
        self.stopping.is_some_and(|stopping| stopping.leave)
            && matches!(session.state, State::Open | State::Recovering)
            && session.doomed.is_none()
            && (session.lease.is_some() || !session.dirty)
            && self.lifetimes(session).leave
    }

    /// True if the lease goes on under the next daemon.
    pub(crate) fn outlasts(&self, lease: LeaseId) -> bool {
        self.stopping.is_some_and(|stopping| stopping.leave)
            && self.leases.get(&lease).is_some_and(|lease| match lease.session {
                None => true,
                Some(session) => self.sessions.get(&session).is_some_and(|row| self.can_leave(row)),
            })
    }

    /// Has a session left in which nothing runs. One that is just being found again stays as it is in the books.
    pub(crate) fn leave(&mut self, _now: Moment, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        debug_assert!(
            session.turns.is_empty(),
            "session {id} is left while something runs in it"
        );
        let known = session.state == State::Open;
        session.state = if known { State::Leaving } else { State::Left };
        session.newborn = false;
        let (pool, lease) = (session.pool, session.lease);
        for request in std::mem::take(&mut session.wanted) {
            self.turn_away(request, Refusal::Stopping);
        }
        self.drop_claim(id);
        for timer in [Timer::Idle(id), Timer::Stall(id), Timer::Renewal(id)] {
            self.timers.clear(timer);
        }
        if let Some(lease) = lease {
            self.timers.clear(Timer::Bound(lease));
            self.timers.clear(Timer::Unused(lease));
        }
        self.reindex(id);
        self.mark(pool);
        if known {
            self.emit(Action::Leave { session: id });
        }
    }

    /// The server keeps the shell, or does so for all that is known: the next daemon looks.
    pub(crate) fn left(&mut self, id: SessionId, confirmed: bool) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if session.state != State::Leaving {
            return;
        }
        session.state = State::Left;
        if confirmed {
            self.record(Entry::Left { session: id });
        }
    }
}
