//! Leases of an earlier run: kept for their holders for a while, because a holder does not die with the daemon.

use std::sync::Arc;
use std::time::Duration;

use moment::Moment;

use crate::action::Action;
use crate::broker::Broker;
use crate::event::{EndCause, Mode, Priority};
use crate::holder::Holder;
use crate::ids::{Fence, LeaseId, ProfileName, RequestId, SessionId};
use crate::lease::Lease;
use crate::session::State;
use crate::timer::Timer;

/// A lease as the books have it. Said after the [`Restored`](crate::Event::Restored) of its session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RestoredLease {
    /// Its number in the run that granted it. Later ones are numbered above it.
    pub lease: LeaseId,
    /// Its fence: below the first one of this run.
    pub fence: Fence,
    /// The session that it had to itself; `None` for a shared lease.
    pub session: Option<SessionId>,
    /// What it was a lease on.
    pub profile: ProfileName,
    /// How it may use the session.
    pub mode: Mode,
    /// For its turns.
    pub priority: Priority,
    /// Counted anew from now.
    pub ttl: Option<Duration>,
    /// Who had it.
    pub holder: Arc<Holder>,
}

impl Broker {
    /// The lease is there again, and so is its session's tie to it. Unless its holder shows up it ends after a while.
    pub(crate) fn restored_lease(&mut self, now: Moment, restored: RestoredLease) {
        let id = restored.lease;
        self.next_lease.0 = self.next_lease.0.max(id.0 + 1);
        if self.leases.contains_key(&id) {
            debug_assert!(false, "lease {id} is there already");
            return;
        }
        let profile = self
            .roster
            .profile(&restored.profile)
            .filter(|ix| self.roster.profiles[*ix].profile.is_some());
        let Some(profile) = profile else {
            self.remember_ended(now, id, restored.profile, EndCause::ProfileRemoved);
            return;
        };
        let tied = restored
            .session
            .map(|session| self.sessions.get(&session).filter(|row| row.lease.is_none()));
        let fits = match (&tied, restored.mode) {
            (None, Mode::Shared) => true,
            (Some(Some(row)), Mode::Exclusive | Mode::Fresh) => matches!(row.state, State::Recovering | State::Open),
            _ => false,
        };
        if !fits {
            self.remember_ended(now, id, restored.profile, EndCause::SessionLost);
            return;
        }
        let mut lease = Lease::new(
            now,
            restored.fence,
            profile,
            restored.mode,
            restored.priority,
            restored.ttl,
            restored.holder,
        );
        lease.session = restored.session;
        lease.unclaimed = true;
        if let Some(expires) = lease.expires {
            self.timers.set(Timer::Ttl(id), expires + self.settings.ttl_grace);
        }
        if restored.mode == Mode::Shared {
            self.roster.profiles[profile].shared += 1;
        }
        self.leases.insert(id, lease);
        self.watch_unused(id);
        self.timers.set(Timer::Reclaim(id), now + self.settings.reclaim_within);
        if let Some(session_id) = restored.session
            && let Some(session) = self.sessions.get_mut(&session_id)
        {
            session.lease = Some(id);
            session.announced = false;
            let pool = session.pool;
            self.reindex(session_id);
            self.mark(pool);
        }
    }

    /// The holder of a lease of an earlier run is back: it has it as it had it.
    pub(crate) fn reclaim(&mut self, request: RequestId, id: LeaseId, fence: Fence) {
        if let Err(refusal) = self.check_lease(id, Some(fence)) {
            self.refuse(request, refusal);
            return;
        }
        self.come_back(id);
        let Some(lease) = self.leases.get(&id) else { return };
        let (session, ttl) = (lease.session, lease.ttl);
        self.emit(Action::Granted {
            request,
            lease: id,
            fence,
            session,
            ttl,
        });
    }

    /// A sign of life from the lease's holder.
    pub(crate) fn come_back(&mut self, id: LeaseId) {
        if let Some(lease) = self.leases.get_mut(&id)
            && std::mem::replace(&mut lease.unclaimed, false)
        {
            self.timers.clear(Timer::Reclaim(id));
        }
    }

    /// A restored session is open again: its old lease has the whole time from now on, and what waits for it runs.
    pub(crate) fn found_again(&mut self, now: Moment, session: SessionId, lease: LeaseId) {
        if self.leases.get(&lease).is_some_and(|lease| lease.unclaimed) {
            self.timers
                .set(Timer::Reclaim(lease), now + self.settings.reclaim_within);
        }
        self.watch_bound(now, session);
        self.next_bound_turn(now, session);
    }

    fn remember_ended(&mut self, now: Moment, lease: LeaseId, profile: ProfileName, cause: EndCause) {
        self.note_ended(now, lease, profile, cause);
        self.emit(Action::LeaseEnded { lease, cause });
    }
}
