//! What an operator does to a running daemon.

use pslease_tests::{Endpoint, Home, eventually};
use serde_json::Value as Json;

fn home(endpoint: &Endpoint) -> Home {
    Home::with_admins(endpoint, "skype", &["kenmyer"], "")
}

fn state(home: &Home) -> String {
    home.status()["profiles"][0]["state"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

pub(crate) fn a_paused_profile_begins_nothing_new(endpoint: &Endpoint) {
    let home = home(endpoint);
    let paused = home.run(&["pause", "kenmyer"]);
    assert_eq!(paused.code, 0, "{paused:?}");
    assert_eq!(state(&home), "paused");
    // Not at once: a daemon that has just started first has its fences written.
    let refused = home.run(&["run", "--wait", "5s", "Get-CsTenant"]);
    assert_eq!(refused.code, 75, "{refused:?}");
    assert!(refused.stderr.contains("paused"), "{refused:?}");
    let mut waiting = home.start(&["run", "Get-CsTenant", "--output", "jsonl"]);
    waiting.wait_for("paused");
    assert_eq!(endpoint.truth().created, 0);
    assert_eq!(home.run(&["resume", "kenmyer"]).code, 0);
    assert_eq!(waiting.finish().code, 0);
}

pub(crate) fn a_drained_profile_leaves_no_shell(endpoint: &Endpoint) {
    let home = home(endpoint);
    let mut running = home.start(&["run", "Start-Sleep -Seconds 600"]);
    assert_eq!(home.run(&["run", "--mode", "fresh", "Get-CsTenant"]).code, 0);
    eventually("the long one runs", || home.status().to_string().contains("Busy"));
    let drained = home.run(&["drain", "kenmyer", "--deadline", "1s"]);
    assert_eq!(drained.code, 0, "{drained:?}");
    assert_eq!(endpoint.truth().live, 0);
    assert_eq!(state(&home), "draining");
    assert_ne!(running.finish().code, 0, "whoever ran something is told");
    assert_eq!(home.run(&["resume"]).code, 0);
    assert_eq!(home.run(&["run", "Get-CsTenant"]).code, 0);
}

pub(crate) fn a_reload_says_what_it_changed(endpoint: &Endpoint) {
    let home = home(endpoint);
    assert_eq!(home.run(&["run", "Get-CsTenant"]).code, 0);
    let file = home.path().join("config.toml");
    let before = std::fs::read_to_string(&file).expect("config.toml");
    let more = endpoint.profile("pilar", "skype", "pilar@litwareinc.com", "");
    std::fs::write(&file, format!("{}\nlinger = \"5s\"\n{more}", before.trim_end())).expect("written");
    let reloaded = home.run(&["reload"]);
    assert_eq!(reloaded.code, 0, "{reloaded:?}");
    assert!(reloaded.stderr.contains("added: pilar"), "{reloaded:?}");
    assert!(reloaded.stderr.contains("changed: kenmyer"), "{reloaded:?}");
    assert_eq!(home.run(&["run", "-p", "kenmyer", "Get-CsTenant"]).code, 0);
    assert_eq!(endpoint.truth().created, 1, "the session is kept, and what it has seen");
    std::fs::write(&file, "version = 1\nnonsense = 3\n").expect("written");
    let bad = home.run(&["reload"]);
    assert_eq!(bad.code, 78, "{bad:?}");
    assert_eq!(
        home.run(&["run", "-p", "kenmyer", "Get-CsTenant"]).code,
        0,
        "the last good one counts"
    );
}

pub(crate) fn an_upgrade_leaves_nobody_without_an_answer(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    assert_eq!(home.run(&["run", "Get-CsTenant"]).code, 0);
    let old = home.daemon().expect("a daemon");
    let upgraded = home.run(&["daemon", "upgrade", "--deadline", "5s"]);
    assert_eq!(upgraded.code, 0, "{upgraded:?}");
    let new = home.daemon().expect("another daemon");
    assert_ne!(old, new);
    assert_eq!(home.status()["daemon"]["pid"].as_u64(), Some(new.into()));
    home.login("kenmyer", endpoint.password("kenmyer"));
    assert_eq!(home.run(&["run", "Get-CsTenant"]).code, 0);
    let truth = endpoint.truth();
    assert_eq!((truth.live, truth.over_limit), (1, 0), "{truth:?}");
}

pub(crate) fn events_tell_what_happened(endpoint: &Endpoint) {
    let home = home(endpoint);
    let mut events = home.start(&["events"]);
    // It listens as soon as it hears of anything.
    eventually("it listens", || {
        assert_eq!(home.run(&["pause"]).code, 0);
        assert_eq!(home.run(&["resume"]).code, 0);
        true
    });
    events.wait_for("resumed");
    assert_eq!(home.run(&["run", "--mode", "exclusive", "Get-CsTenant"]).code, 0);
    for what in [
        "session-opening",
        "session-opened",
        "lease-granted",
        "turn-started",
        "lease-ended",
        "session-closed",
    ] {
        let line = events.wait_for(what);
        let event: Json = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        assert_eq!(event["event"], what);
        assert_eq!(event["profile"], "kenmyer", "{line}");
        assert!(event["at"].as_str().is_some_and(|at| at.ends_with('Z')), "{line}");
    }
}
