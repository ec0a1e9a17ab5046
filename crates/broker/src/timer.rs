//! What is due when: one row per timer, each set at most once.

use std::collections::{BTreeMap, BTreeSet};

use moment::Moment;

use crate::ids::{LeaseId, RequestId, SessionId};
use crate::roster::{PartyIx, PoolIx, ProfileIx, ScopeIx};

/// Everything that happens because time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Timer {
    /// A request has waited as long as it wanted to.
    Deadline(RequestId),
    /// A lease was not renewed.
    Ttl(LeaseId),
    /// A lease of an earlier run was not claimed.
    Reclaim(LeaseId),
    /// A lease may have been of no use for too long.
    Unused(LeaseId),
    /// The session that a lease is bound to nears its end, or has reached it.
    Bound(LeaseId),
    /// An idle session may have idled for long enough.
    Idle(SessionId),
    /// A replacement of the session is looked for.
    Renewal(SessionId),
    /// A held-back slot comes free.
    Holdback(SessionId),
    /// A stalled turn may have stalled for long enough.
    Stall(SessionId),
    /// A pool's first turn has waited behind another for long enough to take a second session.
    Spread(PoolIx),
    /// A failed open may be tried again.
    Hold(PoolIx),
    /// A scope in which the server counts more than we do may be tried again.
    Quota(ScopeIx),
    /// What was observed of a scope is believed no longer.
    Belief(ScopeIx),
    /// The window for pipelines of an account moves on.
    Pace(ScopeIx),
    /// What still runs of a profile that is drained ends.
    Drain(ProfileIx),
    /// The window for opens moves on.
    Rate(PartyIx),
    /// A waiter may claim a session that is shared without a pause.
    Claim(PartyIx),
    /// The first waiters of a profile are told where they are.
    Tell(ProfileIx),
    /// The others are.
    TellRest(ProfileIx),
    /// The books are tried again.
    Books,
    /// Turns that would not end are left to the close.
    ShutdownForce,
    /// The shutdown is over, whatever is left.
    ShutdownEnd,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Timers {
    pub(crate) by_time: BTreeSet<(Moment, Timer)>,
    pub(crate) by_name: BTreeMap<Timer, Moment>,
}

impl Timers {
    pub(crate) fn set(&mut self, timer: Timer, at: Moment) {
        if let Some(before) = self.by_name.insert(timer, at) {
            self.by_time.remove(&(before, timer));
        }
        self.by_time.insert((at, timer));
    }

    pub(crate) fn clear(&mut self, timer: Timer) {
        if let Some(before) = self.by_name.remove(&timer) {
            self.by_time.remove(&(before, timer));
        }
    }

    pub(crate) fn is_set(&self, timer: Timer) -> bool {
        self.by_name.contains_key(&timer)
    }

    pub(crate) fn at(&self, timer: Timer) -> Option<Moment> {
        self.by_name.get(&timer).copied()
    }

    pub(crate) fn next(&self) -> Option<Moment> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// Takes the first timer that is due.
    pub(crate) fn take(&mut self, now: Moment) -> Option<Timer> {
        let (at, timer) = *self.by_time.first()?;
        if at > now {
            return None;
        }
        self.by_time.pop_first();
        self.by_name.remove(&timer);
        Some(timer)
    }
}
