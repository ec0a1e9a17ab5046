//! The crash matrix: the daemon is killed between any two of its steps while many consoles use it, and what the *server*
//! counts says whether a slot was lost or taken twice.
//!
//! One run of the tests kills it some dozens of times; `cargo xtask crash --kills N` does so as often as is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use pslease_tests::{Console, Endpoint, Home, Peer, binaries, eventually};
use rustix::process::Signal;
use serde_json::{Value as Json, json};

const ADMINS: [&str; 4] = ["kenmyer", "pilar", "david", "amos"];

/// Between any two steps, in about the order in which a session meets them (daemon/src/crash.rs).
const POINTS: [&str; 35] = [
    "fences-durable",
    "intent-written",
    "intent-durable",
    "open-decided",
    "Create-sending",
    "Create-sent",
    "Create-answered",
    "shell-opened",
    "shell-told",
    "opened-written",
    "opened-durable",
    "lease-granted",
    "bound-durable",
    "turn-granted",
    "Command-sending",
    "Command-sent",
    "Command-answered",
    "pipeline-running",
    "Receive-sent",
    "pipeline-ended",
    "Signal-sent",
    "lease-ended",
    "unbound-durable",
    "closing-written",
    "closing-durable",
    "close-decided",
    "Delete-sending",
    "Delete-sent",
    "Delete-answered",
    "shell-gone",
    "gone-written",
    "gone-durable",
    "rows-restored",
    "unconfirmed-written",
    "unconfirmed-durable",
];

/// Met where a session of the last run can be taken again.
const AGAIN: [&str; 12] = [
    "epoch-durable",
    "Get-sent",
    "Get-answered",
    "Disconnect-sent",
    "Disconnect-answered",
    "Reconnect-sent",
    "Reconnect-answered",
    "shell-reattached",
    "Enumerate-sent",
    "Disconnect-sending",
    "left-written",
    "left-durable",
];

/// Met only where the daemon is replaced by another.
const UPGRADED: [&str; 3] = ["leave-decided", "left-written", "left-durable"];

/// How long a point is waited for; then the daemon is killed wherever it is.
const WAIT: Duration = Duration::from_millis(1500);
/// How long a console may take that a crash has caught in the middle.
const CONSOLE: Duration = Duration::from_secs(15);
/// Consoles at a time.
const CONSOLES: usize = 5;

/// Rounds that are there for these points wait until they are met.
fn patience(point: &str) -> Duration {
    if UPGRADED.contains(&point) || point == "hop-durable" {
        CONSOLE
    } else {
        WAIT
    }
}

/// How often the daemon died, and where.
#[derive(Debug, Default)]
struct Tally {
    kills: u32,
    at: BTreeMap<String, u32>,
}

fn target() -> u32 {
    let asked = std::env::var("PSLEASE_CRASH_KILLS").ok();
    asked.and_then(|kills| kills.parse().ok()).unwrap_or(56)
}

fn file(home: &Home, name: &str) -> std::path::PathBuf {
    home.path().join(name)
}

/// Kills the daemon wherever it is.
fn kill(home: &Home, tally: &mut Tally) {
    if home.daemon().is_some() {
        home.end_daemon(Signal::KILL);
        tally.kills += 1;
        *tally.at.entry("anywhere".to_owned()).or_default() += 1;
    }
}

/// Kills the daemon that runs, and the next one at a point, unless it does not come there in time.
fn kill_at(home: &Home, point: &str, times: u32, tally: &mut Tally) {
    let done = file(home, "crash.done");
    let _ = std::fs::remove_file(&done);
    std::fs::write(file(home, "crash.plan"), format!("{point} {times}")).expect("a plan");
    kill(home, tally);
    let _upgrade = UPGRADED.contains(&point).then(|| {
        // With something to leave.
        eventually("sessions are open", || {
            // An upgrade of before may still end the daemon under this very question.
            let status = home.run(&["status", "--output", "json"]);
            let page = serde_json::from_str::<Json>(&status.stdout).unwrap_or_default();
            page["sessions"].as_array().is_some_and(|sessions| sessions.len() > 1)
        });
        home.start(&["daemon", "upgrade", "--deadline", "100ms"])
    });
    let began = Instant::now();
    while began.elapsed() < patience(point) {
        if done.exists() {
            tally.kills += 1;
            *tally.at.entry(point.to_owned()).or_default() += 1;
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// One console after the other, each of another kind, until it is enough.
fn load(home: &Home, number: usize, admins: &[&str], command: &[&str], enough: &AtomicBool, internal: &AtomicU32) {
    let mut turn = number;
    while !enough.load(Ordering::Relaxed) {
        let admin = admins[turn % admins.len()];
        let run = |mode: &'static str| {
            let mut words = vec!["run", "-p", admin, "--mode", mode, "--wait", "5s", "--quiet"];
            words.extend(command);
            home.pslease(&words)
        };
        let program = match turn % 6 {
            0 | 1 => run("shared"),
            2 => run("exclusive"),
            3 => run("fresh"),
            4 => home.pslease(&[
                "with",
                "-p",
                admin,
                "--mode",
                "exclusive",
                "--wait",
                "5s",
                "--",
                "sh",
                "-c",
                "pslease run --quiet Get-Command Start-Sleep; sleep 0.2",
            ]),
            _ => home.pslease(&["close", admin]),
        };
        let mut console = Console::start(program, None);
        let began = Instant::now();
        while !console.has_ended() && began.elapsed() < CONSOLE && !enough.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(10));
        }
        if console.has_ended() && console.finish().code == 70 {
            internal.fetch_add(1, Ordering::Relaxed);
        }
        turn += 1;
    }
}

fn shells(endpoint: &Endpoint) -> BTreeSet<String> {
    let state = endpoint.state();
    let list = state["shells"].as_array().expect("a list of shells");
    list.iter()
        .filter_map(|shell| Some(shell["id"].as_str()?.to_uppercase()))
        .collect()
}

fn booked(home: &Home) -> BTreeSet<String> {
    let status = home.status();
    let list = status["sessions"].as_array().expect("a list of sessions");
    list.iter()
        .filter_map(|session| Some(session["shell_id"].as_str()?.to_uppercase()))
        .collect()
}

/// No slot was ever taken that was not there to take, not even asked for.
fn assert_limits(endpoint: &Endpoint, per_admin: u64, per_organization: u64) {
    let truth = endpoint.truth();
    assert_eq!(truth.over_limit, 0, "{truth:?}");
    assert!(
        truth.peak_admin <= per_admin && truth.peak_organization <= per_organization,
        "{truth:?}"
    );
    let state = endpoint.state();
    for (table, most) in [("demand_per_admin", per_admin), ("demand_per_org", per_organization)] {
        for (whose, gauge) in state[table].as_object().into_iter().flatten() {
            assert!(
                gauge["peak"].as_u64().is_some_and(|peak| peak <= most),
                "{whose}: {gauge}"
            );
        }
    }
}

fn assert_no_panic(home: &Home) {
    for entry in std::fs::read_dir(file(home, "logs")).into_iter().flatten().flatten() {
        let log = std::fs::read_to_string(entry.path()).unwrap_or_default();
        let panic = log.lines().find(|line| line.contains("panicked at"));
        assert_eq!(panic, None, "the daemon panicked");
    }
}

/// Ends the load when it goes.
struct Ends<'e>(&'e AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What is pretended in one round.
struct Round<'r> {
    service: &'r str,
    admins: &'r [&'r str],
    command: &'r [&'r str],
    points: Vec<&'r str>,
    faults: Vec<Json>,
    extra: &'r str,
    most: (u64, u64),
}

/// Kills under load, then lets a last daemon find what is left. Everything that the server has must be in its books.
fn round(endpoint: &Endpoint, round: &Round<'_>, tally: &mut Tally) -> Home {
    let home = Home::unattended(endpoint, round.service, round.admins, round.extra);
    if round.service == "exchange" {
        let config = file(&home, "config.toml");
        let text = std::fs::read_to_string(&config).expect("config.toml");
        std::fs::write(config, text.replace("/powershell-liveid/", "/front/powershell-liveid")).expect("written");
    }
    // Built before anybody waits for a daemon.
    binaries();
    for fault in &round.faults {
        endpoint.control("POST", "/control/faults", Some(fault));
    }
    let (enough, internal) = (AtomicBool::new(false), AtomicU32::new(0));
    std::thread::scope(|scope| {
        // Also where something fails here: else the consoles would go on for ever.
        let _ends = Ends(&enough);
        for number in 0..CONSOLES {
            let (home, enough, internal) = (&home, &enough, &internal);
            scope.spawn(move || load(home, number, round.admins, round.command, enough, internal));
        }
        eventually("a daemon runs", || home.daemon().is_some());
        for (number, point) in round.points.iter().enumerate() {
            // The first time that a point is met is not like the others.
            let times = if patience(point) > WAIT {
                1
            } else {
                1 + number as u32 % 3
            };
            kill_at(&home, point, times, tally);
        }
    });
    let _ = std::fs::remove_file(file(&home, "crash.plan"));
    kill(&home, tally);
    assert_eq!(internal.load(Ordering::Relaxed), 0, "a console met a fault of ours");
    eventually("every shell of the server is in the books", || {
        let there = shells(endpoint);
        let booked = booked(&home);
        there.is_subset(&booked)
    });
    assert_limits(endpoint, round.most.0, round.most.1);
    home
}

/// Ends what is open; nothing may be left that nobody ends.
fn assert_all_ends(endpoint: &Endpoint, home: &Home) {
    home.end_daemon(Signal::TERM);
    eventually("the server has nothing left, and nothing of it expired", || {
        // A Create may be carried out after the daemon was told to end: the next one knows of it.
        home.status();
        endpoint.truth().live == 0
    });
    assert_eq!(endpoint.truth().idled_out, 0);
    assert_no_panic(home);
}

pub(crate) fn killed_between_any_two_steps_it_loses_no_slot(endpoint: &Endpoint) {
    let mut tally = Tally::default();
    match endpoint {
        Endpoint::Tenant(..) => on_the_tenant(endpoint, &mut tally),
        Endpoint::Peer(_) => on_the_peer(&mut tally),
    }
    println!("{} kills: {:?}", tally.kills, tally.at);
    let points = tally.at.len() - 1;
    assert!(points >= 8, "too few points were met to tell anything: {:?}", tally.at);
}

/// The points from somewhere on, and round again.
fn some_points<'p>(all: &[&'p str], from: usize, number: usize) -> Vec<&'p str> {
    all.iter().copied().cycle().skip(from).take(number).collect()
}

fn on_the_tenant(endpoint: &Endpoint, tally: &mut Tally) {
    let mut from = 0;
    while tally.kills < target() {
        let plan = Round {
            service: "skype",
            admins: &ADMINS,
            command: &["Get-CsTenant"],
            points: some_points(&POINTS, from, 12),
            faults: Vec::new(),
            extra: "",
            most: (3, 9),
        };
        let home = round(endpoint, &plan, tally);
        assert_all_ends(endpoint, &home);
        from += 12;
    }
}

/// Each round has a peer of its own: a Create that one carries out late is no shell of the next.
fn on_the_peer(tally: &mut Tally) {
    let mut from = 0;
    let again: Vec<&str> = AGAIN.into_iter().chain(["rows-restored", "pipeline-running"]).collect();
    while tally.kills < target() {
        // Answers that are lost, requests that are carried out late: a Create after its Delete was answered, too.
        let Some(endpoint) = &Endpoint::peer() else { return };
        let fault = |kind: &str, action: &str, skip: u32| json!({"kind": kind, "action": action, "times": 2, "skip": skip, "seconds": 2.0});
        let plan = Round {
            service: "skype",
            admins: &ADMINS,
            command: &["Get-CsTenant"],
            points: some_points(&POINTS, from, 8),
            faults: vec![
                fault("late", "Create", 1),
                fault("drop_after", "Create", 2),
                fault("drop_before", "Delete", 1),
                fault("drop_after", "Delete", 1),
                fault("drop_after", "Command", 3),
                fault("kill_shell", "Receive", 4),
            ],
            extra: "",
            most: (3, 9),
        };
        let home = round(endpoint, &plan, tally);
        assert_all_ends(endpoint, &home);
        drop(home);
        // Where sessions are taken again.
        let Some(endpoint) = &Endpoint::peer() else { return };
        let plan = Round {
            service: "winrm",
            admins: &ADMINS[..2],
            command: &["Get-Command", "Start-Sleep"],
            points: some_points(&again, from, 8),
            faults: Vec::new(),
            extra: "max_concurrency = 3\nmax_tenant_concurrency = 5",
            most: (3, 5),
        };
        let home = round(endpoint, &plan, tally);
        assert_all_ends(endpoint, &home);
        from += 8;
    }
    while_it_is_replaced(tally);
    behind_a_front_end(tally);
    behind_a_balancer(tally);
}

/// The peer with its configuration changed.
fn changed_peer(change: impl FnOnce(String) -> String) -> Option<Endpoint> {
    let python = Peer::python()?;
    let plain = std::fs::read_to_string(Peer::folder().join("tenant.toml")).expect("the peer's configuration");
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let config = folder.path().join("changed.toml");
    std::fs::write(&config, change(plain)).expect("a configuration");
    Some(Endpoint::Peer(Peer::start(&python, &config.display().to_string())))
}

/// Somebody replaces the daemon, and neither comes to the end of that.
fn while_it_is_replaced(tally: &mut Tally) {
    let Some(endpoint) = &Endpoint::peer() else { return };
    let plan = Round {
        service: "winrm",
        admins: &ADMINS[..2],
        command: &["Get-Command", "Start-Sleep"],
        points: UPGRADED.to_vec(),
        faults: Vec::new(),
        extra: "max_concurrency = 3\nmax_tenant_concurrency = 5",
        most: (3, 5),
    };
    let home = round(endpoint, &plan, tally);
    // Whether there was anything to leave just then is the load's affair.
    if !UPGRADED.iter().any(|point| tally.at.contains_key(*point)) {
        println!("skipped: no upgrade had anything to leave");
    }
    assert_all_ends(endpoint, &home);
}

/// An open is sent on from one address to another: where it went is in the books before anything goes there.
fn behind_a_front_end(tally: &mut Tally) {
    // A connection address loses its last slash, and the peer takes its paths as they are written.
    let path = |plain: String| plain.replace("/front/powershell-liveid/", "/front/powershell-liveid");
    let Some(endpoint) = changed_peer(path) else { return };
    let plan = Round {
        service: "exchange",
        admins: &ADMINS[..2],
        command: &["Get-TransportRule"],
        points: vec!["hop-durable", "Create-sent", "hop-durable", "shell-told", "Delete-sent"],
        faults: Vec::new(),
        // After each crash what is found counts as just opened: at five a minute there would soon be no open to wait for.
        extra: "allow_redirection = [\"localhost\"]\nopen_rate = \"60/60s\"",
        most: (3, 3),
    };
    let home = round(&endpoint, &plan, tally);
    assert!(
        tally.at.contains_key("hop-durable"),
        "no open was sent on: {:?}",
        tally.at
    );
    assert_all_ends(&endpoint, &home);
}

/// The cookie that leads to a shell dies with the daemon: "not found" proves nothing, so the slot counts until the server
/// itself has ended the shell.
fn behind_a_balancer(tally: &mut Tally) {
    let sticky = |plain: String| plain.replacen("[service.skype]\n", "[service.skype]\naffinity_cookie = true\n", 1);
    let Some(endpoint) = changed_peer(sticky) else { return };
    let plan = Round {
        service: "skype",
        admins: &ADMINS,
        command: &["Get-CsTenant"],
        points: vec!["shell-told", "Delete-sent"],
        faults: Vec::new(),
        extra: "",
        most: (3, 9),
    };
    let home = round(&endpoint, &plan, tally);
    // An hour later the server has ended them, as it does with idle shells, and the books have let go of them.
    home.status();
    let hour = Duration::from_secs(2 * 3600);
    endpoint.advance(hour);
    eventually("the books are empty", || {
        home.advance(hour);
        booked(&home).is_empty()
    });
    assert_eq!(shells(&endpoint), BTreeSet::new());
    assert_no_panic(&home);
}
