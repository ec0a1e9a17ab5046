//! What passes a door between a console and its remote beside output: keys, resets, and pipelines within pipelines.

use std::time::Duration;

use bytes::Bytes;
use pipe::Packet;
use pslease_tests::{Came, Door, Endpoint, Home, eventually};
use psrp::MessageType;
use psrp::body::{
    Argument, Availability, Body as _, Command, CreatePipeline, InvocationState, PublicKey, ResetRunspaceState,
    RunspaceAvailability,
};
use serde_json::json;
use uuid::Uuid;

use super::doors::{enter, pipeline, sleep, tenant};

/// The next message of the pool's own.
fn of_pool(door: &mut Door) -> (MessageType, Bytes) {
    loop {
        match door.came() {
            Came::Message(of, message) if of.is_nil() => return (message.kind, message.body),
            Came::Message(..) | Came::Packet(_) => {}
            Came::End => panic!("the door closed"),
        }
    }
}

/// Sends a public key, of which nobody has the private half, and waits for what is sealed for it.
fn exchange_key(door: &mut Door) {
    let key = PublicKey {
        blob: format!("BgIAAACkAABSU0ExAAgAAAEAAQDF{}", "xcXF".repeat(85))
            .as_str()
            .into(),
    };
    door.send(None, &[(MessageType::PublicKey, key.write())]);
    assert_eq!(of_pool(door).0, MessageType::EncryptedSessionKey);
}

fn reset(door: &mut Door, ci: i64) -> Availability {
    door.send(
        None,
        &[(MessageType::ResetRunspaceState, ResetRunspaceState { ci }.write())],
    );
    let (kind, body) = of_pool(door);
    assert_eq!(kind, MessageType::RunspaceAvailability);
    let answer = RunspaceAvailability::read(&body).expect("an answer");
    assert_eq!(answer.ci, ci);
    answer.answer
}

fn completes(door: &mut Door, pipeline: &CreatePipeline) {
    let (_, state) = door.run(pipeline);
    assert_eq!(state.state, InvocationState::Completed, "{state:?}");
}

pub(crate) fn a_reset_is_for_a_session_of_ones_own(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "max_concurrency = 1");
    let mut shared = enter(&home, &["--mode", "shared"]);
    completes(&mut shared, &tenant());
    assert_eq!(reset(&mut shared, 3), Availability::Done(false), "others use it, too");
    shared.close(Uuid::nil());
    drop(shared);
    let mut own = enter(&home, &["--mode", "exclusive"]);
    completes(&mut own, &tenant());
    assert_eq!(reset(&mut own, 4), Availability::Done(true));
    own.close(Uuid::nil());
    drop(own);
    // As clean as new: the next one gets it. What ran after a reset is not undone by it.
    let mut next = enter(&home, &["--mode", "exclusive"]);
    assert_eq!(endpoint.truth().created, 1);
    assert_eq!(reset(&mut next, 5), Availability::Done(true));
    completes(&mut next, &tenant());
    next.close(Uuid::nil());
    drop(next);
    completes(&mut enter(&home, &["--mode", "exclusive"]), &tenant());
    assert_eq!(endpoint.truth().created, 2);
}

pub(crate) fn a_console_with_a_key_keeps_to_its_session(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "max_concurrency = 2");
    let [mut keyed, mut other, mut third] = [(); 3].map(|()| enter(&home, &["--mode", "shared"]));
    exchange_key(&mut keyed);
    completes(&mut keyed, &tenant());
    let long = other.start(&sleep());
    eventually("the other one runs", || {
        home.status()["sessions"][0]["availability"] == "Busy"
    });
    let waits = keyed.start(&tenant());
    let elsewhere = third.start(&tenant());
    eventually("both wait", || {
        home.status()["queue"].as_array().is_some_and(|queue| queue.len() == 2)
    });
    home.advance(Duration::from_secs(3));
    let (_, state) = third.finish(elsewhere);
    assert_eq!(state.state, InvocationState::Completed, "a second session serves it");
    third.close(elsewhere);
    let queue = home.status()["queue"].clone();
    assert_eq!(
        queue.as_array().map(Vec::len),
        Some(1),
        "but not the one with the key: {queue}"
    );
    assert_eq!(queue[0]["blocked_by"], "busy", "{queue}");
    other.say(&Packet::Signal { ps_guid: long });
    let (_, state) = keyed.finish(waits);
    assert_eq!(state.state, InvocationState::Completed, "{state:?}");
    keyed.close(waits);
    // Without its session it breaks, with words; the others go on.
    endpoint.control("POST", "/control/kill", Some(&json!({})));
    keyed.start(&tenant());
    let broken = keyed.broken();
    assert!(broken.contains("To go on: Connect-PSLease kenmyer"), "{broken}");
    eventually("the others go on", || {
        third.run(&tenant()).1.state == InvocationState::Completed
    });
    assert_eq!(endpoint.truth().over_limit, 0);
}

pub(crate) fn a_key_that_the_remote_asks_for_is_the_consoles(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "max_concurrency = 1");
    let mut door = enter(&home, &["--mode", "exclusive"]);
    let long = door.start(&sleep());
    eventually("it runs", || {
        endpoint.state()["shells"][0]["running"]
            .as_u64()
            .is_some_and(|running| running > 0)
    });
    let shell = endpoint.state()["shells"][0]["id"].clone();
    endpoint.control(
        "POST",
        "/control/announce",
        Some(&json!({"shell": shell, "what": "key"})),
    );
    assert_eq!(of_pool(&mut door).0, MessageType::PublicKeyRequest);
    exchange_key(&mut door);
    door.say(&Packet::Signal { ps_guid: long });
    let (_, state) = door.finish(long);
    assert_eq!(state.state, InvocationState::Stopped);
}

pub(crate) fn a_pipeline_within_another_runs_under_its_turn(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "max_concurrency = 1");
    let [mut first, mut second] = [(); 2].map(|()| enter(&home, &["--mode", "shared"]));
    let around = first.start(&sleep());
    eventually("it runs", || home.status()["sessions"][0]["availability"] == "Busy");
    let waits = second.start(&tenant());
    eventually("the other one waits", || {
        home.status()["queue"].as_array().is_some_and(|queue| queue.len() == 1)
    });
    let mut within = pipeline(Command::new("Select-Object").with(Argument::named("First", 2)));
    (within.is_nested, within.no_input) = (true, false);
    let inner = first.start(&within);
    let input = |text: &'static str| (MessageType::PipelineInput, Bytes::from_static(text.as_bytes()));
    first.send(
        Some(inner),
        &[
            input("<S>one</S>"),
            input("<S>two</S>"),
            (MessageType::EndOfPipelineInput, Bytes::new()),
        ],
    );
    let (objects, state) = first.finish(inner);
    assert_eq!(
        (state.state, objects.len()),
        (InvocationState::Completed, 2),
        "{objects:?}"
    );
    first.close(inner);
    assert_eq!(
        home.status()["queue"].as_array().map(Vec::len),
        Some(1),
        "the turn is still the first one's"
    );
    first.say(&Packet::Signal { ps_guid: around });
    let (_, state) = first.finish(around);
    assert_eq!(state.state, InvocationState::Stopped);
    let (_, state) = second.finish(waits);
    assert_eq!(state.state, InvocationState::Completed, "{state:?}");
}
