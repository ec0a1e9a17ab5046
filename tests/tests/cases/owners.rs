//! Owners die in every way there is, and some only seem to: the slot is free as soon as its owner is gone, not before.
//! The server's own counter is the witness.

use std::os::unix::fs::OpenOptionsExt as _;
use std::process::Command;
use std::time::Duration;

use client::{Client, Dial, LeaseMode, wish};
use place::Place;
use pslease_tests::{Console, Endpoint, Home, eventually};
use rustix::process::{PidfdFlags, PidfdGetfdFlags, Signal, pidfd_getfd, pidfd_open};

/// One slot, so that whoever comes next can only have the one that was left.
fn home(endpoint: &Endpoint) -> Home {
    Home::with_admins(endpoint, "skype", &["kenmyer"], "max_concurrency = 1")
}

fn leases(home: &Home) -> usize {
    home.status()["leases"].as_array().map_or(0, Vec::len)
}

/// The slot is there for the next, and there never was a second one.
fn slot_is_free(home: &Home, endpoint: &Endpoint) {
    let next = home.run(&[
        "run",
        "--mode",
        "exclusive",
        "--wait",
        "45s",
        "Get-CsTenant",
        "--output",
        "jsonl",
    ]);
    assert_eq!(next.code, 0, "{next:?}");
    let truth = endpoint.truth();
    assert_eq!((truth.peak_admin, truth.over_limit), (1, 0), "{truth:?}");
}

pub(crate) fn an_owner_that_exits_or_is_killed_leaves_its_slot(endpoint: &Endpoint) {
    let home = home(endpoint);
    let short = home.run(&["with", "--mode", "exclusive", "--", "true"]);
    assert_eq!(short.code, 0, "{short:?}");
    slot_is_free(&home, endpoint);
    let mut killed = home.holder();
    killed.signal(Signal::KILL);
    slot_is_free(&home, endpoint);
    killed.kill();
}

pub(crate) fn a_closed_terminal_ends_what_was_held_in_it(endpoint: &Endpoint) {
    let home = home(endpoint);
    let master = rustix::pty::openpt(
        rustix::pty::OpenptFlags::RDWR | rustix::pty::OpenptFlags::NOCTTY | rustix::pty::OpenptFlags::CLOEXEC,
    )
    .expect("a pty");
    rustix::pty::grantpt(&master).expect("granted");
    rustix::pty::unlockpt(&master).expect("unlocked");
    let name = rustix::pty::ptsname(&master, Vec::new()).expect("a name");
    // Ours it must not become, or the child could not have it.
    let no_tty = i32::try_from(rustix::fs::OFlags::NOCTTY.bits()).expect("a flag");
    let slave = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(no_tty)
        .open(name.to_str().expect("a path"))
        .expect("the terminal");
    let held = "pslease with --mode exclusive -- sh -c 'echo held; exec sleep 600'";
    // Under nohup the tests themselves pass the hang-up by, and so would whatever they start.
    let mut command = Command::new("env");
    command.args(["--default-signal=HUP", "setsid", "--ctty", "--wait", "sh", "-c", held]);
    home.dress(&mut command);
    let mut console = Console::with_input(command, slave);
    console.wait_for("held");
    assert_eq!(leases(&home), 1);
    drop(master);
    eventually("the lease has ended with its terminal", || leases(&home) == 0);
    slot_is_free(&home, endpoint);
}

pub(crate) fn a_child_that_outlives_its_parent_keeps_nothing(endpoint: &Endpoint) {
    let home = home(endpoint);
    // The usual way into the background: a child in a session of its own, whose parent ends.
    let text =
        "L=$(pslease acquire --mode exclusive) || exit 1; (setsid sleep 600 </dev/null >/dev/null 2>&1 &); echo $L";
    let finished = Console::start(home.script("sh", text), None).finish();
    assert_eq!(finished.code, 0, "{finished:?}");
    eventually("the lease has ended with its shell", || leases(&home) == 0);
    slot_is_free(&home, endpoint);
}

pub(crate) fn a_child_that_inherited_the_socket_keeps_nothing(endpoint: &Endpoint) {
    let home = home(endpoint);
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.args([
        "cases::owners::holds_and_leaves_its_socket_to_a_child",
        "--exact",
        "--nocapture",
    ]);
    command.env("PSLEASE_TEST_HOLD", home.path());
    home.dress(&mut command);
    let mut owner = Console::start(command, None);
    let line = owner.wait_for("child ");
    let child: i32 = line
        .rsplit(' ')
        .next()
        .and_then(|pid| pid.trim().parse().ok())
        .expect("a pid");
    assert_eq!(leases(&home), 1);
    owner.signal(Signal::KILL);
    eventually("the lease has ended, though its socket is open", || leases(&home) == 0);
    slot_is_free(&home, endpoint);
    let child = rustix::process::Pid::from_raw(child).expect("a pid");
    let _ = rustix::process::kill_process(child, Signal::KILL);
}

/// Not a test of its own: the owner of the one above, which starts this very program again for it.
#[test]
fn holds_and_leaves_its_socket_to_a_child() {
    let Some(home) = std::env::var_os("PSLEASE_TEST_HOLD") else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let dial = Dial::at(Place::under(std::path::Path::new(&home)));
        let client = Client::connect(&dial).await.expect("the daemon runs");
        let lease = client
            .hold(wish("kenmyer", LeaseMode::Exclusive), |_| ())
            .await
            .expect("a lease");
        // A copy of every socket of this process goes to the child.
        let own = pidfd_open(rustix::process::getpid(), PidfdFlags::empty()).expect("this process");
        let sockets: Vec<_> = std::fs::read_dir("/proc/self/fd")
            .expect("descriptors")
            .flatten()
            .filter(|entry| {
                let target = std::fs::read_link(entry.path()).unwrap_or_default();
                target.to_string_lossy().starts_with("socket:")
            })
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter_map(|number| pidfd_getfd(&own, number, PidfdGetfdFlags::empty()).ok())
            .collect();
        let mut sleep = Command::new("sleep");
        sleep.arg("600");
        let mut streams = sockets.into_iter();
        sleep.stdin(streams.next().expect("a socket of the client"));
        if let Some(second) = streams.next() {
            sleep.stderr(second);
        }
        #[allow(
            clippy::zombie_processes,
            reason = "it outlives this process, which is what is tried"
        )]
        let child = sleep.spawn().expect("a child");
        println!("child {}", child.id());
        let _lease = lease;
        std::future::pending::<()>().await;
    });
}

pub(crate) fn an_owner_in_another_pid_namespace_is_watched_too(endpoint: &Endpoint) {
    let unshare = ["--user", "--map-current-user", "--pid", "--fork", "--kill-child"];
    let allowed = Command::new("unshare").args(unshare).arg("true").output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        println!("skipped: no pid namespaces for this user");
        return;
    }
    let home = home(endpoint);
    let mut command = Command::new("unshare");
    command.args(unshare);
    command.args([
        "pslease",
        "with",
        "--mode",
        "exclusive",
        "--",
        "sh",
        "-c",
        "echo held; exec sleep 600",
    ]);
    home.dress(&mut command);
    let mut console = Console::start(command, None);
    console.wait_for("held");
    assert_eq!(leases(&home), 1);
    console.kill();
    eventually("the lease has ended with its namespace", || leases(&home) == 0);
    slot_is_free(&home, endpoint);
}

pub(crate) fn a_stopped_owner_is_not_dead(endpoint: &Endpoint) {
    let home = home(endpoint);
    let mut stopped = home.holder();
    stopped.signal(Signal::STOP);
    // Longer than any keep-alive, and shorter than the session may idle.
    home.advance(Duration::from_secs(600));
    let refused = home.run(&["run", "--mode", "exclusive", "--wait", "0", "Get-CsTenant"]);
    assert_eq!(refused.code, 75, "it still has its slot: {refused:?}");
    stopped.signal(Signal::CONT);
    assert!(!stopped.has_ended());
    assert_eq!(leases(&home), 1);
    stopped.kill();
    slot_is_free(&home, endpoint);
}

pub(crate) fn a_ttl_and_its_grace_end_a_lease_that_nobody_renews(endpoint: &Endpoint) {
    let home = home(endpoint);
    let acquired = home.run(&["acquire", "--mode", "exclusive", "--anchor", "ttl", "--ttl", "60s"]);
    assert_eq!(acquired.code, 0, "{acquired:?}");
    let lease = acquired.stdout.trim().to_owned();
    home.advance(Duration::from_secs(62));
    assert_eq!(leases(&home), 1, "the grace is not over");
    assert_eq!(home.run(&["renew", &lease, "--ttl", "60s"]).code, 0);
    home.advance(Duration::from_secs(62));
    assert_eq!(leases(&home), 1);
    home.advance(Duration::from_secs(15));
    eventually("the lease has ended", || leases(&home) == 0);
    let late = home.run(&["run", "--lease", &lease, "Get-CsTenant"]);
    assert_eq!(late.code, 74, "{late:?}");
    slot_is_free(&home, endpoint);
}

pub(crate) fn a_jump_of_the_clock_ends_what_is_due_and_nothing_else(endpoint: &Endpoint) {
    let home = home(endpoint);
    let acquired = home.run(&["acquire", "--mode", "shared", "--anchor", "ttl", "--ttl", "20h"]);
    assert_eq!(acquired.code, 0, "{acquired:?}");
    assert_eq!(home.run(&["run", "Get-CsTenant"]).code, 0);
    // As after a night's sleep: the session has idled out, the lease has not.
    home.advance(Duration::from_secs(8 * 3600));
    eventually("the session is closed", || endpoint.truth().live == 0);
    assert_eq!(leases(&home), 1);
    let lease = acquired.stdout.trim().to_owned();
    let again = home.run(&["run", "--lease", &lease, "Get-CsTenant", "--output", "jsonl"]);
    assert_eq!(again.code, 0, "{again:?}");
    let truth = endpoint.truth();
    assert_eq!((truth.peak_admin, truth.idled_out), (1, 0), "{truth:?}");
}

pub(crate) fn an_old_fence_is_refused_at_the_gate(endpoint: &Endpoint) {
    let home = home(endpoint);
    let acquired = home.run(&["acquire", "--mode", "exclusive", "--anchor", "ttl", "--ttl", "10m"]);
    let (lease, fence) = acquired.stdout.trim().split_once(':').expect("LEASE:FENCE");
    let old = format!("{lease}:{}", fence.parse::<u64>().expect("a number") - 1);
    for verb in [
        &["run", "--lease", &old, "Get-CsTenant"][..],
        &["renew", &old],
        &["release", &old],
    ] {
        let refused = home.run(verb);
        assert_eq!(refused.code, 74, "{verb:?}: {refused:?}");
    }
    assert_eq!(leases(&home), 1, "nothing of that reached the lease");
    assert_eq!(home.run(&["release", acquired.stdout.trim()]).code, 0);
    slot_is_free(&home, endpoint);
}
