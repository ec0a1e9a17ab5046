//! Leases: modes, fences, time to live, and every way to end.

use super::bench::{Bench, SECOND, holder};
use crate::{Action, CloseCause, EndCause, Event, Mode, Priority, Refusal, StopCause, TurnOutcome};

#[test]
fn a_shared_lease_is_granted_at_once_though_every_slot_is_taken() {
    let mut bench = Bench::alone(1);
    bench.exclusive("p");
    let shared = bench.shared("p");
    assert_eq!(shared.session, None);
}

#[test]
fn an_exclusive_lease_takes_the_idle_clean_session() {
    let mut bench = Bench::alone(3);
    let shared = bench.shared("p");
    let turn = bench.turn(shared);
    let session = bench.runs_on(turn);
    bench.done(turn);
    assert_eq!(bench.exclusive("p").session, session);
    assert_eq!(bench.opens().len(), 1);
}

#[test]
fn an_exclusive_session_that_ran_something_is_never_given_to_anybody_else() {
    let mut bench = Bench::alone(1);
    let mine = bench.exclusive("p");
    let turn = bench.turn(mine);
    bench.done(turn);
    bench.release(mine);
    assert_eq!(bench.closes(), [(mine.session.unwrap(), CloseCause::Dirty)]);
    let next = bench.exclusive("p");
    assert_ne!(next.session, mine.session);
}

#[test]
fn an_exclusive_session_is_passed_on_if_nothing_ran_or_it_was_reset() {
    let mut bench = Bench::alone(1);
    let first = bench.exclusive("p");
    bench.release(first);
    let second = bench.exclusive("p");
    assert_eq!(second.session, first.session);
    let turn = bench.turn(second);
    bench.done(turn);
    bench.send(Event::Reset {
        session: second.session.unwrap(),
    });
    bench.release(second);
    assert_eq!(bench.exclusive("p").session, first.session);
    assert!(bench.closes().is_empty());
}

#[test]
fn a_fresh_lease_gets_a_new_session_which_is_closed_afterwards() {
    let mut bench = Bench::alone(3);
    bench.connect("p");
    let fresh = bench.hold("p", Mode::Fresh);
    assert_eq!(bench.opens().len(), 2);
    assert_eq!(fresh.session, Some(bench.opens()[1]));
    bench.release(fresh);
    assert_eq!(bench.closes(), [(fresh.session.unwrap(), CloseCause::Fresh)]);
}

#[test]
fn a_fresh_lease_gets_its_slot_from_an_idle_session_of_the_same_pool() {
    let mut bench = Bench::alone(1);
    bench.connect("p");
    let fresh = bench.hold("p", Mode::Fresh);
    assert_eq!(bench.closes(), [(bench.opens()[0], CloseCause::GivenUp)]);
    assert_eq!(fresh.session, Some(bench.opens()[1]));
}

#[test]
fn a_dead_owners_lease_goes_to_the_next_waiter() {
    let mut bench = Bench::alone(1);
    let dead = bench.exclusive("p");
    let turn = bench.turn(dead);
    let waiter = bench.acquire("p", Mode::Exclusive);
    bench.send(Event::End {
        lease: dead.lease,
        cause: EndCause::Process,
    });
    assert_eq!(bench.stops(), [(turn, StopCause::LeaseEnded(EndCause::Process))]);
    assert_eq!(bench.granted(waiter), None, "its pipeline still runs");
    bench.done(turn);
    assert!(bench.granted(waiter).is_some());
    assert_eq!(bench.ended(dead.lease), Some(EndCause::Process));
}

#[test]
fn a_dead_owners_clean_session_is_passed_on_in_the_same_instant() {
    let mut bench = Bench::alone(1);
    let dead = bench.exclusive("p");
    let waiter = bench.acquire("p", Mode::Exclusive);
    bench.send(Event::End {
        lease: dead.lease,
        cause: EndCause::Stream,
    });
    assert_eq!(bench.granted(waiter).unwrap().session, dead.session);
}

#[test]
fn fences_rise_and_an_old_one_is_refused() {
    let mut bench = Bench::alone(3);
    let one = bench.shared("p");
    let two = bench.shared("p");
    assert!(two.fence > one.fence);
    let mut stolen = two;
    stolen.fence = one.fence;
    let turn = bench.turn(stolen);
    assert_eq!(
        bench.refusal(turn),
        Some(Refusal::OldFence {
            lease: two.lease,
            current: two.fence
        })
    );
    let release = bench.release(stolen);
    assert!(bench.refusal(release).is_some());
    assert_eq!(bench.ended(two.lease), None);
}

#[test]
fn a_lease_that_is_not_renewed_ends_a_grace_after_its_ttl() {
    let mut bench = Bench::alone(3);
    let request = bench.next_request();
    bench.send(Event::Acquire {
        request,
        profile: "p".into(),
        mode: Mode::Exclusive,
        priority: Priority::Batch,
        deadline: None,
        ttl: Some(60 * SECOND),
        holder: holder("cron"),
    });
    let held = bench.granted(request).unwrap();
    bench.pass(50 * SECOND);
    let renew = bench.next_request();
    bench.send(Event::Renew {
        request: renew,
        lease: held.lease,
        fence: held.fence,
        ttl: None,
    });
    assert!(matches!(bench.answers(renew)[..], [Action::Renewed { ttl: Some(ttl), .. }] if *ttl == 60 * SECOND));
    bench.pass(74 * SECOND);
    assert_eq!(bench.ended(held.lease), None);
    bench.pass(SECOND);
    assert_eq!(bench.ended(held.lease), Some(EndCause::Ttl));
    let late = bench.turn(held);
    assert!(matches!(
        bench.refusal(late),
        Some(Refusal::LeaseEnded {
            cause: EndCause::Ttl,
            ..
        })
    ));
}

#[test]
fn kill_ends_somebody_elses_lease_without_a_fence() {
    let mut bench = Bench::alone(1);
    let held = bench.exclusive("p");
    let kill = bench.next_request();
    bench.send(Event::Kill {
        request: kill,
        lease: held.lease,
    });
    assert!(bench.is_done(kill));
    assert_eq!(bench.ended(held.lease), Some(EndCause::Revoked));
    let again = bench.next_request();
    bench.send(Event::Kill {
        request: again,
        lease: held.lease,
    });
    assert!(matches!(bench.refusal(again), Some(Refusal::LeaseEnded { .. })));
}

#[test]
fn a_lease_that_ends_refuses_its_waiting_turns_and_stops_its_running_one() {
    let mut bench = Bench::alone(1);
    let held = bench.shared("p");
    let running = bench.turn(held);
    let waiting = bench.turn(held);
    bench.release(held);
    assert_eq!(bench.stops(), [(running, StopCause::LeaseEnded(EndCause::Released))]);
    assert!(matches!(bench.refusal(waiting), Some(Refusal::LeaseEnded { .. })));
    bench.done(running);
    assert!(bench.closes().is_empty(), "the session is clean and stays");
}

#[test]
fn pipelines_of_an_exclusive_lease_run_one_after_the_other() {
    let mut bench = Bench::alone(2);
    let held = bench.exclusive("p");
    let turns = [bench.turn(held), bench.turn(held), bench.turn(held)];
    assert_eq!(turns.map(|turn| bench.runs_on(turn).is_some()), [true, false, false]);
    assert_eq!(bench.told(turns[2]).position, 2);
    bench.done(turns[0]);
    assert_eq!(turns.map(|turn| bench.runs_on(turn).is_some()), [true, true, false]);
    bench.send(Event::Cancel { request: turns[2] });
    assert_eq!(bench.refusal(turns[2]), Some(Refusal::Cancelled));
}

#[test]
fn a_lost_session_ends_the_lease_that_was_bound_to_it_and_says_so() {
    let mut bench = Bench::alone(1);
    let held = bench.exclusive("p");
    let session = held.session.unwrap();
    bench.turn(held);
    bench.send(Event::SessionLost {
        session,
        fate: crate::Fate::Gone,
    });
    assert_eq!(bench.ended(held.lease), Some(EndCause::SessionLost));
    let late = bench.turn(held);
    assert!(matches!(
        bench.refusal(late),
        Some(Refusal::LeaseEnded {
            cause: EndCause::SessionLost,
            ..
        })
    ));
    assert_eq!(bench.used(), 0);
}

#[test]
fn a_shared_lease_survives_the_loss_of_the_session_it_used() {
    let mut bench = Bench::alone(1);
    let held = bench.shared("p");
    let turn = bench.turn(held);
    let session = bench.runs_on(turn).unwrap();
    bench.send(Event::SessionLost {
        session,
        fate: crate::Fate::MayExist { until: None },
    });
    let again = bench.turn(held);
    assert!(bench.runs_on(again).is_some_and(|other| other != session));
}

#[test]
fn a_session_that_a_shared_turn_leaves_unfit_is_closed() {
    let mut bench = Bench::alone(1);
    let held = bench.shared("p");
    let turn = bench.turn(held);
    bench.send(Event::TurnDone {
        turn,
        outcome: TurnOutcome::Dirty,
    });
    assert_eq!(bench.closes(), [(bench.opens()[0], CloseCause::Dirty)]);
}
