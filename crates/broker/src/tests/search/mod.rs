//! Every reachable state of small worlds: whatever may happen next does, in logical time, until nothing new is found.

mod world;

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashSet, VecDeque};
use std::hash::{Hash, Hasher};
use std::time::Duration;

use moment::Moment;
use world::{Client, Faults, Search, UNIT, World};

use super::canonical::{NEVER, Names};
use crate::{Entry, Mode, SessionId};

impl Search {
    fn canonical(&self, world: &mut World, now: Moment) {
        let names = Names::of(
            &world.broker,
            now,
            if self.unit < NEVER {
                2 * self.unit
            } else {
                Duration::ZERO
            },
        );
        for client in &mut world.clients {
            if let Client::Holding { lease, fence, .. } = client {
                names.lease(lease);
                names.fence(fence);
            }
        }
        for (seq, entry) in &mut world.records {
            names.seq(seq);
            // What it says follows from what the broker awaits.
            *entry = Entry::Gone { session: SessionId(0) };
        }
        let rename = |session: &SessionId| {
            let mut session = *session;
            names.session(&mut session);
            session
        };
        world.opening = world.opening.iter().map(rename).collect();
        world.closing = world.closing.iter().map(rename).collect();
        world.server = world
            .server
            .iter()
            .map(|(session, admin)| (rename(session), *admin))
            .collect();
        names.broker(&mut world.broker);
    }

    /// Visits every state once. Returns how many there are.
    fn all(&self) -> usize {
        let mut seen: HashSet<u64> = HashSet::new();
        let mut border = VecDeque::from([self.begin()]);
        while let Some(world) = border.pop_front() {
            for step in self.steps(&world) {
                let mut next = world.clone();
                let now = self.take(&mut next, step);
                self.check(&next, now);
                self.canonical(&mut next, now);
                if seen.insert(digest(&next)) {
                    border.push_back(next);
                }
            }
            assert!(seen.len() < 1_000_000, "this world is not small");
        }
        seen.len()
    }
}

/// Of all that changes; names and settings do not.
fn digest(world: &World) -> u64 {
    let mut hasher = DefaultHasher::new();
    (
        &world.clients,
        world.records.len(),
        &world.opening,
        &world.closing,
        &world.server,
    )
        .hash(&mut hasher);
    let broker = &world.broker;
    (
        &broker.sessions,
        &broker.leases,
        &broker.requests,
        &broker.turns,
        &broker.books,
        &broker.timers,
    )
        .hash(&mut hasher);
    for (_, row) in broker.roster.scopes.iter() {
        (&row.idle, &row.hungry, &row.claimants, &row.spreading).hash(&mut hasher);
    }
    for (_, row) in broker.roster.parties.iter() {
        (row.served, row.claim).hash(&mut hasher);
    }
    for (_, row) in broker.roster.pools.iter() {
        (&row.hold, row.spread_from, &row.overdue).hash(&mut hasher);
    }
    hasher.finish()
}

const A: usize = 0;
const B: usize = 1;
const C: usize = 2;

const EVERYTHING_FAILS: Faults = Faults {
    opens: true,
    closes: true,
    records: true,
    cancels: true,
};
const SERVER_FAILS: Faults = Faults {
    opens: true,
    closes: true,
    records: false,
    cancels: false,
};
const NOTHING_FAILS: Faults = Faults {
    opens: false,
    closes: false,
    records: false,
    cancels: false,
};

/// Visits all states and says how many they were: fewer than that, and the world has lost something.
fn search(habits: &[(usize, Mode)], limits: (u32, u32), faults: Faults, unit: Duration, at_least: usize) {
    let states = Search::new(habits, limits.0, limits.1, faults, unit).all();
    println!("{states} states");
    assert!(states >= at_least, "{states} states");
}

#[test]
fn four_exclusive_leases_of_three_admins_on_three_slots() {
    let habits = [
        (A, Mode::Exclusive),
        (A, Mode::Exclusive),
        (B, Mode::Exclusive),
        (C, Mode::Exclusive),
    ];
    search(&habits, (2, 3), NOTHING_FAILS, NEVER, 200_000);
}

#[test]
fn every_mode_of_three_admins_on_two_slots() {
    let habits = [
        (A, Mode::Shared),
        (A, Mode::Exclusive),
        (B, Mode::Shared),
        (C, Mode::Fresh),
    ];
    search(&habits, (2, 2), NOTHING_FAILS, NEVER, 20_000);
}

#[test]
fn two_admins_on_one_slot_and_everything_fails() {
    let habits = [(A, Mode::Exclusive), (B, Mode::Exclusive)];
    search(&habits, (1, 1), EVERYTHING_FAILS, NEVER, 10_000);
}

#[test]
fn a_claim_on_a_shared_session_and_the_server_fails() {
    let habits = [(A, Mode::Shared), (A, Mode::Exclusive)];
    search(&habits, (1, 1), SERVER_FAILS, UNIT, 2_000);
}

#[test]
fn turns_that_spread_and_are_claimed_by_another_admin() {
    let habits = [(A, Mode::Shared), (A, Mode::Shared), (B, Mode::Exclusive)];
    search(&habits, (2, 2), NOTHING_FAILS, UNIT, 80_000);
}

#[test]
fn turns_that_are_claimed_by_their_own_admin() {
    let habits = [(A, Mode::Shared), (A, Mode::Shared), (A, Mode::Exclusive)];
    search(&habits, (1, 1), NOTHING_FAILS, UNIT, 4_000);
}
