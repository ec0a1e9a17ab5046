//! A new configuration while everything runs.

use super::bench::{Bench, SECOND, limited, profile};
use crate::{CloseCause, Event, Mode, Profile, Refusal, Settings};

fn configure(bench: &mut Bench, profiles: Vec<Profile>) {
    bench.send(Event::Configured {
        profiles,
        settings: Settings::default(),
    });
}

#[test]
fn a_lowered_limit_drains_and_is_not_exceeded_again() {
    let one = |limit| vec![limited(profile("p", "a", None), limit, 0)];
    let mut bench = Bench::new(one(3));
    let held: Vec<_> = (0..3).map(|_| bench.exclusive("p")).collect();
    configure(&mut bench, one(1));
    let waiter = bench.acquire("p", Mode::Exclusive);
    bench.release(held[0]);
    bench.release(held[1]);
    assert_eq!(
        bench
            .closes()
            .iter()
            .filter(|(_, cause)| *cause == CloseCause::Drained)
            .count(),
        2
    );
    assert_eq!((bench.granted(waiter), bench.opens().len()), (None, 3));
    bench.release(held[2]);
    assert!(bench.granted(waiter).is_some());
}

#[test]
fn idle_sessions_above_a_lowered_limit_are_closed() {
    let one = |limit| vec![limited(profile("p", "a", None), limit, 0)];
    let mut bench = Bench::new(one(3));
    let held: Vec<_> = (0..3).map(|_| bench.exclusive("p")).collect();
    for held in held {
        bench.release(held);
    }
    configure(&mut bench, one(1));
    assert_eq!(bench.used(), 1);
}

#[test]
fn an_intent_above_a_limit_that_went_down_meanwhile_is_dropped() {
    let one = |limit| vec![limited(profile("p", "a", None), limit, 0)];
    let mut bench = Bench::new(one(2));
    bench.exclusive("p");
    bench.records_hang = true;
    let waiter = bench.acquire("p", Mode::Exclusive);
    let (seq, _) = bench.unconfirmed_records.pop_front().unwrap();
    configure(&mut bench, one(1));
    bench.send(Event::Recorded { seq });
    assert_eq!((bench.opens().len(), bench.used()), (1, 1));
    assert_eq!(bench.refusal(waiter), None);
}

#[test]
fn a_raised_limit_serves_those_who_wait() {
    let one = |limit| vec![limited(profile("p", "a", None), limit, 0)];
    let mut bench = Bench::new(one(1));
    bench.exclusive("p");
    let waiter = bench.acquire("p", Mode::Exclusive);
    configure(&mut bench, one(2));
    assert!(bench.granted(waiter).is_some());
}

#[test]
fn waiters_of_a_removed_profile_are_told_and_its_sessions_closed_when_free() {
    let (p, q) = (
        limited(profile("p", "a", None), 1, 0),
        limited(profile("q", "b", None), 1, 0),
    );
    let mut bench = Bench::new(vec![p, q.clone()]);
    let shared = bench.shared("p");
    let running = bench.turn(shared);
    let waiter = bench.acquire("p", Mode::Exclusive);
    configure(&mut bench, vec![q]);
    assert_eq!(bench.refusal(waiter), Some(Refusal::ProfileRemoved));
    assert!(bench.stops().is_empty(), "what runs, runs on");
    bench.done(running);
    assert_eq!(bench.closes(), [(bench.opens()[0], CloseCause::Drained)]);
    let late = bench.turn(shared);
    assert_eq!(bench.refusal(late), Some(Refusal::ProfileRemoved));
}

#[test]
fn the_lowest_limit_holds_where_profiles_disagree() {
    let mut bench = Bench::new(vec![
        limited(profile("p", "a", None), 3, 0),
        limited(profile("q", "a", None), 1, 0),
    ]);
    bench.exclusive("p");
    let second = bench.acquire("p", Mode::Exclusive);
    bench.pass(SECOND);
    assert_eq!(bench.granted(second), None);
}

#[test]
fn a_shared_waiter_moves_with_its_profile_to_new_session_options() {
    let mut bench = Bench::alone(1);
    let shared = bench.shared("p");
    let running = bench.turn(shared);
    let waiting = bench.turn(shared);
    let mut moved = limited(profile("p", "kenmyer@litwareinc.com", None), 1, 0);
    moved.identity = "https://elsewhere/".to_owned();
    configure(&mut bench, vec![moved]);
    bench.done(running);
    assert_eq!(bench.runs_on(waiting), Some(bench.opens()[1]));
    assert_eq!(bench.opens().len(), 2);
}
