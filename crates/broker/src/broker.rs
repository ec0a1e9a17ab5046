//! The machine's outside: what comes in is handed to whoever knows about it, then everything that can move is moved.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use moment::Moment;

use crate::action::Action;
use crate::books::Books;
use crate::event::Event;
use crate::ids::{LeaseId, RequestId, SessionId};
use crate::lease::{Ended, Lease};
use crate::profile::{Settings, Start};
use crate::request::Request;
use crate::roster::{PartyIx, PoolIx, Roster, ScopeIx};
use crate::session::Session;
use crate::shutdown::Stopping;
use crate::snapshot::ScopeKind;
use crate::timer::{Timer, Timers};

/// Decides who may hold which slot, and when.
///
/// Feed it with [`handle`](Self::handle) and [`handle_timeout`](Self::handle_timeout), and after each run every action
/// that [`poll_action`](Self::poll_action) has, in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Broker {
    pub(crate) seed: u128,
    pub(crate) settings: Settings,
    pub(crate) roster: Roster,
    /// Everything that counts.
    pub(crate) sessions: BTreeMap<SessionId, Session>,
    pub(crate) leases: BTreeMap<LeaseId, Lease>,
    /// Leases that ended lately, so that a late use of one is told why.
    pub(crate) ended: BTreeMap<LeaseId, Ended>,
    /// Those who wait.
    pub(crate) requests: BTreeMap<RequestId, Request>,
    /// Those who run something, and where.
    pub(crate) turns: BTreeMap<RequestId, SessionId>,
    /// Those who wait for the end of a session.
    pub(crate) closers: BTreeMap<RequestId, SessionId>,
    /// Shared leases that wait for a durable block of fences.
    pub(crate) fenceless: VecDeque<RequestId>,
    pub(crate) books: Books,
    pub(crate) timers: Timers,
    pub(crate) actions: VecDeque<Action>,
    pub(crate) dirty: Dirty,
    pub(crate) next_session: SessionId,
    pub(crate) next_lease: LeaseId,
    /// Requests so far.
    pub(crate) arrivals: u64,
    /// Times that any party was served.
    pub(crate) served: u64,
    pub(crate) stopping: Option<Stopping>,
}

/// What has changed since everything was last looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Dirty {
    /// Somebody came, went, or a session changed.
    pub(crate) pools: BTreeSet<PoolIx>,
    /// A slot or an idle session appeared. Organizations are looked at before admins: that is where fairness is.
    pub(crate) organizations: BTreeSet<ScopeIx>,
    pub(crate) admins: BTreeSet<ScopeIx>,
    /// Somebody may need a slot.
    pub(crate) parties: BTreeSet<PartyIx>,
    /// Somebody may want a second session.
    pub(crate) spreads: BTreeSet<PoolIx>,
}

impl Broker {
    /// A broker without profiles: the first event should be [`Event::Configured`], followed by one
    /// [`Event::Restored`] for every row of the books that is not gone.
    pub fn new(start: Start) -> Self {
        let mut broker = Self {
            seed: start.seed,
            settings: Settings::default(),
            roster: Roster::default(),
            sessions: BTreeMap::new(),
            leases: BTreeMap::new(),
            ended: BTreeMap::new(),
            requests: BTreeMap::new(),
            turns: BTreeMap::new(),
            closers: BTreeMap::new(),
            fenceless: VecDeque::new(),
            books: Books::new(start.fence),
            timers: Timers::default(),
            actions: VecDeque::new(),
            dirty: Dirty::default(),
            next_session: start.session,
            next_lease: start.lease,
            arrivals: 0,
            served: 0,
            stopping: None,
        };
        broker.reserve_fences();
        broker
    }

    /// Something happened. `now` never goes back.
    pub fn handle(&mut self, now: Moment, event: Event) {
        let asked = self.take_in(now, event);
        self.settle(now);
        if let Some(request) = asked {
            self.first_answer(now, request);
            self.settle(now);
        }
        if self.expire_held_up(now) {
            self.settle(now);
        }
        self.finish_shutdown();
        #[cfg(debug_assertions)]
        self.assert_invariants();
    }

    /// Does what is due. To be called at [`poll_timeout`](Self::poll_timeout); too early or too often does no harm.
    pub fn handle_timeout(&mut self, now: Moment) {
        while let Some(timer) = self.timers.take(now) {
            self.fire(now, timer);
            self.settle(now);
        }
        self.finish_shutdown();
        #[cfg(debug_assertions)]
        self.assert_invariants();
    }

    /// What to do next; `None` when all is done for now.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) at the latest.
    pub fn poll_timeout(&self) -> Option<Moment> {
        self.timers.next()
    }

    /// Returns the request that may have begun to wait.
    fn take_in(&mut self, now: Moment, event: Event) -> Option<RequestId> {
        match event {
            Event::Acquire {
                request,
                profile,
                mode,
                priority,
                deadline,
                ttl,
                holder,
            } => {
                self.acquire(now, request, &profile, mode, priority, deadline, ttl, holder);
                return Some(request);
            }
            Event::Connect {
                request,
                profile,
                priority,
                deadline,
                holder,
            } => {
                self.connect(now, request, &profile, priority, deadline, holder);
                return Some(request);
            }
            Event::Turn {
                turn,
                lease,
                fence,
                deadline,
                holder,
                nested,
                only,
            } => {
                self.turn(now, turn, lease, fence, deadline, holder, nested, only);
                return Some(turn);
            }
            Event::Renew {
                request,
                lease,
                fence,
                ttl,
            } => self.renew(now, request, lease, fence, ttl),
            Event::Reclaim { request, lease, fence } => self.reclaim(request, lease, fence),
            Event::Release { request, lease, fence } => self.release(now, request, lease, fence),
            Event::Kill { request, lease } => self.kill(now, request, lease),
            Event::Cancel { request } => self.cancel(now, request),
            Event::CloseSession { request, session } => self.close_session(now, request, session),
            Event::Forget { request, session } => self.forget(now, request, session),
            Event::End { lease, cause } => self.end_lease(now, lease, cause),
            Event::TurnDone { turn, outcome } => self.turn_done(now, turn, outcome),
            Event::Stalled { turn } => self.stalled(turn, Some(now)),
            Event::Flowing { turn } => self.stalled(turn, None),
            Event::Recorded { seq } => self.recorded(now, seq),
            Event::RecordFailed { seq } => self.record_failed(now, seq),
            Event::Opened { session, idle } => self.opened(now, session, idle),
            Event::OpenFailed {
                session,
                fate,
                failure,
                retry_after,
            } => {
                self.open_failed(now, session, fate, failure, retry_after);
            }
            Event::Closed { session } => self.gone(now, session),
            Event::CloseUnproven { session, until } => self.close_unproven(now, session, until),
            Event::Left { session, confirmed } => self.left(session, confirmed),
            Event::NotLeft { session } => self.not_left(now, session),
            Event::SessionLost { session, fate } => self.session_lost(now, session, fate),
            Event::TokenEnds { session, at } => self.token_ends(now, session, at),
            Event::Throttled { session, pause } => self.throttled(now, session, pause),
            Event::Told {
                profile,
                scope,
                used,
                limit,
            } => self.told_by_server(now, &profile, scope, used, limit),
            Event::Reset { session } => self.reset(session),
            Event::Restored {
                session,
                shell,
                profile,
                scopes,
                identity,
                dirty,
                age,
                commands,
            } => {
                self.restored(now, session, shell, profile, &scopes, &identity);
                self.set_dirty(session, dirty);
                self.set_past(now, session, age, commands);
            }
            Event::RestoredLease(restored) => self.restored_lease(now, restored),
            Event::Configured { profiles, settings } => self.configured(now, profiles, settings),
            Event::Pause { profile } => self.pause(&profile, true),
            Event::Resume { profile } => self.resume(now, &profile),
            Event::Drain {
                request,
                profile,
                deadline,
                leave,
            } => self.drain_profile(now, request, &profile, deadline, leave),
            Event::AuthNeeded { profile, message } => self.auth_needed(now, &profile, message),
            Event::AuthOk { profile } => self.auth_ok(now, &profile),
            Event::Shutdown { deadline, leave } => self.shutdown(now, deadline, leave),
        }
        None
    }

    fn fire(&mut self, now: Moment, timer: Timer) {
        match timer {
            Timer::Deadline(request) => self.expire(now, request),
            Timer::Ttl(lease) => self.end_lease(now, lease, crate::event::EndCause::Ttl),
            Timer::Reclaim(lease) => self.end_lease(now, lease, crate::event::EndCause::Unclaimed),
            Timer::Unused(lease) => self.check_unused(now, lease),
            Timer::Bound(lease) => self.check_bound(now, lease),
            Timer::Idle(session) => self.check_idle(now, session),
            Timer::Holdback(session) => self.end_holdback(now, session),
            Timer::Stall(session) => self.check_stall(now, session),
            Timer::Spread(pool) => self.mark(pool),
            Timer::Hold(pool) => self.end_hold(pool),
            Timer::Quota(scope) => self.end_quota(scope),
            Timer::Belief(scope) => self.end_belief(scope),
            Timer::Pace(scope) => self.end_pace(now, scope),
            Timer::Drain(profile) => self.force_drain(now, profile),
            Timer::Renewal(session) => self.renew_session(now, session),
            Timer::Rate(party) => self.mark_party(party),
            Timer::Claim(party) => {
                self.dirty.parties.insert(party);
            }
            Timer::Tell(profile) => self.tell_first(now, profile),
            Timer::TellRest(profile) => self.tell_rest(now, profile),
            Timer::Books => self.retry_books(),
            Timer::ShutdownForce => self.force_shutdown(now),
            Timer::ShutdownEnd => self.end_shutdown(),
        }
    }

    pub(crate) fn emit(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    /// A session of the pool, or somebody who waits for one, has changed.
    pub(crate) fn mark(&mut self, pool: PoolIx) {
        self.dirty.pools.insert(pool);
    }

    pub(crate) fn mark_party(&mut self, party: PartyIx) {
        self.dirty
            .pools
            .extend(self.roster.parties[party].pools.iter().copied());
    }

    pub(crate) fn mark_scope(&mut self, scope: ScopeIx) {
        match self.roster.scopes[scope].kind {
            ScopeKind::Admin => self.dirty.admins.insert(scope),
            ScopeKind::Organization => self.dirty.organizations.insert(scope),
        };
    }

    pub(crate) fn mark_all(&mut self) {
        self.dirty.pools.extend(self.roster.pools.indices());
        for scope in self.roster.scopes.indices() {
            self.mark_scope(scope);
        }
    }
}

/// A message for waiters, shared.
pub(crate) type Words = Arc<str>;
