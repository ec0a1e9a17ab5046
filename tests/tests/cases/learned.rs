//! The service allows less than its documents say, because somebody else holds a part: learned from what it refuses and
//! lists, shown, and forgotten when it is over.

use pslease_tests::{Endpoint, Home};
use serde_json::Value as Json;

fn home(endpoint: &Endpoint) -> Home {
    Home::with_admins(endpoint, "exchange", &["kenmyer"], "")
}

/// The admin's ceiling as a program reads it.
fn limit(home: &Home) -> Json {
    let status = home.status();
    let limits = status["limits"].as_array().expect("a list of limits");
    let admins = limits.iter().find(|limit| limit["scope"] == "admin");
    admins.expect("the admin's limit").clone()
}

/// The same as a person reads it.
fn shown(home: &Home) -> String {
    let limits = home.run(&["limits"]);
    assert_eq!(limits.code, 0, "{limits:?}");
    limits.stdout
}

pub(crate) fn slots_that_somebody_else_holds_are_learned_shown_and_had_again(endpoint: &Endpoint) {
    let (ours, theirs) = (home(endpoint), home(endpoint));
    let mut elsewhere = theirs.holder();
    let _held = [ours.holder(), ours.holder()];
    assert!(!shown(&ours).contains("observed"), "nothing was refused so far");
    let third = [
        "run",
        "--mode",
        "exclusive",
        "Get-Command",
        "Get-TransportRule",
        "--wait",
    ];
    let refused = ours.run(&[&third[..], &["3s"]].concat());
    assert_eq!(refused.code, 75, "{refused:?}");
    let now = limit(&ours);
    assert_eq!(
        (now["limit"].as_u64(), now["outside"].as_u64()),
        (Some(3), Some(1)),
        "{now}"
    );
    let text = shown(&ours);
    assert!(text.contains("3 documented, 2 observed "), "{text}");
    let tries = endpoint.truth().over_limit;
    assert_eq!(tries, 1, "one try showed it, and nobody else tried");

    elsewhere.kill();
    pslease_tests::eventually("theirs is closed", || {
        theirs.run(&["close", "kenmyer"]);
        endpoint.truth().live == 2
    });
    // The service's own list says so.
    let reconciled = ours.run(&["reconcile", "kenmyer"]);
    assert_eq!(reconciled.code, 0, "{reconciled:?}");
    let now = limit(&ours);
    assert!(now["outside"].is_null(), "{now}");
    assert!(!shown(&ours).contains("observed"), "{}", shown(&ours));
    let granted = ours.run(&[&third[..], &["60s"]].concat());
    assert_eq!(granted.code, 0, "{granted:?}");
    assert_eq!(endpoint.truth().over_limit, tries);

    // Somebody else's show in the list before anything is refused.
    let mut again = theirs.holder();
    assert_eq!(ours.run(&["reconcile", "kenmyer"]).code, 0);
    assert_eq!(limit(&ours)["outside"].as_u64(), Some(1));
    again.kill();
}
