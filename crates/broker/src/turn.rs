//! Pipelines take turns.

use std::sync::Arc;
use std::time::Duration;

use moment::Moment;

use crate::action::{Action, CloseCause, Refusal, StopCause};
use crate::broker::Broker;
use crate::event::TurnOutcome;
use crate::holder::Holder;
use crate::ids::{Fence, LeaseId, RequestId, SessionId};
use crate::line::Place;
use crate::profile::Sharing;
use crate::request::Ask;
use crate::roster::{Class, PoolIx, follow};
use crate::session::{State, Turn};
use crate::timer::Timer;

impl Broker {
    #[expect(clippy::too_many_arguments, reason = "the fields of Event::Turn")]
    pub(crate) fn turn(
        &mut self,
        now: Moment,
        id: RequestId,
        lease_id: LeaseId,
        fence: Fence,
        deadline: Option<Moment>,
        holder: Arc<Holder>,
        nested: bool,
        only: Option<SessionId>,
    ) {
        if let Err(refusal) = self.check_lease(lease_id, Some(fence)) {
            self.refuse(id, refusal);
            return;
        }
        self.come_back(lease_id);
        let Some(lease) = self.leases.get(&lease_id) else {
            return;
        };
        if nested && let Some(session) = lease.turns.last().and_then(|turn| self.turns.get(turn)).copied() {
            self.start_turn(now, id, session, lease_id, holder);
            return;
        }
        let (profile, priority) = (lease.profile, lease.priority);
        let Some(bound) = lease.session else {
            let pool = self.roster.profiles[profile].pool;
            let ask = match only {
                // A session that is left at the end waits for the next daemon, and no door does.
                Some(_) if self.stopping.is_some() => Err(Refusal::Stopping),
                Some(session) if !self.gives_turns(pool, session) => Err(Refusal::UnknownSession(session)),
                Some(session) => Ok(Ask::TurnOn {
                    lease: lease_id,
                    session,
                }),
                None if self.roster.profiles[profile].profile.is_none() => Err(Refusal::ProfileRemoved),
                None => Ok(Ask::Turn { lease: lease_id }),
            };
            match ask {
                Ok(ask) => {
                    self.enqueue(now, id, profile, ask, priority, deadline, holder);
                    self.note_nested(id, nested);
                }
                Err(refusal) => self.refuse(id, refusal),
            }
            return;
        };
        let Some(session) = self.sessions.get(&bound) else {
            return;
        };
        let free = session.state == State::Open && session.turns.is_empty() && session.queue.is_empty();
        let admin = session.admin;
        if free && !self.must_wait_for_pace(now, admin) {
            self.start_turn(now, id, bound, lease_id, holder);
        } else {
            self.enqueue(
                now,
                id,
                profile,
                Ask::BoundTurn {
                    lease: lease_id,
                    session: bound,
                },
                priority,
                deadline,
                holder,
            );
            self.note_nested(id, nested);
        }
    }

    /// True if pipelines of the pool that want this session and no other may wait for it.
    fn gives_turns(&self, pool: PoolIx, id: SessionId) -> bool {
        self.sessions
            .get(&id)
            .is_some_and(|session| session.pool == pool && session.state == State::Open && session.doomed.is_none())
    }

    fn note_nested(&mut self, id: RequestId, nested: bool) {
        if let Some(request) = self.requests.get_mut(&id) {
            request.nested = nested;
        }
    }

    /// The first, among profiles that are not paused, of those who want this session and no other.
    pub(crate) fn head_wanting(&self, id: SessionId) -> Option<Place> {
        let wanted = self.sessions.get(&id)?.wanted.iter();
        wanted
            .filter_map(|request| self.requests.get(request))
            .find(|request| !self.roster.profiles[request.profile].paused)
            .map(|request| request.place)
    }

    /// Ends the wait for a turn with one.
    pub(crate) fn grant_turn(&mut self, now: Moment, id: RequestId, session: SessionId) {
        let Some(request) = self.take_request(id) else { return };
        let Some(lease) = request.ask.turn_of() else {
            debug_assert!(false, "request {id} asked for no turn");
            return;
        };
        self.start_turn(now, id, session, lease, request.holder);
        // Those that run within it, and came before it could start.
        let waiting = self.leases.get(&lease).map(|lease| lease.waiting.clone());
        for other in waiting.unwrap_or_default() {
            if self.requests.get(&other).is_some_and(|request| request.nested)
                && let Some(request) = self.take_request(other)
            {
                self.start_turn(now, other, session, lease, request.holder);
            }
        }
    }

    fn start_turn(
        &mut self,
        now: Moment,
        id: RequestId,
        session_id: SessionId,
        lease_id: LeaseId,
        holder: Arc<Holder>,
    ) {
        let Some(session) = self.sessions.get_mut(&session_id) else {
            return;
        };
        debug_assert_eq!(session.state, State::Open);
        debug_assert!(session.lease.is_none_or(|bound| bound == lease_id));
        session.turns.push(Turn {
            request: id,
            lease: lease_id,
            holder,
            since: now,
            stalled: None,
            stopping: false,
        });
        session.used = now;
        let admin = session.admin;
        session.commands = session.commands.saturating_add(1);
        session.newborn = false;
        session.dirty |= session.lease.is_some();
        let (pool, scopes) = (session.pool, session.scopes());
        self.turns.insert(id, session_id);
        if let Some(lease) = self.leases.get_mut(&lease_id) {
            lease.turns.push(id);
        }
        self.note_use(now, lease_id);
        self.note_command(now, admin);
        self.emit(Action::TurnGranted {
            turn: id,
            session: session_id,
        });
        self.reindex(session_id);
        for scope in scopes {
            let claimants = &self.roster.scopes[scope].claimants;
            self.dirty.parties.extend(claimants.iter().copied());
        }
        self.watch_bound(now, session_id);
        self.mark(pool);
    }

    pub(crate) fn turn_done(&mut self, now: Moment, id: RequestId, outcome: TurnOutcome) {
        let Some(session_id) = self.turns.remove(&id) else {
            return;
        };
        let Some(session) = self.sessions.get_mut(&session_id) else {
            return;
        };
        let Some(at) = session.turns.iter().position(|turn| turn.request == id) else {
            return;
        };
        let turn = session.turns.remove(at);
        session.used = now;
        session.dirty |= outcome == TurnOutcome::Dirty;
        let (pool, bound, over) = (session.pool, session.lease, session.turns.is_empty());
        if let Some(lease) = self.leases.get_mut(&turn.lease) {
            lease.turns.retain(|other| *other != id);
        }
        self.note_use(now, turn.lease);
        follow(&mut self.roster.pools[pool].turn_time, now.since(turn.since));
        if over {
            match bound {
                Some(_) if self.sessions.get(&session_id).is_some_and(|row| self.can_leave(row)) => {
                    self.leave(now, session_id);
                }
                Some(_) => self.next_bound_turn(now, session_id),
                None => self.release_session(now, session_id),
            }
        }
        self.mark(pool);
    }

    pub(crate) fn next_bound_turn(&mut self, now: Moment, id: SessionId) {
        if self.is_worn(now, id) {
            self.wear(now, id);
        }
        let Some(session) = self.sessions.get(&id) else { return };
        let admin = session.admin;
        match session.queue.front().copied() {
            Some(_) if session.doomed.is_none() && self.must_wait_for_pace(now, admin) => {}
            Some(next) if self.sessions.get(&id).is_some_and(|session| session.doomed.is_none()) => {
                self.grant_turn(now, next, id);
                for waiting in self
                    .sessions
                    .get(&id)
                    .map(|session| session.queue.clone())
                    .unwrap_or_default()
                {
                    self.tell(now, waiting);
                }
            }
            Some(_) | None => self.watch_bound(now, id),
        }
    }

    pub(crate) fn stop_turn(&mut self, id: RequestId, why: StopCause) {
        let Some(session) = self.turns.get(&id).and_then(|session| self.sessions.get_mut(session)) else {
            return;
        };
        let Some(turn) = session.turns.iter_mut().find(|turn| turn.request == id) else {
            return;
        };
        if !turn.stopping {
            turn.stopping = true;
            self.emit(Action::StopTurn { turn: id, why });
        }
    }

    pub(crate) fn stalled(&mut self, id: RequestId, since: Option<Moment>) {
        let Some(session) = self.turns.get(&id).and_then(|session| self.sessions.get_mut(session)) else {
            return;
        };
        let pool = session.pool;
        if let Some(turn) = session.turns.iter_mut().find(|turn| turn.request == id) {
            turn.stalled = match (turn.stalled, since) {
                (Some(first), Some(_)) => Some(first),
                (_, since) => since,
            };
        }
        self.mark(pool);
    }

    /// Sets the timers at which a stalled turn will have kept somebody waiting for too long.
    pub(crate) fn watch_stalls(&mut self, pool: PoolIx) {
        for id in self.roster.pools[pool].sessions.clone() {
            match self.stall_due(id) {
                Some((due, _)) => self.timers.set(Timer::Stall(id), due),
                None => self.timers.clear(Timer::Stall(id)),
            }
        }
    }

    fn stall_due(&self, id: SessionId) -> Option<(Moment, RequestId)> {
        let session = self.sessions.get(&id)?;
        if session.lease.is_some() {
            return None;
        }
        let (stalled, turn, lease) = session
            .turns
            .iter()
            .filter(|turn| !turn.stopping)
            .filter_map(|turn| Some((turn.stalled?, turn.request, turn.lease)))
            .min()?;
        let waiting = [self.head(session.pool, Class::Turn), self.head_wanting(id)]
            .into_iter()
            .flatten()
            .filter_map(|place| self.requests.get(&place.request))
            .map(|request| request.since)
            .chain(session.claim.map(|(_, since)| since))
            .min()?;
        let profile = self.leases.get(&lease).map(|lease| lease.profile);
        let patience = profile.map_or_else(Sharing::default, |profile| self.sharing(profile));
        Some((stalled.max(waiting) + patience.stall_after, turn))
    }

    pub(crate) fn check_stall(&mut self, now: Moment, id: SessionId) {
        let Some((due, turn)) = self.stall_due(id) else { return };
        if due <= now {
            self.stop_turn(turn, StopCause::Stalled);
        }
        if let Some(session) = self.sessions.get(&id) {
            self.mark(session.pool);
        }
    }

    pub(crate) fn reset(&mut self, id: SessionId) {
        if let Some(session) = self.sessions.get_mut(&id)
            && session.turns.is_empty()
        {
            session.dirty = false;
        }
    }

    /// What the books say of the life so far of a session of an earlier run.
    pub(crate) fn set_past(&mut self, now: Moment, id: SessionId, age: Duration, commands: u32) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.since = now - age;
            session.commands = commands;
        }
    }

    pub(crate) fn set_dirty(&mut self, id: SessionId, dirty: bool) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.dirty |= dirty;
        }
    }

    /// Marks a session to be closed as soon as nothing runs in it, and stops what does.
    pub(crate) fn doom(&mut self, now: Moment, id: SessionId, cause: CloseCause, why: StopCause) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        session.doomed.get_or_insert(cause);
        let pool = session.pool;
        let running: Vec<RequestId> = session.turns.iter().map(|turn| turn.request).collect();
        self.reindex(id);
        for turn in &running {
            self.stop_turn(*turn, why);
        }
        if running.is_empty() {
            self.begin_close(now, id, cause);
        }
        self.refuse_unasked(pool);
        self.mark(pool);
    }
}
