//! The order of records and acts, and what frees a slot.

use super::bench::{Bench, SECOND};
use crate::{Action, BlockedBy, CloseCause, Entry, Event, Failure, FailureKind, Fate, Mode, Refusal, SessionState};

fn may_exist(bench: &Bench, seconds: u32) -> Fate {
    Fate::MayExist {
        until: Some(bench.now + seconds * SECOND),
    }
}

fn failure() -> Failure {
    Failure {
        kind: FailureKind::Endpoint,
        message: "no answer".into(),
    }
}

#[test]
fn an_open_begins_only_after_its_intent_is_durable() {
    let mut bench = Bench::alone(1);
    bench.records_hang = true;
    bench.acquire("p", Mode::Exclusive);
    assert!(bench.opens().is_empty());
    let (seq, entry) = bench.unconfirmed_records.pop_front().unwrap();
    assert!(matches!(entry, Entry::Intent { .. }));
    bench.send(Event::Recorded { seq });
    assert_eq!(bench.opens().len(), 1);
    let shell = |action: &Action| match action {
        Action::Open { shell, .. }
        | Action::Record {
            entry: Entry::Intent { shell, .. },
            ..
        } => Some(*shell),
        _ => None,
    };
    let shells: Vec<_> = bench.log.iter().filter_map(|(_, action)| shell(action)).collect();
    assert_eq!(shells[0], shells[1], "what is opened is what was recorded");
}

#[test]
fn a_close_begins_only_after_its_record_is_durable() {
    let mut bench = Bench::alone(1);
    let fresh = bench.hold("p", Mode::Fresh);
    bench.records_hang = true;
    bench.release(fresh);
    assert!(bench.closes().is_empty());
    let (seq, _) = bench.unconfirmed_records.pop_front().unwrap();
    bench.send(Event::Recorded { seq });
    assert_eq!(bench.closes().len(), 1);
}

#[test]
fn a_failed_record_stops_opens_and_not_releases() {
    let mut bench = Bench::alone(2);
    let fresh = bench.hold("p", Mode::Fresh);
    bench.records_hang = true;
    let waiter = bench.acquire("p", Mode::Exclusive);
    let (seq, _) = bench.unconfirmed_records.pop_front().unwrap();
    bench.send(Event::RecordFailed { seq });
    bench.unconfirmed_records.clear();
    bench.pass(SECOND);
    assert_eq!(bench.blocked_by(waiter), BlockedBy::Books);
    bench.release(fresh);
    let (seq, _) = bench.unconfirmed_records.pop_front().unwrap();
    bench.send(Event::RecordFailed { seq });
    assert_eq!(bench.closes().len(), 1, "nobody is kept from leaving");
    assert_eq!(bench.opens().len(), 1);
    bench.records_hang = false;
    bench.pass(6 * SECOND);
    assert!(bench.granted(waiter).is_some(), "and the books are tried again");
}

#[test]
fn grants_wait_for_no_record() {
    let mut bench = Bench::alone(1);
    let held = bench.exclusive("p");
    bench.records_hang = true;
    bench.release(held);
    bench.exclusive("p");
    bench.shared("p");
}

#[test]
fn no_fence_is_given_out_before_its_block_is_durable() {
    let mut bench = Bench::alone(1);
    bench.records_hang = true;
    let ends = |bench: &Bench| -> Vec<u64> {
        bench
            .log
            .iter()
            .filter_map(|(_, action)| match action {
                Action::Record {
                    entry: Entry::Fences { end },
                    ..
                } => Some(end.0),
                _ => None,
            })
            .collect()
    };
    for _ in 0..1024 {
        assert!(bench.shared("p").fence.0 < 1025);
    }
    assert_eq!(ends(&bench), [1025, 2049], "one block at a time, asked for ahead");
    let late = bench.acquire("p", Mode::Shared);
    assert_eq!(bench.blocked_by(late), BlockedBy::Books);
    let (seq, _) = bench.unconfirmed_records.pop_front().unwrap();
    bench.send(Event::Recorded { seq });
    assert_eq!(bench.granted(late).unwrap().fence.0, 1025);
}

#[test]
fn an_attempt_that_sent_nothing_frees_its_slot_at_once() {
    let mut bench = Bench::alone(1);
    bench.opens_hang = true;
    bench.acquire("p", Mode::Exclusive);
    bench.open_failed(bench.opens()[0], FailureKind::Endpoint, Some(SECOND));
    assert_eq!(bench.used(), 0);
}

#[test]
fn an_open_whose_driver_died_is_closed_and_tried_again_after_a_while() {
    let mut bench = Bench::alone(1);
    bench.opens_hang = true;
    let waiter = bench.acquire("p", Mode::Exclusive);
    bench.send(Event::SessionLost {
        session: bench.opens()[0],
        fate: Fate::MayExist { until: None },
    });
    assert_eq!(bench.closes(), [(bench.opens()[0], CloseCause::OpenFailed)]);
    bench.pass(9 * SECOND);
    assert_eq!(
        (bench.opens().len(), bench.blocked_by(waiter)),
        (1, BlockedBy::Endpoint)
    );
    bench.pass(SECOND);
    assert_eq!(bench.opens().len(), 2);
}

#[test]
fn a_shell_that_may_exist_counts_until_its_hold_back_ends() {
    let mut bench = Bench::alone(1);
    (bench.opens_hang, bench.closes_hang) = (true, true);
    let waiter = bench.acquire("p", Mode::Exclusive);
    let session = bench.opens()[0];
    let fate = may_exist(&bench, 900);
    bench.send(Event::OpenFailed {
        session,
        fate,
        failure: failure(),
        retry_after: Some(SECOND),
    });
    assert_eq!(
        bench.closes(),
        [(session, CloseCause::OpenFailed)],
        "it is deleted all the same"
    );
    bench.send(Event::CloseUnproven {
        session,
        until: Some(bench.now + 900 * SECOND),
    });
    bench.pass(2 * SECOND);
    let told = bench.told(waiter);
    assert_eq!(
        (told.blocked_by, told.eta),
        (BlockedBy::Unconfirmed, Some(899 * SECOND))
    );
    assert_eq!(told.holders[0].session, Some(session));
    bench.pass(897 * SECOND);
    assert_eq!(bench.opens().len(), 1);
    bench.pass(SECOND);
    assert_eq!(bench.opens().len(), 2);
}

#[test]
fn proof_ends_a_hold_back_early() {
    let mut bench = Bench::alone(1);
    let held = bench.exclusive("p");
    let session = held.session.unwrap();
    bench.closes_hang = true;
    bench.send(Event::SessionLost {
        session,
        fate: may_exist(&bench, 900),
    });
    bench.send(Event::CloseUnproven { session, until: None });
    assert_eq!(bench.used(), 1);
    bench.closed(session);
    assert_eq!(bench.used(), 0);
}

#[test]
fn without_a_bound_only_proof_or_a_person_frees_the_slot() {
    let mut bench = Bench::alone(1);
    let held = bench.exclusive("p");
    let session = held.session.unwrap();
    bench.closes_hang = true;
    let forget = bench.next_request();
    bench.send(Event::Forget {
        request: forget,
        session,
    });
    assert_eq!(bench.refusal(forget), Some(Refusal::NotUnconfirmed(session)));
    bench.release(held);
    let close = bench.next_request();
    bench.send(Event::CloseSession {
        request: close,
        session,
    });
    bench.send(Event::CloseUnproven { session, until: None });
    assert_eq!(bench.refusal(close), Some(Refusal::Unproven { session, until: None }));
    bench.pass(100_000 * SECOND);
    assert_eq!(
        bench.broker.snapshot(bench.now).sessions[0].state,
        SessionState::Unconfirmed { until: None }
    );
    let forget = bench.next_request();
    bench.send(Event::Forget {
        request: forget,
        session,
    });
    assert!(bench.is_done(forget));
    assert_eq!(bench.used(), 0);
}

#[test]
fn an_unconfirmed_shell_is_closed_again_as_soon_as_somebody_logs_in() {
    let mut bench = Bench::alone(2);
    let held = bench.exclusive("p");
    let session = held.session.unwrap();
    bench.closes_hang = true;
    bench.send(Event::SessionLost {
        session,
        fate: Fate::MayExist { until: None },
    });
    bench.send(Event::CloseUnproven { session, until: None });
    bench.send(Event::AuthOk { profile: "p".into() });
    assert_eq!(bench.closes().last(), Some(&(session, CloseCause::Again)));
    bench.send(Event::CloseUnproven { session, until: None });
    bench.exclusive("p");
    assert_eq!(bench.closes().len(), 3, "and when the endpoint answers");
}

#[test]
fn a_row_of_an_earlier_run_counts_before_anything_is_known_of_it() {
    let mut bench = Bench::alone(1);
    let profile = super::bench::profile("p", "kenmyer@litwareinc.com", None);
    bench.send(Event::Restored {
        session: crate::SessionId(41),
        shell: crate::ShellId(7),
        profile: profile.name.clone(),
        scopes: profile.scopes.clone(),
        identity: profile.identity,
        dirty: false,
        age: std::time::Duration::ZERO,
        commands: 0,
    });
    let waiter = bench.acquire("p", Mode::Exclusive);
    assert_eq!(bench.granted(waiter), None);
    bench.opened(crate::SessionId(41));
    assert_eq!(bench.granted(waiter).unwrap().session, Some(crate::SessionId(41)));
    bench.closed(crate::SessionId(41));
    bench.connect("p");
    assert_eq!(bench.opens(), [crate::SessionId(42)], "numbers are not used again");
}
