//! The doctor: what is in the way to a session, and that looking leaves nothing behind.

use pslease_tests::{Endpoint, Finished, Home, eventually};
use serde_json::Value as Json;

/// State and message of each step.
#[track_caller]
fn steps(finished: &Finished) -> Vec<(String, String, String)> {
    let page: Json = serde_json::from_str(&finished.stdout).unwrap_or_else(|_| panic!("no JSON: {finished:?}"));
    let text = |row: &Json, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let rows = page["steps"].as_array().expect("steps");
    rows.iter()
        .map(|row| (text(row, "step"), text(row, "state"), text(row, "message")))
        .collect()
}

#[track_caller]
fn step<'a>(steps: &'a [(String, String, String)], name: &str) -> (&'a str, &'a str) {
    let found = steps.iter().find(|(step, ..)| step == name);
    let (_, state, message) = found.unwrap_or_else(|| panic!("no step {name}: {steps:?}"));
    (state, message)
}

fn doctor(home: &Home) -> (i32, Vec<(String, String, String)>) {
    let finished = home.run(&["doctor", "--output", "json"]);
    (finished.code, steps(&finished))
}

pub(crate) fn the_doctor_finds_nothing_wrong_and_leaves_nothing_open(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    let (code, found) = doctor(&home);
    assert_eq!(code, 0, "{found:?}");
    // Neither endpoint knows the variable that tells the mode, and both read script text.
    for name in ["name", "tcp", "tls", "authentication", "shell", "language"] {
        assert_eq!(step(&found, name).0, "ok", "{name}: {found:?}");
    }
    assert!(
        step(&found, "language").1.starts_with("script text is taken"),
        "{found:?}"
    );
    assert!(
        step(&found, "quota")
            .1
            .contains("of 3 for admin kenmyer@litwareinc.com"),
        "{found:?}"
    );
    eventually("its session is closed", || endpoint.truth().live == 0);
    assert_eq!(endpoint.truth().created, 2, "a shell, and another to compare addresses");
    let table = home.run(&["doctor"]);
    assert!(
        table.stdout.lines().any(|line| line.starts_with("ok       shell")),
        "{table:?}"
    );
}

pub(crate) fn the_doctor_compares_the_addresses_of_two_connections(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    let (code, found) = doctor(&home);
    assert_eq!(code, 0, "{found:?}");
    let (state, seen) = step(&found, "address");
    assert_eq!(state, "ok", "{found:?}");
    assert!(seen.contains("127.0.0.1, on 2 connections"), "{found:?}");
    eventually("what it opened is closed", || endpoint.truth().live == 0);
}

pub(crate) fn the_doctor_uses_a_held_session_and_never_waits(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "max_concurrency = 1");
    assert_eq!(home.run(&["connect"]).code, 0);
    let (code, found) = doctor(&home);
    assert_eq!(code, 0, "{found:?}");
    assert!(step(&found, "shell").1.contains("held already"), "{found:?}");
    assert_eq!(endpoint.truth().created, 1, "no session was opened for it");
    assert_eq!(endpoint.truth().live, 1, "and the one that was there stays");

    let holder = home.holder();
    let (code, found) = doctor(&home);
    assert_eq!(code, 0, "{found:?}");
    let (state, why) = step(&found, "shell");
    assert_eq!(state, "skipped", "{found:?}");
    assert!(why.starts_with("all slots in use"), "{found:?}");
    drop(holder);
}

pub(crate) fn the_doctor_says_what_is_wrong_and_what_helps(endpoint: &Endpoint) {
    let home = Home::new(&endpoint.profile("lab", "skype", "kenmyer@litwareinc.com", ""));
    let (code, found) = doctor(&home);
    assert_eq!((code, step(&found, "credential").0), (77, "failed"), "{found:?}");
    assert_eq!(step(&found, "shell").0, "skipped", "{found:?}");
    assert_eq!(
        step(&found, "tls").0,
        "ok",
        "what needs no secret is looked at all the same: {found:?}"
    );
    let shown = home.run(&["doctor"]);
    assert!(shown.stdout.contains("hint: pslease login lab"), "{shown:?}");

    let wrong = Home::new(&endpoint.profile("lab", "skype", "kenmyer@litwareinc.com", ""));
    let mut login = pslease_tests::Console::start(
        wrong.pslease(&["login", "lab", "--no-verify", "--password-stdin"]),
        Some("nonsense"),
    );
    assert_eq!(login.finish().code, 0);
    let (code, found) = doctor(&wrong);
    assert_eq!((code, step(&found, "authentication").0), (77, "failed"), "{found:?}");

    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = nobody.local_addr().expect("its number");
    drop(nobody);
    let closed = Home::new(&format!(
        "[profile.lab]\ntemplate = \"winrm\"\nuri = \"https://{address}/wsman\"\nadmin = \"ken\"\n"
    ));
    let (code, found) = doctor(&closed);
    assert_eq!(step(&found, "tcp").0, "failed", "{found:?}");
    assert!(step(&found, "tcp").1.contains("nobody listens"), "{found:?}");
    assert!(
        code == 69 || code == 77,
        "no password, and nobody listens: {code} {found:?}"
    );
    assert_eq!(endpoint.truth().created, 0);
}

pub(crate) fn accounts_tell_their_source_and_state(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    let listed = home.run(&["accounts", "--output", "json"]);
    let page: Json = serde_json::from_str(&listed.stdout).expect("JSON");
    let account = &page["accounts"][0];
    assert_eq!(account["account"], "kenmyer@litwareinc.com", "{page}");
    assert_eq!(account["source"], "memory", "{page}");
    assert_eq!(home.run(&["logout", "kenmyer"]).code, 0);
    let listed = home.run(&["accounts", "--output", "json"]);
    assert!(listed.stdout.contains("\"none\""), "{listed:?}");
}
