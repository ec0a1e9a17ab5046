//! What happens to a session in the field: a lid that is shut, an address that changes, an answer that never comes.

use std::time::Duration;

use bytes::Bytes;
use runspace::{Cause, Event, Notice, Operation, Outcome, Proof, Remains};

use crate::world::{Fate, World};

const NIGHT: Duration = Duration::from_secs(8 * 3600);

fn started(world: &mut World, command: &str) -> uuid::Uuid {
    let id = world.start(1, command, false);
    world.run_until(|event| matches!(event, Event::Started { .. }));
    world.run_for(Duration::from_secs(1));
    id
}

fn input(world: &mut World, id: uuid::Uuid, text: &str) {
    let body = Bytes::from(format!("<S>{text}</S>"));
    world.submit(Operation::Input { pipeline: id, body });
}

#[test]
fn after_a_sleep_the_session_goes_on_where_the_server_kept_it() {
    let mut world = World::opened();
    let id = started(&mut world, "Echo");
    // Everything that was under way is long over when the machine wakes.
    world.now += NIGHT;
    world.run_for(Duration::from_secs(1));
    input(&mut world, id, "morning");
    world.submit(Operation::EndInput { pipeline: id });
    let outcome = world.ended(id);
    assert!(matches!(outcome, Outcome::Completed), "{outcome:?}");
    assert_eq!(world.outputs(id), ["<S>morning</S>"]);
    assert_eq!(world.service.ran[&id], 1);
}

#[test]
fn after_a_sleep_a_session_that_idled_out_is_lost_with_proof() {
    let mut world = World::opened();
    let id = started(&mut world, "Sleep");
    world.service.kill();
    world.now += NIGHT;
    let outcome = world.ended(id);
    assert!(
        matches!(outcome, Outcome::Incomplete(_)),
        "it ran, and nobody knows how far: {outcome:?}"
    );
    let at = world.run_until(|event| matches!(event, Event::Broken { .. }));
    let Event::Broken { shell, .. } = &world.events[at] else {
        unreachable!("it was looked for")
    };
    assert_eq!(*shell, Remains::Nothing(Proof::NotFound));
}

#[test]
fn after_a_change_of_address_not_found_is_another_servers_word() {
    let mut world = World::opened();
    let id = started(&mut world, "Sleep");
    // Another back end answers, which has never heard of the shell, and the cookie that led to ours is gone.
    world.affinity = false;
    world.service.kill();
    let outcome = world.ended(id);
    assert!(matches!(outcome, Outcome::Incomplete(_)), "{outcome:?}");
    let at = world.run_until(|event| matches!(event, Event::Broken { .. }));
    let Event::Broken { cause, shell } = &world.events[at] else {
        unreachable!("it was looked for")
    };
    assert!(matches!(cause, Cause::ShellLost { proven: false, .. }), "{cause}");
    assert_eq!(
        *shell,
        Remains::Shell {
            created: true,
            running: true
        },
        "it still holds its slot"
    );
}

#[test]
fn input_whose_arrival_is_unknown_is_not_sent_again_and_its_pipeline_is_incomplete() {
    for fate in [Fate::LostBack, Fate::LostThere, Fate::Damaged] {
        let mut world = World::opened();
        let id = started(&mut world, "Echo");
        world.fate("Send", [fate]);
        input(&mut world, id, "once");
        let outcome = world.ended(id);
        assert!(matches!(outcome, Outcome::Incomplete(_)), "{fate:?}: {outcome:?}");
        assert!(world.outputs(id).len() <= 1, "{fate:?}: it was taken twice");
        assert_eq!(world.posted["Send"], 1, "{fate:?}");
    }
}

#[test]
fn input_that_provably_did_not_arrive_is_sent_again() {
    for fate in [Fate::NotSent, Fate::Busy] {
        let mut world = World::opened();
        let id = started(&mut world, "Echo");
        world.fate("Send", [fate]);
        input(&mut world, id, "once");
        world.submit(Operation::EndInput { pipeline: id });
        let outcome = world.ended(id);
        assert!(matches!(outcome, Outcome::Completed), "{fate:?}: {outcome:?}");
        assert_eq!(world.outputs(id), ["<S>once</S>"], "{fate:?}");
    }
}

#[test]
fn an_end_of_input_whose_arrival_is_unknown_is_sent_again_since_a_second_one_does_no_harm() {
    for fate in [Fate::LostBack, Fate::LostThere, Fate::Damaged] {
        let mut world = World::opened();
        let id = started(&mut world, "Echo");
        world.fate("Send", [fate]);
        world.submit(Operation::EndInput { pipeline: id });
        let outcome = world.ended(id);
        assert!(matches!(outcome, Outcome::Completed), "{fate:?}: {outcome:?}");
    }
}

#[test]
fn a_busy_front_end_in_the_middle_costs_time_and_nothing_else() {
    let mut world = World::opened();
    for verb in ["Command", "Receive", "Send", "Signal"] {
        world.fate(verb, [Fate::Busy]);
    }
    let id = world.start(1, "Echo", false);
    input(&mut world, id, "x");
    world.submit(Operation::EndInput { pipeline: id });
    let outcome = world.ended(id);
    assert!(matches!(outcome, Outcome::Completed), "{outcome:?}");
    assert_eq!(world.outputs(id), ["<S>x</S>"]);
    assert_eq!(world.service.ran[&id], 1);
}

#[test]
fn a_pipeline_that_runs_for_hours_and_says_nothing_is_no_silence() {
    let mut world = World::opened();
    let id = started(&mut world, "Echo");
    world.run_for(Duration::from_secs(3 * 3600));
    let silent = |event: &Event| matches!(event, Event::Notice(Notice::NoAnswer { .. }));
    assert!(
        !world.events.iter().any(silent),
        "the server answers each Receive in time"
    );
    world.submit(Operation::EndInput { pipeline: id });
    assert!(matches!(world.ended(id), Outcome::Completed));
}

#[test]
fn a_close_that_comes_before_the_answer_to_a_disconnect_or_reconnect_stands() {
    for (seed, disconnected) in (0..20).flat_map(|seed| [(seed, false), (seed, true)]) {
        let mut world = World::opened();
        // Other delays each time.
        for _ in 0..seed {
            world.roll(2);
        }
        world.submit(Operation::Disconnect { idle_timeout: None });
        if disconnected {
            world.run_until(|event| matches!(event, Event::Disconnected));
            world.submit(Operation::Reconnect);
        }
        let told = world.events.len();
        world.submit(Operation::Close);
        world.run_until(|event| matches!(event, Event::Closed { .. }));
        let after = &world.events[told..];
        let is_taken = |event: &Event| matches!(event, Event::Disconnected | Event::Reattached { .. });
        assert!(!after.iter().any(is_taken), "{after:?}");
    }
}
