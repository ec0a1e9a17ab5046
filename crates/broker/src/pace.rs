//! How often pipelines may begin: the server counts them by account, over all sessions.

use std::time::Duration;

use moment::Moment;

use crate::broker::Broker;
use crate::ids::SessionId;
use crate::roster::ScopeIx;
use crate::session::State;
use crate::timer::Timer;

impl Broker {
    /// When the account's next pipeline may begin; `None` for now.
    pub(crate) fn paced(&self, now: Moment, admin: ScopeIx) -> Option<Moment> {
        let scope = &self.roster.scopes[admin];
        let window = scope.command_rate.and_then(|rate| {
            let most = rate.commands.max(1) as usize;
            let first = scope.commands.len().checked_sub(most)?;
            scope.commands.get(first).map(|began| *began + widened(rate.period))
        });
        window.max(scope.slow_until).filter(|at| *at > now)
    }

    /// Whether a pipeline must wait for that; if so, somebody wakes it.
    pub(crate) fn must_wait_for_pace(&mut self, now: Moment, admin: ScopeIx) -> bool {
        match self.paced(now, admin) {
            Some(at) => {
                self.timers.set(Timer::Pace(admin), at);
                true
            }
            None => false,
        }
    }

    /// A pipeline begins.
    pub(crate) fn note_command(&mut self, now: Moment, admin: ScopeIx) {
        let scope = &mut self.roster.scopes[admin];
        let Some(rate) = scope.command_rate else { return };
        scope.commands.push_back(now);
        while scope.commands.len() > rate.commands.max(1) as usize {
            scope.commands.pop_front();
        }
    }

    pub(crate) fn throttled(&mut self, now: Moment, session: SessionId, pause: Duration) {
        let Some(admin) = self.sessions.get(&session).map(|session| session.admin) else {
            return;
        };
        let until = now + pause;
        let scope = &mut self.roster.scopes[admin];
        scope.slow_until = scope.slow_until.max(Some(until));
        self.timers.set(Timer::Pace(admin), until);
    }

    /// The window has moved on.
    pub(crate) fn end_pace(&mut self, now: Moment, admin: ScopeIx) {
        if self.roster.scopes[admin].slow_until.is_some_and(|until| until <= now) {
            self.roster.scopes[admin].slow_until = None;
        }
        for id in self.roster.scopes[admin].sessions.clone() {
            let waits = |row: &crate::session::Session| {
                row.state == State::Open && row.turns.is_empty() && !row.queue.is_empty()
            };
            if self.sessions.get(&id).is_some_and(waits) {
                self.next_bound_turn(now, id);
            }
        }
        for party in self.roster.scopes[admin].parties.clone() {
            self.mark_party(party);
        }
    }
}

/// A pipeline that began here early in a period may arrive there late in it.
fn widened(period: Duration) -> Duration {
    period + period / 10
}
