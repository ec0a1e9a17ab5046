//! Sessions that grow old.

use std::time::Duration;

use super::bench::{Bench, limited, profile};
use crate::{CloseCause, Event, Profile, SessionId};

const AGE: Duration = Duration::from_secs(1000);

fn aging(limit: u32) -> Profile {
    let mut one = limited(profile("p", "a", None), limit, 0);
    one.lifetimes.max_age = Some(AGE);
    one.lifetimes.idle = Duration::from_secs(7200);
    one
}

#[test]
fn a_successor_is_opened_first_where_a_slot_is_free() {
    let mut bench = Bench::new(vec![aging(2)]);
    let held = bench.shared("p");
    let turn = bench.turn(held);
    let old = bench.runs_on(turn).unwrap();
    bench.pass(Duration::from_secs(999));
    assert_eq!(bench.opens().len(), 2, "the successor is there in time");
    assert_eq!(bench.closes(), [], "what runs, runs on");
    let waiting = bench.turn(held);
    assert_eq!(
        bench.runs_on(waiting),
        Some(bench.opens()[1]),
        "whoever comes goes to the successor"
    );
    bench.done(turn);
    assert_eq!(bench.closes(), [(old, CloseCause::Worn)]);
    bench.pass(Duration::from_secs(600));
    assert_eq!(bench.opens().len(), 2);
}

#[test]
fn without_a_free_slot_the_old_one_is_closed_first() {
    let mut bench = Bench::new(vec![aging(1)]);
    let held = bench.shared("p");
    let turn = bench.turn(held);
    bench.pass(Duration::from_secs(1100));
    let next = bench.turn(held);
    assert_eq!(bench.opens().len(), 1);
    bench.done(turn);
    assert_eq!(bench.closes().len(), 1);
    assert_eq!(bench.runs_on(next), Some(bench.opens()[1]));
}

#[test]
fn nobody_who_wants_it_no_successor() {
    let mut bench = Bench::new(vec![aging(2)]);
    let held = bench.shared("p");
    let turn = bench.turn(held);
    bench.done(turn);
    bench.release(held);
    bench.pass(Duration::from_secs(2000));
    assert_eq!((bench.opens().len(), bench.closes().len()), (1, 1));
}

#[test]
fn sessions_that_were_opened_together_do_not_end_together() {
    let mut bench = Bench::new(vec![aging(3)]);
    let held: Vec<_> = (0..3).map(|_| bench.exclusive("p")).collect();
    let began = bench.now;
    bench.pass(Duration::from_secs(1100));
    let mut ends: Vec<_> = bench
        .log
        .iter()
        .filter(|(_, action)| matches!(action, crate::Action::LeaseEnded { .. }))
        .map(|(at, _)| at.since(began))
        .collect();
    assert_eq!(ends.len(), held.len());
    assert!(ends.iter().all(|end| *end <= AGE && *end >= AGE * 9 / 10), "{ends:?}");
    ends.dedup();
    assert_eq!(ends.len(), 3, "{ends:?}");
}

#[test]
fn a_session_is_replaced_before_its_token_ends() {
    let mut one = aging(2);
    one.lifetimes.max_age = None;
    let mut bench = Bench::new(vec![one]);
    let held = bench.shared("p");
    let turn = bench.turn(held);
    let at = bench.now + Duration::from_secs(3600);
    bench.send(Event::TokenEnds {
        session: SessionId(1),
        at: Some(at),
    });
    bench.done(turn);
    bench.pass(Duration::from_secs(3600 - 121));
    assert_eq!(bench.closes(), [(SessionId(1), CloseCause::Worn)]);
    assert_eq!(bench.opens().len(), 2);
    assert_eq!(bench.used(), 1);
}

#[test]
fn a_token_that_is_renewed_after_all_keeps_its_session() {
    let mut one = aging(2);
    one.lifetimes.max_age = None;
    let mut bench = Bench::new(vec![one]);
    let held = bench.shared("p");
    let turn = bench.turn(held);
    bench.done(turn);
    let session = SessionId(1);
    let at = Some(bench.now + Duration::from_secs(3600));
    bench.send(Event::TokenEnds { session, at });
    bench.pass(Duration::from_secs(3000));
    bench.send(Event::TokenEnds { session, at: None });
    bench.pass(Duration::from_secs(1000));
    assert_eq!((bench.opens().len(), bench.closes()), (1, Vec::new()));
}

#[test]
fn a_profile_that_is_kept_warm_has_a_session_while_it_is_held() {
    let mut one = limited(profile("p", "a", None), 2, 0);
    one.lifetimes.keep_warm = true;
    let mut bench = Bench::new(vec![one]);
    assert_eq!(bench.opens().len(), 0, "not before somebody holds it");
    let held = bench.shared("p");
    assert_eq!(bench.opens().len(), 1);
    bench.pass(Duration::from_secs(3000));
    assert!(bench.opens().len() >= 3, "it is renewed before it idles out");
    let live = bench.used();
    assert!((1..=2).contains(&live), "{live}");
    bench.release(held);
    bench.pass(Duration::from_secs(1000));
    assert_eq!(bench.used(), 0, "nobody holds it any more");
}
