//! Reads everything out for `status`.

use std::time::Duration;

use moment::Moment;

use crate::broker::Broker;
use crate::ids::{LeaseId, RequestId, SessionId};
use crate::lease::Lease;
use crate::roster::{Class, ProfileRow, Scope};
use crate::session::{Session, State};
use crate::snapshot::{
    LeaseStatus, LimitStatus, ProfileState, ProfileStatus, ScopeKind, SessionState, SessionStatus, Snapshot, Waiter,
};
use crate::timer::Timer;

impl Broker {
    /// Who holds what. Costs as much as there is to show.
    pub fn snapshot(&self, now: Moment) -> Snapshot {
        let configured = |row: &&ProfileRow| row.profile.is_some();
        Snapshot {
            profiles: self
                .roster
                .profiles
                .iter()
                .map(|(_, row)| row)
                .filter(configured)
                .map(|row| self.profile_status(now, row))
                .collect(),
            sessions: self
                .sessions
                .values()
                .map(|session| self.session_status(now, session))
                .collect(),
            leases: self
                .leases
                .iter()
                .map(|(id, lease)| self.lease_status(now, *id, lease))
                .collect(),
            waiters: self.waiters(now),
            limits: self
                .roster
                .scopes
                .iter()
                .filter_map(|(_, scope)| self.limit_status(now, scope))
                .collect(),
            stopping: self.stopping.is_some(),
        }
    }

    fn profile_status(&self, now: Moment, row: &ProfileRow) -> ProfileStatus {
        let pool = &self.roster.pools[row.pool];
        let admin = &self.roster.scopes[self.roster.parties[pool.party].admin];
        let state = if row.drain.is_some() {
            ProfileState::Draining
        } else if row.paused {
            ProfileState::Paused
        } else if let Some(message) = &admin.auth {
            ProfileState::AuthNeeded {
                message: message.clone(),
            }
        } else if let Some(hold) = pool.hold.as_ref().filter(|hold| hold.until > now) {
            ProfileState::EndpointDown {
                message: hold.failure.message.clone(),
                until: hold.until,
            }
        } else {
            ProfileState::Active
        };
        ProfileStatus {
            name: row.name.clone(),
            state,
        }
    }

    fn session_status(&self, now: Moment, session: &Session) -> SessionStatus {
        let turn = session.turns.first();
        let lease = session.lease.or(turn.map(|turn| turn.lease));
        let holder = turn.map(|turn| turn.holder.clone()).or_else(|| {
            session
                .lease
                .and_then(|id| self.leases.get(&id))
                .map(|lease| lease.holder.clone())
        });
        SessionStatus {
            session: session.id,
            shell: session.shell,
            profile: session.profile.clone(),
            admin: self.roster.scopes[session.admin].subject.clone(),
            organization: session
                .organization
                .map(|scope| self.roster.scopes[scope].subject.clone()),
            state: match session.state {
                State::Intent => SessionState::Intent,
                State::Opening => SessionState::Opening,
                State::Open => SessionState::Opened,
                State::Recovering => SessionState::Recovering,
                State::Leaving | State::Left => SessionState::Left,
                State::Closing { cause, .. } => SessionState::Closing { cause },
                State::Unconfirmed { until } => SessionState::Unconfirmed { until },
            },
            lease,
            holder,
            turns: session.turns.iter().map(|turn| turn.request).collect(),
            age: now.since(session.since),
            idle: (session.state == State::Open && session.turns.is_empty()).then(|| now.since(session.used)),
            expires: self.expiry(session),
            commands: session.commands,
        }
    }

    /// When nobody uses it: the next moment at which it may be closed.
    fn expiry(&self, session: &Session) -> Option<Moment> {
        if session.state != State::Open || !session.turns.is_empty() {
            return None;
        }
        match session.lease {
            Some(lease) => self.timers.at(Timer::Bound(lease)),
            None => self.idle_end(session),
        }
    }

    fn lease_status(&self, now: Moment, id: LeaseId, lease: &Lease) -> LeaseStatus {
        let turn = lease.turns.first();
        let session: Option<SessionId> = lease
            .session
            .or_else(|| turn.and_then(|turn| self.turns.get(turn)).copied());
        let running = turn
            .zip(session.and_then(|session| self.sessions.get(&session)))
            .and_then(|(turn, session)| session.turns.iter().find(|other| other.request == *turn))
            .map(|turn| turn.holder.command.clone())
            .unwrap_or_default();
        LeaseStatus {
            lease: id,
            fence: lease.fence,
            mode: lease.mode,
            profile: self.roster.profiles[lease.profile].name.clone(),
            session,
            holder: lease.holder.clone(),
            age: now.since(lease.since),
            idle: (lease.session.is_some() && lease.turns.is_empty()).then(|| now.since(lease.used)),
            unused: lease.unused.is_some(),
            unclaimed: lease.unclaimed,
            ttl_left: lease.expires.map(|expires| expires.since(now)),
            turns: lease.turns.clone(),
            running,
        }
    }

    fn waiters(&self, now: Moment) -> Vec<Waiter> {
        let lines = self.roster.profiles.iter().flat_map(|(_, row)| {
            Class::ALL
                .into_iter()
                .flat_map(|class| row.line(class).iter().map(|place| place.request))
        });
        let bound = self.sessions.values();
        let bound = bound.flat_map(|session| session.queue.iter().chain(&session.wanted).copied());
        lines
            .chain(bound)
            .chain(self.fenceless.iter().copied())
            .filter_map(|id| self.waiter(now, id))
            .collect()
    }

    fn waiter(&self, now: Moment, id: RequestId) -> Option<Waiter> {
        let request = self.requests.get(&id)?;
        Some(Waiter {
            request: id,
            profile: self.roster.profiles[request.profile].name.clone(),
            wish: request.ask.wish(),
            priority: request.priority,
            holder: request.holder.clone(),
            waited: now.since(request.since),
            waiting: self.waiting(now, id),
        })
    }

    fn opens_in_window(&self, now: Moment, scope: &Scope) -> Option<(u32, u32, Duration)> {
        if scope.kind != ScopeKind::Admin {
            return None;
        }
        let rate = scope
            .parties
            .iter()
            .flat_map(|party| self.roster.parties[*party].pools.iter())
            .flat_map(|pool| self.roster.pools[*pool].profiles.iter())
            .filter_map(|profile| self.roster.profiles[*profile].profile.as_ref()?.limits.opens)
            .min_by_key(|rate| rate.opens)?;
        let recent = scope.opens.iter().filter(|ended| **ended + rate.period > now).count();
        let count = recent + scope.opening.len() + scope.unanswered.len();
        Some((count as u32, rate.opens, rate.period))
    }

    fn commands_in_window(&self, now: Moment, scope: &Scope) -> Option<(u32, u32, Duration)> {
        let rate = scope.command_rate.filter(|_| scope.kind == ScopeKind::Admin)?;
        let recent = scope
            .commands
            .iter()
            .filter(|began| **began + rate.period > now)
            .count();
        Some((recent as u32, rate.commands, rate.period))
    }

    fn limit_status(&self, now: Moment, scope: &Scope) -> Option<LimitStatus> {
        let waiting: usize = scope
            .parties
            .iter()
            .flat_map(|party| self.roster.parties[*party].pools.iter())
            .flat_map(|pool| self.roster.pools[*pool].profiles.iter())
            .map(|profile| self.roster.profiles[*profile].waiting())
            .sum();
        let next = scope
            .sessions
            .iter()
            .filter_map(|id| self.sessions.get(id)?.hold.flatten())
            .min();
        Some(LimitStatus {
            scope: scope.kind,
            service: scope.service.clone(),
            subject: scope.subject.clone(),
            used: scope.sessions.len() as u32,
            limit: scope.limit?,
            waiting: waiting as u32,
            next_free: next.map(|next| next.since(now)),
            observed: scope.learned.observed.map(|(most, at)| (most, now.since(at))),
            next_try: scope.learned.next_try.map(|next| next.since(now)),
            outside: scope.learned.outside.map_or(0, |(outside, _)| outside),
            opens: self.opens_in_window(now, scope),
            commands: self.commands_in_window(now, scope),
        })
    }
}
