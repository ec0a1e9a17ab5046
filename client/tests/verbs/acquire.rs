//! `pslease acquire`, `release`, `renew`, `kill`.

use std::process::Command;

use proto::v1::*;

use crate::daemon::Daemon;
use crate::{ended, pslease, run};

#[test]
fn only_the_lease_goes_to_standard_output() {
    let daemon = Daemon::new();
    let end = run(
        &daemon,
        &["acquire", "-p", "litware", "--mode", "exclusive", "--label", "nightly"],
    );
    assert_eq!(
        (end.out.as_str(), end.error.as_str(), end.code),
        ("12:7\n", "", Some(0))
    );
    let request = daemon.seen().acquires.remove(0);
    let wish = request.wish.unwrap();
    assert_eq!((wish.mode(), wish.label.as_str()), (LeaseMode::Exclusive, "nightly"));
    assert_eq!(request.anchor.unwrap().kind, Some(anchor::Kind::Shell(true)));
    let parent = wish.caller.unwrap().ancestors.remove(0);
    assert_eq!(parent.pid, std::process::id(), "we are its parent");
}

#[test]
fn a_shell_can_take_it_over() {
    let daemon = Daemon::new();
    let script = format!(
        "L=$({0} acquire) || exit 9; echo \"$L\"; eval \"$({0} acquire --export)\"; echo \"$PSLEASE_LEASE/$PSLEASE_FENCE\"; \
         {0} release; {0} release \"$L\"",
        env!("CARGO_BIN_EXE_pslease")
    );
    let output = Command::new("sh")
        .arg("-c")
        .arg(script)
        .env("PSLEASE_HOME", daemon.home())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "12:7\n12/7\n", "{output:?}");
    let released: Vec<(u64, u64)> = daemon.seen().releases.iter().map(|r| (r.lease, r.fence)).collect();
    assert_eq!(released, [(12, 7), (12, 7)]);
}

#[test]
fn a_lease_that_nobody_can_read_of_is_given_back() {
    let daemon = Daemon::new();
    let mut child = pslease(daemon.home(), &["acquire"]).spawn().unwrap();
    drop(child.stdout.take());
    ended(child);
    assert_eq!(daemon.seen().releases.len(), 1);
}

#[test]
fn a_number_without_its_fence_is_not_enough() {
    let daemon = Daemon::new();
    let end = run(&daemon, &["release", "12"]);
    assert_eq!(end.code, Some(2));
    assert!(end.error.contains("hint: pslease kill 12"), "{}", end.error);
    assert_eq!(run(&daemon, &["kill", "12"]).code, Some(0));
    let end = run(&daemon, &["kill", "13"]);
    assert_eq!(
        (end.code, end.error.as_str()),
        (Some(1), "error: there is no lease 13\nhint: pslease leases\n")
    );
}

#[test]
fn a_renewal_prints_what_was_granted() {
    let end = run(&Daemon::new(), &["renew", "12:7", "--ttl", "90s"]);
    assert_eq!((end.out.as_str(), end.code), ("1m30s\n", Some(0)));
}
