//! The end: nothing new, everything stopped, every session closed, within a bound.

use moment::Moment;

use crate::action::{Action, CloseCause, Refusal, StopCause};
use crate::broker::Broker;
use crate::event::EndCause;
use crate::ids::{LeaseId, RequestId, SessionId};
use crate::session::{Session, State};
use crate::timer::Timer;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Stopping {
    deadline: Moment,
    /// Sessions whose end was proven since.
    pub(crate) closed: u32,
    done: bool,
    /// Sessions that may be left are left.
    pub(crate) leave: bool,
}

impl Broker {
    pub(crate) fn shutdown(&mut self, now: Moment, deadline: Moment, leave: bool) {
        let deadline = self
            .stopping
            .map_or(deadline, |stopping| stopping.deadline.min(deadline));
        let again = self.stopping.is_some();
        let (closed, done, leave) = self.stopping.map_or((0, false, leave), |stopping| {
            (stopping.closed, stopping.done, stopping.leave)
        });
        self.stopping = Some(Stopping {
            deadline,
            closed,
            done,
            leave,
        });
        if done {
            return;
        }
        self.timers.set(Timer::ShutdownForce, now + deadline.since(now) / 2);
        self.timers.set(Timer::ShutdownEnd, deadline);
        if again {
            return;
        }
        let waiting: Vec<RequestId> = self.requests.keys().copied().collect();
        for request in waiting {
            self.turn_away(request, Refusal::Stopping);
        }
        let leases: Vec<LeaseId> = self.leases.keys().copied().collect();
        for lease in leases {
            if !self.outlasts(lease) {
                self.end_lease(now, lease, EndCause::Shutdown);
            }
        }
        let running: Vec<RequestId> = self.turns.keys().copied().collect();
        for turn in running {
            self.stop_turn(turn, StopCause::Shutdown);
        }
        let sessions: Vec<SessionId> = self.sessions.keys().copied().collect();
        for id in sessions {
            let Some(session) = self.sessions.get(&id) else {
                continue;
            };
            let (over, can_leave) = (session.turns.is_empty(), self.can_leave(session));
            if over && can_leave {
                self.leave(now, id);
            } else if over {
                self.begin_close(now, id, CloseCause::Shutdown);
            } else if let Some(session) = self.sessions.get_mut(&id).filter(|_| !can_leave) {
                // Its pipeline is being stopped: a session without one closes more surely.
                session.doomed = Some(CloseCause::Shutdown);
            }
        }
    }

    /// Half the time is over: sessions whose pipelines would not stop are closed under them.
    pub(crate) fn force_shutdown(&mut self, now: Moment) {
        let sessions: Vec<SessionId> = self.sessions.keys().copied().collect();
        for id in sessions {
            let Some(session) = self.sessions.get(&id).filter(|session| session.state == State::Open) else {
                continue;
            };
            // It was to outlast this daemon, but not without its session.
            if let Some(lease) = session.lease {
                self.end_lease(now, lease, EndCause::Shutdown);
            }
            self.begin_close(now, id, CloseCause::Shutdown);
        }
    }

    pub(crate) fn finish_shutdown(&mut self) {
        let unfinished = |state: State| match state {
            State::Intent
            | State::Opening
            | State::Open
            | State::Recovering
            | State::Leaving
            | State::Closing { .. } => true,
            State::Left | State::Unconfirmed { .. } => false,
        };
        if self.stopping.is_some() && !self.sessions.values().any(|session| unfinished(session.state)) {
            self.end_shutdown();
        }
    }

    pub(crate) fn end_shutdown(&mut self) {
        let Some(stopping) = self.stopping.as_mut() else { return };
        if std::mem::replace(&mut stopping.done, true) {
            return;
        }
        let closed = stopping.closed;
        self.timers.clear(Timer::ShutdownForce);
        self.timers.clear(Timer::ShutdownEnd);
        for (request, session) in std::mem::take(&mut self.closers) {
            let until = self.sessions.get_mut(&session).and_then(|row| {
                row.closers.clear();
                row.hold.flatten()
            });
            self.refuse(request, Refusal::Unproven { session, until });
        }
        for profile in self.roster.profiles.indices() {
            self.end_drain(profile);
        }
        // Of one that is just being left nothing was heard: the next daemon looks where it is.
        let (kept, left) = self
            .sessions
            .values()
            .partition::<Vec<_>, _>(|row| matches!(row.state, State::Leaving | State::Left));
        let ids = |rows: Vec<&Session>| rows.into_iter().map(|row| row.id).collect();
        let (kept, left) = (ids(kept), ids(left));
        self.emit(Action::ShutdownDone { closed, kept, left });
    }
}
