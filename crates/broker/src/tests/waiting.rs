//! Waiting: deadlines, reasons, positions, and who is told how often.

use std::time::Duration;

use super::bench::{Bench, SECOND, limited, profile, rated};
use crate::{Action, BlockedBy, Event, FailureKind, Holder, Mode, Priority, Refusal};

const NOT_AT_ALL: Option<Duration> = Some(Duration::ZERO);

#[test]
fn the_fourth_waits_and_is_told_who_holds_the_slots() {
    let mut bench = Bench::alone(3);
    let held: Vec<_> = (0..3).map(|_| bench.exclusive("p")).collect();
    let fourth = bench.acquire("p", Mode::Exclusive);
    let told = bench.told(fourth);
    assert_eq!((told.position, told.blocked_by), (1, BlockedBy::Admin));
    assert_eq!(told.reason, "3 of 3 sessions of kenmyer@litwareinc.com are in use");
    let leases: Vec<_> = told.holders.iter().filter_map(|holder| holder.lease).collect();
    assert_eq!(leases, held.iter().map(|held| held.lease).collect::<Vec<_>>());
    assert_eq!(told.holders[0].who.command, "client 1");
}

#[test]
fn who_will_not_wait_is_told_at_once_who_holds_what() {
    let mut bench = Bench::alone(1);
    let held = bench.exclusive("p");
    let request = bench.acquire_as("p", Mode::Exclusive, Priority::Interactive, NOT_AT_ALL);
    let Some(Refusal::WouldWait(waiting)) = bench.refusal(request) else {
        panic!("{:?}", bench.answers(request))
    };
    assert_eq!(waiting.blocked_by, BlockedBy::Admin);
    assert_eq!(waiting.holders[0].lease, Some(held.lease));
    let shared = bench.shared("p");
    let turn = bench.turn_as(shared, NOT_AT_ALL, false);
    assert!(matches!(bench.refusal(turn), Some(Refusal::WouldWait(_))));
}

#[test]
fn who_will_not_wait_still_gets_the_open_of_a_free_slot() {
    let mut bench = Bench::alone(1);
    bench.opens_hang = true;
    let request = bench.acquire_as("p", Mode::Exclusive, Priority::Interactive, NOT_AT_ALL);
    let second = bench.acquire_as("p", Mode::Exclusive, Priority::Interactive, NOT_AT_ALL);
    assert!(
        matches!(bench.refusal(second), Some(Refusal::WouldWait(_))),
        "that open is for somebody else"
    );
    bench.pass(20 * SECOND);
    bench.opened(bench.opens()[0]);
    assert!(bench.granted(request).is_some());
}

#[test]
fn who_will_not_wait_is_refused_when_the_open_comes_to_nothing() {
    let mut bench = Bench::alone(1);
    bench.opens_hang = true;
    let request = bench.acquire_as("p", Mode::Exclusive, Priority::Interactive, NOT_AT_ALL);
    bench.open_failed(bench.opens()[0], FailureKind::Endpoint, Some(30 * SECOND));
    let Some(Refusal::WouldWait(waiting)) = bench.refusal(request) else {
        panic!("{:?}", bench.answers(request))
    };
    assert_eq!(waiting.blocked_by, BlockedBy::Endpoint);
    assert_eq!(waiting.eta, Some(30 * SECOND));
}

#[test]
fn who_will_not_wait_gets_the_free_slot_of_a_broker_that_has_just_started() {
    let mut bench = Bench::just_started(1);
    let shared = bench.acquire_as("p", Mode::Shared, Priority::Interactive, NOT_AT_ALL);
    let exclusive = bench.acquire_as("p", Mode::Exclusive, Priority::Interactive, NOT_AT_ALL);
    let late = bench.acquire_as("p", Mode::Exclusive, Priority::Interactive, NOT_AT_ALL);
    let gone = bench.acquire_as("p", Mode::Exclusive, Priority::Interactive, NOT_AT_ALL);
    for waits in [shared, exclusive, late] {
        assert_eq!(bench.refusal(waits), None, "our own write is no want of slots");
    }
    bench.send(Event::Cancel { request: gone });
    bench.records_hang = false;
    let (seq, _) = bench.unconfirmed_records.pop_front().unwrap();
    bench.send(Event::Recorded { seq });
    assert!(bench.granted(shared).is_some() && bench.granted(exclusive).is_some());
    let Some(Refusal::WouldWait(waiting)) = bench.refusal(late) else {
        panic!("{:?}", bench.answers(late))
    };
    assert_eq!(waiting.blocked_by, BlockedBy::Admin, "now it is one");
    assert_eq!(bench.answers(gone).len(), 1);
}

#[test]
fn who_will_not_wait_is_refused_when_the_ledger_cannot_be_written() {
    let mut bench = Bench::just_started(1);
    let request = bench.acquire_as("p", Mode::Exclusive, Priority::Interactive, NOT_AT_ALL);
    let (seq, _) = bench.unconfirmed_records.pop_front().unwrap();
    bench.send(Event::RecordFailed { seq });
    let Some(Refusal::WouldWait(waiting)) = bench.refusal(request) else {
        panic!("{:?}", bench.answers(request))
    };
    assert_eq!(waiting.blocked_by, BlockedBy::Books);
    let mut slow = Bench::just_started(1);
    let request = slow.acquire_as("p", Mode::Shared, Priority::Interactive, NOT_AT_ALL);
    slow.pass(SECOND);
    assert!(
        matches!(slow.refusal(request), Some(Refusal::WouldWait(_))),
        "a disk that takes so long is something to wait for"
    );
    let later = bench.acquire_as("p", Mode::Exclusive, Priority::Interactive, NOT_AT_ALL);
    assert!(
        matches!(bench.refusal(later), Some(Refusal::WouldWait(_))),
        "it is known by now"
    );
}

#[test]
fn a_wait_ends_at_its_deadline_and_not_before() {
    let mut bench = Bench::alone(1);
    bench.exclusive("p");
    let request = bench.acquire_as("p", Mode::Exclusive, Priority::Interactive, Some(5 * SECOND));
    bench.pass(5 * SECOND - SECOND / 1000);
    assert_eq!(bench.refusal(request), None);
    bench.pass(SECOND / 1000);
    assert!(matches!(bench.refusal(request), Some(Refusal::WouldWait(_))));
}

#[test]
fn a_cancelled_wait_is_answered_once() {
    let mut bench = Bench::alone(1);
    let held = bench.exclusive("p");
    let request = bench.acquire("p", Mode::Exclusive);
    bench.send(Event::Cancel { request });
    bench.send(Event::Cancel { request });
    bench.release(held);
    assert_eq!(bench.answers(request).len(), 1);
}

#[test]
fn an_open_goes_on_when_the_one_it_was_for_has_left() {
    let mut bench = Bench::alone(1);
    bench.opens_hang = true;
    let request = bench.acquire("p", Mode::Exclusive);
    bench.send(Event::Cancel { request });
    bench.opened(bench.opens()[0]);
    assert!(bench.closes().is_empty());
    assert_eq!(bench.exclusive("p").session, Some(bench.opens()[0]));
}

#[test]
fn opens_keep_to_the_rate_window_and_waiters_hear_when() {
    let profile = rated(limited(profile("p", "a", None), 9, 0), 2, 60 * SECOND);
    let mut bench = Bench::new(vec![profile]);
    bench.exclusive("p");
    bench.pass(10 * SECOND);
    bench.exclusive("p");
    let third = bench.acquire("p", Mode::Exclusive);
    let told = bench.told(third);
    assert_eq!((told.blocked_by, told.eta), (BlockedBy::Rate, Some(50 * SECOND)));
    bench.pass(50 * SECOND - SECOND / 1000);
    assert_eq!(bench.opens().len(), 2);
    bench.pass(SECOND / 1000);
    assert!(bench.granted(third).is_some());
}

#[test]
fn a_failed_open_is_tried_again_when_the_endpoint_said() {
    let mut bench = Bench::alone(1);
    bench.opens_hang = true;
    let request = bench.acquire("p", Mode::Exclusive);
    bench.open_failed(bench.opens()[0], FailureKind::Endpoint, Some(30 * SECOND));
    bench.pass(SECOND);
    let told = bench.told(request);
    assert_eq!(
        (told.blocked_by, told.reason.as_str()),
        (BlockedBy::Endpoint, "the server said no")
    );
    bench.pass(29 * SECOND);
    assert_eq!(bench.opens().len(), 2);
}

#[test]
fn an_open_that_fails_for_good_is_told_to_those_who_needed_it() {
    let mut bench = Bench::alone(1);
    bench.opens_hang = true;
    let shared = bench.shared("p");
    let (turn, alone, connect) = (
        bench.turn(shared),
        bench.acquire("p", Mode::Exclusive),
        bench.connect("p"),
    );
    bench.open_failed(bench.opens()[0], FailureKind::Refused, None);
    for request in [turn, alone, connect] {
        assert!(
            matches!(bench.refusal(request), Some(Refusal::OpenFailed(_))),
            "{:?}",
            bench.answers(request)
        );
    }
    assert_eq!(bench.opens().len(), 1);
}

#[test]
fn a_second_session_that_cannot_be_had_is_not_tried_without_end() {
    let mut bench = Bench::alone(2);
    let (one, two) = (bench.shared("p"), bench.shared("p"));
    bench.turn(one);
    bench.opens_hang = true;
    let waiting = bench.turn(two);
    bench.pass(2 * SECOND);
    bench.open_failed(bench.opens()[1], FailureKind::Refused, None);
    bench.pass(59 * SECOND);
    assert_eq!((bench.opens().len(), bench.refusal(waiting)), (2, None));
}

#[test]
fn a_server_that_counts_more_than_we_do_is_believed() {
    let mut bench = Bench::alone(3);
    bench.opens_hang = true;
    let request = bench.acquire("p", Mode::Exclusive);
    bench.open_failed(bench.opens()[0], FailureKind::AdminQuota, Some(90 * SECOND));
    bench.pass(SECOND);
    let told = bench.told(request);
    assert_eq!(told.blocked_by, BlockedBy::Admin);
    assert!(told.reason.contains("the server counts more"), "{}", told.reason);
    bench.pass(88 * SECOND);
    assert_eq!(bench.opens().len(), 1);
    bench.pass(SECOND);
    assert_eq!(bench.opens().len(), 2);
}

#[test]
fn a_script_is_refused_and_a_person_is_told_when_a_log_on_is_needed() {
    let mut bench = Bench::alone(1);
    bench.send(Event::AuthNeeded {
        profile: "p".into(),
        message: "log in".into(),
    });
    let script = bench.acquire("p", Mode::Exclusive);
    assert_eq!(bench.refusal(script), Some(Refusal::Auth("log in".into())));
    let person = bench.next_request();
    bench.send(Event::Acquire {
        request: person,
        profile: "p".into(),
        mode: Mode::Exclusive,
        priority: Priority::Interactive,
        deadline: None,
        ttl: None,
        holder: Holder {
            interactive: true,
            ..Holder::default()
        }
        .into(),
    });
    assert_eq!(bench.blocked_by(person), BlockedBy::Auth);
    bench.send(Event::AuthOk { profile: "p".into() });
    assert!(bench.granted(person).is_some());
}

#[test]
fn one_refused_log_on_stops_every_profile_of_the_account() {
    let mut bench = Bench::new(vec![profile("p", "Ken@x", None), profile("q", "ken@X", None)]);
    bench.opens_hang = true;
    let request = bench.acquire("p", Mode::Exclusive);
    bench.open_failed(bench.opens()[0], FailureKind::Auth, None);
    let other = bench.acquire("q", Mode::Exclusive);
    for request in [request, other] {
        assert!(matches!(bench.refusal(request), Some(Refusal::Auth(_))));
    }
    assert_eq!(bench.opens().len(), 1);
}

#[test]
fn an_open_session_serves_though_its_account_must_log_in() {
    let mut bench = Bench::alone(1);
    let held = bench.shared("p");
    let turn = bench.turn(held);
    bench.send(Event::AuthNeeded {
        profile: "p".into(),
        message: "log in".into(),
    });
    let next = bench.turn(held);
    bench.done(turn);
    assert!(bench.runs_on(next).is_some());
}

#[test]
fn a_paused_profile_begins_nothing_and_goes_on_afterwards() {
    let mut bench = Bench::alone(2);
    let held = bench.shared("p");
    let running = bench.turn(held);
    bench.send(Event::Pause { profile: "p".into() });
    let (turn, alone) = (bench.turn(held), bench.acquire("p", Mode::Exclusive));
    bench.done(running);
    bench.pass(60 * SECOND);
    assert_eq!((bench.runs_on(turn), bench.granted(alone)), (None, None));
    assert_eq!(bench.blocked_by(turn), BlockedBy::Paused);
    bench.send(Event::Resume { profile: "p".into() });
    assert!(bench.runs_on(turn).is_some() && bench.granted(alone).is_some());
}

#[test]
fn positions_move_up_and_are_told_at_most_once_a_second() {
    let mut bench = Bench::alone(1);
    let held = bench.shared("p");
    let turns: Vec<_> = (0..60).map(|_| bench.turn(held)).collect();
    let last = *turns.last().unwrap();
    assert_eq!(bench.told(last).position, 59);
    bench.log.clear();
    for turn in &turns[..50] {
        bench.done(*turn);
        bench.pass(SECOND / 20);
    }
    bench.pass(SECOND);
    assert_eq!(bench.told(last).position, 9);
    let told = bench
        .log
        .iter()
        .filter(|(_, action)| matches!(action, Action::Waiting { request, .. } if *request == last));
    assert!(told.count() <= 4, "50 changes within 2.5 s");
}

#[test]
fn an_unknown_profile_is_refused_by_name() {
    let mut bench = Bench::alone(1);
    let request = bench.acquire("q", Mode::Shared);
    assert_eq!(bench.refusal(request), Some(Refusal::UnknownProfile("q".into())));
}
