//! The daemon is replaced while people use it: what their services let be left is there afterwards, as it was.

use std::collections::BTreeSet;
use std::io::Write as _;

use pslease_tests::{Came, Console, Door, Endpoint, Home, eventually};
use psrp::MessageType;
use psrp::body::{
    ApplicationPrivateData, Body as _, Command, CreatePipeline, HostDefaultData, HostInfo, InitRunspacePool,
    InvocationState, SessionCapability, V2_3,
};
use rustix::process::Signal;

fn shells(endpoint: &Endpoint) -> BTreeSet<String> {
    let state = endpoint.state();
    let list = state["shells"].as_array().expect("a list of shells");
    list.iter()
        .filter_map(|shell| Some(shell["id"].as_str()?.to_uppercase()))
        .collect()
}

/// Where the endpoint has one, a service whose sessions may be left.
fn service(endpoint: &Endpoint) -> &'static str {
    match endpoint {
        Endpoint::Peer(_) => "winrm",
        Endpoint::Tenant(..) => "skype",
    }
}

fn states(home: &Home) -> Vec<String> {
    let status = home.status();
    let sessions = status["sessions"].as_array().expect("a list of sessions");
    let state = |session: &serde_json::Value| session["state"].as_str().map(str::to_owned);
    sessions.iter().filter_map(state).collect()
}

fn books(home: &Home) -> String {
    std::fs::read_to_string(home.path().join("ledger.copy")).unwrap_or_default()
}

/// Replaces the daemon, and gives what the command said.
fn upgrade(home: &Home, deadline: &str) -> String {
    let old = home.daemon().expect("a daemon");
    let upgraded = home.run(&["daemon", "upgrade", "--deadline", deadline]);
    assert_eq!(upgraded.code, 0, "{upgraded:?}");
    assert_ne!(home.daemon().expect("another daemon"), old);
    upgraded.stderr
}

/// A program that holds a lease, says `ready`, waits for a line, and runs something.
fn holder(home: &Home, mode: &str, before: &str, after: &str) -> (Console, std::io::PipeWriter) {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let program = format!("{before} && echo ready && read -r line && {after}");
    let with = home.pslease(&["with", "--mode", mode, "--", "sh", "-c", &program]);
    let mut console = Console::with_input(with, reader);
    console.wait_for("ready");
    (console, writer)
}

pub(crate) fn sessions_and_leases_outlast_the_daemon_where_they_may(endpoint: &Endpoint) {
    let may = matches!(endpoint, Endpoint::Peer(_));
    let home = Home::unattended(endpoint, service(endpoint), &["kenmyer"], "");
    let (set, get) = if may {
        ("pslease run --script '$kept = 42'", "pslease run --script '$kept'")
    } else {
        ("pslease run Get-CsTenant", "pslease run Get-CsTenant")
    };
    let (mut bound, mut bound_input) = holder(&home, "exclusive", set, get);
    let command = if may {
        "pslease run Get-Command Start-Sleep"
    } else {
        "pslease run Get-CsTenant"
    };
    let (mut shared, mut shared_input) = holder(&home, "shared", command, command);
    let script = format!("L=$(pslease acquire) && echo ready && read -r line && {command} --lease $L");
    let (reader, mut detached_input) = std::io::pipe().expect("a pipe");
    let mut detached = Console::with_input(home.script("sh", &script), reader);
    detached.wait_for("ready");
    eventually("the leases are in the books", || {
        books(&home).matches("{\"lease\":{").count() == 3
    });
    let before = shells(endpoint);
    assert_eq!(before.len(), 2);

    let said = upgrade(&home, "1s");
    if may {
        assert!(said.contains("2 left for the next"), "{said}");
        eventually("both are found again", || states(&home) == ["Opened", "Opened"]);
        assert_eq!(shells(endpoint), before);
    } else {
        assert!(
            said.contains("0 sessions closed") || !said.contains("left for the next"),
            "{said}"
        );
        assert_eq!(shells(endpoint), BTreeSet::new());
        bound.wait_for("error: ");
    }
    for input in [&mut bound_input, &mut shared_input, &mut detached_input] {
        writeln!(input, "now").expect("the script reads");
    }
    for console in [&mut shared, &mut detached] {
        let finished = console.finish();
        assert_eq!(finished.code, 0, "{finished:?}");
    }
    let finished = bound.finish();
    if may {
        assert_eq!(finished.code, 0, "{finished:?}");
        assert!(finished.stdout.contains("42"), "its variables are there: {finished:?}");
        assert_eq!(endpoint.truth().created, 2, "nothing was opened anew");
    } else {
        assert_ne!(finished.code, 0, "{finished:?}");
    }
    assert_eq!(endpoint.truth().over_limit, 0);
    let stopped = home.run(&["daemon", "stop"]);
    assert_eq!(stopped.code, 0, "{stopped:?}");
    assert_eq!(endpoint.truth().live, 0);
}

pub(crate) fn what_runs_in_an_upgrade_is_waited_for_then_stopped_and_its_session_kept(endpoint: &Endpoint) {
    let Endpoint::Peer(_) = endpoint else {
        println!("skipped: the tenant does not let a session be left");
        return;
    };
    let home = Home::unattended(endpoint, "winrm", &["kenmyer"], "");
    let mut long = home.start(&["run", "Start-Sleep -Seconds 600"]);
    eventually("it runs", || home.status()["sessions"][0]["availability"] == "Busy");
    let before = shells(endpoint);
    let said = upgrade(&home, "1s");
    assert!(said.contains("1 left for the next"), "{said}");
    let finished = long.finish();
    assert_eq!(finished.code, 69, "{finished:?}");
    assert!(finished.stderr.contains("stop"), "{finished:?}");
    let answered = home.run(&["run", "Get-Command", "Start-Sleep"]);
    assert_eq!(answered.code, 0, "{answered:?}");
    assert_eq!(shells(endpoint), before);
}

pub(crate) fn a_shell_that_the_server_will_not_keep_is_closed(endpoint: &Endpoint) {
    let Endpoint::Peer(_) = endpoint else {
        println!("skipped: the tenant does not let a session be left");
        return;
    };
    let home = Home::unattended(endpoint, "winrm", &["kenmyer"], "");
    assert_eq!(home.run(&["run", "Get-Command", "Start-Sleep"]).code, 0);
    let gone = serde_json::json!({"kind": "kill_shell", "action": "Disconnect", "times": 1});
    endpoint.control("POST", "/control/faults", Some(&gone));
    upgrade(&home, "1s");
    assert_eq!(endpoint.truth().live, 0);
    assert_eq!(states(&home), Vec::<String>::new());
    // The answer is lost: whether it was left shows when the next daemon looks.
    assert_eq!(home.run(&["run", "Get-Command", "Start-Sleep"]).code, 0);
    let before = shells(endpoint);
    let lost = serde_json::json!({"kind": "drop_after", "action": "Disconnect", "times": 1});
    endpoint.control("POST", "/control/faults", Some(&lost));
    upgrade(&home, "1s");
    eventually("it is found again", || states(&home) == ["Opened"]);
    assert_eq!(shells(endpoint), before);
}

pub(crate) fn what_only_a_person_can_log_on_to_is_closed_in_an_upgrade(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, service(endpoint), &["kenmyer"], "");
    assert_eq!(home.run(&["connect", "kenmyer"]).code, 0);
    upgrade(&home, "1s");
    assert_eq!(endpoint.truth().live, 0, "the next daemon could not have found it");
}

/// Comes through a new door and gives what the remote is said to be.
fn through_a_door(home: &Home, mode: &str) -> (Door, ApplicationPrivateData) {
    let opened = home.run(&["door", "kenmyer", "--wait", "60s", "--mode", mode]);
    assert_eq!(opened.code, 0, "{opened:?}");
    let mut door = Door::connect(opened.stdout.trim());
    let host = HostInfo::console(HostDefaultData::terminal(120, 50));
    door.send(
        None,
        &[
            (MessageType::SessionCapability, SessionCapability::new(V2_3).write()),
            (MessageType::InitRunspacePool, InitRunspacePool::new(host).write()),
        ],
    );
    let mut said = None;
    loop {
        match door.came() {
            Came::Message(_, message) if message.kind == MessageType::ApplicationPrivateData => {
                said = Some(ApplicationPrivateData::read(&message.body).expect("a dictionary"));
            }
            Came::Message(_, message) if message.kind == MessageType::RunspacePoolState => break,
            Came::Message(..) | Came::Packet(_) => {}
            Came::End => panic!("the door closed"),
        }
    }
    (door, said.expect("the remote says what it is"))
}

pub(crate) fn a_door_opens_on_a_session_of_an_earlier_daemon(endpoint: &Endpoint) {
    let Endpoint::Peer(_) = endpoint else {
        println!("skipped: the tenant does not let a session be left");
        return;
    };
    let home = Home::unattended(endpoint, "winrm", &["kenmyer"], "");
    assert_eq!(home.run(&["run", "Get-Command", "Start-Sleep"]).code, 0);
    eventually("nothing runs", || books(&home).contains("\"running\":false"));
    home.end_daemon(Signal::KILL);
    home.status();
    eventually("it is found again", || states(&home) == ["Opened"]);
    let (mut door, told) = through_a_door(&home, "exclusive");
    assert!(told.data.as_dictionary().is_some(), "it is told something: {told:?}");
    let (objects, state) = door.run(&CreatePipeline::new(vec![Command::new("Get-Command")]));
    assert_eq!(state.state, InvocationState::Completed, "{state:?}");
    assert!(!objects.is_empty());
    assert_eq!(endpoint.truth().created, 1, "on the session that was there");
    // What a session says that was opened just now.
    let (_second, fresh) = through_a_door(&home, "fresh");
    assert_eq!(endpoint.truth().created, 2);
    assert_eq!(told, fresh);
    let commands = home.status()["sessions"][0]["commands"].as_u64();
    assert_eq!(commands, Some(2), "one before the restart, and one after");
}
