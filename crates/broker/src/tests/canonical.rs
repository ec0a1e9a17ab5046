//! One form for all states that differ in nothing but names and the time of day.
//!
//! Times become distances from now, numbers that only rise become ranks, and what is kept for people alone (means,
//! ages, what a waiter was last told) is dropped: none of it decides anything in the worlds that are searched, where
//! nothing is worn, stalled, batch or limited by a rate.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use moment::Moment;

use crate::books::Awaited;
use crate::broker::Broker;
use crate::ids::{Fence, LeaseId, Seq, SessionId, ShellId};
use crate::request::Ask;
use crate::timer::Timer;

/// What "now" is in the canonical form.
pub(crate) const NOW: Moment = Moment::from_epoch(Duration::from_secs(1_000_000));

/// What is further away than this is as good as never.
pub(crate) const NEVER: Duration = Duration::from_secs(1_000);

/// How old names become new ones.
pub(crate) struct Names {
    now: Moment,
    /// Nothing depends on how much longer ago something was.
    oldest: Duration,
    sessions: BTreeMap<SessionId, SessionId>,
    leases: BTreeMap<LeaseId, LeaseId>,
    fences: BTreeMap<Fence, Fence>,
    seqs: BTreeMap<Seq, Seq>,
}

fn ranks<T: Ord + Copy>(all: impl Iterator<Item = T>, name: impl Fn(u64) -> T) -> BTreeMap<T, T> {
    let sorted: BTreeSet<T> = all.collect();
    sorted
        .into_iter()
        .zip(1..)
        .map(|(old, rank)| (old, name(rank)))
        .collect()
}

impl Names {
    pub(crate) fn of(broker: &Broker, now: Moment, oldest: Duration) -> Self {
        Self {
            now,
            oldest,
            sessions: ranks(broker.sessions.keys().copied(), SessionId),
            leases: ranks(broker.leases.keys().copied(), LeaseId),
            fences: ranks(broker.leases.values().map(|lease| lease.fence), Fence),
            seqs: ranks(broker.books.awaited.keys().copied(), Seq),
        }
    }

    pub(crate) fn moment(&self, at: &mut Moment) {
        *at = if *at >= self.now {
            NOW + at.since(self.now).min(NEVER)
        } else {
            NOW - self.now.since(*at).min(self.oldest)
        };
    }

    pub(crate) fn session(&self, id: &mut SessionId) {
        *id = self.sessions[id];
    }

    pub(crate) fn lease(&self, id: &mut LeaseId) {
        *id = self.leases[id];
    }

    pub(crate) fn fence(&self, fence: &mut Fence) {
        *fence = self.fences[fence];
    }

    pub(crate) fn seq(&self, seq: &mut Seq) {
        *seq = self.seqs[seq];
    }

    fn session_set(&self, set: &mut BTreeSet<SessionId>) {
        *set = set.iter().map(|id| self.sessions[id]).collect();
    }

    pub(crate) fn broker(&self, broker: &mut Broker) {
        assert!(broker.actions.is_empty());
        self.sessions(broker);
        self.leases(broker);
        self.requests(broker);
        self.roster(broker);
        self.books(broker);
        self.timers(broker);
        broker.ended.clear();
    }

    fn sessions(&self, broker: &mut Broker) {
        let sessions = std::mem::take(&mut broker.sessions);
        for (id, mut row) in sessions {
            self.session(&mut row.id);
            row.shell = ShellId(0);
            row.commands = 0;
            row.since = NOW;
            self.moment(&mut row.used);
            self.moment(&mut row.freed);
            if let Some(at) = &mut row.idle {
                self.moment(at);
            }
            for turn in &mut row.turns {
                self.lease(&mut turn.lease);
                turn.since = NOW;
            }
            if let Some(lease) = &mut row.lease {
                self.lease(lease);
            }
            if let Some((_, at)) = &mut row.claim {
                *at = NOW;
            }
            if let Some(Some(at)) = &mut row.hold {
                self.moment(at);
            }
            if let crate::session::State::Unconfirmed { until: Some(at) } = &mut row.state {
                self.moment(at);
            }
            broker.sessions.insert(self.sessions[&id], row);
        }
        broker.next_session = SessionId(broker.sessions.len() as u64 + 1);
        for session in broker.turns.values_mut().chain(broker.closers.values_mut()) {
            self.session(session);
        }
    }

    fn leases(&self, broker: &mut Broker) {
        let leases = std::mem::take(&mut broker.leases);
        for (id, mut row) in leases {
            self.fence(&mut row.fence);
            row.since = NOW;
            row.used = NOW;
            if let Some(session) = &mut row.session {
                self.session(session);
            }
            broker.leases.insert(self.leases[&id], row);
        }
        broker.next_lease = LeaseId(broker.leases.len() as u64 + 1);
    }

    fn requests(&self, broker: &mut Broker) {
        let arrivals = ranks(broker.requests.values().map(|request| request.place.arrival), |rank| {
            rank
        });
        for row in broker.requests.values_mut() {
            row.told = None;
            self.moment(&mut row.since);
            if let Some(at) = &mut row.deadline {
                self.moment(at);
            }
            row.place.at = NOW;
            row.place.arrival = arrivals[&row.place.arrival];
            match &mut row.ask {
                Ask::Turn { lease } => self.lease(lease),
                Ask::BoundTurn { lease, session } | Ask::TurnOn { lease, session } => {
                    self.lease(lease);
                    self.session(session);
                }
                Ask::Lease { .. } | Ask::Connect | Ask::Fence { .. } => {}
            }
        }
        for place in broker
            .roster
            .profiles
            .iter_mut()
            .flat_map(crate::roster::ProfileRow::places_mut)
        {
            place.at = NOW;
            place.arrival = arrivals[&place.arrival];
        }
        broker.arrivals = arrivals.len() as u64;
    }

    fn roster(&self, broker: &mut Broker) {
        let roster = &mut broker.roster;
        for scope in roster.scopes.iter_mut() {
            for set in [
                &mut scope.sessions,
                &mut scope.closing,
                &mut scope.opening,
                &mut scope.unanswered,
            ] {
                self.session_set(set);
            }
            let idle = std::mem::take(&mut scope.idle);
            scope.idle.extend(idle.into_iter().map(|(mut at, id)| {
                self.moment(&mut at);
                (at, self.sessions[&id])
            }));
            scope.lease_time = None;
            assert!(
                scope.opens.is_empty() && scope.learned == Default::default(),
                "not needed so far"
            );
        }
        let served = ranks(roster.parties.iter().map(|(_, party)| party.served), |rank| rank);
        broker.served = served.len() as u64;
        for party in roster.parties.iter_mut() {
            party.served = served[&party.served];
            if let Some((_, session)) = &mut party.claim {
                self.session(session);
            }
        }
        for pool in roster.pools.iter_mut() {
            for set in [&mut pool.sessions, &mut pool.opening, &mut pool.ready] {
                self.session_set(set);
            }
            if let Some(hold) = &mut pool.hold {
                self.moment(&mut hold.until);
            }
            self.moment(&mut pool.spread_from);
            pool.spread_from = pool.spread_from.max(NOW);
            pool.turn_time = None;
            pool.open_time = None;
        }
        for row in roster.profiles.iter_mut() {
            row.told = NOW;
        }
    }

    fn books(&self, broker: &mut Broker) {
        let books = &mut broker.books;
        let awaited = std::mem::take(&mut books.awaited);
        for (seq, mut what) in awaited {
            match &mut what {
                Awaited::Fences { .. } => panic!("one block is enough for a small world"),
                Awaited::Intent(session) | Awaited::Closing(session) => match self.sessions.get(session) {
                    Some(name) => *session = *name,
                    None => *session = SessionId(0),
                },
            }
            books.awaited.insert(self.seqs[&seq], what);
        }
        books.last = Seq(books.awaited.len() as u64);
        books.fence = self.fences.len() as u64 + 1;
        if let Some(at) = &mut books.failed {
            self.moment(at);
        }
    }

    fn timers(&self, broker: &mut Broker) {
        let timers = std::mem::take(&mut broker.timers);
        for (timer, mut at) in timers.by_name {
            self.moment(&mut at);
            let timer = match timer {
                Timer::Tell(_) | Timer::TellRest(_) => continue,
                Timer::Ttl(lease) => Timer::Ttl(self.leases[&lease]),
                Timer::Bound(lease) => Timer::Bound(self.leases[&lease]),
                Timer::Idle(session) => Timer::Idle(self.sessions[&session]),
                Timer::Holdback(session) => Timer::Holdback(self.sessions[&session]),
                Timer::Stall(session) => Timer::Stall(self.sessions[&session]),
                other => other,
            };
            broker.timers.set(timer, at);
        }
    }
}
