//! Slots: never too many, none lost, and a reason for every wait.

use std::time::Duration;

use pslease_tests::{Console, Endpoint, Home, eventually};
use rustix::process::Signal;

const ADMINS: [&str; 4] = ["kenmyer", "pilar", "david", "amos"];

pub(crate) fn twelve_consoles_keep_the_limits_and_all_get_answers(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &ADMINS, "");
    // Each wants a session to itself: twelve where nine are allowed, and of each admin three.
    let mut consoles: Vec<Console> = (0..12)
        .map(|number| {
            home.start(&[
                "run",
                "-p",
                ADMINS[number % 4],
                "--mode",
                "fresh",
                "--wait",
                "60s",
                "Get-CsTenant",
                "--output",
                "jsonl",
            ])
        })
        .collect();
    for console in &mut consoles {
        let finished = console.finish();
        assert_eq!(finished.code, 0, "{finished:?}");
        assert!(finished.stdout.contains("TenantId"), "{finished:?}");
    }
    let truth = endpoint.truth();
    assert_eq!(truth.over_limit, 0, "no Create beyond a limit was even sent: {truth:?}");
    assert!(truth.peak_admin <= 3 && truth.peak_organization <= 9, "{truth:?}");
    assert!(truth.created >= 9, "{truth:?}");
}

pub(crate) fn the_lease_of_a_killed_console_goes_to_the_next(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "max_concurrency = 1");
    let mut first = home.holder();
    let mut second = home.start(&["with", "--mode", "exclusive", "--", "echo", "granted"]);
    second.wait_for("kenmyer");
    first.kill();
    second.wait_for("granted");
    assert_eq!(second.finish().code, 0);
    let truth = endpoint.truth();
    assert_eq!((truth.over_limit, truth.peak_admin), (0, 1), "{truth:?}");
}

pub(crate) fn the_fourth_waits_with_a_reason(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    let mut holders: Vec<Console> = (0..3).map(|_| home.holder()).collect();
    let refused = home.run(&["run", "--mode", "exclusive", "--wait", "0", "Get-CsTenant"]);
    assert_eq!(refused.code, 75, "{refused:?}");
    assert!(
        refused.stderr.contains("pslease kill "),
        "it says how to end a holder: {refused:?}"
    );
    let mut fourth = home.start(&["run", "--mode", "exclusive", "Get-CsTenant", "--output", "jsonl"]);
    let reason = fourth.wait_for("kenmyer@litwareinc.com");
    assert!(reason.contains('3'), "who, and how many: {reason}");
    let queue = home.run(&["queue", "--output", "json"]);
    assert!(queue.stdout.contains("kenmyer"), "{queue:?}");
    holders.pop();
    let answered = fourth.finish();
    assert_eq!(answered.code, 0, "{answered:?}");
    assert_eq!(endpoint.truth().over_limit, 0);
}

pub(crate) fn an_idle_session_is_closed_before_the_server_expires_it(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    assert_eq!(home.run(&["run", "Get-CsTenant"]).code, 0);
    assert_eq!(endpoint.truth().live, 1);
    home.advance(Duration::from_secs(15 * 60));
    eventually("the daemon has closed the idle session", || endpoint.truth().live == 0);
    endpoint.advance(Duration::from_secs(15 * 60));
    assert_eq!(endpoint.truth().idled_out, 0, "the server had nothing to expire");
}

pub(crate) fn a_long_pipeline_does_not_hold_up_the_second(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    let mut long = home.start(&["run", "Start-Sleep -Seconds 60"]);
    eventually("the long one runs", || {
        home.status()["sessions"][0]["availability"] == "Busy"
    });
    let second = home.run(&["run", "Get-CsTenant", "--output", "jsonl"]);
    assert_eq!(second.code, 0, "{second:?}");
    assert!(!long.has_ended(), "the second did not wait for the first");
    assert_eq!(endpoint.truth().live, 2);
    long.signal(Signal::INT);
    assert_eq!(long.finish().code, 130);
}

pub(crate) fn a_reader_that_sleeps_is_stopped_when_another_waits(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "max_concurrency = 1");
    // A reader that takes nothing: its output fills the pipe, and stays.
    let mut sleeper = Console::start(
        home.script("sh", "pslease run Get-CsOnlineUser -ResultSize 100000 --output jsonl | { read -r line; echo first; exec sleep 600; }"),
        None,
    );
    sleeper.wait_for("first");
    let mut second = home.start(&["run", "--wait", "24h", "Get-CsTenant", "--output", "jsonl"]);
    second.wait_for("Get-CsOnlineUser");
    eventually("the reader that takes nothing has lost its turn", || {
        home.advance(Duration::from_secs(15));
        second.has_ended()
    });
    let answered = second.finish();
    assert_eq!(answered.code, 0, "{answered:?}");
    assert_eq!(endpoint.truth().peak_admin, 1);
}

pub(crate) fn a_stopped_daemon_leaves_no_shell(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &ADMINS, "");
    for admin in ADMINS {
        assert_eq!(home.run(&["run", "-p", admin, "Get-CsTenant"]).code, 0);
    }
    let mut running = home.start(&["run", "-p", "kenmyer", "Start-Sleep -Seconds 600"]);
    eventually("four sessions are there and one is busy", || {
        let status = home.status().to_string();
        endpoint.truth().live == 4 && status.contains("Busy")
    });
    home.end_daemon(Signal::TERM);
    assert_eq!(endpoint.truth().live, 0);
    assert_ne!(running.finish().code, 0, "whoever ran something is told");
}
