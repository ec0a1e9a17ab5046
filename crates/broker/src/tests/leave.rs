//! The daemon is replaced: sessions that may be left are, and everybody else's end as ever.

use std::time::Duration;

use super::bench::{Bench, SECOND, limited, profile};
use crate::{Action, CloseCause, EndCause, Entry, Event, Mode, Refusal, SessionId, SessionState, StopCause};

fn bench(leave: bool) -> Bench {
    let mut one = limited(profile("p", "kenmyer@litwareinc.com", None), 2, 0);
    one.lifetimes.leave = leave;
    Bench::new(vec![one])
}

fn shut_down(bench: &mut Bench) {
    bench.send(Event::Shutdown {
        deadline: bench.now + 30 * SECOND,
        leave: true,
    });
}

fn done(bench: &Bench) -> Option<(u32, Vec<SessionId>, Vec<SessionId>)> {
    bench.log.iter().find_map(|(_, action)| match action {
        Action::ShutdownDone { closed, kept, left } => Some((*closed, kept.clone(), left.clone())),
        _ => None,
    })
}

fn drain(bench: &mut Bench, within: Duration) -> crate::RequestId {
    let request = bench.next_request();
    bench.send(Event::Drain {
        request,
        profile: "p".into(),
        deadline: bench.now + within,
        leave: true,
    });
    request
}

#[test]
fn sessions_and_their_leases_outlast_the_daemon() {
    let mut bench = bench(true);
    let (shared, bound) = (bench.shared("p"), bench.exclusive("p"));
    let turn = bench.turn(bound);
    bench.done(turn);
    let turn = bench.turn(shared);
    bench.done(turn);
    bench.exclusive("p");
    let waiter = bench.acquire("p", Mode::Fresh);
    shut_down(&mut bench);
    assert_eq!(bench.refusal(waiter), Some(Refusal::Stopping));
    assert_eq!((bench.ended(shared.lease), bench.ended(bound.lease)), (None, None));
    let (closed, kept, left) = done(&bench).expect("it is over");
    assert_eq!((closed, kept.len(), left.len()), (0, 2, 0));
    assert_eq!(bench.closes(), []);
    let recorded = |session: SessionId| {
        bench.log.iter().any(|(_, action)| {
            matches!(action, Action::Record { entry: Entry::Left { session: left }, .. } if *left == session)
        })
    };
    assert!(kept.into_iter().all(recorded));
    let snapshot = bench.broker.snapshot(bench.now);
    assert!(snapshot.sessions.iter().all(|one| one.state == SessionState::Left));
}

#[test]
fn where_none_may_be_left_all_are_closed_and_shared_leases_go_on() {
    let mut bench = bench(false);
    let (shared, bound) = (bench.shared("p"), bench.exclusive("p"));
    shut_down(&mut bench);
    assert_eq!(bench.ended(bound.lease), Some(EndCause::Shutdown));
    assert_eq!(bench.ended(shared.lease), None);
    assert_eq!(done(&bench), Some((1, vec![], vec![])));
}

#[test]
fn what_runs_is_stopped_before_its_session_is_left() {
    let mut bench = bench(true);
    let bound = bench.exclusive("p");
    let turn = bench.turn(bound);
    shut_down(&mut bench);
    assert_eq!(bench.stops(), [(turn, StopCause::Shutdown)]);
    assert_eq!(done(&bench), None);
    bench.done(turn);
    assert_eq!(done(&bench), Some((0, vec![bound.session.unwrap()], vec![])));
}

#[test]
fn a_session_that_is_nobodys_and_not_clean_is_closed() {
    let mut bench = bench(true);
    let bound = bench.exclusive("p");
    let turn = bench.turn(bound);
    shut_down(&mut bench);
    // Its owner dies while it is being stopped.
    bench.send(Event::End {
        lease: bound.lease,
        cause: EndCause::Stream,
    });
    bench.done(turn);
    assert_eq!(bench.closes(), [(bound.session.unwrap(), CloseCause::Dirty)]);
    assert_eq!(done(&bench), Some((1, vec![], vec![])));
}

#[test]
fn a_server_that_does_not_let_it_be_left_has_it_closed() {
    let mut bench = bench(true);
    let bound = bench.exclusive("p");
    bench.leaves_hang = true;
    shut_down(&mut bench);
    assert_eq!(done(&bench), None);
    bench.send(Event::NotLeft {
        session: bound.session.unwrap(),
    });
    assert_eq!(bench.ended(bound.lease), Some(EndCause::SessionLost));
    assert_eq!(done(&bench), Some((1, vec![], vec![])));
}

#[test]
fn one_that_nothing_was_heard_of_is_kept_for_the_next_to_look() {
    let mut bench = bench(true);
    let bound = bench.exclusive("p");
    bench.leaves_hang = true;
    shut_down(&mut bench);
    bench.pass(30 * SECOND);
    assert_eq!(done(&bench), Some((0, vec![bound.session.unwrap()], vec![])));
    assert_eq!(bench.closes(), []);
}

#[test]
fn a_drain_that_leaves_waits_for_what_runs_and_closes_nothing() {
    let mut bench = bench(true);
    let (shared, bound) = (bench.shared("p"), bench.exclusive("p"));
    let turn = bench.turn(shared);
    let request = drain(&mut bench, 10 * SECOND);
    let drained = |bench: &Bench| {
        let answers = bench.answers(request);
        let named_none = |action: &&Action| matches!(action, Action::Drained { left, .. } if left.is_empty());
        answers.iter().any(named_none)
    };
    assert!(!drained(&bench));
    bench.pass(11 * SECOND);
    assert_eq!(bench.stops(), [(turn, StopCause::Shutdown)]);
    bench.done(turn);
    assert!(drained(&bench));
    assert_eq!(bench.closes(), []);
    assert_eq!(bench.ended(bound.lease), None);
    // A lease that is asked for waits: nothing begins.
    let late = bench.acquire("p", Mode::Exclusive);
    assert_eq!(bench.granted(late), None);
    shut_down(&mut bench);
    assert_eq!(done(&bench).map(|(_, kept, _)| kept.len()), Some(2));
}

#[test]
fn a_session_of_an_earlier_run_is_as_old_and_as_worn_as_it_was() {
    let mut one = limited(profile("p", "kenmyer@litwareinc.com", None), 3, 0);
    one.lifetimes.max_age = Some(1000 * SECOND);
    one.lifetimes.max_commands = Some(10);
    let scopes = one.scopes.clone();
    let mut bench = Bench::new(vec![one]);
    let restored = |session, age, commands| Event::Restored {
        session: SessionId(session),
        shell: crate::ShellId(session.into()),
        profile: "p".into(),
        scopes: scopes.clone(),
        identity: "https://demo/".to_owned(),
        dirty: false,
        age,
        commands,
    };
    for event in [
        restored(1, 1001 * SECOND, 3),
        restored(2, SECOND, 10),
        restored(3, SECOND, 3),
    ] {
        bench.send(event);
    }
    for session in [1, 2, 3] {
        bench.opened(SessionId(session));
    }
    let closed: Vec<_> = bench.closes();
    assert_eq!(
        closed,
        [(SessionId(1), CloseCause::Worn), (SessionId(2), CloseCause::Worn)]
    );
    let snapshot = bench.broker.snapshot(bench.now);
    assert_eq!((snapshot.sessions[0].commands, snapshot.sessions[0].age), (3, SECOND));
}

#[test]
fn a_pipeline_waits_a_moment_for_a_session_that_is_being_found_again() {
    let mut bench = bench(true);
    let scopes = profile("p", "kenmyer@litwareinc.com", None).scopes;
    bench.send(Event::Restored {
        session: SessionId(7),
        shell: crate::ShellId(7),
        profile: "p".into(),
        scopes,
        identity: "https://demo/".to_owned(),
        dirty: false,
        age: SECOND,
        commands: 0,
    });
    let shared = bench.shared("p");
    let turn = bench.turn(shared);
    assert_eq!(bench.blocked_by(turn), crate::BlockedBy::Opening);
    bench.pass(SECOND);
    assert_eq!(bench.used(), 1, "nothing was opened beside it");
    bench.opened(SessionId(7));
    assert_eq!(bench.runs_on(turn), Some(SessionId(7)));
}

#[test]
fn whoever_cannot_wait_for_its_return_gets_another() {
    for (wait, pass) in [(Some(Duration::ZERO), Duration::ZERO), (None, 3 * SECOND)] {
        let mut bench = bench(true);
        bench.send(Event::Restored {
            session: SessionId(7),
            shell: crate::ShellId(7),
            profile: "p".into(),
            scopes: profile("p", "kenmyer@litwareinc.com", None).scopes,
            identity: "https://demo/".to_owned(),
            dirty: false,
            age: SECOND,
            commands: 0,
        });
        let shared = bench.shared("p");
        let turn = bench.turn_as(shared, wait, false);
        bench.pass(pass);
        assert_eq!(bench.runs_on(turn), Some(SessionId(8)));
    }
}
