//! Nobody waits for nothing: what must hold whenever the broker is at rest.

use moment::Moment;

use crate::broker::Broker;
use crate::request::Ask;
use crate::roster::{Class, PartyIx, ScopeIx};
use crate::session::State;

impl Broker {
    /// True if as many slots are on their way to a party as it needs.
    pub(crate) fn is_being_served(&self, party: PartyIx, ceilings: &[ScopeIx]) -> bool {
        self.coming(party, ceilings) >= self.need(party)
    }
}

pub(crate) fn assert_nobody_is_stuck(broker: &Broker, now: Moment) {
    let roster = &broker.roster;
    assert!(broker.actions.is_empty());
    for party in roster.parties.indices() {
        let row = &roster.parties[party];
        let hungry = row.pools.iter().any(|pool| broker.next_demander(*pool).is_some());
        assert_eq!(row.hungry, hungry, "{party:?}");
        let next = broker.next_of(now, party);
        let ceilings = broker.ceilings(now, party);
        assert!(
            next.is_none() || !ceilings.is_empty(),
            "a slot is free and {next:?} waits for it"
        );
        if let Some((request, session)) = row.claim {
            assert!(broker.requests.contains_key(&request), "a claim of nobody");
            assert_eq!(
                broker.sessions[&session].claim.map(|(request, _)| request),
                Some(request)
            );
        }
        // An idle session under the ceiling that blocks is given up, unless enough are on their way.
        if next.is_some() && !broker.is_being_served(party, &ceilings) {
            let idle = roster.scopes[ceilings[0]]
                .idle
                .iter()
                .map(|(_, id)| &broker.sessions[id]);
            let helps = |session: &crate::session::Session| {
                ceilings
                    .iter()
                    .all(|ceiling| session.scopes().any(|scope| scope == *ceiling))
            };
            assert!(!idle.into_iter().any(helps), "{next:?} waits while a session idles");
        }
    }
    for (pool, row) in roster.pools.iter() {
        for id in &row.ready {
            let session = &broker.sessions[id];
            assert_eq!(session.claim, None, "session {id} is free and claimed");
            assert!(
                broker.head(pool, Class::Turn).is_none() || broker.paced(now, session.admin).is_some(),
                "session {id} is free and a turn waits"
            );
            let alone = broker.head_alone(pool, Class::Exclusive);
            let kept = broker.head(pool, Class::Turn).is_some();
            assert!(
                alone.is_none() || kept || !broker.books.has_fence(),
                "session {id} is free and {alone:?} waits"
            );
        }
        let open = row.sessions.iter().any(|id| {
            let session = &broker.sessions[id];
            session.state == State::Open && session.doomed.is_none()
        });
        assert!(
            !open || broker.head(pool, Class::Connect).is_none(),
            "somebody waits for what is there"
        );
    }
    let mut in_lines = 0;
    for (_, row) in roster.profiles.iter() {
        in_lines += row.waiting();
        assert!(
            row.profile.is_some() || row.waiting() == 0,
            "somebody waits for a profile that is gone"
        );
    }
    let classed = broker
        .requests
        .values()
        .filter(|request| request.ask.class().is_some())
        .count();
    assert_eq!(in_lines, classed, "somebody waits in no line");
    for (id, request) in &broker.requests {
        if request.deadline.is_some_and(|deadline| deadline <= now) {
            let pool = roster.profiles[request.profile].pool;
            let held_up = broker.books.held_up.contains(id) && broker.books.is_writing_fences();
            assert!(broker.is_covered(pool, *id) || held_up, "{id} waits past its deadline");
        }
        match request.ask {
            Ask::Turn { lease } => assert!(broker.leases[&lease].waiting.contains(id)),
            Ask::BoundTurn { lease, session } => {
                assert!(broker.leases[&lease].waiting.contains(id));
                let session = &broker.sessions[&session];
                assert!(
                    session.queue.contains(id)
                        && (!session.turns.is_empty()
                            || matches!(session.state, State::Recovering | State::Leaving | State::Left)
                            || broker.paced(now, session.admin).is_some()),
                    "{id} waits for a session that is free"
                );
            }
            Ask::TurnOn { lease, session } => {
                assert!(broker.leases[&lease].waiting.contains(id));
                let session = &broker.sessions[&session];
                assert!(session.state == State::Open && session.wanted.contains(id), "{id}");
                assert!(
                    !session.is_ready()
                        || session.claim.is_some()
                        || broker.roster.profiles[request.profile].paused
                        || broker.paced(now, session.admin).is_some(),
                    "{id} waits for a session that is free"
                );
            }
            Ask::Fence { .. } => assert!(!broker.books.has_fence() && broker.fenceless.contains(id)),
            Ask::Lease { .. } | Ask::Connect => {}
        }
    }
    for (id, lease) in &broker.leases {
        for turn in &lease.turns {
            let session = &broker.sessions[&broker.turns[turn]];
            assert!(
                session
                    .turns
                    .iter()
                    .any(|other| other.request == *turn && other.lease == *id)
            );
        }
        if let Some(session) = lease.session {
            assert_eq!(broker.sessions[&session].lease, Some(*id));
        }
    }
}
