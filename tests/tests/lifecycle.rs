//! The daemon's life: one for each user, whoever starts it, and nothing left behind.

use std::os::unix::fs::PermissionsExt as _;

use pslease_tests::{Console, Endpoint, Home, eventually};
use rustix::process::Signal;

#[test]
fn of_a_hundred_starters_one_wins_and_all_get_in() {
    let home = Home::new("");
    let mut starters: Vec<Console> = (0..100).map(|_| home.start(&["status", "--output", "json"])).collect();
    let mut pids: Vec<_> = starters
        .iter_mut()
        .map(|starter| {
            let finished = starter.finish();
            assert_eq!(finished.code, 0, "{finished:?}");
            let status: serde_json::Value = serde_json::from_str(&finished.stdout).expect("JSON");
            status["daemon"]["pid"]
                .as_u64()
                .or(status["pid"].as_u64())
                .expect("a pid")
        })
        .collect();
    pids.dedup();
    assert_eq!(pids, [u64::from(home.daemon().expect("a daemon"))]);
}

#[test]
fn the_socket_is_the_users_alone() {
    let home = Home::new("");
    assert_eq!(home.run(&["status"]).code, 0);
    let mode = |path: &std::path::Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    let socket = home.path().join("psleased.sock");
    assert_eq!(mode(&socket), 0o600);
    assert_eq!(mode(home.path()), 0o700);
}

#[test]
fn the_daemon_outlives_the_terminal_that_started_it() {
    let home = Home::new("");
    let mut command = std::process::Command::new("setsid");
    command.args(["--wait", "sh", "-c", "pslease status >/dev/null; kill -HUP 0"]);
    home.dress(&mut command);
    let _ = Console::start(command, None).finish();
    assert!(home.daemon().is_some(), "it had left the terminal's session");
    assert_eq!(home.run(&["status"]).code, 0);
}

#[test]
fn a_wedged_daemon_is_diagnosed_and_named() {
    let home = Home::new("");
    assert_eq!(home.run(&["status"]).code, 0);
    let pid = home.daemon().expect("a daemon");
    let stop =
        |signal| rustix::process::kill_process(rustix::process::Pid::from_raw(pid as i32).unwrap(), signal).unwrap();
    stop(Signal::STOP);
    let finished = home.run(&["status"]);
    stop(Signal::CONT);
    assert_eq!(finished.code, 69, "{finished:?}");
    assert!(finished.stderr.contains(&pid.to_string()), "{finished:?}");
}

#[test]
fn daemon_stop_closes_every_session() {
    let endpoint = Endpoint::tenant();
    let home = Home::with_admins(&endpoint, "skype", &["kenmyer"], "");
    assert_eq!(home.run(&["connect"]).code, 0);
    assert_eq!(endpoint.truth().live, 1);
    let stopped = home.run(&["daemon", "stop"]);
    assert_eq!(stopped.code, 0, "{stopped:?}");
    assert_eq!(endpoint.truth().live, 0);
    eventually("the daemon is gone", || home.daemon().is_none());
}

#[test]
fn a_planted_secret_is_nowhere() {
    let endpoint = Endpoint::tenant_with(|config| config.users[0].password = "planted-Secret-7261".to_owned());
    let home = Home::new(&endpoint.profile("kenmyer", "skype", "kenmyer@litwareinc.com", ""));
    home.login("kenmyer", "planted-Secret-7261");
    assert_eq!(home.run(&["run", "Get-CsTenant"]).code, 0);
    let refused = Console::start(
        home.pslease(&["login", "kenmyer", "--password-stdin"]),
        Some("planted-Wrong-7261"),
    )
    .finish();
    assert_eq!(refused.code, 77, "{refused:?}");
    assert!(!refused.stderr.contains("planted-"), "{refused:?}");
    let pid = home.daemon().expect("a daemon");
    for file in ["cmdline", "environ"] {
        let text = std::fs::read(format!("/proc/{pid}/{file}")).expect("our own process");
        assert!(!String::from_utf8_lossy(&text).contains("planted-"), "{file}");
    }
    home.end_daemon(Signal::TERM);
    let mut folders = vec![home.path().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            if entry.file_type().expect("a type").is_dir() {
                folders.push(entry.path());
            } else if let Ok(bytes) = std::fs::read(entry.path()) {
                let text = String::from_utf8_lossy(&bytes);
                assert!(!text.contains("planted-"), "{}", entry.path().display());
            }
        }
    }
}

#[test]
fn bad_input_gets_one_line_and_a_hint() {
    let home = Home::new("[profile.mail]\ntemplate = \"winrm\"\nhost = \"127.0.0.1\"\nadmn = \"ken\"\n");
    let finished = home.run(&["run", "Get-Date"]);
    assert_eq!(finished.code, 78, "{finished:?}");
    assert!(
        finished.stderr.contains("config.toml") && finished.stderr.contains("admn"),
        "{finished:?}"
    );
    let home = Home::new("[profile.mail]\ntemplate = \"winrm\"\nhost = \"127.0.0.1\"\nadmin = \"ken\"\n");
    let finished = home.run(&["run", "-p", "nowhere", "Get-Date"]);
    assert_eq!(finished.code, 2, "{finished:?}");
    assert!(
        finished.stderr.contains("nowhere") && finished.stderr.contains("hint: "),
        "{finished:?}"
    );
}
