//! How long sessions are kept, and who may have them closed.

use super::bench::{Bench, SECOND, limited, profile};
use crate::{Action, CloseCause, EndCause, Event, Mode, Refusal, StopCause};

#[test]
fn the_last_session_stays_warm_and_is_closed_before_the_server_would() {
    let mut bench = Bench::alone(3);
    bench.connect("p");
    bench.pass(869 * SECOND);
    assert!(bench.closes().is_empty());
    bench.pass(SECOND);
    assert_eq!(bench.closes(), [(bench.opens()[0], CloseCause::Idle)]);
}

#[test]
fn a_shorter_idle_time_of_the_server_is_kept_to() {
    let mut bench = Bench::alone(3);
    bench.opens_hang = true;
    bench.connect("p");
    bench.send(Event::Opened {
        session: bench.opens()[0],
        idle: Some(120 * SECOND),
    });
    bench.pass(90 * SECOND);
    assert_eq!(bench.closes(), [(bench.opens()[0], CloseCause::Idle)]);
}

#[test]
fn every_use_puts_the_idle_expiry_off() {
    let mut bench = Bench::alone(3);
    let held = bench.shared("p");
    for _ in 0..5 {
        let turn = bench.turn(held);
        bench.pass(600 * SECOND);
        bench.done(turn);
        bench.pass(600 * SECOND);
    }
    assert_eq!(bench.opens().len(), 1);
    assert!(bench.closes().is_empty());
}

#[test]
fn a_surplus_session_lingers_for_a_minute() {
    let mut bench = Bench::alone(3);
    let (one, two) = (bench.shared("p"), bench.shared("p"));
    let (first, second) = (bench.turn(one), bench.turn(two));
    bench.pass(2 * SECOND);
    bench.done(second);
    bench.pass(59 * SECOND);
    assert!(bench.closes().is_empty());
    bench.pass(SECOND);
    assert_eq!(bench.closes(), [(bench.opens()[1], CloseCause::Linger)]);
    bench.done(first);
    bench.pass(600 * SECOND);
    assert_eq!(bench.closes().len(), 1, "the last one stays");
}

#[test]
fn an_idle_session_of_another_admin_is_given_up_under_a_shared_ceiling() {
    let profiles = vec![
        limited(profile("a", "a", Some("o")), 3, 1),
        limited(profile("b", "b", Some("o")), 3, 1),
    ];
    let mut bench = Bench::new(profiles);
    bench.connect("a");
    let held = bench.exclusive("b");
    assert_eq!(bench.closes(), [(bench.opens()[0], CloseCause::GivenUp)]);
    assert_eq!(held.session, Some(bench.opens()[1]));
}

#[test]
fn no_more_idle_sessions_are_given_up_than_are_needed() {
    let profiles = ["a", "b", "c"]
        .map(|name| limited(profile(name, name, Some("o")), 3, 2))
        .to_vec();
    let mut bench = Bench::new(profiles);
    bench.connect("a");
    bench.connect("b");
    bench.closes_hang = true;
    let waiter = bench.acquire("c", Mode::Exclusive);
    bench.pass(5 * SECOND);
    assert_eq!(bench.closes(), [(bench.opens()[0], CloseCause::GivenUp)]);
    assert_eq!(bench.granted(waiter), None, "the slot counts until the close is proven");
    bench.closed(bench.opens()[0]);
    assert!(bench.granted(waiter).is_some());
}

#[test]
fn an_idle_session_with_other_options_is_given_up_for_its_own_admin() {
    let mut other = limited(profile("q", "KENMYER@litwareinc.com", None), 1, 0);
    other.identity = "https://elsewhere/".to_owned();
    let mut bench = Bench::new(vec![limited(profile("p", "kenmyer@litwareinc.com", None), 1, 0), other]);
    bench.connect("p");
    let shared = bench.shared("q");
    let turn = bench.turn(shared);
    assert_eq!(bench.closes(), [(bench.opens()[0], CloseCause::GivenUp)]);
    assert_eq!(bench.runs_on(turn), Some(bench.opens()[1]));
}

#[test]
fn a_session_shared_without_a_pause_makes_room_for_another_admin_after_ten_seconds() {
    let profiles = vec![
        limited(profile("a", "a", Some("o")), 3, 1),
        limited(profile("b", "b", Some("o")), 3, 1),
    ];
    let mut bench = Bench::new(profiles);
    let shared = bench.shared("a");
    let mut running = bench.turn(shared);
    let other = bench.shared("b");
    let waiter = bench.turn(other);
    for _ in 0..20 {
        let next = bench.turn(shared);
        bench.pass(SECOND);
        bench.done(running);
        running = next;
    }
    assert!(bench.runs_on(waiter).is_some());
}

#[test]
fn two_profiles_of_one_account_share_its_slots_whatever_the_case() {
    let profiles = vec![profile("p", "Ken@X.com", None), profile("q", " ken@x.COM", None)];
    let mut bench = Bench::new(profiles);
    bench.exclusive("p");
    bench.exclusive("q");
    bench.exclusive("p");
    let fourth = bench.acquire("q", Mode::Exclusive);
    assert_eq!(bench.granted(fourth), None);
    assert_eq!(bench.broker.snapshot(bench.now).limits.len(), 1);
}

#[test]
fn two_profiles_with_the_same_options_share_a_session() {
    let mut bench = Bench::new(vec![profile("p", "a", None), profile("q", "a", None)]);
    bench.connect("p");
    let shared = bench.shared("q");
    let turn = bench.turn(shared);
    assert_eq!(bench.runs_on(turn), Some(bench.opens()[0]));
}

#[test]
fn close_ends_a_session_now_and_answers_when_it_is_proven() {
    let mut bench = Bench::alone(1);
    let held = bench.exclusive("p");
    let turn = bench.turn(held);
    bench.closes_hang = true;
    let close = bench.next_request();
    let session = held.session.unwrap();
    bench.send(Event::CloseSession {
        request: close,
        session,
    });
    assert_eq!(bench.ended(held.lease), Some(EndCause::Revoked));
    assert_eq!(bench.stops(), [(turn, StopCause::LeaseEnded(EndCause::Revoked))]);
    bench.done(turn);
    assert!(!bench.is_done(close));
    bench.closed(session);
    assert!(bench.is_done(close));
    let again = bench.next_request();
    bench.send(Event::CloseSession {
        request: again,
        session,
    });
    assert_eq!(bench.refusal(again), Some(Refusal::UnknownSession(session)));
}

#[test]
fn close_of_a_shared_session_stops_the_pipeline_and_keeps_the_lease() {
    let mut bench = Bench::alone(1);
    let held = bench.shared("p");
    let turn = bench.turn(held);
    let session = bench.runs_on(turn).unwrap();
    let close = bench.next_request();
    bench.send(Event::CloseSession {
        request: close,
        session,
    });
    assert_eq!(bench.stops(), [(turn, StopCause::SessionClosed)]);
    let next = bench.turn(held);
    bench.done(turn);
    assert!(bench.is_done(close));
    assert!(bench.runs_on(next).is_some_and(|other| other != session));
}

#[test]
fn the_end_of_a_bound_session_is_announced_a_minute_before() {
    let mut bench = Bench::alone(1);
    let held = bench.exclusive("p");
    bench.pass(809 * SECOND);
    let announced = |bench: &Bench| {
        bench
            .log
            .iter()
            .any(|(_, action)| matches!(action, Action::Ending { .. }))
    };
    assert!(!announced(&bench));
    bench.pass(SECOND);
    assert!(announced(&bench));
    bench.pass(59 * SECOND);
    assert_eq!(bench.ended(held.lease), None);
    bench.pass(SECOND);
    assert_eq!(bench.ended(held.lease), Some(EndCause::Idle));
    assert_eq!(bench.used(), 0);
}

#[test]
fn a_lease_that_runs_nothing_does_not_keep_its_session_from_expiring() {
    let mut bench = Bench::alone(1);
    for _ in 0..8 {
        let held = bench.exclusive("p");
        bench.pass(100 * SECOND);
        bench.release(held);
    }
    let held = bench.exclusive("p");
    assert_eq!(held.session, Some(bench.opens()[0]));
    bench.release(held);
    bench.pass(20 * SECOND);
    let held = bench.exclusive("p");
    assert_eq!(
        held.session,
        Some(bench.opens()[1]),
        "a new one rather than one that expires within the minute"
    );
    assert_eq!(bench.closes(), [(bench.opens()[0], CloseCause::Idle)]);
}

#[test]
fn use_after_the_announcement_keeps_a_bound_session() {
    let mut bench = Bench::alone(1);
    let held = bench.exclusive("p");
    bench.pass(820 * SECOND);
    let turn = bench.turn(held);
    bench.pass(2000 * SECOND);
    bench.done(turn);
    bench.pass(800 * SECOND);
    assert_eq!(bench.ended(held.lease), None);
}

#[test]
fn shutdown_refuses_waiters_stops_turns_and_closes_every_session() {
    let mut bench = Bench::alone(2);
    let shared = bench.shared("p");
    let running = bench.turn(shared);
    let held = bench.exclusive("p");
    let waiter = bench.acquire("p", Mode::Exclusive);
    bench.send(Event::Shutdown {
        deadline: bench.now + 30 * SECOND,
        leave: false,
    });
    assert_eq!(bench.refusal(waiter), Some(Refusal::Stopping));
    assert_eq!(bench.stops(), [(running, StopCause::Shutdown)]);
    assert_eq!(bench.ended(held.lease), Some(EndCause::Shutdown));
    bench.done(running);
    assert_eq!(bench.used(), 0);
    assert!(matches!(bench.log.last(), Some((_, Action::ShutdownDone { closed: 2, left, .. })) if left.is_empty()));
    let late = bench.acquire("p", Mode::Shared);
    assert_eq!(bench.refusal(late), Some(Refusal::Stopping));
}

#[test]
fn shutdown_ends_at_its_deadline_and_names_what_is_left() {
    let mut bench = Bench::alone(2);
    let shared = bench.shared("p");
    bench.turn(shared);
    bench.closes_hang = true;
    bench.send(Event::Shutdown {
        deadline: bench.now + 30 * SECOND,
        leave: false,
    });
    bench.pass(15 * SECOND);
    assert_eq!(bench.closes().len(), 1, "half the time was for the pipeline");
    bench.pass(15 * SECOND);
    assert!(matches!(bench.log.last(), Some((_, Action::ShutdownDone { closed: 0, left, .. })) if left.len() == 1));
}
