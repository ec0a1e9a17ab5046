//! Any program that speaks the framing, and many that do not.

use std::time::Duration;

use pslease_tests::{Home, eventually};
use rustix::process::Signal;
use serde_json::Value as Json;

use super::{children, is_there, peer_words, shell, tenant};

/// A home with one profile whose endpoint is a program.
fn home(words: &[String], extra: &str) -> Home {
    let command = Json::from(words.to_vec());
    Home::new(&format!(
        "[profile.local]\ntemplate = \"process\"\ncommand = {command}\nadmin = \"ken\"\n{extra}\n"
    ))
}

#[test]
fn a_program_of_foreign_code_is_an_endpoint_like_any_other() {
    let Some(words) = peer_words() else { return };
    let home = home(&words, "max_concurrency = 1");
    let finished = home.run(&["run", "Get-CsOnlineUser", "-ResultSize", "3", "--output", "jsonl"]);
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(finished.stdout.lines().count(), 3, "{finished:?}");
    let finished = home.run(&["run", "Get-NoSuchThing"]);
    assert!(finished.stderr.contains("is not recognized"), "{finished:?}");
    let finished = home.run(&["run", "Get-CsOnlineUser", "-ResultSize", "5000", "--output", "jsonl"]);
    assert_eq!(
        (finished.code, finished.stdout.lines().count()),
        (0, 5000),
        "{}",
        finished.stderr
    );
    assert_eq!(children(&home).len(), 1, "all of them used one session");
    let status = home.status();
    assert_eq!(status["sessions"][0]["computer_name"], "sh", "{status}");

    // Its one slot is taken.
    let mut holder = home.holder();
    let refused = home.run(&["run", "--mode", "exclusive", "--wait", "0", "Get-CsTenant"]);
    assert_eq!(refused.code, 75, "{refused:?}");
    holder.kill();

    let child = children(&home)[0];
    let closed = home.run(&["close", "local"]);
    assert_eq!(closed.code, 0, "{closed:?}");
    eventually("the program has ended with its session", || !is_there(child));
}

#[test]
fn a_killed_daemon_leaves_no_program_and_the_next_one_knows_it() {
    let Some(words) = peer_words() else { return };
    let home = home(&words, "max_concurrency = 1");
    assert_eq!(home.run(&["run", "Get-CsTenant"]).code, 0);
    let left = children(&home);
    assert_eq!(left.len(), 1);
    let python: Vec<u32> = left.clone();
    home.end_daemon(Signal::KILL);
    eventually("no program is left", || !python.iter().any(|pid| is_there(*pid)));
    // The one slot is free at once: the books of a program need no proof.
    let finished = home.run(&["run", "--wait", "20s", "Get-CsTenant"]);
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(home.status()["sessions"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_stopped_daemon_ends_its_programs() {
    let Some(words) = peer_words() else { return };
    let home = home(&words, "");
    assert_eq!(home.run(&["run", "Get-CsTenant"]).code, 0);
    let left = children(&home);
    home.end_daemon(Signal::TERM);
    assert!(!left.is_empty() && !left.iter().any(|pid| is_there(*pid)), "{left:?}");
}

#[test]
fn a_program_that_is_no_powershell_is_told_as_what_it_is() {
    for (script, told) in [
        (
            "echo no such configuration >&2; exit 3",
            &["sh ended with exit code 3", "no such configuration"][..],
        ),
        (
            "echo 'PowerShell 7.6.5'; cat",
            &["PowerShell 7.6.5", "let nothing but PowerShell write"],
        ),
        ("cat /dev/urandom", &["sh broke the remoting protocol"]),
        (
            "printf '<Data Stre'; exec 1>&-; cat >/dev/null",
            &["closed its output", "<Data Stre"],
        ),
        ("kill -9 $$", &["sh was ended by signal 9"]),
        ("echo; cat", &["an empty line stands where a packet should"]),
    ] {
        let home = home(&shell(script), "");
        let finished = home.run(&["run", "--wait", "20s", "Get-Date"]);
        assert!([1, 69, 75].contains(&finished.code), "{script}: {finished:?}");
        for words in told {
            assert!(finished.stderr.contains(words), "{script}: {words}: {finished:?}");
        }
        eventually("nothing is left of it", || children(&home).is_empty());
    }
    let home = home(&["/nowhere/pwsh".to_owned()], "");
    let finished = home.run(&["run", "Get-Date"]);
    assert!(
        finished.code == 1 && finished.stderr.contains("there is no program /nowhere/pwsh"),
        "{finished:?}"
    );
}

#[test]
fn a_program_that_never_answers_is_told_of_and_given_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let asked = folder.path().join("asked");
    let script = format!("head -c 1 >/dev/null; : >'{}'; exec cat >/dev/null", asked.display());
    let home = home(&shell(&script), "open_timeout = 60");
    let mut console = home.start(&["run", "Get-Date"]);
    // Time counts from the question on.
    eventually("it was asked", || asked.exists());
    home.advance(Duration::from_secs(16));
    console.wait_for("no answer from sh for 1");
    home.advance(Duration::from_secs(60));
    let finished = console.finish();
    assert!(
        finished.code != 0 && finished.stderr.contains("no answer from sh for 60 s"),
        "{finished:?}"
    );
    eventually("it is gone", || children(&home).is_empty());
}

#[test]
fn our_tenant_is_a_program_too() {
    let home = home(&shell(&tenant()), "");
    let finished = home.run(&["run", "Get-CsTenant | Select-Object DisplayName", "--output", "jsonl"]);
    assert_eq!(
        (finished.code, finished.stdout.trim()),
        (0, "{\"DisplayName\":\"litwareinc\"}"),
        "{finished:?}"
    );
    let finished = home.run(&["run", "Get-CsOnlineUser", "-ResultSize", "20000", "--output", "jsonl"]);
    assert_eq!(
        (finished.code, finished.stdout.lines().count()),
        (0, 20_000),
        "{}",
        finished.stderr
    );
    // A stop reaches its pipeline, and the session lives on.
    let stopped = home.run(&["run", "--timeout", "1s", "Start-Sleep", "-Seconds", "60"]);
    assert_eq!(stopped.code, 124, "{stopped:?}");
    assert_eq!(home.run(&["run", "Get-CsTenant"]).code, 0);
    assert_eq!(children(&home).len(), 1);
}

#[test]
fn a_reader_that_goes_leaves_the_session_to_the_next() {
    let home = home(&shell(&tenant()), "max_concurrency = 1");
    let mut reader = home.start(&["run", "Get-CsOnlineUser", "-ResultSize", "100000", "--output", "jsonl"]);
    reader.wait_for("DisplayName");
    let program = children(&home);
    reader.kill();
    let finished = home.run(&["run", "--wait", "30s", "Get-CsTenant"]);
    assert_eq!(finished.code, 0, "{finished:?}");
    assert_eq!(children(&home), program, "the session was stopped, not closed");
}
