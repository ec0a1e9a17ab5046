//! The built `pslease` against a daemon that plays a script: what it writes where, how it ends, what it asks for.
//! The real daemon is for the end-to-end tests; here every answer can be had, also those that no daemon should give.

#![allow(clippy::unwrap_used, reason = "everything here is a test")]

mod acquire;
mod daemon;
mod profile;
mod run;
mod terminal;
mod with;

use std::io::{BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::daemon::Daemon;

/// The command line under test, in a folder of its own and with an environment of ours.
fn pslease(home: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pslease"));
    command
        .args(words)
        .env_clear()
        .env("PSLEASE_HOME", home)
        .env("PATH", "/usr/bin:/bin");
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// How it ended.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    out: String,
    error: String,
}

fn run(daemon: &Daemon, words: &[&str]) -> Ended {
    ended(pslease(daemon.home(), words).spawn().unwrap())
}

fn ended(child: Child) -> Ended {
    let output = child.wait_with_output().unwrap();
    Ended {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        error: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Reads standard error up to a line that holds `text`.
fn until(error: &mut impl std::io::BufRead, text: &str) {
    let mut line = String::new();
    while !line.contains(text) {
        line.clear();
        assert_ne!(error.read_line(&mut line).unwrap(), 0, "{text:?} never came");
    }
}

fn interrupt(child: &Child) {
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
}

#[test]
fn without_a_daemon_and_without_a_start_it_says_so() {
    let home = tempfile::tempdir().unwrap();
    let end = ended(pslease(home.path(), &["status", "--no-autostart"]).spawn().unwrap());
    assert_eq!(end.code, Some(69));
    assert_eq!(end.error, "error: no psleased is running\nhint: pslease daemon start\n");
}

#[test]
fn another_contract_is_told_with_both_sides_and_the_cure() {
    let daemon = Daemon::speaking(proto::CONTRACT + 2, proto::CONTRACT + 1);
    let end = run(&daemon, &["status"]);
    assert_eq!(end.code, Some(76));
    assert!(
        end.error.contains("speaks contract 1, but psleased 9.9.9"),
        "{}",
        end.error
    );
    assert!(
        end.error.contains("hint: use the pslease that came with /opt/psleased"),
        "{}",
        end.error
    );
}

#[test]
fn a_password_comes_by_standard_input_and_never_by_argument() {
    let daemon = Daemon::new();
    let mut command = pslease(daemon.home(), &["login", "litware", "--password-stdin"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"p@ss w0rd \r\nnext line")
        .unwrap();
    let end = ended(child);
    assert_eq!(
        (end.code, end.error.as_str()),
        (Some(0), "kenmyer@litwareinc.com is logged in\n")
    );
    let login = daemon.seen().logins.pop().unwrap();
    assert_eq!(
        (login.profile.as_str(), login.password.as_slice()),
        ("litware", b"p@ss w0rd ".as_slice())
    );
    assert!(login.verify);
    assert_eq!(run(&daemon, &["login", "litware", "p@ss"]).code, Some(2));
}

#[test]
fn status_is_json_with_a_schema() {
    let daemon = Daemon::new();
    let end = run(&daemon, &["status", "--output", "json"]);
    assert_eq!(end.code, Some(0), "{}", end.error);
    let document: serde_json::Value = serde_json::from_str(&end.out).unwrap();
    assert_eq!(document["schema"], "pslease.status/1");
    assert_eq!(document["daemon"]["version"], "9.9.9");
}

#[test]
fn a_watch_shows_every_change_and_the_end() {
    let daemon = Daemon::new();
    let end = run(&daemon, &["status", "--watch", "--output", "jsonl"]);
    assert_eq!(end.out.lines().count(), 3);
    assert_eq!(
        (end.code, end.error.as_str()),
        (Some(69), "error: psleased has ended\n")
    );
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let daemon = Daemon::new();
    let mut child = pslease(daemon.home(), &["completions", "bash"]).spawn().unwrap();
    drop(child.stdout.take());
    let end = ended(child);
    assert_eq!((end.code, end.error.as_str()), (Some(0), ""));
}

#[test]
fn close_takes_a_number_or_a_name_and_tells_what_is_unproven() {
    let daemon = Daemon::new();
    let end = run(&daemon, &["close", "7"]);
    assert_eq!((end.code, end.error.as_str()), (Some(0), "1 session is closed\n"));
    let end = run(&daemon, &["close", "litware"]);
    assert_eq!(end.code, Some(74));
    assert!(end.error.contains("counts until"), "{}", end.error);
    let asked: Vec<(u64, String)> = daemon.seen().closes.drain(..).map(|c| (c.session, c.profile)).collect();
    assert_eq!(asked, [(7, String::new()), (0, "litware".to_owned())]);
}

/// Reads the lines of a child's standard error.
fn errors_of(child: &mut Child) -> BufReader<impl std::io::Read + use<>> {
    BufReader::new(child.stderr.take().unwrap())
}

/// Everything that is left in it.
fn rest(mut from: impl std::io::Read) -> String {
    let mut text = String::new();
    from.read_to_string(&mut text).unwrap();
    text
}
