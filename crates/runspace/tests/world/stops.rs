//! A pipeline's stop: the signal, what it waits for and what not, and what becomes of a pipeline that is deaf to it.

use std::time::Duration;

use bytes::Bytes;
use runspace::{Cause, Event, InvocationState, Operation, Outcome, Proof, Remains};

use crate::world::{Fate, World};
use crate::{close, notices};

#[test]
fn a_stop_is_a_signal_and_comes_back_as_stopped() {
    let mut world = World::opened();
    let id = world.start(1, "Sleep", true);
    // At once: it must wait for the CommandResponse by itself.
    world.submit(Operation::Stop { pipeline: id });
    world.submit(Operation::Stop { pipeline: id });
    assert!(matches!(world.ended(id), Outcome::Stopped));
    assert_eq!(world.states(id), [InvocationState::Stopped]);
    assert_eq!(world.posted["Signal"], 2, "one stop, one Terminate");
}

#[test]
fn a_stop_waits_for_no_other_request() {
    let mut world = World::opened();
    let id = world.start(1, "Sleep", true);
    world.run_for(Duration::from_secs(1));
    world.fate("Command", [Fate::Swallowed]);
    world.start(2, "Sleep", true);
    world.run_for(Duration::from_secs(1));
    let began = world.now;
    world.submit(Operation::Stop { pipeline: id });
    assert!(matches!(world.ended(id), Outcome::Stopped));
    assert!(world.now.since(began) < Duration::from_secs(1));
}

#[test]
fn a_stop_waits_for_no_input_that_the_server_leaves_lying() {
    let mut world = World::opened();
    let id = world.start(1, "Sleep", false);
    world.run_for(Duration::from_secs(1));
    world.fate("Send", [Fate::Swallowed]);
    // More than one Send takes: the object is begun, and its rest waits.
    let body = Bytes::from(vec![b'x'; 2_000_000]);
    world.submit(Operation::Input { pipeline: id, body });
    world.run_for(Duration::from_secs(1));
    let began = world.now;
    world.submit(Operation::Stop { pipeline: id });
    world.run_until(|event| matches!(event, Event::State { .. }));
    assert!(world.now.since(began) < Duration::from_secs(1));
    assert!(matches!(world.ended(id), Outcome::Stopped));
    assert_eq!(world.posted["Send"], 1, "nobody takes the rest");
}

#[test]
fn a_stop_before_anything_was_sent_sends_nothing() {
    let mut world = World::opened();
    let first = world.start(1, "Sleep", true);
    let second = world.start(2, "Sleep", true);
    world.submit(Operation::Stop { pipeline: second });
    assert!(matches!(world.ended(second), Outcome::Stopped));
    world.submit(Operation::Stop { pipeline: first });
    assert!(matches!(world.ended(first), Outcome::Stopped));
    assert!(!world.service.ran.contains_key(&second));
}

#[test]
fn a_pipeline_deaf_to_a_stop_is_terminated_after_ten_seconds() {
    let mut world = World::opened();
    let id = world.start(1, "Deaf", true);
    world.run_for(Duration::from_secs(1));
    let began = world.now;
    world.submit(Operation::Stop { pipeline: id });
    let outcome = world.ended(id);
    assert!(matches!(outcome, Outcome::Incomplete(Cause::Terminated)), "{outcome:?}");
    let took = world.now.since(began).as_secs();
    assert!((10..=12).contains(&took), "{took}");
    assert_eq!(notices(&world).len(), 1);
    let next = world.start(2, "Emit-1-1", true);
    assert!(
        matches!(world.ended(next), Outcome::Completed),
        "the session is of use again"
    );
}

#[test]
fn a_pipeline_that_nothing_ends_breaks_the_pool_after_twenty_seconds_and_delete_ends_it() {
    let mut world = World::opened();
    let id = world.start(1, "Stuck", true);
    world.run_for(Duration::from_secs(1));
    let began = world.now;
    world.submit(Operation::Stop { pipeline: id });
    assert!(matches!(world.ended(id), Outcome::Incomplete(Cause::Terminated)));
    let at = world.run_until(|event| matches!(event, Event::Broken { .. }));
    let Event::Broken { cause, shell } = &world.events[at] else {
        unreachable!()
    };
    assert!(matches!(cause, Cause::WouldNotStop { .. }));
    assert_eq!(
        *shell,
        Remains::Shell {
            created: true,
            running: true
        }
    );
    assert_eq!(world.now.since(began).as_secs(), 20);
    // The lane still has the Terminate that is never answered: the Delete does not wait for it.
    assert_eq!(close(&mut world), Proof::Deleted);
    assert_eq!(world.now.since(began).as_secs(), 20);
}
