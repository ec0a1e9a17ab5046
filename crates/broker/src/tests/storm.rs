//! Fifty clients, three slots, opens of three seconds, uses of fifty milliseconds; in logical time.

use std::collections::BTreeMap;
use std::time::Duration;

use moment::Moment;

use super::bench::{Bench, SECOND, limited, profile};
use crate::{Action, Event, Mode, RequestId, SessionId, TurnOutcome};

const OPEN: Duration = Duration::from_secs(3);
const USE: Duration = Duration::from_millis(50);

/// What happens when.
enum Due {
    Opened(SessionId),
    Done(RequestId),
}

struct Storm {
    bench: Bench,
    due: BTreeMap<(Moment, usize), Due>,
    seen: usize,
    /// When each request was granted its turn, or its lease.
    served: BTreeMap<RequestId, Moment>,
}

impl Storm {
    fn new(limit: u32) -> Self {
        let mut bench = Bench::new(vec![limited(profile("p", "a", None), limit, 0)]);
        bench.opens_hang = true;
        Self {
            bench,
            due: BTreeMap::new(),
            seen: 0,
            served: BTreeMap::new(),
        }
    }

    /// Looks at what the broker has wanted since.
    fn note(&mut self) {
        while let Some((at, action)) = self.bench.log.get(self.seen).cloned() {
            self.seen += 1;
            match action {
                Action::Open { session, .. } => {
                    self.due.insert((at + OPEN, self.seen), Due::Opened(session));
                }
                Action::TurnGranted { turn, .. } => {
                    self.served.insert(turn, at);
                    self.due.insert((at + USE, self.seen), Due::Done(turn));
                }
                Action::Granted { request, .. } => {
                    self.served.insert(request, at);
                }
                _ => {}
            }
        }
    }

    /// The next thing; false if there is none.
    fn step(&mut self) -> bool {
        self.note();
        let timer = self.bench.broker.poll_timeout();
        let Some((at, due)) = self.due.pop_first().map(|((at, _), due)| (at, due)) else {
            return match timer {
                Some(timer) => {
                    let until = timer.since(self.bench.now);
                    self.bench.pass(until);
                    true
                }
                None => false,
            };
        };
        let until = at.since(self.bench.now);
        self.bench.pass(until);
        match due {
            Due::Opened(session) => self.bench.opened(session),
            Due::Done(turn) => self.bench.send(Event::TurnDone {
                turn,
                outcome: TurnOutcome::Clean,
            }),
        }
        true
    }
}

#[test]
fn shared_uses_take_turns_on_few_sessions_and_nobody_waits_for_long() {
    let mut storm = Storm::new(3);
    let turns: Vec<RequestId> = (0..50)
        .map(|_| {
            let held = storm.bench.shared("p");
            storm.bench.turn(held)
        })
        .collect();
    let began = storm.bench.now;
    while turns.iter().any(|turn| !storm.served.contains_key(turn)) {
        assert!(storm.step(), "somebody is never served");
    }
    let longest = storm.served.values().map(|at| at.since(began)).max().unwrap();
    // One open, and fifty uses of fifty milliseconds one after the other.
    assert!(longest <= OPEN + 50 * USE, "{longest:?}");
    assert!(storm.bench.opens().len() <= 3);
    let order: Vec<&RequestId> = {
        let mut all: Vec<_> = storm.served.iter().filter(|(id, _)| turns.contains(id)).collect();
        all.sort_by_key(|(_, at)| **at);
        all.into_iter().map(|(id, _)| id).collect()
    };
    assert!(
        order.windows(2).all(|pair| pair[0] < pair[1]),
        "first come, first served"
    );
}

#[test]
fn fresh_sessions_come_three_at_a_time_and_in_order() {
    let mut storm = Storm::new(3);
    let asked: Vec<RequestId> = (0..50).map(|_| storm.bench.acquire("p", Mode::Fresh)).collect();
    let began = storm.bench.now;
    let mut given_back = 0;
    while given_back < asked.len() {
        assert!(storm.step(), "somebody is never served");
        assert!(storm.bench.used() <= 3, "a slot too many");
        for request in &asked[given_back..] {
            let Some(held) = storm.bench.granted(*request) else {
                break;
            };
            storm.bench.pass(USE);
            storm.bench.release(held);
            given_back += 1;
        }
    }
    // Fifty opens, three at a time, and each use delays one of them.
    let whole = storm.bench.now.since(began);
    assert!(whole <= 17 * (OPEN + 3 * USE) + SECOND, "{whole:?}");
}

#[test]
fn a_reload_at_full_pool_never_makes_it_fuller() {
    let mut storm = Storm::new(3);
    let asked: Vec<RequestId> = (0..30).map(|_| storm.bench.acquire("p", Mode::Exclusive)).collect();
    let mut given_back = 0;
    let mut steps: u32 = 0;
    while given_back < asked.len() {
        assert!(storm.step(), "somebody is never served");
        steps += 1;
        let limit = [3, 1, 2][(steps / 3) as usize % 3];
        let before = storm.bench.used();
        storm.bench.send(Event::Configured {
            profiles: vec![limited(profile("p", "a", None), limit, 0)],
            settings: crate::Settings::default(),
        });
        assert!(storm.bench.used() <= before.max(limit as usize), "opened above {limit}");
        let next = asked.iter().filter_map(|request| storm.bench.granted(*request));
        let held: Vec<_> = next.skip(given_back).collect();
        for held in held {
            storm.bench.release(held);
            given_back += 1;
        }
    }
}
