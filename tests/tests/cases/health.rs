//! A session that may have gone while nobody looked is asked before it is used, and otherwise left in peace.

use std::time::Duration;

use pslease_tests::{Console, Endpoint, Home, eventually};
use serde_json::json;

/// What the peer was asked, one verb after the other.
fn verbs(endpoint: &Endpoint) -> Vec<String> {
    let log = endpoint.control("GET", "/control/log", None);
    let entries = log.as_array().or_else(|| log["log"].as_array()).expect("a log").clone();
    entries
        .iter()
        .filter_map(|entry| Some(entry["verb"].as_str()?.to_owned()))
        .collect()
}

pub(crate) fn after_a_sleep_a_session_is_asked_before_it_is_used(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    for _ in 0..3 {
        assert_eq!(home.run(&["run", "Get-CsTenant"]).code, 0);
    }
    if let Endpoint::Peer(_) = endpoint {
        assert!(
            !verbs(endpoint).iter().any(|verb| verb == "Get"),
            "nothing was in doubt"
        );
    }
    // Shorter than it may idle.
    home.advance(Duration::from_secs(300));
    assert_eq!(home.run(&["run", "Get-CsTenant"]).code, 0);
    assert_eq!(endpoint.truth().created, 1, "it was well");
    let Endpoint::Peer(_) = endpoint else { return };
    assert_eq!(verbs(endpoint).iter().filter(|verb| *verb == "Get").count(), 1);
    // And now it is gone in its sleep.
    let commands = || verbs(endpoint).iter().filter(|verb| *verb == "Command").count();
    let before = commands();
    let gone = json!({ "kind": "kill_shell", "action": "Get", "times": 1 });
    endpoint.control("POST", "/control/faults", Some(&gone));
    home.advance(Duration::from_secs(300));
    let answered = home.run(&["run", "Get-CsTenant", "--output", "jsonl"]);
    assert_eq!(answered.code, 0, "{answered:?}");
    assert!(answered.stdout.contains("TenantId"), "{answered:?}");
    assert_eq!(endpoint.truth().created, 2, "in another session");
    assert_eq!(commands(), before + 1, "no command went to the shell that was gone");
}

pub(crate) fn who_keeps_a_session_is_told_that_it_went_in_a_sleep(endpoint: &Endpoint) {
    let Endpoint::Peer(_) = endpoint else {
        println!("skipped: the tenant has no faults");
        return;
    };
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    let program = "pslease run Get-CsTenant && echo ready && read -r line && pslease run Get-CsTenant";
    let with = home.pslease(&["with", "--mode", "exclusive", "--", "sh", "-c", program]);
    let mut console = Console::with_input(with, reader);
    console.wait_for("ready");
    let gone = json!({ "kind": "kill_shell", "action": "Get", "times": 1 });
    endpoint.control("POST", "/control/faults", Some(&gone));
    home.advance(Duration::from_secs(300));
    std::io::Write::write_all(&mut writer, b"now\n").expect("the script reads");
    let finished = console.finish();
    assert_eq!(
        finished.code, 74,
        "its state is lost, and nothing ran elsewhere: {finished:?}"
    );
    eventually("nothing is left", || endpoint.truth().live == 0);
    assert_eq!(endpoint.truth().created, 1);
}
