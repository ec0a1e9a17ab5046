//! Pause, drain, resume.

use std::time::Duration;

use super::bench::{Bench, SECOND};
use crate::{Action, BlockedBy, CloseCause, EndCause, Event, Mode, ProfileState, Refusal, RequestId, SessionId};

fn drain(bench: &mut Bench, within: Duration) -> RequestId {
    let request = bench.next_request();
    let deadline = bench.now + within;
    bench.send(Event::Drain {
        request,
        profile: "p".into(),
        deadline,
        leave: false,
    });
    request
}

fn drained(bench: &Bench, request: RequestId) -> Option<Vec<SessionId>> {
    bench.answers(request).into_iter().find_map(|action| match action {
        Action::Drained { left, .. } => Some(left.clone()),
        _ => None,
    })
}

#[test]
fn idle_sessions_close_at_once_and_busy_ones_when_they_are_free() {
    let mut bench = Bench::alone(3);
    let (one, two) = (bench.exclusive("p"), bench.exclusive("p"));
    bench.release(one);
    let turn = bench.turn(two);
    let request = drain(&mut bench, 60 * SECOND);
    assert_eq!(bench.closes(), [(one.session.unwrap(), CloseCause::Drained)]);
    assert_eq!(drained(&bench, request), None);
    bench.done(turn);
    assert_eq!(drained(&bench, request), None, "its lease is still held");
    bench.release(two);
    assert_eq!(drained(&bench, request), Some(vec![]));
    assert_eq!(
        bench.broker.snapshot(bench.now).profiles[0].state,
        ProfileState::Draining
    );
}

#[test]
fn the_deadline_ends_what_still_runs() {
    let mut bench = Bench::alone(3);
    let (bound, shared) = (bench.exclusive("p"), bench.shared("p"));
    let (a, b) = (bench.turn(bound), bench.turn(shared));
    let request = drain(&mut bench, 10 * SECOND);
    bench.pass(9 * SECOND);
    assert_eq!(bench.stops(), []);
    bench.pass(2 * SECOND);
    assert_eq!(bench.stops().len(), 2);
    assert_eq!(bench.ended(bound.lease), Some(EndCause::Drained));
    assert_eq!(drained(&bench, request), None, "a stop is not an end");
    bench.done(a);
    bench.done(b);
    assert_eq!(drained(&bench, request), Some(vec![]));
}

#[test]
fn a_drained_profile_begins_nothing_until_it_is_resumed() {
    let mut bench = Bench::alone(1);
    let request = drain(&mut bench, SECOND);
    assert_eq!(drained(&bench, request), Some(vec![]));
    let waiter = bench.acquire("p", Mode::Exclusive);
    bench.pass(60 * SECOND);
    assert_eq!((bench.opens().len(), bench.blocked_by(waiter)), (0, BlockedBy::Paused));
    bench.send(Event::Resume { profile: "p".into() });
    assert!(bench.granted(waiter).is_some());
}

#[test]
fn what_cannot_be_proven_is_named_and_a_resume_answers_who_drains() {
    let mut bench = Bench::alone(1);
    let held = bench.exclusive("p");
    let session = held.session.unwrap();
    bench.closes_hang = true;
    bench.release(held);
    let request = drain(&mut bench, SECOND);
    bench.send(Event::CloseUnproven { session, until: None });
    assert_eq!(drained(&bench, request), Some(vec![session]));

    let mut bench = Bench::alone(1);
    bench.exclusive("p");
    let request = drain(&mut bench, 60 * SECOND);
    bench.send(Event::Resume { profile: "p".into() });
    assert_eq!(bench.refusal(request), Some(Refusal::Cancelled));
}
