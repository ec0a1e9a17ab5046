//! What must hold after every step.

use std::collections::BTreeMap;

use moment::Moment;

use super::super::checks::assert_nobody_is_stuck;
use super::world::{RATE, World};
use crate::broker::Broker;
use crate::ids::{RequestId, SessionId};
use crate::roster::PartyIx;

impl World {
    pub(super) fn check(&self) {
        for (session, _) in self.server.possible() {
            assert!(
                self.broker.sessions.contains_key(&session),
                "session {session} is there and not in the books"
            );
        }
        assert_nobody_is_stuck(&self.broker, self.now);
    }

    /// A shell was created: by the server's own clock, not too soon after the others of its account.
    pub(super) fn check_rate(&self, session: SessionId) {
        let Some(shell) = self.server.shells.get(&session).filter(|_| self.rated) else {
            return;
        };
        let account = |profile: usize| self.profiles[profile].scopes.admin.to_lowercase();
        let since = self.now - RATE.1;
        let recent = self
            .server
            .arrivals
            .iter()
            .filter(|(at, other)| *at > since && account(*other) == account(shell.profile));
        assert!(
            recent.count() <= RATE.0 as usize,
            "too many opens of {}",
            account(shell.profile)
        );
    }

    /// Beyond what was seen to be allowed, one at a time is tried.
    pub(super) fn check_tries(&self, opened: SessionId) {
        for scope in self.broker.sessions[&opened].scopes() {
            let scope = &self.broker.roster.scopes[scope];
            if let Some((most, _)) = scope.learned.observed {
                let others = scope.sessions.len() - 1;
                assert!(
                    others <= most as usize,
                    "{others} of {} when {most} were allowed",
                    scope.subject
                );
            }
        }
    }

    /// At the begin of an open, by the server's own count and with everything that may still arrive.
    pub(super) fn check_limits(&self, opened: usize) {
        let (admin, organization) = self.limits;
        let scopes = |profile: usize| {
            let scopes = &self.profiles[profile].scopes;
            (
                scopes.admin.to_lowercase(),
                scopes.organization.as_ref().map(|tenant| tenant.to_lowercase()),
            )
        };
        let mine = scopes(opened);
        let all: Vec<_> = self.server.possible().map(|(_, profile)| scopes(profile)).collect();
        let used = all.iter().filter(|other| other.0 == mine.0).count();
        assert!(used <= admin as usize, "{used} of {} above {admin}", mine.0);
        // Beyond what was seen to be allowed, one tries at a time.
        for (_, scope) in self.broker.roster.scopes.iter() {
            if let Some((most, _)) = scope.learned.observed
                && !scope.opening.is_empty()
            {
                let opening = scope.opening.len();
                assert!(
                    scope.sessions.len() <= most as usize + opening,
                    "{} of {} are held, {most} were allowed",
                    scope.sessions.len(),
                    scope.subject
                );
            }
        }
        let used = all
            .iter()
            .filter(|other| other.1.is_some() && other.1 == mine.1)
            .count();
        assert!(
            used <= organization as usize,
            "{used} of {:?} above {organization}",
            mine.1
        );
    }
}

/// Nobody who could be served is passed by the same other admin twice.
#[derive(Default)]
pub(super) struct Fairness {
    heads: BTreeMap<PartyIx, Head>,
    served: BTreeMap<PartyIx, u64>,
}

struct Head {
    request: RequestId,
    served: u64,
    passed: BTreeMap<PartyIx, u32>,
}

impl Fairness {
    pub(super) fn watch(&mut self, broker: &Broker, now: Moment) {
        let mut heads = BTreeMap::new();
        for party in broker.roster.parties.indices() {
            let row = &broker.roster.parties[party];
            let Some(next) = broker.next_of(now, party).filter(|_| row.hungry) else {
                continue;
            };
            let ceilings = broker.ceilings(now, party);
            let only_shared = row.organization.is_some_and(|organization| ceilings == [organization]);
            if !only_shared || next.order.yields || broker.is_being_served(party, &ceilings) {
                continue;
            }
            let request = next.order.place.request;
            let before = self
                .heads
                .remove(&party)
                .filter(|head| head.request == request && head.served == row.served);
            let mut passed = before.map(|head| head.passed).unwrap_or_default();
            for other in broker.roster.parties.indices().filter(|other| *other != party) {
                let other_row = &broker.roster.parties[other];
                let was = self.served.get(&other).copied().unwrap_or(0);
                if other_row.organization == row.organization && other_row.served > was.max(row.served) {
                    let count = passed.entry(other).or_default();
                    *count += 1;
                    assert!(*count <= 1, "{request} was passed by {other:?} {count} times");
                }
            }
            heads.insert(
                party,
                Head {
                    request,
                    served: row.served,
                    passed,
                },
            );
        }
        self.heads = heads;
        self.served = broker
            .roster
            .parties
            .indices()
            .map(|party| (party, broker.roster.parties[party].served))
            .collect();
    }
}
