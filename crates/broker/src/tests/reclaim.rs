//! A new daemon, and holders that outlived the old one.

use std::time::Duration;

use super::bench::{Bench, Held, SECOND, holder, profile};
use crate::{
    BlockedBy, CloseCause, EndCause, Entry, Event, Fence, LeaseId, Mode, Priority, Refusal, RequestId, RestoredLease,
    SessionId, ShellId,
};

const SESSION: SessionId = SessionId(7);
const OLD: Held = Held {
    lease: LeaseId(40),
    fence: Fence(0),
    session: Some(SESSION),
};

/// A broker that has found one session with its lease in the books.
fn restarted(dirty: bool) -> Bench {
    let mut bench = Bench::alone(1);
    bench.send(Event::Restored {
        session: SESSION,
        shell: ShellId(9),
        profile: "p".into(),
        scopes: profile("p", "kenmyer@litwareinc.com", None).scopes,
        identity: "https://demo/".to_owned(),
        dirty,
        age: Duration::ZERO,
        commands: 0,
    });
    bench.send(Event::RestoredLease(RestoredLease {
        lease: OLD.lease,
        fence: OLD.fence,
        session: Some(SESSION),
        profile: "p".into(),
        mode: Mode::Exclusive,
        priority: Priority::Interactive,
        ttl: None,
        holder: holder("a script"),
    }));
    bench
}

fn reclaim(bench: &mut Bench, fence: Fence) -> RequestId {
    let request = bench.next_request();
    bench.send(Event::Reclaim {
        request,
        lease: OLD.lease,
        fence,
    });
    request
}

#[test]
fn a_holder_that_comes_back_has_its_session_again() {
    let mut bench = restarted(true);
    let back = reclaim(&mut bench, OLD.fence);
    assert_eq!(bench.granted(back), Some(OLD));
    let turn = bench.turn(OLD);
    assert_eq!(bench.blocked_by(turn), BlockedBy::Opening);
    bench.pass(Duration::from_secs(20));
    bench.opened(SESSION);
    assert_eq!(bench.runs_on(turn), Some(SESSION));
    bench.done(turn);
    bench.pass(Duration::from_secs(300));
    assert_eq!(bench.ended(OLD.lease), None);
    bench.release(OLD);
    assert_eq!(bench.closes(), [(SESSION, CloseCause::Dirty)]);
}

#[test]
fn a_turn_with_the_old_fence_is_sign_of_life_enough() {
    let mut bench = restarted(true);
    bench.opened(SESSION);
    let turn = bench.turn(OLD);
    assert_eq!(bench.runs_on(turn), Some(SESSION));
    bench.done(turn);
    bench.pass(Duration::from_secs(120));
    assert_eq!(bench.ended(OLD.lease), None);
}

#[test]
fn nobody_else_gets_the_session_before_thirty_seconds_are_over() {
    let mut bench = restarted(false);
    bench.opened(SESSION);
    let other = bench.acquire("p", Mode::Exclusive);
    bench.pass(29 * SECOND);
    assert_eq!((bench.granted(other), bench.ended(OLD.lease)), (None, None));
    bench.pass(2 * SECOND);
    assert_eq!(bench.ended(OLD.lease), Some(EndCause::Unclaimed));
    let granted = bench.granted(other).expect("it is clean, and free");
    assert_eq!(granted.session, Some(SESSION));
    assert!(granted.lease > OLD.lease, "numbers go on where they were");
    let late = reclaim(&mut bench, OLD.fence);
    assert!(matches!(bench.refusal(late), Some(Refusal::LeaseEnded { .. })));
}

#[test]
fn an_unclaimed_session_that_somebody_used_is_closed() {
    let mut bench = restarted(true);
    bench.opened(SESSION);
    bench.pass(31 * SECOND);
    assert_eq!(bench.closes(), [(SESSION, CloseCause::Dirty)]);
}

#[test]
fn a_stranger_with_another_fence_is_refused() {
    let mut bench = restarted(true);
    let stranger = reclaim(&mut bench, Fence(99));
    assert!(matches!(bench.refusal(stranger), Some(Refusal::OldFence { .. })));
    bench.opened(SESSION);
    bench.pass(31 * SECOND);
    assert_eq!(bench.ended(OLD.lease), Some(EndCause::Unclaimed));
}

#[test]
fn a_session_that_is_not_found_takes_its_lease_and_what_waits_with_it() {
    for proof in [true, false] {
        let mut bench = restarted(true);
        let turn = bench.turn(OLD);
        bench.send(if proof {
            Event::Closed { session: SESSION }
        } else {
            let until = Some(bench.now + 900 * SECOND);
            Event::CloseUnproven {
                session: SESSION,
                until,
            }
        });
        assert_eq!(bench.ended(OLD.lease), Some(EndCause::SessionLost));
        assert!(matches!(bench.refusal(turn), Some(Refusal::LeaseEnded { .. })));
        assert_eq!(bench.used(), usize::from(!proof));
    }
}

#[test]
fn the_books_know_who_has_a_session_to_itself() {
    let mut bench = Bench::alone(1);
    let held = bench.exclusive("p");
    bench.release(held);
    let said: Vec<bool> = bench
        .log
        .iter()
        .filter_map(|(_, action)| match action {
            crate::Action::Record {
                entry: Entry::Bound { lease, fence, .. },
                ..
            } => Some((*lease, *fence) == (held.lease, held.fence)),
            crate::Action::Record {
                entry: Entry::Unbound { lease, .. },
                ..
            } => Some(*lease != held.lease),
            _ => None,
        })
        .collect();
    assert_eq!(said, [true, false], "bound, then unbound");
}
