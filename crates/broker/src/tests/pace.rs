//! A server that counts pipelines.

use std::time::Duration;

use super::bench::{Bench, SECOND, limited, profile};
use crate::{BlockedBy, CommandRate, Event};

fn paced(commands: u32) -> Bench {
    let mut one = limited(profile("p", "a", None), 2, 0);
    one.limits.commands = Some(CommandRate {
        commands,
        period: Duration::from_secs(5),
    });
    Bench::new(vec![one])
}

#[test]
fn no_more_pipelines_begin_in_a_period_than_the_account_may() {
    let mut bench = paced(3);
    let (shared, bound) = (bench.shared("p"), bench.exclusive("p"));
    let mut begun = Vec::new();
    for round in 0..4 {
        for held in [shared, bound] {
            let turn = bench.turn(held);
            begun.push((round, turn));
        }
    }
    // Whatever was granted is done at once; the rest follows as the window moves.
    let mut times = Vec::new();
    let mut finished = 0;
    while finished < begun.len() {
        for (_, turn) in &begun {
            if bench.runs_on(*turn).is_some() && !times.iter().any(|(other, _)| other == turn) {
                times.push((*turn, bench.now));
                bench.done(*turn);
                finished += 1;
            }
        }
        bench.pass(SECOND / 10);
    }
    for (at, (_, begin)) in times.iter().enumerate() {
        let within = times[at..].iter().filter(|(_, other)| other.since(*begin) < 5 * SECOND);
        assert!(within.count() <= 3, "{times:?}");
    }
    assert!(
        times.last().unwrap().1.since(times[0].1) < 13 * SECOND,
        "and no slower than that"
    );
}

#[test]
fn who_waits_for_the_rate_is_told_so() {
    let mut bench = paced(1);
    let held = bench.shared("p");
    let first = bench.turn(held);
    bench.done(first);
    let second = bench.turn(held);
    assert_eq!(bench.blocked_by(second), BlockedBy::Rate);
    assert!(bench.told(second).eta.is_some_and(|eta| eta <= 6 * SECOND));
    bench.pass(6 * SECOND);
    assert!(bench.runs_on(second).is_some());
}

#[test]
fn a_server_that_asks_for_a_pause_gets_it() {
    let mut bench = paced(100);
    let held = bench.shared("p");
    let first = bench.turn(held);
    let session = bench.runs_on(first).unwrap();
    bench.send(Event::Throttled {
        session,
        pause: 30 * SECOND,
    });
    bench.done(first);
    let second = bench.turn(held);
    bench.pass(29 * SECOND);
    assert_eq!(bench.runs_on(second), None);
    bench.pass(2 * SECOND);
    assert!(bench.runs_on(second).is_some());
}
