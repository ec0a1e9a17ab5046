//! Coming, waiting, leaving: every request has exactly one way out.

use std::sync::Arc;
use std::time::Duration;

use moment::Moment;

use crate::action::{Action, BlockedBy, Refusal};
use crate::broker::Broker;
use crate::event::{Mode, Priority};
use crate::holder::Holder;
use crate::ids::{ProfileName, RequestId};
use crate::line::Place;
use crate::request::{Ask, Request};
use crate::roster::{Class, PoolIx, ProfileIx};
use crate::timer::Timer;

/// How long a write of ours may hold up somebody who will not wait. A commit takes a millisecond; a disk that takes so
/// much longer is worth a refusal.
const A_WRITE: Duration = Duration::from_secs(1);

impl Broker {
    #[expect(clippy::too_many_arguments, reason = "the fields of Event::Acquire")]
    pub(crate) fn acquire(
        &mut self,
        now: Moment,
        request: RequestId,
        profile: &ProfileName,
        mode: Mode,
        priority: Priority,
        deadline: Option<Moment>,
        ttl: Option<Duration>,
        holder: Arc<Holder>,
    ) {
        let Some(profile) = self.admit(request, profile) else {
            return;
        };
        let ttl = ttl.map(|ttl| ttl.min(self.settings.max_ttl));
        match mode {
            Mode::Shared if self.books.has_fence() => self.grant_shared(now, request, profile, priority, ttl, holder),
            Mode::Shared => self.enqueue(now, request, profile, Ask::Fence { ttl }, priority, deadline, holder),
            Mode::Exclusive | Mode::Fresh => {
                self.enqueue(
                    now,
                    request,
                    profile,
                    Ask::Lease { mode, ttl },
                    priority,
                    deadline,
                    holder,
                );
            }
        }
    }

    pub(crate) fn connect(
        &mut self,
        now: Moment,
        request: RequestId,
        profile: &ProfileName,
        priority: Priority,
        deadline: Option<Moment>,
        holder: Arc<Holder>,
    ) {
        let Some(profile) = self.admit(request, profile) else {
            return;
        };
        match self.any_open(self.roster.profiles[profile].pool) {
            Some(session) => self.emit(Action::Connected {
                request,
                session,
                reused: true,
            }),
            None => self.enqueue(now, request, profile, Ask::Connect, priority, deadline, holder),
        }
    }

    /// The profile of a request that may be taken in; refuses the others.
    fn admit(&mut self, request: RequestId, profile: &ProfileName) -> Option<ProfileIx> {
        if self.stopping.is_some() {
            self.refuse(request, Refusal::Stopping);
            return None;
        }
        let found = self
            .roster
            .profile(profile)
            .filter(|ix| self.roster.profiles[*ix].profile.is_some());
        if found.is_none() {
            self.refuse(request, Refusal::UnknownProfile(profile.clone()));
        }
        found
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of a request")]
    pub(crate) fn enqueue(
        &mut self,
        now: Moment,
        request: RequestId,
        profile: ProfileIx,
        ask: Ask,
        priority: Priority,
        deadline: Option<Moment>,
        holder: Arc<Holder>,
    ) {
        if self.requests.contains_key(&request) {
            debug_assert!(false, "request {request} waits already");
            return;
        }
        self.arrivals += 1;
        let at = match priority {
            Priority::Interactive => now,
            Priority::Batch => now + self.settings.batch_yields,
        };
        let place = Place {
            at,
            arrival: self.arrivals,
            request,
        };
        match ask {
            Ask::Fence { .. } => self.fenceless.push_back(request),
            Ask::BoundTurn { session, .. } => {
                if let Some(session) = self.sessions.get_mut(&session) {
                    session.queue.push_back(request);
                }
            }
            Ask::TurnOn { session, .. } => {
                if let Some(session) = self.sessions.get_mut(&session) {
                    session.wanted.push_back(request);
                }
                self.mark(self.roster.profiles[profile].pool);
            }
            Ask::Lease { .. } | Ask::Turn { .. } | Ask::Connect => {}
        }
        if let Some(lease) = ask.turn_of()
            && let Some(lease) = self.leases.get_mut(&lease)
        {
            lease.waiting.insert(request);
        }
        if let Some(class) = ask.class() {
            let row = &mut self.roster.profiles[profile];
            row.line_mut(class).insert(place);
            let pool = row.pool;
            self.mark(pool);
        }
        if let Some(deadline) = deadline
            && deadline > now
        {
            self.timers.set(Timer::Deadline(request), deadline);
        }
        let row = Request {
            profile,
            ask,
            priority,
            nested: false,
            holder,
            since: now,
            deadline,
            place,
            told: None,
        };
        self.requests.insert(request, row);
    }

    /// Takes a request out of wherever it stands. Whoever calls this answers it.
    pub(crate) fn take_request(&mut self, id: RequestId) -> Option<Request> {
        let request = self.requests.remove(&id)?;
        self.timers.clear(Timer::Deadline(id));
        self.books.held_up.remove(&id);
        match request.ask {
            Ask::Fence { .. } => self.fenceless.retain(|other| *other != id),
            Ask::BoundTurn { session, .. } => {
                if let Some(session) = self.sessions.get_mut(&session) {
                    session.queue.retain(|other| *other != id);
                }
            }
            Ask::TurnOn { session, .. } => {
                if let Some(session) = self.sessions.get_mut(&session) {
                    session.wanted.retain(|other| *other != id);
                }
                self.mark(self.roster.profiles[request.profile].pool);
            }
            Ask::Lease { .. } | Ask::Turn { .. } | Ask::Connect => {}
        }
        if let Some(lease) = request.ask.turn_of()
            && let Some(lease) = self.leases.get_mut(&lease)
        {
            lease.waiting.remove(&id);
        }
        if let Some(class) = request.ask.class() {
            let row = &mut self.roster.profiles[request.profile];
            row.line_mut(class).remove(request.place);
            let pool = row.pool;
            self.roster.pools[pool].overdue.remove(&id);
            self.unclaim(pool, id);
            self.mark(pool);
        }
        Some(request)
    }

    pub(crate) fn refuse(&mut self, request: RequestId, refusal: Refusal) {
        self.emit(Action::Refused { request, refusal });
    }

    /// Ends a wait with a refusal.
    pub(crate) fn turn_away(&mut self, request: RequestId, refusal: Refusal) {
        if self.take_request(request).is_some() {
            self.refuse(request, refusal);
        }
    }

    pub(crate) fn cancel(&mut self, _now: Moment, request: RequestId) {
        self.turn_away(request, Refusal::Cancelled);
        self.cancel_drain(request);
        if let Some(session) = self.closers.remove(&request) {
            if let Some(session) = self.sessions.get_mut(&session) {
                session.closers.retain(|other| *other != request);
            }
            self.refuse(request, Refusal::Cancelled);
        }
    }

    /// What a request hears that was not granted at once.
    pub(crate) fn first_answer(&mut self, now: Moment, id: RequestId) {
        let Some(request) = self.requests.get(&id) else { return };
        let deadline = request.deadline;
        self.refuse_if_unasked(id);
        if !self.requests.contains_key(&id) {
            return;
        }
        if deadline.is_some_and(|deadline| deadline <= now) {
            self.expire(now, id);
        }
        self.tell(now, id);
    }

    /// A request has waited as long as it wanted to. One for which an open is under way still gets that, and one that
    /// only a write of ours is in the way of hears the end of that write.
    pub(crate) fn expire(&mut self, now: Moment, id: RequestId) {
        let Some(request) = self.requests.get(&id) else { return };
        if request.ask.class().is_some() {
            let pool = self.roster.profiles[request.profile].pool;
            if self.is_covered(pool, id) {
                self.roster.pools[pool].overdue.insert(id);
                return;
            }
        }
        let waiting = self.waiting(now, id);
        let writing = waiting.blocked_by == BlockedBy::Books && self.books.is_writing_fences();
        if writing && self.books.held_up.insert(id) {
            self.timers.set(Timer::Deadline(id), now + A_WRITE);
            return;
        }
        self.turn_away(id, Refusal::WouldWait(waiting));
    }

    /// The write that some past their deadline waited for has ended, one way or the other. True if there were any.
    pub(crate) fn expire_held_up(&mut self, now: Moment) -> bool {
        if self.books.held_up.is_empty() || self.books.is_writing_fences() {
            return false;
        }
        for id in std::mem::take(&mut self.books.held_up) {
            self.expire(now, id);
        }
        true
    }

    /// Ends the wait of those past their deadline whose open did not come to them.
    pub(crate) fn expire_overdue(&mut self, now: Moment, pool: PoolIx) {
        if self.roster.pools[pool].overdue.is_empty() {
            return;
        }
        for id in self.roster.pools[pool].overdue.clone() {
            if !self.is_covered(pool, id) {
                self.expire(now, id);
            }
        }
    }

    /// The first of a class in a pool, among profiles that are not paused.
    pub(crate) fn head(&self, pool: PoolIx, class: Class) -> Option<Place> {
        self.active(pool)
            .filter_map(|profile| self.roster.profiles[profile].line(class).first())
            .min()
    }

    /// The profiles of a pool that are not paused.
    pub(crate) fn active(&self, pool: PoolIx) -> impl Iterator<Item = ProfileIx> + '_ {
        self.roster.pools[pool]
            .profiles
            .iter()
            .copied()
            .filter(|profile| !self.roster.profiles[*profile].paused)
    }
}
