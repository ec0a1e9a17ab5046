//! Doors: PowerShell's PSSessions on leased slots, left at every step.

use std::path::Path;
use std::process::Command as Program;
use std::time::Duration;

use bytes::Bytes;
use pipe::Packet;
use pslease_tests::{Came, Door, Endpoint, Home, Peer, eventually};
use psrp::MessageType;
use psrp::body::{
    Argument, Body as _, Command, CreatePipeline, GetCommandMetadata, InvocationState, PipelineState, SessionCapability,
};
use rustix::process::Signal;
use serde_json::{Value as Json, json};
use uuid::Uuid;

pub(super) fn pipeline(command: Command) -> CreatePipeline {
    CreatePipeline::new(vec![command])
}

pub(super) fn tenant() -> CreatePipeline {
    pipeline(Command::new("Get-CsTenant"))
}

pub(super) fn sleep() -> CreatePipeline {
    pipeline(Command::new("Start-Sleep").with(Argument::named("Seconds", 600)))
}

pub(super) fn users(count: i32) -> CreatePipeline {
    pipeline(Command::new("Get-CsOnlineUser").with(Argument::named("ResultSize", count)))
}

/// Opens a door and gives its path.
fn path(home: &Home, options: &[&str]) -> String {
    let finished = home.run(&[&["door", "kenmyer", "--wait", "60s"], options].concat());
    assert_eq!(finished.code, 0, "{finished:?}");
    finished.stdout.trim().to_owned()
}

/// A console that has come through a door, its pool open.
pub(super) fn enter(home: &Home, options: &[&str]) -> Door {
    let mut door = Door::connect(&path(home, options));
    door.open();
    door
}

fn no_leases(home: &Home) {
    eventually("every lease has gone back", || {
        home.status()["leases"].as_array().is_some_and(Vec::is_empty)
    });
}

/// What a state says went wrong.
fn words(state: PipelineState) -> String {
    state.error.and_then(|error| error.text).unwrap_or_default().to_string()
}

pub(crate) fn a_console_works_through_a_door(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    let path = path(&home, &["--mode", "shared"]);
    let mut door = Door::connect(&path);
    door.open();
    assert!(!Path::new(&path).exists(), "it was good for one connection");
    for _ in 0..2 {
        let (objects, state) = door.run(&tenant());
        assert_eq!(state.state, InvocationState::Completed, "{state:?}");
        assert_eq!(objects.len(), 1, "{objects:?}");
        assert_eq!(objects[0].kind, MessageType::PipelineOutput);
    }
    let (_, state) = door.run(&pipeline(Command::new("Get-NoSuchThing")));
    assert_eq!(state.state, InvocationState::Failed);
    assert!(words(state).contains("Get-NoSuchThing"), "the server's own words");
    let (objects, state) = door.run(&users(3000));
    assert_eq!(state.state, InvocationState::Completed, "{state:?}");
    assert_eq!(
        objects
            .iter()
            .filter(|object| object.kind == MessageType::PipelineOutput)
            .count(),
        3000
    );
    door.close(Uuid::nil());
    drop(door);
    no_leases(&home);
    let truth = endpoint.truth();
    assert_eq!((truth.live, truth.created), (1, 1), "the session stays: {truth:?}");
}

pub(crate) fn two_consoles_take_turns_and_stop_their_own(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "max_concurrency = 1");
    let shared = || enter(&home, &["--mode", "shared"]);
    let (mut first, mut second) = (shared(), shared());
    let long = first.start(&sleep());
    eventually("the first one runs", || {
        home.status()["sessions"][0]["availability"] == "Busy"
    });
    let waits = second.start(&tenant());
    let never = second.start(&sleep());
    second.say(&Packet::Signal { ps_guid: never });
    let (_, state) = second.finish(never);
    assert_eq!(state.state, InvocationState::Stopped, "it is stopped while it waits");
    first.say(&Packet::Signal { ps_guid: long });
    let (_, state) = first.finish(long);
    assert_eq!(state.state, InvocationState::Stopped);
    first.until(&Packet::SignalAck { ps_guid: long });
    let (objects, state) = second.finish(waits);
    assert_eq!(
        (state.state, objects.len()),
        (InvocationState::Completed, 1),
        "the other's was not stopped"
    );
    drop(first);
    let (_, state) = second.run(&tenant());
    assert_eq!(state.state, InvocationState::Completed, "{state:?}");
    let truth = endpoint.truth();
    assert_eq!((truth.created, truth.over_limit), (1, 0), "{truth:?}");
}

pub(crate) fn a_console_that_dies_at_any_step_leaves_nothing(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "max_concurrency = 1");
    for mode in ["shared", "exclusive"] {
        for step in 0..8 {
            let mut door = Door::connect(&path(&home, &["--mode", mode]));
            match step {
                0 => {}
                1 => door.send(
                    None,
                    &[(MessageType::SessionCapability, SessionCapability::default().write())],
                ),
                2 => door.open(),
                3 => {
                    door.open();
                    door.announce();
                }
                4 => {
                    door.open();
                    door.start(&sleep());
                }
                5 => {
                    door.open();
                    let long = door.start(&sleep());
                    door.say(&Packet::Signal { ps_guid: long });
                }
                6 => {
                    door.open();
                    let many = door.start(&users(3000));
                    while !matches!(door.came(), Came::Message(of, _) if of == many) {}
                }
                _ => {
                    door.open();
                    let done = door.start(&tenant());
                    door.finish(done);
                    door.say(&Packet::Close { ps_guid: done });
                    door.say(&Packet::Close { ps_guid: Uuid::nil() });
                }
            }
            drop(door);
            let next = home.run(&["run", "--mode", "exclusive", "--wait", "60s", "Get-CsTenant"]);
            assert_eq!(next.code, 0, "{mode}, step {step}: {next:?}");
        }
    }
    no_leases(&home);
    let truth = endpoint.truth();
    assert_eq!((truth.over_limit, truth.peak_admin), (0, 1), "{truth:?}");
    assert!(truth.live <= 1, "{truth:?}");
}

pub(crate) fn twelve_doors_keep_to_three_slots(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| {
                let mut door = enter(&home, &["--mode", "fresh"]);
                let (_, state) = door.run(&tenant());
                assert_eq!(state.state, InvocationState::Completed, "{state:?}");
                door.close(Uuid::nil());
            });
        }
    });
    no_leases(&home);
    let truth = endpoint.truth();
    assert_eq!((truth.over_limit, truth.created), (0, 12), "{truth:?}");
    assert!(truth.peak_admin <= 3, "{truth:?}");
    eventually("nothing is left", || endpoint.truth().live == 0);
}

pub(crate) fn a_lost_session_is_told_with_its_cure(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    let mut shared = enter(&home, &["--mode", "shared"]);
    let (_, state) = shared.run(&tenant());
    assert_eq!(state.state, InvocationState::Completed, "{state:?}");
    let mut own = enter(&home, &["--mode", "exclusive"]);
    let long = own.start(&sleep());
    eventually("it runs", || home.status().to_string().contains("Busy"));
    endpoint.control("POST", "/control/kill", Some(&json!({})));
    let (_, state) = own.finish(long);
    assert_eq!(state.state, InvocationState::Failed);
    let why = words(state);
    assert!(why.contains("To go on: "), "{why}");
    let broken = own.broken();
    assert!(broken.contains("Connect-PSLease kenmyer"), "{broken}");
    own.close(Uuid::nil());

    // A shared one outlives its session. The loss may still be found out by what it runs next.
    eventually("it goes on", || {
        let (_, state) = shared.run(&tenant());
        state.state == InvocationState::Completed
    });
    let session = home.status()["sessions"][0]["id"].to_string();
    assert_eq!(home.run(&["close", &session]).code, 0);
    let (_, state) = shared.run(&tenant());
    assert_eq!(
        state.state,
        InvocationState::Completed,
        "its session was replaced: {state:?}"
    );
}

pub(crate) fn a_killed_lease_breaks_its_door(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    let mut door = enter(&home, &["--mode", "exclusive", "--label", "mine"]);
    let long = door.start(&sleep());
    eventually("it runs", || home.status().to_string().contains("Busy"));
    let leases = home.status()["leases"].clone();
    assert_eq!(leases.as_array().map(Vec::len), Some(1), "{leases}");
    let lease = leases[0]["id"]
        .as_u64()
        .or(leases[0]["lease"].as_u64())
        .expect("a lease");
    assert_eq!(home.run(&["kill", &lease.to_string()]).code, 0);
    let (_, state) = door.finish(long);
    assert_eq!(state.state, InvocationState::Failed);
    let broken = door.broken();
    assert!(broken.contains("somebody ended it"), "{broken}");
    let (_, state) = enter(&home, &[]).run(&tenant());
    assert_eq!(state.state, InvocationState::Completed, "{state:?}");
}

pub(crate) fn a_door_that_nobody_comes_through_is_closed(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    let path = path(&home, &["--mode", "exclusive"]);
    home.advance(Duration::from_secs(31));
    eventually("the socket is gone", || !Path::new(&path).exists());
    no_leases(&home);
}

pub(crate) fn a_killed_daemon_ends_its_doors_and_leaks_nothing(endpoint: &Endpoint) {
    let home = Home::unattended(endpoint, "skype", &["kenmyer"], "");
    let mut doors = [
        enter(&home, &["--mode", "shared"]),
        enter(&home, &["--mode", "exclusive"]),
        enter(&home, &["--mode", "fresh"]),
    ];
    doors[1].start(&sleep());
    doors[0].start(&tenant());
    home.end_daemon(Signal::KILL);
    for door in &mut doors {
        while door.came() != Came::End {}
    }
    let next = home.run(&["run", "--wait", "60s", "Get-CsTenant"]);
    assert_eq!(next.code, 0, "{next:?}");
    let truth = endpoint.truth();
    assert_eq!(truth.over_limit, 0, "{truth:?}");
    assert!(truth.peak_admin <= 3, "{truth:?}");
    home.end_daemon(Signal::TERM);
    eventually("no shell is left", || endpoint.truth().live == 0);
}

pub(crate) fn a_console_that_reads_nothing_loses_its_turn(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "max_concurrency = 1");
    let mut deaf = enter(&home, &["--mode", "shared"]);
    let many = deaf.start(&users(20_000));
    eventually("it runs", || home.status()["sessions"][0]["availability"] == "Busy");
    let mut second = home.start(&["run", "--wait", "24h", "Get-CsTenant", "--output", "jsonl"]);
    second.wait_for("pslease kill");
    eventually("the console that takes nothing has lost its turn", || {
        home.advance(Duration::from_secs(15));
        second.has_ended()
    });
    assert_eq!(second.finish().code, 0);
    let (objects, state) = deaf.finish(many);
    assert_eq!(state.state, InvocationState::Failed);
    let why = words(state);
    assert!(why.contains("took nothing"), "{why}");
    assert!(objects.len() < 20_000);
    deaf.close(many);
    let (_, state) = deaf.run(&tenant());
    assert_eq!(
        state.state,
        InvocationState::Completed,
        "the PSSession goes on: {state:?}"
    );
    assert_eq!(endpoint.truth().peak_admin, 1);
}

pub(crate) fn the_fourth_door_says_who_holds_the_slots(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    let doors: Vec<Door> = (0..3).map(|_| enter(&home, &["--mode", "exclusive"])).collect();
    let refused = home.run(&[
        "door",
        "kenmyer",
        "--mode",
        "exclusive",
        "--wait",
        "0",
        "--output",
        "jsonl",
    ]);
    assert_eq!(refused.code, 75, "{refused:?}");
    let last: Json = serde_json::from_str(refused.stdout.lines().last().expect("an event")).expect("JSON");
    assert_eq!(
        (&last["event"], &last["kind"], &last["code"]),
        (&json!("error"), &json!("WOULD_WAIT"), &json!(75)),
        "{last}"
    );
    assert_eq!(last["waiting"]["holders"].as_array().map(Vec::len), Some(3), "{last}");
    let mut fourth = home.start(&["door", "kenmyer", "--mode", "exclusive", "--output", "jsonl"]);
    let waiting: Json = serde_json::from_str(&fourth.wait_for("\"waiting\"")).expect("JSON");
    assert_eq!(
        (&waiting["position"], &waiting["blocked_by"]),
        (&json!(1), &json!("admin")),
        "{waiting}"
    );
    drop(doors);
    let opened: Json = serde_json::from_str(&fourth.wait_for("\"opened\"")).expect("JSON");
    assert_eq!(opened["mode"], "exclusive", "{opened}");
    assert_eq!(fourth.finish().code, 0);
    let mut door = Door::connect(opened["path"].as_str().expect("a path"));
    door.open();
}

pub(crate) fn a_door_within_with_uses_its_lease(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "max_concurrency = 1");
    let mut with = home.start(&[
        "with",
        "--mode",
        "exclusive",
        "--",
        "sh",
        "-c",
        "pslease door; echo there; exec sleep 600",
    ]);
    let path = with.wait_for("/").trim().to_owned();
    let mut door = Door::connect(&path);
    door.open();
    let (_, state) = door.run(&tenant());
    assert_eq!(state.state, InvocationState::Completed, "{state:?}");
    drop(door);
    with.wait_for("there");
    let leases = home.status()["leases"].clone();
    assert_eq!(
        leases.as_array().map(Vec::len),
        Some(1),
        "the lease is its holder's to end: {leases}"
    );
}

pub(crate) fn an_import_is_quick_the_second_time(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    let import = |options: &[&str]| -> Json {
        let finished = home.run(&[&["import", "kenmyer", "--output", "json"], options].concat());
        assert_eq!(finished.code, 0, "{finished:?}");
        serde_json::from_str::<Json>(&finished.stdout).expect("JSON")["answers"][0].clone()
    };
    let first = import(&[]);
    assert_eq!((&first["fetched"], &first["known"]), (&json!(2), &json!(0)), "{first}");
    assert!(
        first["commands"].as_u64().is_some_and(|commands| commands > 10),
        "{first}"
    );
    let second = import(&[]);
    assert_eq!(
        (&second["fetched"], &second["known"]),
        (&json!(0), &json!(2)),
        "{second}"
    );

    let asked = |names: &str| {
        let mut asked = GetCommandMetadata::new([names]);
        asked.namespace = Some(Vec::new());
        asked.write()
    };
    let metadata = |door: &mut Door, body: Bytes| {
        let id = door.announce();
        door.send(Some(id), &[(MessageType::GetCommandMetadata, body)]);
        let (objects, state) = door.finish(id);
        assert_eq!(state.state, InvocationState::Completed, "{state:?}");
        door.close(id);
        objects.into_iter().map(|object| object.body).collect::<Vec<_>>()
    };
    let commands = || endpoint.state()["counts"]["commands"].clone();
    let mut door = enter(&home, &[]);
    let before = commands();
    let kept = metadata(&mut door, asked("*"));
    assert_eq!(commands(), before, "the endpoint was not asked");
    assert_eq!(Some(kept.len() as u64 - 1), first["commands"].as_u64());
    // What a console has asked for is kept too, and replayed to another one byte for byte, also by the next daemon.
    let one = metadata(&mut door, asked("Get-CsTenant"));
    let before = commands();
    assert_eq!(
        metadata(&mut enter(&home, &["--mode", "exclusive"]), asked("Get-CsTenant")),
        one
    );
    assert_eq!(commands(), before);
    let refreshed = import(&["--refresh"]);
    assert_eq!(
        (&refreshed["fetched"], &refreshed["known"]),
        (&json!(3), &json!(0)),
        "{refreshed}"
    );
    assert_ne!(commands(), before);
}

/// A console on foreign code.
pub(super) fn client(python: &Path, arguments: &[&str]) -> Program {
    let mut client = Program::new(python);
    client
        .args(["-m", "peer.pipe_client"])
        .args(arguments)
        .current_dir(Peer::folder())
        .env("PYTHONDONTWRITEBYTECODE", "1");
    client
}

pub(crate) fn a_console_on_foreign_code_comes_through(endpoint: &Endpoint) {
    let Some(python) = Peer::python() else { return };
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    let work = ["--run", "Get-CsTenant", "--run", "Get-CsOnlineUser -ResultSize 2000"];
    let path = path(&home, &["--mode", "shared"]);
    let by_socket = pslease_tests::finish(client(&python, &[&work[..], &["--socket", &path]].concat()));
    let mut by_stdio = client(
        &python,
        &[
            &work[..],
            &["--", "pslease", "door", "kenmyer", "--mode", "shared", "--stdio"],
        ]
        .concat(),
    );
    home.dress(&mut by_stdio);
    let by_stdio = pslease_tests::finish(by_stdio);
    for finished in [&by_socket, &by_stdio] {
        assert_eq!(finished.code, 0, "{}", finished.stderr);
        assert!(finished.stdout.contains("{\"closed\": true}"), "{}", finished.stderr);
        let outputs = finished
            .stdout
            .lines()
            .filter(|line| line.contains("\"output\""))
            .count();
        assert_eq!(outputs, 2001);
    }
    let values = |finished: &pslease_tests::Finished| -> Vec<String> {
        finished.stdout.lines().skip(1).map(str::to_owned).collect()
    };
    assert_eq!(values(&by_socket), values(&by_stdio), "both are the same session");
    no_leases(&home);
    assert_eq!(endpoint.truth().created, 1);
}

pub(crate) fn a_secret_passes_under_the_remotes_own_key(endpoint: &Endpoint) {
    let Some(python) = Peer::python() else { return };
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    let mut console = Program::new(&python);
    console
        .args(["-c", SECRET, &path(&home, &[])])
        .current_dir(Peer::folder())
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let finished = pslease_tests::finish(console);
    assert_eq!(finished.code, 0, "{finished:?}");
    // The rest is what came, as it came: JSON.
    let read: Vec<&str> = finished.stdout.lines().filter(|line| !line.starts_with('{')).collect();
    assert_eq!(read, ["hidden words", "typed unseen"], "{finished:?}");
}

/// A console that exchanges a key, sends a SecureString and reads it back; then it is asked for one, and reads that back.
const SECRET: &str = r#"
import asyncio, sys
import psrpcore
from psrpcore.types import PSSecureString
from peer.pipe_client import Client, POOL

async def main():
    client = Client(*await asyncio.open_unix_connection(sys.argv[1], limit=1 << 26))
    listener = asyncio.create_task(client.listen())
    await client.open()
    client.pool.exchange_key()
    await client.send()
    while not isinstance(await client.next(), psrpcore.EncryptedSessionKeyEvent):
        pass
    for command, name, value in [
        ("Write-Output", "InputObject", PSSecureString("hidden words")),
        ("Read-Host", "AsSecureString", True),
    ]:
        pipeline = psrpcore.ClientPowerShell(client.pool)
        pipeline.add_command(command)
        pipeline.add_parameter(name, value)
        pipeline.start()
        await client.say("Command", pipeline.pipeline_id)
        await client.send()
        while True:
            event = await client.next()
            if isinstance(event, psrpcore.PipelineHostCallEvent):
                pipeline.host_response(event.ci, return_value=PSSecureString("typed unseen"))
                await client.send()
            if isinstance(event, psrpcore.PipelineOutputEvent):
                print(event.data.decrypt())
            if isinstance(event, psrpcore.PipelineStateEvent):
                break
        await client.say("Close", pipeline.pipeline_id)
    await client.say("Close", POOL)

asyncio.run(main())
"#;
