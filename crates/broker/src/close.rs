//! From the decision to close until the end is proven: until then the slot counts.

use std::time::Duration;

use moment::Moment;

use crate::action::{Action, CloseCause, Refusal, StopCause};
use crate::books::Awaited;
use crate::broker::Broker;
use crate::entry::Entry;
use crate::event::{EndCause, Failure, FailureKind, Fate};
use crate::ids::{RequestId, SessionId};
use crate::roster::{PartyIx, PoolIx, ScopeIx};
use crate::session::State;
use crate::timer::Timer;

/// After an open that ended without a word, how long until the next.
const LOST_PAUSE: Duration = Duration::from_secs(10);

impl Broker {
    /// Puts a session where its state says it belongs.
    pub(crate) fn reindex(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let (opening, closing, ready) = (session.is_opening(), session.is_closing(), session.is_ready());
        let now_idle = ready.then_some(session.freed);
        let was_idle = std::mem::replace(&mut session.idle, now_idle);
        let (pool, scopes) = (session.pool, session.scopes());
        for scope in scopes {
            let scope = &mut self.roster.scopes[scope];
            put(&mut scope.opening, id, opening);
            put(&mut scope.closing, id, closing);
            if was_idle != now_idle {
                if let Some(since) = was_idle {
                    scope.idle.remove(&(since, id));
                }
                if let Some(since) = now_idle {
                    scope.idle.insert((since, id));
                }
            }
        }
        if was_idle.is_some() != ready {
            self.wake_reserved(id);
        }
        if was_idle.is_some() && !ready {
            self.timers.clear(Timer::Idle(id));
        }
        let pool = &mut self.roster.pools[pool];
        put(&mut pool.opening, id, opening);
        put(&mut pool.ready, id, ready);
    }

    /// A slot more or less is left to those who may not have the last ones.
    fn wake_reserved(&mut self, id: SessionId) {
        let Some(admin) = self.sessions.get(&id).map(|session| session.admin) else {
            return;
        };
        for party in self.reserving(admin) {
            self.mark_party(party);
        }
    }

    fn reserving(&self, admin: ScopeIx) -> Vec<PartyIx> {
        let scope = &self.roster.scopes[admin];
        if scope.reserves {
            scope.parties.clone()
        } else {
            Vec::new()
        }
    }

    /// Has the close recorded; it follows when that is durable. Whatever still ran is given up for lost.
    pub(crate) fn begin_close(&mut self, now: Moment, id: SessionId, cause: CloseCause) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        match session.state {
            State::Intent => {
                self.drop_intent(now, id);
                return;
            }
            State::Closing { .. } => return,
            State::Opening
            | State::Open
            | State::Recovering
            | State::Leaving
            | State::Left
            | State::Unconfirmed { .. } => {}
        }
        if matches!(session.state, State::Recovering | State::Leaving | State::Left)
            && let Some(lease) = session.lease
        {
            self.end_lease(now, lease, EndCause::SessionLost);
        }
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if session.state == State::Opening {
            self.roster.scopes[session.admin].unanswered.insert(id);
        }
        session.state = State::Closing { cause, asked: false };
        session.newborn = false;
        let pool = session.pool;
        self.drop_turns(id);
        self.drop_claim(id);
        self.timers.clear(Timer::Idle(id));
        self.timers.clear(Timer::Stall(id));
        self.timers.clear(Timer::Renewal(id));
        self.reindex(id);
        self.record_awaited(Entry::Closing { session: id, cause }, Awaited::Closing(id));
        self.mark(pool);
    }

    fn drop_turns(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        for request in std::mem::take(&mut session.wanted) {
            self.turn_away(request, Refusal::UnknownSession(id));
        }
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        for turn in std::mem::take(&mut session.turns) {
            self.turns.remove(&turn.request);
            if let Some(lease) = self.leases.get_mut(&turn.lease) {
                lease.turns.retain(|other| *other != turn.request);
            }
        }
    }

    pub(crate) fn drop_claim(&mut self, id: SessionId) {
        let Some((request, _)) = self.sessions.get_mut(&id).and_then(|session| session.claim.take()) else {
            return;
        };
        let Some(profile) = self.requests.get(&request).map(|request| request.profile) else {
            return;
        };
        let party = self.roster.pools[self.roster.profiles[profile].pool].party;
        self.roster.parties[party].claim = None;
        self.dirty.parties.insert(party);
    }

    /// Proof that the shell is gone.
    pub(crate) fn gone(&mut self, now: Moment, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        if session.state == State::Intent {
            debug_assert!(false, "session {id} was never opened");
            return;
        }
        self.forget_session(now, id);
    }

    /// Takes a session out of the books and frees its slot.
    pub(crate) fn forget_session(&mut self, now: Moment, id: SessionId) {
        self.note_unanswered(now, id);
        self.unbind(now, id);
        self.drop_turns(id);
        self.drop_claim(id);
        let Some(session) = self.sessions.remove(&id) else {
            return;
        };
        for timer in [
            Timer::Idle(id),
            Timer::Stall(id),
            Timer::Holdback(id),
            Timer::Renewal(id),
        ] {
            self.timers.clear(timer);
        }
        for scope in session.scopes() {
            let scope_row = &mut self.roster.scopes[scope];
            scope_row.sessions.remove(&id);
            scope_row.opening.remove(&id);
            scope_row.closing.remove(&id);
            if let Some(since) = session.idle {
                scope_row.idle.remove(&(since, id));
            }
            self.mark_scope(scope);
        }
        let pool = &mut self.roster.pools[session.pool];
        pool.sessions.remove(&id);
        pool.opening.remove(&id);
        pool.ready.remove(&id);
        for party in self.reserving(session.admin) {
            self.mark_party(party);
        }
        self.record(Entry::Gone { session: id });
        for request in session.closers {
            self.closers.remove(&request);
            self.emit(Action::Done { request });
        }
        if let Some(stopping) = &mut self.stopping
            && session.state != State::Intent
        {
            stopping.closed += 1;
        }
        self.refuse_unasked(session.pool);
        self.mark_party(session.party);
    }

    /// Ends the lease that has the session to itself: the session is lost to it.
    fn unbind(&mut self, now: Moment, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let Some(lease) = session.lease else { return };
        session.doomed.get_or_insert(CloseCause::Broken);
        self.drop_turns(id);
        if let Some(session) = self.sessions.get_mut(&id) {
            session.state = State::Closing {
                cause: CloseCause::Broken,
                asked: true,
            };
        }
        self.end_lease(now, lease, EndCause::SessionLost);
    }

    pub(crate) fn close_unproven(&mut self, now: Moment, id: SessionId, until: Option<Moment>) {
        self.note_unanswered(now, id);
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        match session.state {
            State::Closing { .. } | State::Recovering | State::Unconfirmed { .. } => {}
            State::Intent | State::Opening | State::Open | State::Leaving | State::Left => return,
        }
        if let Some(lease) = session.lease {
            self.end_lease(now, lease, EndCause::SessionLost);
        }
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        session.state = State::Unconfirmed { until };
        session.awaited_by = None;
        let (party, scopes) = (session.party, session.scopes());
        let closers = std::mem::take(&mut session.closers);
        self.reindex(id);
        self.hold_back(now, id, until);
        self.record(Entry::Unconfirmed { session: id, until });
        for request in closers {
            self.closers.remove(&request);
            self.refuse(request, Refusal::Unproven { session: id, until });
        }
        // Whoever counted on this slot needs another.
        for scope in scopes {
            self.mark_scope(scope);
        }
        self.mark_party(party);
    }

    /// Notes until when a session counts that may be there.
    pub(crate) fn hold_back(&mut self, _now: Moment, id: SessionId, until: Option<Moment>) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        session.hold = Some(until);
        match until {
            Some(until) => self.timers.set(Timer::Holdback(id), until),
            None => self.timers.clear(Timer::Holdback(id)),
        }
    }

    /// The server has ended the shell by itself, if it was there at all.
    pub(crate) fn end_holdback(&mut self, now: Moment, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        match session.state {
            State::Unconfirmed { .. } | State::Closing { .. } if session.hold.is_some() => self.forget_session(now, id),
            State::Unconfirmed { .. }
            | State::Closing { .. }
            | State::Intent
            | State::Opening
            | State::Open
            | State::Recovering
            | State::Leaving
            | State::Left => {}
        }
    }

    /// The server does not let it be left.
    pub(crate) fn not_left(&mut self, now: Moment, id: SessionId) {
        if self.sessions.get(&id).is_some_and(|row| row.state == State::Leaving) {
            self.begin_close(now, id, CloseCause::Shutdown);
        }
    }

    pub(crate) fn session_lost(&mut self, now: Moment, id: SessionId, fate: Fate) {
        let Some(session) = self.sessions.get(&id) else { return };
        match (session.state, fate) {
            (State::Intent, _) => debug_assert!(false, "session {id} was never opened"),
            // Whoever opened it died over it, and cannot say why.
            (State::Opening, _) => {
                let failure = Failure {
                    kind: FailureKind::Endpoint,
                    message: "the session ended while it was being opened".into(),
                };
                self.open_failed(now, id, fate, failure, Some(LOST_PAUSE));
            }
            (State::Unconfirmed { .. } | State::Closing { .. }, Fate::MayExist { .. }) => {}
            (_, Fate::Gone) => self.forget_session(now, id),
            (State::Open | State::Recovering | State::Leaving | State::Left, Fate::MayExist { until }) => {
                let (lease, pool) = (session.lease, session.pool);
                self.drop_turns(id);
                if let Some(session) = self.sessions.get_mut(&id) {
                    session.doomed = Some(CloseCause::Broken);
                }
                if let Some(lease) = lease {
                    self.end_lease(now, lease, EndCause::SessionLost);
                }
                self.hold_back(now, id, until);
                self.begin_close(now, id, CloseCause::Broken);
                self.refuse_unasked(pool);
            }
        }
    }

    pub(crate) fn close_session(&mut self, now: Moment, request: RequestId, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else {
            self.refuse(request, Refusal::UnknownSession(id));
            return;
        };
        session.closers.push(request);
        let (lease, state) = (session.lease, session.state);
        self.closers.insert(request, id);
        if state == State::Open {
            session.doomed.get_or_insert(CloseCause::Asked);
        }
        if let Some(lease) = lease {
            self.end_lease(now, lease, EndCause::Revoked);
        }
        if state == State::Open {
            self.doom(now, id, CloseCause::Asked, StopCause::SessionClosed);
        } else {
            self.begin_close(now, id, CloseCause::Asked);
        }
    }

    pub(crate) fn forget(&mut self, now: Moment, request: RequestId, id: SessionId) {
        match self.sessions.get(&id).map(|session| session.state) {
            None => self.refuse(request, Refusal::UnknownSession(id)),
            Some(State::Unconfirmed { .. }) => {
                self.forget_session(now, id);
                self.emit(Action::Done { request });
            }
            Some(
                State::Intent
                | State::Opening
                | State::Open
                | State::Recovering
                | State::Leaving
                | State::Left
                | State::Closing { .. },
            ) => {
                self.refuse(request, Refusal::NotUnconfirmed(id));
            }
        }
    }

    /// The endpoint answers again, or somebody logged in: what is unconfirmed is closed once more.
    pub(crate) fn retry_unconfirmed(&mut self, now: Moment, admin: ScopeIx, pool: Option<PoolIx>) {
        let again: Vec<SessionId> = self.roster.scopes[admin]
            .sessions
            .iter()
            .filter_map(|id| self.sessions.get(id))
            .filter(|session| matches!(session.state, State::Unconfirmed { .. }))
            .filter(|session| pool.is_none_or(|pool| session.pool == pool))
            .map(|session| session.id)
            .collect();
        for id in again {
            self.begin_close(now, id, CloseCause::Again);
        }
    }
}

fn put(set: &mut std::collections::BTreeSet<SessionId>, id: SessionId, is_in: bool) {
    if is_in {
        set.insert(id);
    } else {
        set.remove(&id);
    }
}
