//! Who goes first.

use super::bench::{Bench, SECOND, limited, profile};
use crate::{Event, Mode, Priority, RequestId};

/// Admins under one organization that allows `limit` sessions.
fn organization(admins: &[&str], limit: u32) -> Bench {
    Bench::new(
        admins
            .iter()
            .map(|name| limited(profile(name, name, Some("o")), 3, limit))
            .collect(),
    )
}

/// Lets holders end one after the other and notes in which order the waiters are served.
fn order_of_service(bench: &mut Bench, first: super::bench::Held, waiters: &[RequestId], dirty: bool) -> Vec<usize> {
    let mut order = Vec::new();
    let mut holder = first;
    while order.len() < waiters.len() {
        if dirty {
            let turn = bench.turn(holder);
            bench.done(turn);
        }
        bench.release(holder);
        let next = (0..waiters.len()).find(|at| !order.contains(at) && bench.granted(waiters[*at]).is_some());
        let next = next.expect("somebody is served");
        holder = bench.granted(waiters[next]).unwrap();
        order.push(next);
    }
    order
}

#[test]
fn within_an_admin_first_come_is_first_served() {
    for dirty in [false, true] {
        let mut bench = Bench::alone(1);
        let first = bench.exclusive("p");
        let waiters: Vec<_> = (0..5).map(|_| bench.acquire("p", Mode::Exclusive)).collect();
        assert_eq!(order_of_service(&mut bench, first, &waiters, dirty), [0, 1, 2, 3, 4]);
    }
}

#[test]
fn between_admins_under_one_ceiling_each_is_served_in_turn() {
    for dirty in [false, true] {
        let mut bench = organization(&["a", "b", "c"], 1);
        let first = bench.exclusive("a");
        let names = ["a", "a", "a", "b", "b", "c"];
        let waiters: Vec<_> = names.iter().map(|name| bench.acquire(name, Mode::Exclusive)).collect();
        let order = order_of_service(&mut bench, first, &waiters, dirty);
        let served: Vec<&str> = order.iter().map(|at| names[*at]).collect();
        assert_eq!(served, ["b", "c", "a", "b", "a", "a"]);
    }
}

#[test]
fn interactive_goes_before_batch() {
    let mut bench = Bench::alone(1);
    let first = bench.exclusive("p");
    let waiters = [
        bench.acquire_as("p", Mode::Exclusive, Priority::Batch, None),
        bench.acquire_as("p", Mode::Exclusive, Priority::Batch, None),
        bench.acquire_as("p", Mode::Exclusive, Priority::Interactive, None),
    ];
    assert_eq!(bench.told(waiters[2]).position, 1);
    assert_eq!(order_of_service(&mut bench, first, &waiters, true), [2, 0, 1]);
}

#[test]
fn batch_lets_interactive_pass_only_for_a_while() {
    let mut bench = Bench::alone(1);
    let first = bench.exclusive("p");
    let batch = bench.acquire_as("p", Mode::Exclusive, Priority::Batch, None);
    bench.pass(29 * SECOND);
    let early = bench.acquire("p", Mode::Exclusive);
    bench.pass(2 * SECOND);
    let late = bench.acquire("p", Mode::Exclusive);
    assert_eq!(
        order_of_service(&mut bench, first, &[batch, early, late], true),
        [1, 0, 2]
    );
}

#[test]
fn interactive_of_one_admin_goes_before_batch_of_another() {
    let mut bench = organization(&["a", "b"], 1);
    let first = bench.exclusive("b");
    let batch = bench.acquire_as("a", Mode::Exclusive, Priority::Batch, None);
    let person = bench.acquire("b", Mode::Exclusive);
    assert_eq!(order_of_service(&mut bench, first, &[batch, person], true), [1, 0]);
}

#[test]
fn a_clean_session_is_not_passed_around_among_one_admins_waiters_while_another_waits() {
    let mut bench = organization(&["a", "b"], 1);
    let first = bench.exclusive("a");
    let waiters = [
        bench.acquire("a", Mode::Exclusive),
        bench.acquire("b", Mode::Exclusive),
        bench.acquire("a", Mode::Exclusive),
    ];
    assert_eq!(order_of_service(&mut bench, first, &waiters, false), [1, 0, 2]);
}

#[test]
fn a_paused_profile_at_the_head_holds_up_nobody() {
    let mut bench = organization(&["a", "b"], 1);
    let first = bench.exclusive("b");
    let paused = bench.acquire("a", Mode::Exclusive);
    bench.send(Event::Pause { profile: "a".into() });
    let other = bench.acquire("b", Mode::Exclusive);
    bench.release(first);
    assert!(bench.granted(other).is_some());
    assert_eq!(bench.granted(paused), None);
}

#[test]
fn an_admin_at_its_own_limit_holds_up_nobody() {
    let profiles = vec![
        limited(profile("a", "a", Some("o")), 1, 2),
        limited(profile("b", "b", Some("o")), 1, 2),
    ];
    let mut bench = Bench::new(profiles);
    bench.exclusive("a");
    bench.acquire("a", Mode::Exclusive);
    bench.exclusive("b");
}
