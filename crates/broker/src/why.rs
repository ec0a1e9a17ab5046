//! Why somebody waits, behind whom, and for about how long.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use moment::Moment;

use crate::action::{BlockedBy, Waiting};
use crate::broker::Broker;
use crate::demand::Obstacle;
use crate::event::FailureKind;
use crate::holder::{HeldBy, Holder};
use crate::ids::{RequestId, SessionId};
use crate::request::{Ask, Request};
use crate::roster::{Class, PoolIx, ScopeIx};
use crate::session::{Session, State};
use crate::snapshot::ScopeKind;

/// At most so many holders are named.
const NAMED: usize = 10;

/// What is in the way, before it is put into words.
struct Cause {
    blocked_by: BlockedBy,
    sessions: Vec<SessionId>,
    eta: Option<Duration>,
    reason: String,
}

impl Broker {
    /// What a waiting request is told.
    pub(crate) fn waiting(&self, now: Moment, id: RequestId) -> Waiting {
        let Some(request) = self.requests.get(&id) else {
            debug_assert!(false, "request {id} does not wait");
            let reason = String::new();
            return Waiting {
                position: 0,
                blocked_by: BlockedBy::Busy,
                holders: Vec::new(),
                eta: None,
                reason,
            };
        };
        let position = self.position(id, request);
        let cause = self.cause(now, id, request, position);
        let holders = cause
            .sessions
            .iter()
            .filter_map(|session| self.sessions.get(session))
            .take(NAMED)
            .map(|session| self.held_by(now, session))
            .collect();
        Waiting {
            position,
            blocked_by: cause.blocked_by,
            holders,
            eta: cause.eta,
            reason: cause.reason,
        }
    }

    fn position(&self, id: RequestId, request: &Request) -> u32 {
        let find = |found: Option<usize>| found.map_or(0, |at| at + 1);
        let pool = self.roster.profiles[request.profile].pool;
        let rank = |classes: &[Class]| {
            let profiles = self.roster.pools[pool]
                .profiles
                .iter()
                .map(|profile| &self.roster.profiles[*profile]);
            let ahead: usize = profiles
                .flat_map(|row| classes.iter().map(|class| row.line(*class).rank(request.place)))
                .sum();
            ahead + 1
        };
        let position = match request.ask {
            Ask::Fence { .. } => find(self.fenceless.iter().position(|other| *other == id)),
            Ask::BoundTurn { session, .. } => find(
                self.sessions
                    .get(&session)
                    .and_then(|row| row.queue.iter().position(|other| *other == id)),
            ),
            Ask::TurnOn { session, .. } => {
                let wanted = self.sessions.get(&session).map(|row| &row.wanted);
                let before = wanted.and_then(|wanted| wanted.iter().position(|other| *other == id));
                rank(&[Class::Turn]) + before.unwrap_or_default()
            }
            Ask::Turn { .. } => rank(&[Class::Turn]),
            Ask::Lease { .. } | Ask::Connect => rank(&[Class::Exclusive, Class::Fresh, Class::Connect]),
        };
        u32::try_from(position).unwrap_or(u32::MAX)
    }

    fn cause(&self, now: Moment, id: RequestId, request: &Request, position: u32) -> Cause {
        let row = &self.roster.profiles[request.profile];
        let pool = row.pool;
        let plain = |blocked_by, reason: String| Cause {
            blocked_by,
            sessions: Vec::new(),
            eta: None,
            reason,
        };
        match request.ask {
            Ask::Fence { .. } => return plain(BlockedBy::Books, "the ledger is not ready yet".to_owned()),
            Ask::BoundTurn { session, .. }
                if self
                    .sessions
                    .get(&session)
                    .is_some_and(|row| row.state == State::Recovering) =>
            {
                let reason = format!("session {session} of before the restart is being found again");
                return plain(BlockedBy::Opening, reason);
            }
            Ask::BoundTurn { session, .. } => {
                let free = self.sessions.get(&session).is_some_and(|row| row.turns.is_empty());
                return match self.paced(now, self.roster.party_of(pool).admin).filter(|_| free) {
                    Some(at) => self.paced_cause(now, pool, at),
                    None => self.busy(pool, vec![session], position),
                };
            }
            Ask::TurnOn { session, .. } if !row.paused => {
                let free = self.sessions.get(&session).is_some_and(Session::is_ready);
                return match self.paced(now, self.roster.party_of(pool).admin).filter(|_| free) {
                    Some(at) => self.paced_cause(now, pool, at),
                    None => self.busy(pool, vec![session], position),
                };
            }
            Ask::Turn { .. } | Ask::TurnOn { .. } | Ask::Lease { .. } | Ask::Connect => {}
        }
        if row.paused {
            return plain(BlockedBy::Paused, format!("profile {} is paused", row.name));
        }
        if let (Ask::Turn { .. }, Some(at)) = (request.ask, self.paced(now, self.roster.party_of(pool).admin)) {
            return self.paced_cause(now, pool, at);
        }
        let class = request.ask.class();
        if class == Some(Class::Turn) && self.serves_turns(pool) {
            let running = self.roster.pools[pool].sessions.iter().copied();
            let running = running
                .filter(|id| self.sessions.get(id).is_some_and(Session::serves_turns))
                .collect();
            return self.busy(pool, running, position);
        }
        let shares = matches!(class, Some(Class::Turn | Class::Connect));
        if self.is_covered(pool, id) || shares && !self.roster.pools[pool].opening.is_empty() {
            return self.opening(now, pool);
        }
        if let Some(session) = self.returning(pool).filter(|_| shares) {
            let reason = format!("session {session} of before the restart is being found again");
            return plain(BlockedBy::Opening, reason);
        }
        if let Some(obstacle) = self.obstacle(now, pool, request.profile) {
            return self.obstructed(now, pool, obstacle, &plain);
        }
        match self.ceilings(now, self.roster.pools[pool].party).first() {
            Some(scope) => self.under(now, *scope, position),
            None => self.busy(
                pool,
                self.roster.pools[pool].sessions.iter().copied().collect(),
                position,
            ),
        }
    }

    fn busy(&self, pool: PoolIx, sessions: Vec<SessionId>, position: u32) -> Cause {
        let lanes = u32::try_from(sessions.len()).unwrap_or(u32::MAX).max(1);
        let eta = self.roster.pools[pool]
            .turn_time
            .map(|turn| turn.saturating_mul(position) / lanes);
        let mut reason = String::new();
        for turn in sessions
            .iter()
            .filter_map(|id| self.sessions.get(id))
            .flat_map(|session| session.turns.first())
        {
            if !reason.is_empty() {
                reason.push_str(", ");
            }
            describe(&mut reason, &turn.holder);
        }
        let reason = match (reason.is_empty(), sessions.len()) {
            (true, _) => "the session is in use".to_owned(),
            (false, 1) => format!("the session runs {reason}"),
            (false, count) => format!("{count} sessions run {reason}"),
        };
        Cause {
            blocked_by: BlockedBy::Busy,
            sessions,
            eta,
            reason,
        }
    }

    fn paced_cause(&self, now: Moment, pool: PoolIx, at: Moment) -> Cause {
        let admin = &self.roster.scopes[self.roster.party_of(pool).admin];
        Cause {
            blocked_by: BlockedBy::Rate,
            sessions: Vec::new(),
            eta: Some(at.since(now)),
            reason: format!("{} may not run more commands at this rate", admin.subject),
        }
    }

    fn opening(&self, now: Moment, pool: PoolIx) -> Cause {
        let row = &self.roster.pools[pool];
        let sessions: Vec<SessionId> = row.opening.iter().copied().collect();
        let begun = sessions
            .first()
            .and_then(|id| self.sessions.get(id))
            .map(|session| session.since);
        let eta = row
            .open_time
            .zip(begun)
            .map(|(usual, begun)| usual.saturating_sub(now.since(begun)));
        let reason = match sessions.first() {
            Some(id) => format!("session {id} is being opened"),
            None => "a session is being opened".to_owned(),
        };
        Cause {
            blocked_by: BlockedBy::Opening,
            sessions,
            eta,
            reason,
        }
    }

    fn obstructed(
        &self,
        now: Moment,
        pool: PoolIx,
        obstacle: Obstacle,
        plain: &dyn Fn(BlockedBy, String) -> Cause,
    ) -> Cause {
        let admin = &self.roster.scopes[self.roster.party_of(pool).admin];
        match obstacle {
            Obstacle::Stopping => plain(BlockedBy::Paused, "the daemon is stopping".to_owned()),
            Obstacle::Books => plain(
                BlockedBy::Books,
                "the ledger cannot be written, nothing is opened until it can".to_owned(),
            ),
            Obstacle::Auth => {
                let message = admin.auth.as_deref().unwrap_or_default();
                plain(BlockedBy::Auth, format!("{} must log in: {message}", admin.subject))
            }
            Obstacle::Hold { until } => {
                let failure = self.roster.pools[pool].hold.as_ref().map(|hold| &hold.failure);
                let blocked_by = match failure.map(|failure| failure.kind) {
                    Some(FailureKind::Rate) => BlockedBy::Rate,
                    _ => BlockedBy::Endpoint,
                };
                let reason = failure.map(|failure| failure.message.to_string()).unwrap_or_default();
                Cause {
                    eta: Some(until.since(now)),
                    ..plain(blocked_by, reason)
                }
            }
            Obstacle::Trial => Cause {
                sessions: self.roster.pools[pool].opening.iter().copied().collect(),
                ..plain(
                    BlockedBy::Opening,
                    "the last open failed, so one session at a time is tried".to_owned(),
                )
            },
            Obstacle::Rate { until } => {
                let reason = format!("{} may not open more sessions at this rate", admin.subject);
                Cause {
                    eta: until.map(|until| until.since(now)),
                    ..plain(BlockedBy::Rate, reason)
                }
            }
        }
    }

    /// A ceiling is in the way: who is under it, and which of them would have to go first.
    fn under(&self, now: Moment, scope: ScopeIx, position: u32) -> Cause {
        let row = &self.roster.scopes[scope];
        let kind = match row.kind {
            ScopeKind::Admin => BlockedBy::Admin,
            ScopeKind::Organization => BlockedBy::Organization,
        };
        if let Some((most, _)) = row.learned.observed.filter(|_| !row.is_at_limit()) {
            let mut reason = format!(
                "the server counts more sessions of {} than this daemon holds: it allowed {most} at last",
                row.subject
            );
            if let Some((outside @ 1.., _)) = row.learned.outside {
                let _ = write!(reason, ", {outside} are held elsewhere");
            }
            return Cause {
                blocked_by: kind,
                sessions: row.sessions.iter().copied().collect(),
                eta: row.learned.next_try.map(|next| next.since(now)),
                reason,
            };
        }
        let (used, limit) = (row.sessions.len(), row.limit.unwrap_or(u32::MAX));
        let mut held: Vec<&Session> = row.sessions.iter().filter_map(|id| self.sessions.get(id)).collect();
        let unproven: Vec<&Session> = held
            .iter()
            .copied()
            .filter(|session| matches!(session.state, State::Unconfirmed { .. }))
            .collect();
        if !unproven.is_empty() && used - unproven.len() < limit as usize {
            let next = unproven.iter().filter_map(|session| session.hold.flatten()).min();
            let mut reason = format!("{used} of {limit} sessions of {} count, but the end of ", row.subject);
            let names: Vec<String> = unproven.iter().map(|session| session.id.to_string()).collect();
            let _ = write!(reason, "{} is not confirmed", names.join(", "));
            return Cause {
                blocked_by: BlockedBy::Unconfirmed,
                sessions: unproven.iter().map(|session| session.id).collect(),
                eta: next.map(|next| next.since(now)),
                reason,
            };
        }
        // Nearest first: what is closing already, then what has been held longest.
        held.sort_by_key(|session| (!session.is_closing(), session.used, session.id));
        let eta = row
            .lease_time
            .map(|usual| usual.saturating_mul(position) / limit.max(1));
        let reason = format!("{used} of {limit} sessions of {} are in use", row.subject);
        Cause {
            blocked_by: kind,
            sessions: held.iter().map(|session| session.id).collect(),
            eta,
            reason,
        }
    }

    fn held_by(&self, now: Moment, session: &Session) -> HeldBy {
        let lease = session
            .lease
            .and_then(|id| self.leases.get(&id).map(|lease| (id, lease)));
        let (lease, who, since) = match (session.turns.first(), lease) {
            (Some(turn), _) => (Some(turn.lease), Arc::clone(&turn.holder), turn.since),
            (None, Some((id, lease))) => (Some(id), Arc::clone(&lease.holder), lease.since),
            (None, None) => (None, Arc::default(), session.since),
        };
        HeldBy {
            lease,
            session: Some(session.id),
            who,
            held: now.since(since),
        }
    }
}

fn describe(out: &mut String, holder: &Holder) {
    let command = if holder.command.is_empty() {
        "a pipeline"
    } else {
        &holder.command
    };
    let _ = write!(out, "{command}");
    if holder.pid != 0 {
        let _ = write!(out, " (pid {}", holder.pid);
        if !holder.tty.is_empty() {
            let _ = write!(out, ", {}", holder.tty);
        }
        out.push(')');
    }
}
