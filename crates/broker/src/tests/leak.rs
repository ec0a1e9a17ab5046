//! Leases that keep a session and run nothing.

use std::time::Duration;

use super::bench::{Bench, SECOND, limited, profile};
use crate::{Action, EndCause, IdleLease};

fn policy(reclaim: bool) -> Bench {
    let mut one = limited(profile("p", "a", None), 1, 0);
    one.lifetimes.idle = Duration::from_secs(7200);
    one.idle_lease = IdleLease {
        after: Some(Duration::from_secs(1800)),
        reclaim,
    };
    Bench::new(vec![one])
}

fn told(bench: &Bench) -> usize {
    let unused = |action: &Action| matches!(action, Action::Unused { .. });
    bench.log.iter().filter(|(_, action)| unused(action)).count()
}

#[test]
fn a_lease_that_runs_nothing_is_told_of_once() {
    let mut bench = policy(false);
    let held = bench.exclusive("p");
    bench.pass(Duration::from_secs(1799));
    assert_eq!(told(&bench), 0);
    bench.pass(Duration::from_secs(3000));
    assert_eq!((told(&bench), bench.ended(held.lease)), (1, None));
    let lease = &bench.broker.snapshot(bench.now).leases[0];
    assert!(
        lease.unused && lease.idle == Some(Duration::from_secs(4799)),
        "{lease:?}"
    );
    let turn = bench.turn(held);
    bench.done(turn);
    assert!(!bench.broker.snapshot(bench.now).leases[0].unused, "it is of use again");
    bench.pass(Duration::from_secs(1801));
    assert_eq!(told(&bench), 2);
}

#[test]
fn where_the_profile_says_so_it_ends_a_minute_later() {
    let mut bench = policy(true);
    let held = bench.exclusive("p");
    bench.pass(Duration::from_secs(1801));
    let announced = bench.log.iter().any(
        |(_, action)| matches!(action, Action::Ending { lease, cause: EndCause::Unused, .. } if *lease == held.lease),
    );
    assert!(announced && bench.ended(held.lease).is_none());
    bench.pass(60 * SECOND);
    assert_eq!(bench.ended(held.lease), Some(EndCause::Unused));
}

#[test]
fn a_use_after_the_announcement_saves_it() {
    let mut bench = policy(true);
    let held = bench.exclusive("p");
    bench.pass(Duration::from_secs(1830));
    let turn = bench.turn(held);
    bench.pass(Duration::from_secs(3600));
    bench.done(turn);
    bench.pass(Duration::from_secs(1000));
    assert_eq!(bench.ended(held.lease), None);
}

#[test]
fn a_shared_lease_keeps_nothing_from_anybody() {
    let mut bench = policy(true);
    let held = bench.shared("p");
    bench.pass(Duration::from_secs(7000));
    assert_eq!((told(&bench), bench.ended(held.lease)), (0, None));
}
