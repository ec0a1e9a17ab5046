//! Emptying a profile: nothing new, sessions closed as they come free, and at a deadline what still runs is ended.

use moment::Moment;

use crate::action::{Action, CloseCause, Refusal, StopCause};
use crate::broker::Broker;
use crate::event::EndCause;
use crate::ids::{LeaseId, ProfileName, RequestId, SessionId};
use crate::lease::Lease;
use crate::roster::{PoolIx, ProfileIx};
use crate::session::{Session, State};
use crate::timer::Timer;

/// A drain, until a resume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Drain {
    /// Who is told of its end; `None` once that was done.
    request: Option<RequestId>,
    /// What may be left on its server stays open, with its lease.
    pub(crate) leave: bool,
}

impl Broker {
    pub(crate) fn drain_profile(
        &mut self,
        now: Moment,
        request: RequestId,
        profile: &ProfileName,
        deadline: Moment,
        leave: bool,
    ) {
        let found = self
            .roster
            .profile(profile)
            .filter(|ix| self.roster.profiles[*ix].profile.is_some());
        let Some(ix) = found else {
            self.refuse(request, Refusal::UnknownProfile(profile.clone()));
            return;
        };
        let request = Some(request);
        if let Some(before) = self.roster.profiles[ix].drain.replace(Drain { request, leave }) {
            self.answer_drain(before, ix);
        }
        self.set_paused(ix, true);
        self.timers.set(Timer::Drain(ix), deadline.max(now));
        let pool = self.roster.profiles[ix].pool;
        if self.drains(pool) {
            for id in self.roster.pools[pool].ready.clone() {
                self.begin_close(now, id, CloseCause::Drained);
            }
        }
        self.mark(pool);
    }

    pub(crate) fn resume(&mut self, _now: Moment, profile: &ProfileName) {
        let Some(ix) = self.roster.profile(profile) else { return };
        self.timers.clear(Timer::Drain(ix));
        if let Some(Drain {
            request: Some(request), ..
        }) = self.roster.profiles[ix].drain.take()
        {
            self.refuse(request, Refusal::Cancelled);
        }
        self.set_paused(ix, false);
    }

    /// True if the pool is to be empty: every profile that uses it is drained, and its sessions are not to be left.
    pub(crate) fn drains(&self, pool: PoolIx) -> bool {
        let profiles = &self.roster.pools[pool].profiles;
        !profiles.is_empty()
            && profiles
                .iter()
                .all(|profile| self.roster.profiles[*profile].drain.is_some())
            && !self.is_left(pool)
    }

    /// The deadline: leases end, pipelines are stopped, sessions follow.
    pub(crate) fn force_drain(&mut self, now: Moment, profile: ProfileIx) {
        let pool = self.roster.profiles[profile].pool;
        if self.is_left(pool) {
            let running = |lease: &Lease| lease.profile == profile;
            let turns: Vec<RequestId> = self
                .leases
                .values()
                .filter(|lease| running(lease))
                .flat_map(|lease| lease.turns.iter().copied())
                .collect();
            for turn in turns {
                self.stop_turn(turn, StopCause::Shutdown);
            }
            return;
        }
        let bound: Vec<LeaseId> = self
            .leases
            .iter()
            .filter(|(_, lease)| lease.profile == profile && (lease.session.is_some() || !lease.turns.is_empty()))
            .map(|(id, _)| *id)
            .collect();
        for lease in bound {
            self.end_lease(now, lease, EndCause::Drained);
        }
        if self.drains(pool) {
            for id in self.roster.pools[pool].sessions.clone() {
                match self.sessions.get(&id).map(|session| session.state) {
                    Some(State::Open) => self.doom(now, id, CloseCause::Drained, StopCause::SessionClosed),
                    Some(State::Intent | State::Opening | State::Recovering) => {
                        self.begin_close(now, id, CloseCause::Drained);
                    }
                    Some(State::Leaving | State::Left | State::Closing { .. } | State::Unconfirmed { .. }) | None => {}
                }
            }
        }
        self.mark(pool);
    }

    /// Tells whoever drains the pool's profiles that nothing is left of them.
    pub(crate) fn check_drained(&mut self, pool: PoolIx) {
        for profile in self.roster.pools[pool].profiles.clone() {
            let row = &self.roster.profiles[profile];
            let Some(drain) = row.drain.filter(|drain| drain.request.is_some()) else {
                continue;
            };
            // A lease that goes on under the next daemon is not waited for.
            let keeps = |session: &Session| session.lease.is_some() && !self.is_left(pool);
            let busy = |id: &SessionId| {
                self.sessions.get(id).is_some_and(|session| {
                    !matches!(session.state, State::Unconfirmed { .. })
                        && (self.drains(pool) || session.profile == row.name)
                        && (self.drains(pool) || keeps(session) || !session.turns.is_empty())
                })
            };
            if !self.roster.pools[pool].sessions.iter().any(busy) {
                self.answer_drain(drain, profile);
            }
        }
    }

    fn answer_drain(&mut self, drain: Drain, profile: ProfileIx) {
        let Some(request) = drain.request else { return };
        let pool = self.roster.profiles[profile].pool;
        // Others' sessions, and those that may be left, are open and well.
        let unproven = |id: &&SessionId| {
            let state = self.sessions.get(id).map(|session| session.state);
            matches!(state, Some(State::Closing { .. } | State::Unconfirmed { .. }))
        };
        let left = self.roster.pools[pool]
            .sessions
            .iter()
            .filter(unproven)
            .copied()
            .collect();
        if let Some(row) = &mut self.roster.profiles[profile].drain
            && row.request == Some(request)
        {
            row.request = None;
        }
        self.emit(Action::Drained { request, left });
    }

    /// Whoever waits for the end of a drain does so no longer; the drain goes on.
    pub(crate) fn cancel_drain(&mut self, request: RequestId) {
        let waits =
            |row: &&mut crate::roster::ProfileRow| row.drain.is_some_and(|drain| drain.request == Some(request));
        let found = match self.roster.profiles.iter_mut().find(waits) {
            Some(row) => {
                let leave = row.drain.is_some_and(|drain| drain.leave);
                row.drain.replace(Drain { request: None, leave })
            }
            None => None,
        };
        if found.is_some() {
            self.refuse(request, Refusal::Cancelled);
        }
    }

    /// The profile is no longer there, or the daemon stops: nobody waits for a drain any more.
    pub(crate) fn end_drain(&mut self, profile: ProfileIx) {
        self.timers.clear(Timer::Drain(profile));
        if let Some(drain) = self.roster.profiles[profile].drain.take() {
            self.answer_drain(drain, profile);
        }
    }
}
