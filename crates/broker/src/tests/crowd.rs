//! Ten thousand wait.

use super::bench::{Bench, SECOND};
use crate::{Action, Mode};

#[test]
fn ten_thousand_waiters_are_served_in_order_and_told_sparingly() {
    let mut bench = Bench::alone(1);
    let held = bench.shared("p");
    let turns: Vec<_> = (0..10_000).map(|_| bench.turn(held)).collect();
    assert_eq!(bench.told(turns[9_999]).position, 9_999);
    bench.log.clear();
    for turn in &turns[..2_000] {
        bench.done(*turn);
        bench.pass(SECOND / 100);
    }
    let told = bench
        .log
        .iter()
        .filter(|(_, action)| matches!(action, Action::Waiting { .. }))
        .count();
    // Twenty seconds: the first hundred once a second, all others every ten.
    assert!(told <= 22 * 100 + 3 * 10_000, "{told} notices");
    let served: Vec<_> = bench
        .log
        .iter()
        .filter_map(|(_, action)| match action {
            Action::TurnGranted { turn, .. } => Some(*turn),
            _ => None,
        })
        .collect();
    assert_eq!(served, turns[1..2_001]);
}

#[test]
fn a_crowd_that_gives_up_leaves_nothing_behind() {
    let mut bench = Bench::alone(1);
    bench.exclusive("p");
    bench.pass(SECOND);
    let before = bench.broker.poll_timeout();
    let crowd: Vec<_> = (0..1_000)
        .map(|_| bench.acquire_as("p", Mode::Exclusive, crate::Priority::Batch, Some(5 * SECOND)))
        .collect();
    bench.pass(12 * SECOND);
    assert!(crowd.iter().all(|request| bench.answers(*request).len() == 1));
    assert_eq!(bench.broker.snapshot(bench.now).waiters.len(), 0);
    assert_eq!(bench.broker.poll_timeout(), before, "no timer is left of them");
}
