//! One session in the field, end to end: what the endpoint and the way to it do in the middle of a command, and what the
//! caller is told. The peer does it by rule; the same cases without a process are in `crates/runspace/tests`.

use pslease_tests::{Endpoint, Home};
use serde_json::{Value as Json, json};

const MANY: [&str; 6] = ["run", "Get-CsOnlineUser", "-ResultSize", "2000", "--output", "jsonl"];

/// An endpoint that obeys rules, and a home with a session on it.
fn begin() -> Option<(Endpoint, Home)> {
    let endpoint = Endpoint::peer()?;
    let home = Home::with_admins(&endpoint, "skype", &["kenmyer"], "");
    let first = home.run(&["run", "Get-CsTenant"]);
    assert_eq!(first.code, 0, "{first:?}");
    Some((endpoint, home))
}

fn rule(endpoint: &Endpoint, rule: &Json) {
    endpoint.control("POST", "/control/faults", Some(rule));
}

fn commands(endpoint: &Endpoint) -> u64 {
    endpoint.state()["counts"]["commands"].as_u64().unwrap_or(0)
}

#[test]
fn trouble_on_the_way_costs_time_and_nothing_else() {
    let Some((endpoint, home)) = begin() else { return };
    for trouble in [
        json!({"kind": "drop_before", "action": "Receive", "times": 2}),
        json!({"kind": "duplicate", "action": "Receive", "needs_data": true, "times": 3}),
        json!({"kind": "status", "status": 503, "retry_after": 0, "action": "Receive", "times": 2}),
        json!({"kind": "status", "status": 503, "retry_after": 0, "action": "Command"}),
        json!({"kind": "drip", "action": "Receive", "chunk": 100_000, "seconds": 0.01, "times": 2}),
        json!({"kind": "drop_after", "action": "Signal"}),
    ] {
        rule(&endpoint, &trouble);
        let ran = home.run(&MANY);
        assert_eq!(ran.code, 0, "{trouble}: {ran:?}");
        assert_eq!(ran.stdout.lines().count(), 2000, "{trouble}");
    }
    assert_eq!(endpoint.truth().created, 1, "one session all along");
}

#[test]
fn what_is_missing_is_told_and_what_may_have_run_is_not_run_again() {
    let Some((endpoint, home)) = begin() else { return };
    rule(
        &endpoint,
        &json!({"kind": "drop_after", "action": "Receive", "needs_data": true, "skip": 1}),
    );
    let ran = home.run(&MANY);
    let whole = ran.stdout.lines().count() == 2000;
    assert_eq!(ran.code, if whole { 0 } else { 74 }, "{ran:?}");

    let before = commands(&endpoint);
    rule(&endpoint, &json!({"kind": "drop_after", "action": "Command"}));
    let ran = home.run(&["run", "Get-CsTenant"]);
    assert_eq!(ran.code, 0, "it had arrived, and its output was found: {ran:?}");
    assert_eq!(commands(&endpoint), before + 1);
}
