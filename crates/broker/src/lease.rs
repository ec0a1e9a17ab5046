//! The right to run pipelines: given, renewed, ended.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use moment::Moment;

use crate::action::{Action, CloseCause, Refusal, StopCause};
use crate::broker::Broker;
use crate::entry::Entry;
use crate::event::{EndCause, Mode, Priority};
use crate::holder::Holder;
use crate::ids::{Fence, LeaseId, ProfileName, RequestId, SessionId};
use crate::request::Ask;
use crate::roster::{ProfileIx, follow};
use crate::timer::Timer;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Lease {
    pub(crate) fence: Fence,
    pub(crate) profile: ProfileIx,
    pub(crate) mode: Mode,
    pub(crate) priority: Priority,
    pub(crate) holder: Arc<Holder>,
    pub(crate) since: Moment,
    pub(crate) ttl: Option<Duration>,
    /// When the TTL runs out; it ends a grace later.
    pub(crate) expires: Option<Moment>,
    /// The session that it has to itself.
    pub(crate) session: Option<SessionId>,
    /// What it runs, in the order in which it began.
    pub(crate) turns: Vec<RequestId>,
    /// Turns of it that wait.
    pub(crate) waiting: BTreeSet<RequestId>,
    /// The last time that it began or ended to run something.
    pub(crate) used: Moment,
    /// Since when it is known to be of no use.
    pub(crate) unused: Option<Moment>,
    /// It is of an earlier run, and its holder has not shown up yet.
    pub(crate) unclaimed: bool,
}

impl Lease {
    pub(crate) fn new(
        now: Moment,
        fence: Fence,
        profile: ProfileIx,
        mode: Mode,
        priority: Priority,
        ttl: Option<Duration>,
        holder: Arc<Holder>,
    ) -> Self {
        Self {
            fence,
            profile,
            mode,
            priority,
            holder,
            since: now,
            ttl,
            expires: ttl.map(|ttl| now + ttl),
            session: None,
            turns: Vec::new(),
            waiting: BTreeSet::new(),
            used: now,
            unused: None,
            unclaimed: false,
        }
    }
}

/// What is remembered of a lease that is over.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ended {
    profile: ProfileName,
    cause: EndCause,
    at: Moment,
}

/// So many ended leases are remembered.
const REMEMBERED: usize = 256;

impl Broker {
    pub(crate) fn grant_shared(
        &mut self,
        now: Moment,
        request: RequestId,
        profile: ProfileIx,
        priority: Priority,
        ttl: Option<Duration>,
        holder: Arc<Holder>,
    ) {
        self.grant(now, request, profile, Mode::Shared, priority, ttl, holder, None);
    }

    /// A block of fences is durable: those who waited for it.
    pub(crate) fn grant_fenceless(&mut self, now: Moment) {
        while self.books.has_fence() {
            let Some(id) = self.fenceless.front().copied() else {
                return;
            };
            let Some(request) = self.take_request(id) else { return };
            let Ask::Fence { ttl } = request.ask else { return };
            self.grant_shared(now, id, request.profile, request.priority, ttl, request.holder);
        }
    }

    /// Gives a session to one waiter alone. The caller has seen to it that there is a fence.
    pub(crate) fn bind(&mut self, now: Moment, id: RequestId, session_id: SessionId, newborn: bool) {
        if !self.books.has_fence() {
            return;
        }
        let Some(request) = self.take_request(id) else { return };
        let Ask::Lease { mode, ttl } = request.ask else {
            debug_assert!(false, "request {id} asked for no session");
            return;
        };
        let lease = self.grant(
            now,
            id,
            request.profile,
            mode,
            request.priority,
            ttl,
            request.holder,
            Some(session_id),
        );
        let Some(session) = self.sessions.get_mut(&session_id) else {
            return;
        };
        debug_assert!(session.is_ready() || session.claim.is_some());
        session.lease = lease;
        session.announced = false;
        session.replaces = None;
        let (pool, party) = (session.pool, session.party);
        self.reindex(session_id);
        self.watch_bound(now, session_id);
        if !newborn {
            self.served += 1;
            self.roster.parties[party].served = self.served;
        }
        self.refuse_unasked(pool);
        self.mark(pool);
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of a lease")]
    fn grant(
        &mut self,
        now: Moment,
        request: RequestId,
        profile: ProfileIx,
        mode: Mode,
        priority: Priority,
        ttl: Option<Duration>,
        holder: Arc<Holder>,
        session: Option<SessionId>,
    ) -> Option<LeaseId> {
        let Some(fence) = self.take_fence() else {
            debug_assert!(false, "a grant without a fence");
            return None;
        };
        let lease = self.next_lease;
        self.next_lease.0 += 1;
        let mut row = Lease::new(now, fence, profile, mode, priority, ttl, holder);
        if let Some(expires) = row.expires {
            self.timers.set(Timer::Ttl(lease), expires + self.settings.ttl_grace);
        }
        row.session = session;
        if mode == Mode::Shared {
            self.roster.profiles[profile].shared += 1;
            self.mark(self.roster.profiles[profile].pool);
        }
        let bound = session.map(|session| Entry::Bound {
            session,
            lease,
            fence,
            mode,
            priority,
            ttl,
            holder: Arc::clone(&row.holder),
        });
        self.leases.insert(lease, row);
        self.watch_unused(lease);
        self.emit(Action::Granted {
            request,
            lease,
            fence,
            session,
            ttl,
        });
        if let Some(bound) = bound {
            self.record(bound);
        }
        Some(lease)
    }

    /// Is the lease there, and is this its holder?
    pub(crate) fn check_lease(&self, lease: LeaseId, fence: Option<Fence>) -> Result<(), Refusal> {
        match (self.leases.get(&lease), self.ended.get(&lease)) {
            (Some(row), _) if fence.is_none_or(|fence| fence == row.fence) => Ok(()),
            (Some(row), _) => Err(Refusal::OldFence {
                lease,
                current: row.fence,
            }),
            (None, Some(ended)) => Err(Refusal::LeaseEnded {
                lease,
                profile: ended.profile.clone(),
                cause: ended.cause,
                at: ended.at,
            }),
            (None, None) => Err(Refusal::UnknownLease(lease)),
        }
    }

    pub(crate) fn renew(&mut self, now: Moment, request: RequestId, id: LeaseId, fence: Fence, ttl: Option<Duration>) {
        if let Err(refusal) = self.check_lease(id, Some(fence)) {
            self.refuse(request, refusal);
            return;
        }
        self.come_back(id);
        let most = self.settings.max_ttl;
        let Some(lease) = self.leases.get_mut(&id) else { return };
        lease.ttl = ttl.or(lease.ttl).map(|ttl| ttl.min(most));
        lease.expires = lease.ttl.map(|ttl| now + ttl);
        let ttl = lease.ttl;
        if let Some(expires) = lease.expires {
            self.timers.set(Timer::Ttl(id), expires + self.settings.ttl_grace);
        }
        self.emit(Action::Renewed { request, ttl });
    }

    pub(crate) fn release(&mut self, now: Moment, request: RequestId, id: LeaseId, fence: Fence) {
        match self.check_lease(id, Some(fence)) {
            Err(refusal) => self.refuse(request, refusal),
            Ok(()) => {
                self.end_lease(now, id, EndCause::Released);
                self.emit(Action::Done { request });
            }
        }
    }

    pub(crate) fn kill(&mut self, now: Moment, request: RequestId, id: LeaseId) {
        match self.check_lease(id, None) {
            Err(refusal) => self.refuse(request, refusal),
            Ok(()) => {
                self.end_lease(now, id, EndCause::Revoked);
                self.emit(Action::Done { request });
            }
        }
    }

    /// The lease is over: its waiting turns are refused, its running ones stopped, its session given back.
    pub(crate) fn end_lease(&mut self, now: Moment, id: LeaseId, cause: EndCause) {
        let Some(lease) = self.leases.remove(&id) else { return };
        self.timers.clear(Timer::Ttl(id));
        self.timers.clear(Timer::Bound(id));
        let profile = self.roster.profiles[lease.profile].name.clone();
        self.timers.clear(Timer::Reclaim(id));
        self.timers.clear(Timer::Unused(id));
        if lease.mode == Mode::Shared {
            let shared = &mut self.roster.profiles[lease.profile].shared;
            *shared = shared.saturating_sub(1);
        }
        self.note_ended(now, id, profile.clone(), cause);
        for turn in &lease.waiting {
            self.turn_away(
                *turn,
                Refusal::LeaseEnded {
                    lease: id,
                    profile: profile.clone(),
                    cause,
                    at: now,
                },
            );
        }
        let why = match cause {
            EndCause::Shutdown => StopCause::Shutdown,
            _ => StopCause::LeaseEnded(cause),
        };
        for turn in &lease.turns {
            self.stop_turn(*turn, why);
        }
        self.emit(Action::LeaseEnded { lease: id, cause });
        let Some(session_id) = lease.session else { return };
        let Some(session) = self.sessions.get_mut(&session_id) else {
            return;
        };
        session.lease = None;
        if lease.mode == Mode::Fresh {
            session.doomed.get_or_insert(CloseCause::Fresh);
        } else if session.dirty {
            session.doomed.get_or_insert(CloseCause::Dirty);
        }
        let (admin, pool) = (session.admin, session.pool);
        let over = session.turns.is_empty();
        self.record(Entry::Unbound {
            session: session_id,
            lease: id,
        });
        follow(&mut self.roster.scopes[admin].lease_time, now.since(lease.since));
        self.reindex(session_id);
        if over {
            self.release_session(now, session_id);
        }
        self.mark(pool);
    }

    /// Remembers for a while what became of a lease.
    pub(crate) fn note_ended(&mut self, now: Moment, lease: LeaseId, profile: ProfileName, cause: EndCause) {
        let ended = Ended {
            profile,
            cause,
            at: now,
        };
        self.ended.insert(lease, ended);
        while self.ended.len() > REMEMBERED {
            self.ended.pop_first();
        }
    }
}
