//! `pslease run`: one command, its streams, its end.

use pslease_tests::{Endpoint, Home};
use rustix::process::Signal;
use serde_json::Value as Json;

/// The tenant's and the peer's test instruments have different names.
pub(super) fn instrument(endpoint: &Endpoint, what: &str) -> String {
    match endpoint {
        Endpoint::Tenant(..) => format!("Invoke-Tenant{what}"),
        Endpoint::Peer(_) => format!("Invoke-Peer{what}"),
    }
}

fn home(endpoint: &Endpoint) -> Home {
    Home::with_admins(endpoint, "skype", &["kenmyer"], "")
}

pub(crate) fn one_command_is_answered(endpoint: &Endpoint) {
    let home = home(endpoint);
    let finished = home.run(&["run", "Get-CsTenant"]);
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(finished.stdout.to_lowercase().contains("litware"), "{finished:?}");
    let json = home.run(&["run", "Get-CsTenant", "--output", "json"]);
    let tenant: Json = serde_json::from_str(&json.stdout).expect("JSON");
    let tenant = tenant.as_array().map_or(&tenant, |list| &list[0]);
    assert!(
        tenant["DisplayName"]
            .as_str()
            .is_some_and(|name| name.eq_ignore_ascii_case("litwareinc")),
        "{tenant}"
    );
    assert_eq!(
        endpoint.truth().created,
        1,
        "the second command used the first one's session"
    );
}

pub(crate) fn every_stream_arrives(endpoint: &Endpoint) {
    let home = home(endpoint);
    let finished = home.run(&["run", &instrument(endpoint, "Streams")]);
    assert!(finished.stdout.contains("output"), "{finished:?}");
    let stderr = finished.stderr.to_lowercase();
    for stream in ["error", "warning: ", "verbose: ", "debug: ", "information"] {
        assert!(
            stderr.contains(stream) || finished.stdout.to_lowercase().contains(stream),
            "{stream}: {finished:?}"
        );
    }
    assert_eq!(finished.code, 1, "an error record was among them");
}

pub(crate) fn the_servers_own_words_come_first(endpoint: &Endpoint) {
    let home = home(endpoint);
    let finished = home.run(&["run", "Get-NoSuchThing"]);
    assert_eq!(finished.code, 1);
    assert!(
        finished
            .stderr
            .contains("'Get-NoSuchThing' is not recognized as the name of a cmdlet"),
        "{finished:?}"
    );
    assert!(finished.stdout.is_empty(), "{finished:?}");
}

pub(crate) fn a_pipeline_of_commands_is_a_command_list(endpoint: &Endpoint) {
    // The Exchange endpoint has no language: script text would be refused.
    let home = match endpoint {
        Endpoint::Tenant(..) => Home::with_admins(endpoint, "exchange", &["kenmyer"], ""),
        Endpoint::Peer(_) => {
            let home = Home::new(&endpoint.profile("contoso", "exchange", "admin@contoso.com", ""));
            home.login("contoso", endpoint.password("admin@contoso.com"));
            home
        }
    };
    let text = "Get-TransportRule | Select-Object Name, State";
    let finished = home.run(&["run", text, "--output", "jsonl"]);
    assert_eq!(finished.code, 0, "{finished:?}");
    let first: Json = serde_json::from_str(finished.stdout.lines().next().expect("a rule")).expect("JSON");
    assert!(first["Name"].is_string() && first["State"].is_string(), "{first}");
    let script = home.run(&["run", "--script", text]);
    assert_eq!(script.code, 1, "{script:?}");
    assert!(script.stderr.contains("no-language mode"), "{script:?}");
}

pub(crate) fn a_failing_command_fails_the_call(endpoint: &Endpoint) {
    let home = home(endpoint);
    let finished = home.run(&[
        "run",
        &instrument(endpoint, "Failure"),
        "-After",
        "3",
        "--output",
        "jsonl",
    ]);
    assert_eq!(finished.code, 1, "{finished:?}");
    assert_eq!(
        finished.stdout.lines().count(),
        3,
        "what came before the failure is not lost: {finished:?}"
    );
    assert!(!finished.stderr.is_empty());
    assert_eq!(home.run(&["run", "Get-CsTenant"]).code, 0, "the session lives on");
    assert_eq!(endpoint.truth().created, 1);
}

pub(crate) fn ten_thousand_objects_come_through_whole(endpoint: &Endpoint) {
    let home = home(endpoint);
    let finished = home.run(&["run", "Get-CsOnlineUser", "-ResultSize", "10000", "--output", "jsonl"]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let users: Vec<Json> = finished
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is an object"))
        .collect();
    assert_eq!(users.len(), 10_000);
    let mut addresses: Vec<_> = users
        .iter()
        .map(|user| user["SipAddress"].as_str().expect("a SIP address"))
        .collect();
    addresses.sort_unstable();
    addresses.dedup();
    assert_eq!(addresses.len(), 10_000, "each user once");
    let one = home.run(&[
        "run",
        "Get-CsOnlineUser",
        "-Identity",
        addresses[4_999],
        "--output",
        "jsonl",
    ]);
    let one: Json = serde_json::from_str(&one.stdout).expect("one user");
    assert!(users.contains(&one), "asked for alone, the user is the same: {one}");
}

pub(crate) fn a_closed_session_is_named_as_powershell_names_it(endpoint: &Endpoint) {
    let home = home(endpoint);
    let held = home.start(&[
        "with",
        "--mode",
        "exclusive",
        "--",
        "sh",
        "-c",
        "echo $PSLEASE_LEASE:$PSLEASE_FENCE; exec sleep 600",
    ]);
    let mut held = held;
    let lease = held.wait_for(":").trim().to_owned();
    let session = home.status()["sessions"][0]["id"].to_string();
    assert_eq!(home.run(&["close", &session]).code, 0);
    let finished = home.run(&["run", "--lease", &lease, "Get-CsTenant"]);
    assert_eq!(finished.code, 74, "{finished:?}");
    assert!(
        finished
            .stderr
            .contains("State of runspace is not valid for this operation."),
        "{finished:?}"
    );
    assert!(
        finished.stderr.contains("hint: pslease connect kenmyer"),
        "{finished:?}"
    );
}

pub(crate) fn what_if_is_shown(endpoint: &Endpoint) {
    if matches!(endpoint, Endpoint::Peer(_)) {
        println!("skipped: the peer knows no -WhatIf");
        return;
    }
    let home = home(endpoint);
    let finished = home.run(&["run", "Disable-CsMeetingRoom", "-Identity", "Redmond 1/2005", "-WhatIf"]);
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(
        finished.stdout.contains("What if: ") || finished.stderr.contains("What if: "),
        "{finished:?}"
    );
    let room = home.run(&[
        "run",
        "Get-CsMeetingRoom",
        "-Identity",
        "Redmond 1/2005",
        "--output",
        "jsonl",
    ]);
    assert!(room.stdout.contains("\"Enabled\":true"), "{room:?}");
}

pub(crate) fn a_stop_reaches_its_own_pipeline_only(endpoint: &Endpoint) {
    let home = home(endpoint);
    let mut first = home.start(&[
        "run",
        "Write-Output 1,2,3 | Out-Default; Start-Sleep -Seconds 600",
        "--script",
        "--output",
        "jsonl",
    ]);
    first.wait_for("3");
    let mut second = home.start(&[
        "run",
        "--mode",
        "exclusive",
        "Start-Sleep -Seconds 1 | Out-Default",
        "--output",
        "jsonl",
    ]);
    first.signal(Signal::INT);
    let stopped = first.finish();
    assert_eq!(stopped.code, 130, "{stopped:?}");
    let other = second.finish();
    assert_eq!(other.code, 0, "{other:?}");
    assert_eq!(home.run(&["run", "Get-CsTenant"]).code, 0);
}
