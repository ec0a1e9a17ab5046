//! The machine against a service in memory, in virtual time, over a network that loses things.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod random;
mod robust;
mod service;
mod stops;
mod world;

use std::time::Duration;

use bytes::Bytes;
use runspace::{Cause, Event, InvocationState, MessageType, Notice, Operation, Outcome, Proof, Remains};
use uuid::Uuid;
use world::{Fate, World};

fn notices(world: &World) -> Vec<String> {
    let notice = |event: &Event| match event {
        Event::Notice(notice) => Some(notice.to_string()),
        _ => None,
    };
    world.events.iter().filter_map(notice).collect()
}

fn close(world: &mut World) -> Proof {
    world.submit(Operation::Close);
    let at = world.run_until(|event| matches!(event, Event::Closed { .. } | Event::CloseFailed { .. }));
    match &world.events[at] {
        Event::Closed { proof } => *proof,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_pool_opens_with_what_the_server_says_of_it() {
    let mut world = World::opened();
    let Some(Event::Opened(opened)) = world.events.iter().find(|event| matches!(event, Event::Opened(_))) else {
        panic!("not opened")
    };
    assert_eq!(opened.protocol, "2.3");
    assert_eq!(opened.idle_timeout, Some(Duration::from_secs(900)));
    let kept = opened.kept.clone().unwrap();
    assert_eq!(kept.shell_id, "spelt-by-the-server");
    assert!(kept.resource_uri.ends_with("/returned"));
    assert_eq!(kept.protocol.as_deref(), Some("2.3"));
    assert_eq!(world.uris[0], "https://server/powershell?PSVersion=5.1.19041.1");
    assert_eq!(close(&mut world), Proof::Deleted);
    assert!(!world.service.has_shell());
}

#[test]
fn a_pipeline_gives_everything_in_order_and_ends_when_terminated() {
    let mut world = World::opened();
    let id = world.start(1, "Emit-500-3000", true);
    assert!(matches!(world.ended(id), Outcome::Completed));
    let outputs = world.outputs(id);
    assert_eq!(outputs.len(), 500);
    assert!(
        outputs
            .iter()
            .enumerate()
            .all(|(n, body)| body.starts_with(&format!("<S>{n:08}x")) && body.len() == 3015)
    );
    assert_eq!(world.states(id), [InvocationState::Completed]);
    assert_eq!(
        world.service.requests.iter().filter(|verb| **verb == "Signal").count(),
        1,
        "Terminate, always"
    );
    assert_eq!(world.service.requests.last(), Some(&"Signal"));
}

#[test]
fn the_pools_receive_stays_parked_and_is_posted_again() {
    let mut world = World::opened();
    let before = world.posted["Receive"];
    world.run_for(Duration::from_secs(65));
    assert_eq!(world.posted["Receive"], before + 3, "every 20 s");
    assert!(notices(&world).is_empty());
    world
        .service
        .announce(MessageType::UserEvent, Bytes::from_static(b"<S>event</S>"));
    let at = world.run_until(|event| matches!(event, Event::Piece { pipeline: None, .. }));
    let Event::Piece { piece, .. } = &world.events[at] else {
        unreachable!()
    };
    assert!(piece.first && piece.last && piece.kind == MessageType::UserEvent && piece.bytes == "<S>event</S>");
}

#[test]
fn input_goes_in_order_and_comes_back() {
    let mut world = World::opened();
    let pipeline = world.start(1, "Echo", false);
    for n in 0..200 {
        let body = Bytes::from(format!("<S>{n:05}{}</S>", "y".repeat(n * 50)));
        world.submit(Operation::Input { pipeline, body });
    }
    world.submit(Operation::EndInput { pipeline });
    assert!(matches!(world.ended(pipeline), Outcome::Completed));
    let outputs = world.outputs(pipeline);
    assert!(
        outputs
            .iter()
            .enumerate()
            .all(|(n, body)| body.starts_with(&format!("<S>{n:05}")))
    );
    assert_eq!(outputs.len(), 200);
    assert!(
        world.posted["Send"] < 20,
        "many small objects share a Send: {}",
        world.posted["Send"]
    );
}

#[test]
fn a_message_larger_than_an_envelope_is_cut_and_envelopes_grow_with_the_version() {
    for (protocol, small) in [(psrp::body::V2_3, false), (psrp::body::V2_1, true)] {
        let mut world = World::new(1);
        world.service.protocol = protocol;
        world.submit(Operation::Open);
        world.run_until(|event| matches!(event, Event::Opened(_)));
        let command = format!("Emit-1-1-{}", "z".repeat(2_000_000));
        let id = world.start(1, &command, true);
        assert!(matches!(world.ended(id), Outcome::Completed));
        let largest = world.service.largest;
        if small {
            assert!((150_000..=153_600).contains(&largest), "{largest}");
        } else {
            assert!((500_000..=512_000).contains(&largest), "{largest}");
        }
    }
}

#[test]
fn a_question_is_answered_on_its_own_stream() {
    let mut world = World::opened();
    let pipeline = world.start(1, "Ask", true);
    world.run_until(|event| matches!(event, Event::Piece { piece, .. } if piece.kind == MessageType::PipelineHostCall));
    world.submit(Operation::HostResponse {
        pipeline: Some(pipeline),
        body: Bytes::from_static(b"<S>answer</S>"),
    });
    assert!(matches!(world.ended(pipeline), Outcome::Completed));
    assert_eq!(world.outputs(pipeline), ["<S>answer</S>"]);
}

#[test]
fn a_reader_that_takes_nothing_holds_up_its_own_pipeline_only() {
    let mut world = World::opened();
    world.taking = false;
    let id = world.start(1, "Emit-5000-3000", true);
    world.run_for(Duration::from_secs(600));
    let held = world.held(id);
    assert!((1 << 20..(1 << 20) + 600_000).contains(&held), "{held}");
    let other = world.start(2, "Emit-3-10", true);
    assert!(matches!(world.ended(other), Outcome::Completed), "nested, say");
    world.taking = true;
    world.submit(Operation::Taken {
        pipeline: id,
        bytes: held,
    });
    assert!(matches!(world.ended(id), Outcome::Completed));
    assert_eq!(world.outputs(id).len(), 5000);
}

#[test]
fn tiny_objects_count_for_what_keeps_them() {
    let mut world = World::opened();
    world.taking = false;
    let id = world.start(1, "Emit-30000-1", true);
    world.run_for(Duration::from_secs(600));
    assert!(world.held(id) >= 1 << 20);
    let objects = world.outputs(id).len();
    assert!(objects < 15_000, "{objects} of one byte, against a budget of 1 MiB");
}

#[test]
fn silence_is_told_once_and_its_end_too() {
    let mut world = World::opened();
    world.fate("Command", [Fate::Swallowed]);
    let id = world.start(1, "Emit-1-1", true);
    world.run_for(Duration::from_secs(14));
    assert!(notices(&world).is_empty());
    world.run_for(Duration::from_secs(2));
    assert_eq!(notices(&world)[0], "no answer from server for 15 s");
    assert!(matches!(world.ended(id), Outcome::Unknown(_)), "it may have run");
    assert!(notices(&world).iter().any(|notice| notice == "server answers again"));
    assert!(!world.service.ran.contains_key(&id));
}

#[test]
fn a_create_that_hangs_is_told_after_ten_seconds_and_given_up_after_180() {
    let mut world = World::new(1);
    world.service.silent_create = true;
    world.submit(Operation::Open);
    world.run_for(Duration::from_secs(11));
    let told = |event: &Event| matches!(event, Event::Notice(Notice::CreateUnanswered { .. }));
    assert_eq!(world.events.iter().filter(|event| told(event)).count(), 1);
    let at = world.run_until(|event| matches!(event, Event::OpenFailed { .. }));
    let Event::OpenFailed { cause, shell } = &world.events[at] else {
        unreachable!()
    };
    assert!(matches!(cause, Cause::NoAnswer { .. }), "{cause}");
    assert_eq!(
        *shell,
        Remains::Shell {
            created: false,
            running: false
        },
        "it may have been created all the same"
    );
    assert_eq!(world.now.since_epoch().as_secs(), 180);
    // "Shell not found" proves nothing for a shell whose CreateResponse was never seen.
    world.submit(Operation::Close);
    let at = world.run_until(|event| matches!(event, Event::Closed { .. } | Event::CloseFailed { .. }));
    assert!(matches!(
        &world.events[at],
        Event::CloseFailed {
            cause: Cause::ShellLost { proven: false, .. }
        }
    ));
}

#[test]
fn what_a_failed_open_leaves_is_said_exactly() {
    for (fate, remains) in [
        (Fate::NotSent, Remains::Nothing(Proof::NeverCreated)),
        (Fate::Busy, Remains::Nothing(Proof::NeverCreated)),
        (
            Fate::LostThere,
            Remains::Shell {
                created: false,
                running: false,
            },
        ),
        (
            Fate::LostBack,
            Remains::Shell {
                created: false,
                running: false,
            },
        ),
        (
            Fate::Damaged,
            Remains::Shell {
                created: false,
                running: false,
            },
        ),
    ] {
        let mut world = World::new(1);
        world.fate("Create", [fate]);
        world.submit(Operation::Open);
        let at = world.run_until(|event| matches!(event, Event::OpenFailed { .. }));
        let Event::OpenFailed { shell, .. } = &world.events[at] else {
            unreachable!()
        };
        assert_eq!(*shell, remains, "{fate:?}");
        assert_eq!(world.posted["Create"], 1, "a Create is never sent twice");
    }
    let mut world = World::new(1);
    world.service.quota = true;
    world.submit(Operation::Open);
    let at = world.run_until(|event| matches!(event, Event::OpenFailed { .. }));
    let Event::OpenFailed {
        cause: Cause::Fault { fault, .. },
        shell,
    } = &world.events[at]
    else {
        panic!("no fault")
    };
    assert_eq!(fault.kind, wsman::FaultKind::ShellsPerUser);
    assert_eq!(*shell, Remains::Nothing(Proof::NeverCreated));
}

#[test]
fn a_shell_whose_create_answer_was_lost_is_found_by_its_id_only_if_the_server_kept_it() {
    let mut world = World::new(1);
    world.fate("Create", [Fate::LostBack]);
    world.submit(Operation::Open);
    world.run_until(|event| matches!(event, Event::OpenFailed { .. }));
    assert!(world.service.has_shell());
    // This service gave it another id, which nobody knows: so nothing is proven, and it stays in the books.
    world.submit(Operation::Close);
    let at = world.run_until(|event| matches!(event, Event::Closed { .. } | Event::CloseFailed { .. }));
    assert!(matches!(&world.events[at], Event::CloseFailed { .. }));
}

#[test]
fn a_redirect_is_the_drivers_to_judge() {
    let mut world = World::new(1);
    world.service.redirect = Some("/elsewhere?x=1".to_owned());
    world.submit(Operation::Open);
    let at = world.run_until(|event| matches!(event, Event::Redirected { .. }));
    let Event::Redirected { to, .. } = &world.events[at] else {
        unreachable!()
    };
    assert_eq!(to, "https://server/elsewhere?x=1");
    let uri = to.clone();
    world.run_for(Duration::from_secs(5));
    assert_eq!(world.posted["Create"], 1, "nothing goes there by itself");
    world.submit(Operation::Follow { uri });
    world.run_until(|event| matches!(event, Event::Opened(_)));
    assert!(
        world.uris[1..]
            .iter()
            .all(|uri| uri == "https://server/elsewhere?x=1;PSVersion=5.1.19041.1")
    );

    let mut world = World::new(1);
    world.service.redirect = Some("https://evil.example.com/".to_owned());
    world.submit(Operation::Open);
    world.run_until(|event| matches!(event, Event::Redirected { .. }));
    world.submit(Operation::Refuse {
        why: "that host is not allowed".to_owned(),
    });
    let at = world.run_until(|event| matches!(event, Event::OpenFailed { .. }));
    let Event::OpenFailed { shell, .. } = &world.events[at] else {
        unreachable!()
    };
    assert_eq!(*shell, Remains::Nothing(Proof::NeverCreated));
}

#[test]
fn a_log_on_refused_in_the_middle_stops_everything_until_there_is_another() {
    let mut world = World::opened();
    let before = world.start(1, "Emit-10-10", true);
    assert!(matches!(world.ended(before), Outcome::Completed));
    world.service.refuse_log_on = true;
    let id = world.start(2, "Emit-10-10", true);
    world.run_until(|event| matches!(event, Event::AuthNeeded { .. }));
    world.run_for(Duration::from_secs(30));
    let requests = world.service.requests.len();
    world.run_for(Duration::from_secs(600));
    assert_eq!(
        world.service.requests.len(),
        requests,
        "nothing is sent with a refused secret"
    );
    assert_eq!(
        world
            .events
            .iter()
            .filter(|event| matches!(event, Event::AuthNeeded { .. }))
            .count(),
        1
    );
    world.service.refuse_log_on = false;
    world.submit(Operation::Resume);
    assert!(matches!(world.ended(id), Outcome::Completed));
    assert_eq!(world.outputs(id).len(), 10);
}

#[test]
fn a_command_is_never_sent_twice_unless_it_provably_did_not_arrive() {
    for (fate, runs) in [
        (Fate::NotSent, 1),
        (Fate::Busy, 1),
        (Fate::LostBack, 1),
        (Fate::Damaged, 1),
        (Fate::LostThere, 0),
    ] {
        let mut world = World::opened();
        world.fate("Command", [fate]);
        let id = world.start(1, "Emit-10-10", true);
        let outcome = world.ended(id);
        assert_eq!(world.service.ran.get(&id).copied().unwrap_or(0), runs, "{fate:?}");
        if runs == 1 {
            assert!(matches!(outcome, Outcome::Completed), "{fate:?}: {outcome:?}");
            assert_eq!(world.outputs(id).len(), 10);
        } else {
            assert!(matches!(outcome, Outcome::Unknown(_)), "{fate:?}: {outcome:?}");
        }
    }
}

#[test]
fn a_lost_answer_to_a_receive_is_told() {
    for fate in [Fate::LostBack, Fate::Damaged] {
        let mut world = World::opened();
        let id = world.start(1, "Echo", false);
        world.run_until(|event| matches!(event, Event::Started { .. }));
        world.run_for(Duration::from_secs(1));
        // The one that is parked now will be answered in good order; the next one is lost.
        world.fate("Receive", [fate]);
        for n in 0..3 {
            let body = Bytes::from(format!("<S>{n}</S>"));
            world.submit(Operation::Input { pipeline: id, body });
            world.run_for(Duration::from_secs(2));
        }
        world.submit(Operation::EndInput { pipeline: id });
        let outcome = world.ended(id);
        assert_eq!(world.outputs(id).len(), 2, "{fate:?}");
        assert!(
            matches!(outcome, Outcome::Incomplete(Cause::ObjectsLost { .. })),
            "{fate:?}: {outcome:?}"
        );
    }
}

#[test]
fn a_receive_that_did_not_arrive_loses_nothing() {
    for fate in [Fate::NotSent, Fate::LostThere, Fate::Busy, Fate::Swallowed] {
        let mut world = World::opened();
        world.fate("Receive", [fate, fate, Fate::Good, fate]);
        let id = world.start(1, "Emit-100-3000", true);
        let outcome = world.ended(id);
        assert!(matches!(outcome, Outcome::Completed), "{fate:?}: {outcome:?}");
        assert_eq!(world.outputs(id).len(), 100, "{fate:?}");
    }
}

#[test]
fn what_sends_more_than_the_asker_allows_is_ended_and_the_option_is_named() {
    let all = "MaximumReceivedDataSizePerCommand";
    let one = "MaximumReceivedObjectSize";
    for (wanted, command) in [(all, "Emit-100-3000"), (one, "Emit-3-60000")] {
        let mut world = World::with(|pool| match wanted {
            "MaximumReceivedObjectSize" => pool.largest_object = Some(50_000),
            _ => pool.most_per_command = Some(50_000),
        });
        let small = world.start(1, "Emit-10-1000", true);
        assert!(matches!(world.ended(small), Outcome::Completed));
        let large = world.start(2, command, true);
        let outcome = world.ended(large);
        assert!(
            matches!(
                outcome,
                Outcome::Incomplete(Cause::OverLimit { option, limit: 50_000 }) if option == wanted
            ),
            "{outcome:?}"
        );
        let Outcome::Incomplete(cause) = outcome else {
            unreachable!()
        };
        assert!(cause.to_string().contains(wanted), "{cause}");
        // The session is none the worse for it.
        let again = world.start(3, "Emit-10-1000", true);
        assert!(matches!(world.ended(again), Outcome::Completed));
        assert_eq!(world.outputs(again).len(), 10);
    }
}

#[test]
fn a_connection_is_tried_again_as_often_as_the_asker_says() {
    for (retries, tries, ends) in [(Some(2), 2, false), (Some(2), 3, true), (None, 8, false)] {
        let mut world = World::with(|pool| pool.retries = retries);
        world.fate("Command", vec![Fate::NotSent; tries]);
        let id = world.start(1, "Emit-1-1", true);
        let outcome = world.ended(id);
        assert_eq!(!matches!(outcome, Outcome::Completed), ends, "{tries}: {outcome:?}");
    }
}

#[test]
fn a_shell_that_is_gone_is_gone_with_proof_and_what_did_not_begin_may_be_run_elsewhere() {
    let mut world = World::opened();
    world.service.kill();
    let id = world.start(1, "Emit-1-1", true);
    assert!(matches!(world.ended(id), Outcome::NotStarted(_)));
    let at = world.run_until(|event| matches!(event, Event::Broken { .. }));
    let Event::Broken { shell, .. } = &world.events[at] else {
        unreachable!()
    };
    assert_eq!(*shell, Remains::Nothing(Proof::NotFound));
    let late = world.start(2, "Emit-1-1", true);
    assert!(matches!(
        world.ended(late),
        Outcome::NotStarted(Cause::WrongTime { .. })
    ));
}

#[test]
fn close_ends_what_runs_first() {
    let mut world = World::opened();
    let one = world.start(1, "Sleep", true);
    let other = world.start(2, "Deaf", true);
    world.run_for(Duration::from_secs(1));
    let third = world.start(3, "Sleep", true);
    // A parked Receive may come back with the proof before the Delete's own answer does.
    assert!(matches!(close(&mut world), Proof::Deleted | Proof::NotFound));
    assert!(!world.service.has_shell());
    for id in [one, other, third] {
        let ends = |event: &&Event| matches!(event, Event::Ended { pipeline, .. } if *pipeline == id);
        assert_eq!(world.events.iter().filter(ends).count(), 1);
    }
}

#[test]
fn close_before_and_during_the_open_is_proven_too() {
    let mut world = World::new(1);
    assert_eq!(close(&mut world), Proof::NeverCreated);
    let mut world = World::new(1);
    world.submit(Operation::Open);
    assert_eq!(close(&mut world), Proof::Deleted, "the Create under way is waited for");
    assert!(!world.service.has_shell());
    let mut world = World::opened();
    world.fate("Delete", [Fate::LostBack, Fate::NotSent]);
    assert_eq!(
        close(&mut world),
        Proof::NotFound,
        "the second Delete finds nothing, with the session's own affinity"
    );
}

#[test]
fn a_delete_that_cannot_be_sent_fails_in_time_and_can_be_repeated() {
    let mut world = World::opened();
    world.fate("Delete", [Fate::NotSent; 30]);
    world.submit(Operation::Close);
    let began = world.now;
    world.run_until(|event| matches!(event, Event::CloseFailed { .. }));
    assert_eq!(world.now.since(began).as_secs(), 30);
    world.fates.clear();
    world.events.clear();
    assert_eq!(close(&mut world), Proof::Deleted);
}

#[test]
fn health_is_asked_with_get() {
    let mut world = World::opened();
    world.submit(Operation::Get);
    let at = world.run_until(|event| matches!(event, Event::Health { .. }));
    assert!(matches!(&world.events[at], Event::Health { state: Some(state) } if state == "Connected"));
    assert!(world.oldest() < Duration::from_secs(60));
    let nobody = Uuid::from_u128(99);
    world.submit(Operation::Stop { pipeline: nobody });
    world.submit(Operation::Taken {
        pipeline: nobody,
        bytes: 1,
    });
}
