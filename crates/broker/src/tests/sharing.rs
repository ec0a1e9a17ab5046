//! Shared sessions: turns, nesting, the second session, claims, stalls.

use super::bench::{Bench, SECOND};
use crate::{BlockedBy, CloseCause, Event, Fate, Mode, Refusal, StopCause};

#[test]
fn pipelines_of_many_consoles_take_turns_on_one_session_in_order() {
    let mut bench = Bench::alone(3);
    let consoles: Vec<_> = (0..4).map(|_| bench.shared("p")).collect();
    let turns: Vec<_> = consoles.iter().map(|console| bench.turn(*console)).collect();
    for (at, turn) in turns.iter().enumerate() {
        let running: Vec<bool> = turns.iter().map(|turn| bench.runs_on(*turn).is_some()).collect();
        assert_eq!(running.iter().filter(|runs| **runs).count(), at + 1);
        assert_eq!(bench.runs_on(*turn), Some(bench.opens()[0]));
        bench.done(*turn);
    }
    assert_eq!(bench.opens().len(), 1);
}

#[test]
fn who_waits_behind_a_pipeline_is_told_which() {
    let mut bench = Bench::alone(1);
    let (one, two) = (bench.shared("p"), bench.shared("p"));
    let running = bench.turn(one);
    let waiting = bench.turn(two);
    let told = bench.told(waiting);
    assert_eq!((told.position, told.blocked_by), (1, BlockedBy::Busy));
    assert_eq!(told.holders[0].lease, Some(one.lease));
    assert_eq!(told.holders[0].who.command, format!("Get-Thing{running}"));
    assert_eq!(
        (told.holders[0].who.pid, told.holders[0].who.tty.as_str()),
        (4711, "pts/3")
    );
}

#[test]
fn a_second_session_is_opened_after_two_seconds_behind_a_running_pipeline() {
    let mut bench = Bench::alone(3);
    let (one, two) = (bench.shared("p"), bench.shared("p"));
    bench.turn(one);
    let waiting = bench.turn(two);
    bench.pass(2 * SECOND - SECOND / 1000);
    assert_eq!(bench.runs_on(waiting), None);
    bench.pass(SECOND / 1000);
    assert_eq!(bench.runs_on(waiting), Some(bench.opens()[1]));
}

#[test]
fn no_second_session_is_opened_while_somebody_else_needs_the_slot() {
    let mut bench = Bench::alone(2);
    let (one, two) = (bench.shared("p"), bench.shared("p"));
    bench.turn(one);
    bench.opens_hang = true;
    let waiting = bench.turn(two);
    bench.pass(SECOND);
    let alone = bench.acquire("p", Mode::Exclusive);
    bench.pass(5 * SECOND);
    assert_eq!(bench.opens().len(), 2, "one open, for the exclusive lease");
    bench.opened(bench.opens()[1]);
    assert_eq!(
        bench.runs_on(waiting),
        Some(bench.opens()[1]),
        "whoever waited longest has it"
    );
    assert_eq!(bench.granted(alone), None);
}

#[test]
fn no_second_session_is_opened_above_the_limit() {
    let mut bench = Bench::alone(1);
    let (one, two) = (bench.shared("p"), bench.shared("p"));
    let running = bench.turn(one);
    let waiting = bench.turn(two);
    bench.pass(300 * SECOND);
    assert_eq!(bench.opens().len(), 1);
    bench.done(running);
    assert!(bench.runs_on(waiting).is_some());
}

#[test]
fn a_nested_pipeline_of_the_turns_holder_starts_at_once_and_keeps_the_turn() {
    let mut bench = Bench::alone(1);
    let (one, two) = (bench.shared("p"), bench.shared("p"));
    let outer = bench.turn(one);
    let other = bench.turn_as(two, None, true);
    let inner = bench.turn_as(one, None, true);
    assert_eq!(bench.runs_on(inner), bench.runs_on(outer));
    assert_eq!(bench.runs_on(other), None, "nested in nothing of its own");
    bench.done(outer);
    assert_eq!(bench.runs_on(other), None, "the inner pipeline still runs");
    bench.done(inner);
    assert!(bench.runs_on(other).is_some());
}

#[test]
fn a_waiter_for_exclusive_stops_new_turns_after_ten_seconds() {
    let mut bench = Bench::alone(1);
    let (one, two) = (bench.shared("p"), bench.shared("p"));
    let first = bench.turn(one);
    let alone = bench.acquire("p", Mode::Exclusive);
    let second = bench.turn(two);
    bench.done(first);
    assert!(bench.runs_on(second).is_some(), "before ten seconds, turns go on");
    bench.pass(10 * SECOND);
    let third = bench.turn(one);
    bench.done(second);
    assert!(bench.granted(alone).is_some());
    assert_eq!(bench.runs_on(third), None);
    assert_eq!(bench.blocked_by(third), BlockedBy::Admin);
}

#[test]
fn a_claim_ends_with_the_wait_it_was_for() {
    let mut bench = Bench::alone(1);
    let (one, two) = (bench.shared("p"), bench.shared("p"));
    let first = bench.turn(one);
    let alone = bench.acquire("p", Mode::Exclusive);
    bench.pass(10 * SECOND);
    let second = bench.turn(two);
    bench.send(Event::Cancel { request: alone });
    bench.done(first);
    assert!(bench.runs_on(second).is_some());
}

#[test]
fn an_unread_pipeline_is_stopped_after_a_minute_while_another_waits() {
    let mut bench = Bench::alone(1);
    let (one, two) = (bench.shared("p"), bench.shared("p"));
    let unread = bench.turn(one);
    bench.send(Event::Stalled { turn: unread });
    bench.pass(600 * SECOND);
    assert!(bench.stops().is_empty(), "nobody waits");
    bench.turn(two);
    bench.pass(59 * SECOND);
    assert!(bench.stops().is_empty());
    bench.pass(SECOND);
    assert_eq!(bench.stops(), [(unread, StopCause::Stalled)]);
    bench.pass(600 * SECOND);
    assert_eq!(bench.stops().len(), 1, "once is enough");
}

#[test]
fn a_pipeline_that_is_read_again_is_not_stopped() {
    let mut bench = Bench::alone(1);
    let (one, two) = (bench.shared("p"), bench.shared("p"));
    let unread = bench.turn(one);
    bench.turn(two);
    bench.send(Event::Stalled { turn: unread });
    bench.pass(59 * SECOND);
    bench.send(Event::Flowing { turn: unread });
    bench.pass(600 * SECOND);
    assert!(bench.stops().is_empty());
}

#[test]
fn connect_opens_one_session_and_finds_it_the_next_time() {
    let mut bench = Bench::alone(3);
    bench.opens_hang = true;
    let (one, two) = (bench.connect("p"), bench.connect("p"));
    assert_eq!(bench.blocked_by(two), BlockedBy::Opening);
    assert_eq!(bench.opens().len(), 1);
    bench.opened(bench.opens()[0]);
    let reused = |bench: &Bench, request| {
        bench.answers(request).into_iter().find_map(|action| match action {
            crate::Action::Connected { reused, .. } => Some(*reused),
            _ => None,
        })
    };
    assert_eq!((reused(&bench, one), reused(&bench, two)), (Some(false), Some(false)));
    let three = bench.connect("p");
    assert_eq!(reused(&bench, three), Some(true));
}

#[test]
fn a_command_budget_replaces_the_session_between_pipelines() {
    let mut profile = super::bench::profile("p", "a", None);
    profile.lifetimes.max_commands = Some(3);
    let mut bench = Bench::new(vec![profile]);
    let held = bench.shared("p");
    for _ in 0..7 {
        let turn = bench.turn(held);
        bench.done(turn);
    }
    assert_eq!(bench.opens().len(), 3);
    assert!(bench.closes().iter().all(|(_, cause)| *cause == CloseCause::Worn));
}

#[test]
fn a_turn_that_wants_one_session_waits_for_that_and_for_no_other() {
    let mut bench = Bench::alone(3);
    let (one, two, keyed) = (bench.shared("p"), bench.shared("p"), bench.shared("p"));
    let first = bench.turn(keyed);
    let only = bench.runs_on(first);
    bench.done(first);
    let long = bench.turn(one);
    assert_eq!(bench.runs_on(long), only);
    let other = bench.turn(two);
    bench.pass(3 * SECOND);
    assert_ne!(bench.runs_on(other), only);
    bench.done(other);
    let waiting = bench.turn_on(keyed, None, false, only);
    let told = bench.told(waiting);
    assert_eq!((told.position, told.blocked_by), (1, BlockedBy::Busy));
    assert_eq!(told.holders[0].lease, Some(one.lease));
    assert_eq!(bench.runs_on(waiting), None, "the free one will not do");
    bench.pass(10 * SECOND);
    assert_eq!(bench.opens().len(), 2, "and neither will another");
    bench.done(long);
    assert_eq!(bench.runs_on(waiting), only);
}

#[test]
fn a_turn_whose_only_session_goes_is_refused() {
    let mut bench = Bench::alone(3);
    let (one, keyed) = (bench.shared("p"), bench.shared("p"));
    let long = bench.turn(one);
    let only = bench.runs_on(long).unwrap();
    let waiting = bench.turn_on(keyed, None, false, Some(only));
    bench.send(Event::SessionLost {
        session: only,
        fate: Fate::Gone,
    });
    assert_eq!(bench.refusal(waiting), Some(Refusal::UnknownSession(only)));
    let late = bench.turn_on(keyed, None, false, Some(only));
    assert_eq!(bench.refusal(late), Some(Refusal::UnknownSession(only)));
}

#[test]
fn a_pipeline_within_one_that_waits_starts_together_with_it() {
    let mut bench = Bench::alone(1);
    let (one, two, three) = (bench.shared("p"), bench.shared("p"), bench.shared("p"));
    let running = bench.turn(one);
    let around = bench.turn(two);
    let third = bench.turn(three);
    let within = bench.turn_as(two, None, true);
    bench.done(running);
    assert_eq!(bench.runs_on(around), Some(bench.opens()[0]));
    assert_eq!(bench.runs_on(within), Some(bench.opens()[0]));
    assert_eq!(bench.runs_on(third), None);
    bench.done(around);
    assert_eq!(bench.runs_on(third), None, "the turn is kept by what runs within");
    bench.done(within);
    assert_eq!(bench.runs_on(third), Some(bench.opens()[0]));
}
