//! What must be true after every step, whatever happened.

use crate::broker::Broker;
use crate::session::State;

impl Broker {
    /// Cheap enough for every step of a debug build: it looks at sessions, of which there are few, not at waiters.
    #[cfg(debug_assertions)]
    pub(crate) fn assert_invariants(&self) {
        assert!(
            self.books.fence <= self.books.durable,
            "a fence was given out that is not durable"
        );
        for (id, session) in &self.sessions {
            assert!(
                session
                    .scopes()
                    .all(|scope| self.roster.scopes[scope].sessions.contains(id)),
                "{id} is not counted"
            );
            let opening = self.roster.pools[session.pool].opening.contains(id);
            assert_eq!(opening, session.is_opening(), "session {id}");
            assert_eq!(
                self.roster.pools[session.pool].ready.contains(id),
                session.is_ready(),
                "session {id}"
            );
            assert_eq!(session.idle.is_some(), session.is_ready(), "session {id}");
            for scope in session.scopes() {
                let scope = &self.roster.scopes[scope];
                assert_eq!(scope.closing.contains(id), session.is_closing(), "session {id}");
                assert_eq!(scope.opening.contains(id), session.is_opening(), "session {id}");
                assert!(
                    session.idle.is_none_or(|since| scope.idle.contains(&(since, *id))),
                    "session {id}"
                );
            }
            if session.state != State::Open {
                assert!(
                    session.turns.is_empty(),
                    "something runs in session {id}, which is not open"
                );
                assert!(
                    session.lease.is_none()
                        || matches!(session.state, State::Recovering | State::Leaving | State::Left),
                    "session {id} is leased and not open"
                );
                assert_eq!(session.claim, None, "session {id} is claimed and not open");
            }
            assert!(
                session.is_ready() || !session.newborn || !session.turns.is_empty(),
                "session {id}"
            );
            if let Some(lease) = session.lease {
                let back = self.leases.get(&lease).and_then(|lease| lease.session);
                assert_eq!(back, Some(*id), "session {id} and lease {lease} disagree");
            }
            if let Some((request, _)) = session.claim {
                assert!(
                    self.requests.contains_key(&request),
                    "session {id} is claimed by nobody"
                );
            }
            assert!(
                session.lease.is_some() || session.queue.is_empty(),
                "turns wait for a lease that is gone"
            );
        }
        for scope in self.roster.scopes.iter().map(|(_, scope)| scope) {
            let known = |id: &crate::ids::SessionId| self.sessions.contains_key(id);
            assert!(
                scope.sessions.iter().all(known) && scope.closing.iter().all(known),
                "a slot without a session"
            );
            assert!(
                scope.idle.iter().all(|(_, id)| known(id)),
                "an idle slot without a session"
            );
        }
        for (turn, session) in &self.turns {
            let runs = self
                .sessions
                .get(session)
                .is_some_and(|row| row.turns.iter().any(|other| other.request == *turn));
            assert!(runs, "turn {turn} runs nowhere");
        }
    }
}
