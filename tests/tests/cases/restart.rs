//! The daemon is killed: sessions, leases and slots go on, or are ended, and are never forgotten.

use pslease_tests::{Console, Endpoint, Home, eventually};
use rustix::process::Signal;
use std::io::Write as _;

/// The books as they are beside their file, for people and for this test.
fn books(home: &Home) -> String {
    std::fs::read_to_string(home.path().join("ledger.copy")).unwrap_or_default()
}

fn kill(home: &Home) {
    home.end_daemon(Signal::KILL);
}

pub(crate) fn a_lease_and_its_session_outlive_the_daemon(endpoint: &Endpoint) {
    // Where a session can be left and taken again.
    let Endpoint::Peer(_) = endpoint else {
        println!("skipped: the tenant does not let a session be left");
        return;
    };
    let home = Home::unattended(endpoint, "winrm", &["kenmyer"], "");
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    let program = "pslease run --script '$kept = 42' && echo ready && read -r line && pslease run --script '$kept'";
    let with = home.pslease(&["with", "--mode", "exclusive", "--", "sh", "-c", program]);
    let mut console = Console::with_input(with, reader);
    console.wait_for("ready");
    eventually("the lease is in the books, and nothing runs", || {
        let books = books(&home);
        books.contains("\"exclusive\"") && books.contains("\"running\":false")
    });
    kill(&home);
    console.wait_for("goes on");
    writeln!(writer, "now").expect("the script reads");
    let finished = console.finish();
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(
        finished.stdout.contains("42"),
        "the session's variables are there: {finished:?}"
    );
    let truth = endpoint.truth();
    assert_eq!((truth.created, truth.over_limit), (1, 0), "{truth:?}");
    eventually("the session is closed, as an exclusive one is", || {
        endpoint.truth().live == 0
    });
}

pub(crate) fn an_idle_session_is_found_again(endpoint: &Endpoint) {
    let service = if matches!(endpoint, Endpoint::Peer(_)) {
        "winrm"
    } else {
        "skype"
    };
    let home = Home::unattended(endpoint, service, &["kenmyer"], "");
    assert_eq!(home.run(&["run", "Get-Command", "Start-Sleep"]).code, 0);
    eventually("nothing runs", || books(&home).contains("\"running\":false"));
    for _ in 0..2 {
        kill(&home);
        let finished = home.run(&["run", "Get-Command", "Start-Sleep"]);
        assert_eq!(finished.code, 0, "{finished:?}");
        eventually("nothing runs", || books(&home).contains("\"running\":false"));
    }
    eventually("every shell is in the books", || {
        endpoint.truth().live == home.status()["sessions"].as_array().map_or(0, Vec::len)
    });
    let truth = endpoint.truth();
    assert_eq!((truth.over_limit, truth.idled_out), (0, 0), "{truth:?}");
    home.end_daemon(Signal::TERM);
    assert_eq!(endpoint.truth().live, 0);
}

pub(crate) fn a_detached_lease_outlives_the_daemon(endpoint: &Endpoint) {
    let home = Home::unattended(endpoint, "skype", &["kenmyer"], "");
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    let script = "L=$(pslease acquire) && echo ready && read -r line && pslease run --lease $L Get-CsTenant";
    let mut console = Console::with_input(home.script("sh", script), reader);
    console.wait_for("ready");
    eventually("the lease is in the books", || books(&home).contains("\"shared\""));
    kill(&home);
    writeln!(writer, "now").expect("the script reads");
    let finished = console.finish();
    assert_eq!(finished.code, 0, "{finished:?}");
    eventually("the lease ends with its shell, as before", || {
        home.status()["leases"].as_array().is_some_and(Vec::is_empty)
    });
}

pub(crate) fn a_lease_whose_session_is_lost_says_so(endpoint: &Endpoint) {
    // Skype's service does not let a session be left: it is closed, and its slot is free again.
    let home = Home::unattended(endpoint, "skype", &["kenmyer"], "max_concurrency = 1");
    let mut holder = home.holder();
    eventually("the lease is in the books", || books(&home).contains("\"exclusive\""));
    kill(&home);
    holder.wait_for("error: ");
    assert!(!holder.has_ended(), "the program goes on: only it knows whether it can");
    assert_eq!(home.run(&["run", "--wait", "60s", "Get-CsTenant"]).code, 0);
    let truth = endpoint.truth();
    assert_eq!((truth.peak_admin, truth.over_limit), (1, 0), "{truth:?}");
}

pub(crate) fn what_cannot_be_closed_without_a_log_in_is_named_and_counted(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "max_concurrency = 1");
    assert_eq!(home.run(&["run", "Get-CsTenant"]).code, 0);
    kill(&home);
    assert_eq!(
        home.run(&["connect", "kenmyer"]).code,
        77,
        "nobody is there to be asked"
    );
    eventually("the session is unconfirmed", || {
        home.status()["sessions"][0]["state"] == "Unconfirmed"
    });
    let status = home.status();
    let note = status["sessions"][0]["note"].as_str().unwrap_or_default();
    assert!(note.contains("pslease login kenmyer"), "{status}");
    assert_eq!(status["limits"][0]["used"], 1, "it counts: {status}");
    assert_eq!(endpoint.truth().live, 1);
    home.login("kenmyer", endpoint.password("kenmyer"));
    eventually("the log-in has it closed at once", || {
        endpoint.truth().live == 0 && home.status()["sessions"].as_array().is_some_and(Vec::is_empty)
    });
    assert_eq!(home.run(&["run", "Get-CsTenant"]).code, 0);
    assert_eq!(endpoint.truth().over_limit, 0);
}

pub(crate) fn whoever_ran_something_is_told_that_the_outcome_is_unknown(endpoint: &Endpoint) {
    let home = Home::unattended(endpoint, "skype", &["kenmyer"], "");
    let mut running = home.start(&["run", "Start-Sleep -Seconds 600"]);
    eventually("it runs, and the books know", || {
        books(&home).contains("\"running\":true")
    });
    kill(&home);
    let finished = running.finish();
    assert_eq!(finished.code, 74, "{finished:?}");
    assert!(finished.stderr.contains("unknown"), "{finished:?}");
    assert_eq!(home.run(&["run", "Get-CsTenant"]).code, 0);
    eventually("what ran was ended with its session", || endpoint.truth().live == 1);
    assert_eq!(endpoint.truth().idled_out, 0);
}

/// `reconcile` as a program reads it: kinds, in order.
fn kinds(home: &Home, arguments: &[&str]) -> Vec<String> {
    let finished = home.run(&[&["reconcile", "--output", "json"], arguments].concat());
    assert_eq!(finished.code, 0, "{finished:?}");
    let found: serde_json::Value = serde_json::from_str(&finished.stdout).expect("JSON");
    let shells = found["shells"].as_array().expect("a list of shells");
    let mut kinds: Vec<String> = shells
        .iter()
        .map(|shell| shell["kind"].as_str().expect("a kind").to_owned())
        .collect();
    kinds.sort();
    kinds
}

pub(crate) fn other_programs_shells_are_told_apart_from_ours(endpoint: &Endpoint) {
    let ours = Home::unattended(endpoint, "skype", &["kenmyer"], "");
    let theirs = Home::unattended(endpoint, "skype", &["kenmyer"], "");
    for home in [&ours, &theirs] {
        assert_eq!(home.run(&["run", "Get-CsTenant"]).code, 0);
    }
    assert_eq!(kinds(&ours, &[]), ["external", "ours"]);
    assert_eq!(kinds(&ours, &["--delete", "orphans"]), ["external", "ours"]);
    assert_eq!(
        kinds(&ours, &["--delete", "external", "--dry-run"]),
        ["external", "ours"]
    );
    assert_eq!(endpoint.truth().live, 2, "nothing was deleted so far");
    assert_eq!(kinds(&ours, &["kenmyer", "--delete", "external"]), ["external", "ours"]);
    assert_eq!(kinds(&ours, &[]), ["ours"]);
    assert_eq!(endpoint.truth().live, 1);
}

pub(crate) fn what_was_forgotten_is_found_again_as_an_orphan(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    assert_eq!(home.run(&["run", "Get-CsTenant"]).code, 0);
    kill(&home);
    eventually("the session is unconfirmed", || {
        let _ = home.run(&["connect", "kenmyer"]);
        home.status()["sessions"][0]["state"] == "Unconfirmed"
    });
    let session = home.status()["sessions"][0]["id"].to_string();
    let careful = home.run(&["forget", &session]);
    assert_eq!(careful.code, 1, "{careful:?}");
    assert!(careful.stderr.contains("--force"), "{careful:?}");
    assert_eq!(home.run(&["forget", &session, "--force"]).code, 0);
    assert_eq!(home.status()["sessions"].as_array().map(Vec::len), Some(0));
    assert_eq!(endpoint.truth().live, 1, "its shell is there all the same");
    home.login("kenmyer", endpoint.password("kenmyer"));
    assert_eq!(kinds(&home, &[]), ["orphan"]);
    assert_eq!(kinds(&home, &["--delete", "orphans"]), ["orphan"]);
    assert_eq!(endpoint.truth().live, 0);
}
