//! How long a session is kept: idle, surplus, old, worn.

use std::time::Duration;

use moment::Moment;

use crate::action::{Action, CloseCause};
use crate::broker::Broker;
use crate::event::EndCause;
use crate::ids::{LeaseId, SessionId};
use crate::profile::Lifetimes;
use crate::session::{Session, State};
use crate::timer::Timer;

impl Broker {
    pub(crate) fn lifetimes(&self, session: &Session) -> Lifetimes {
        self.roster
            .profile(&session.profile)
            .and_then(|ix| self.roster.profiles[ix].profile.as_ref())
            .map_or_else(Lifetimes::default, |profile| profile.lifetimes)
    }

    /// How long a session may idle before we close it, ahead of the server.
    fn idle_limit(&self, session: &Session) -> Duration {
        let lifetimes = self.lifetimes(session);
        let server = session
            .server_idle
            .map_or(lifetimes.idle, |told| told.min(lifetimes.idle));
        server - lifetimes.idle_margin.min(server / 2)
    }

    /// When an unused session has idled for long enough.
    pub(crate) fn idle_at(&self, session: &Session) -> Moment {
        session.used + self.idle_limit(session)
    }

    /// When a session is replaced between pipelines: of age, or because its token ends.
    pub(crate) fn age_limit(&self, session: &Session) -> Option<Moment> {
        let age = self
            .lifetimes(session)
            .max_age
            .map(|age| session.since + age - jitter(session, age));
        // Of a token that lives shorter than that, the last quarter.
        let token = session
            .token
            .map(|at| at - self.settings.token_margin.min(at.since(session.since) / 4));
        [age, token].into_iter().flatten().min()
    }

    /// True if the session is to be replaced at the next opportunity.
    pub(crate) fn is_worn(&self, now: Moment, id: SessionId) -> bool {
        let Some(session) = self.sessions.get(&id) else {
            return false;
        };
        let spent = self
            .lifetimes(session)
            .max_commands
            .is_some_and(|most| session.commands >= most);
        spent || self.age_limit(session).is_some_and(|at| at <= now)
    }

    /// Nothing runs in the session and no lease has it: it is closed or becomes idle.
    pub(crate) fn release_session(&mut self, now: Moment, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        if session.state != State::Open {
            return;
        }
        debug_assert!(session.turns.is_empty() && session.lease.is_none());
        if self.can_leave(session) {
            self.leave(now, id);
            return;
        }
        let drains = self.drains(session.pool);
        let surplus = session.scopes().any(|scope| self.roster.scopes[scope].surplus() > 0);
        let orphan = self.roster.pools[session.pool].profiles.is_empty();
        let cause = if let Some(cause) = session.doomed {
            Some(cause)
        } else if session.dirty {
            Some(CloseCause::Dirty)
        } else if self.is_worn(now, id) {
            Some(CloseCause::Worn)
        } else if surplus || orphan || drains {
            Some(CloseCause::Drained)
        } else {
            None
        };
        if let Some(cause) = cause {
            self.begin_close(now, id, cause);
            return;
        }
        let (pool, scopes) = (session.pool, session.scopes());
        if let Some(session) = self.sessions.get_mut(&id) {
            session.freed = now;
        }
        self.reindex(id);
        self.watch_idle(now, id);
        for scope in scopes {
            self.mark_scope(scope);
        }
        self.mark(pool);
    }

    /// Sets the timer for the next look at an idle session: at the end of its linger, of its idle time, or of its age.
    fn watch_idle(&mut self, now: Moment, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        let linger = Some(session.freed + self.lifetimes(session).linger).filter(|at| *at > now);
        let ends = [
            Some(session.used + self.idle_limit(session)),
            linger,
            self.age_limit(session),
        ];
        if let Some(due) = ends.into_iter().flatten().min() {
            self.timers.set(Timer::Idle(id), due);
        }
    }

    /// When an idle session will be closed, if nothing changes. The last session of its admin does not linger.
    pub(crate) fn idle_end(&self, session: &Session) -> Option<Moment> {
        let linger = self
            .has_another(session)
            .then(|| session.freed + self.lifetimes(session).linger);
        let ends = [
            Some(session.used + self.idle_limit(session)),
            linger,
            self.age_limit(session),
        ];
        ends.into_iter().flatten().min()
    }

    pub(crate) fn check_idle(&mut self, now: Moment, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        if !session.is_ready() {
            return;
        }
        if now.since(session.used) >= self.idle_limit(session) {
            self.begin_close(now, id, CloseCause::Idle);
        } else if self.age_limit(session).is_some_and(|at| at <= now) {
            self.begin_close(now, id, CloseCause::Worn);
        } else if now.since(session.freed) >= self.lifetimes(session).linger && self.has_another(session) {
            self.begin_close(now, id, CloseCause::Linger);
        } else {
            self.watch_idle(now, id);
        }
    }

    /// True if a lease that gets the session now would be told at once that it ends.
    pub(crate) fn is_stale(&self, now: Moment, id: SessionId) -> bool {
        self.sessions
            .get(&id)
            .is_some_and(|session| now.since(session.used) + self.settings.announce >= self.idle_limit(session))
    }

    /// True if the session's admin has another open one.
    fn has_another(&self, session: &Session) -> bool {
        self.roster.scopes[session.admin].sessions.iter().any(|id| {
            *id != session.id
                && self
                    .sessions
                    .get(id)
                    .is_some_and(|other| other.state == State::Open && other.doomed.is_none())
        })
    }

    /// A session has opened: idle ones of its admin may be surplus now, and linger from now on.
    pub(crate) fn others_linger(&mut self, now: Moment, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        let others: Vec<SessionId> = self.roster.scopes[session.admin]
            .idle
            .iter()
            .map(|(_, other)| *other)
            .collect();
        for other in others.into_iter().filter(|other| *other != id) {
            let Some(row) = self.sessions.get(&other) else { continue };
            let due = (now + self.lifetimes(row).linger).min(row.used + self.idle_limit(row));
            self.timers.set(Timer::Idle(other), due);
        }
    }

    /// Sets the timer for the announcement, then for the end, of a bound session's life.
    pub(crate) fn watch_bound(&mut self, now: Moment, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        let Some(lease) = session.lease else { return };
        match self.bound_end(session) {
            None => self.timers.clear(Timer::Bound(lease)),
            Some((end, _)) => {
                let announce = end - self.settings.announce;
                let due = if session.announced || announce <= now {
                    end
                } else {
                    announce
                };
                let at = if !session.announced && announce <= now {
                    now
                } else {
                    due
                };
                self.timers.set(Timer::Bound(lease), at);
            }
        }
    }

    /// When a bound session's life ends, and of what. While something runs in it, it does not.
    fn bound_end(&self, session: &Session) -> Option<(Moment, EndCause)> {
        if !session.turns.is_empty() {
            return None;
        }
        let idle = (session.used + self.idle_limit(session), EndCause::Idle);
        let age = self.age_limit(session).map(|at| (at, EndCause::Age));
        let worn = session.worn.map(|at| (at + self.settings.announce, EndCause::Commands));
        [Some(idle), age, worn].into_iter().flatten().min()
    }

    /// The command budget of a bound session is reached: its end comes into sight.
    pub(crate) fn wear(&mut self, now: Moment, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        let spent = self
            .lifetimes(session)
            .max_commands
            .is_some_and(|most| session.commands >= most);
        if let Some(session) = self.sessions.get_mut(&id)
            && spent
        {
            session.worn.get_or_insert(now);
        }
    }

    pub(crate) fn check_bound(&mut self, now: Moment, lease: LeaseId) {
        let Some(id) = self.leases.get(&lease).and_then(|lease| lease.session) else {
            return;
        };
        let Some(session) = self.sessions.get(&id) else { return };
        let Some((end, cause)) = self.bound_end(session) else {
            return;
        };
        if end <= now {
            let cause_of_close = match cause {
                EndCause::Idle => CloseCause::Idle,
                _ => CloseCause::Worn,
            };
            if let Some(session) = self.sessions.get_mut(&id) {
                session.doomed.get_or_insert(cause_of_close);
            }
            self.end_lease(now, lease, cause);
            return;
        }
        let announce = end - self.settings.announce;
        if !session.announced && announce <= now {
            if let Some(session) = self.sessions.get_mut(&id) {
                session.announced = true;
            }
            self.emit(Action::Ending { lease, cause, at: end });
        }
        self.watch_bound(now, id);
    }
}

/// Up to a tenth of its age, by its shell's id: the same for one session, different for each.
fn jitter(session: &Session, age: Duration) -> Duration {
    let part = u32::try_from(session.shell.0 % 1000).unwrap_or(0);
    age / 10_000 * part
}
