//! A home of its own for every test, and the daemon that runs in it.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use place::{Address, Place};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tempfile::TempDir;

use crate::{Console, Endpoint, Finished, binaries, eventually, finish};

/// A `PSLEASE_HOME`. Dropping it ends the daemon.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
}

impl Home {
    /// A home with this configuration.
    pub fn new(profiles: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        std::fs::write(folder.path().join("config.toml"), format!("version = 1\n{profiles}")).expect("config.toml");
        Self { folder }
    }

    /// A home with a profile `NAME` for each admin `NAME@litwareinc.com` of the service, all logged in.
    pub fn with_admins(endpoint: &Endpoint, service: &str, admins: &[&str], extra: &str) -> Self {
        let profiles: String = admins
            .iter()
            .map(|name| endpoint.profile(name, service, &format!("{name}@litwareinc.com"), extra))
            .collect();
        let home = Self::new(&profiles);
        for name in admins {
            home.login(name, endpoint.password(name));
        }
        home
    }

    /// A home with a profile for each admin, whose passwords the daemon finds by itself: nobody need log in after a
    /// restart.
    pub fn unattended(endpoint: &Endpoint, service: &str, admins: &[&str], extra: &str) -> Self {
        let home = Self::new("");
        let mut config = "version = 1\n".to_owned();
        for name in admins {
            let secret = home.path().join(format!("secret-{name}"));
            std::fs::write(&secret, endpoint.password(name)).expect("a password file");
            let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            std::fs::set_permissions(&secret, private).expect("a private file");
            let extra = format!("password_file = {:?}\n{extra}", secret.display().to_string());
            config += &endpoint.profile(name, service, &format!("{name}@litwareinc.com"), &extra);
        }
        std::fs::write(home.path().join("config.toml"), config).expect("config.toml");
        home
    }

    /// Gives the daemon a password.
    pub fn login(&self, profile: &str, password: &str) {
        let mut console = Console::start(self.pslease(&["login", profile, "--password-stdin"]), Some(password));
        let finished = console.finish();
        assert_eq!(finished.code, 0, "login: {}", finished.stderr);
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// `pslease` with these arguments, in this home and in an environment of its own.
    pub fn pslease(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&binaries().pslease);
        command.args(arguments);
        self.dress(&mut command);
        command
    }

    /// Any program in this home, with `pslease` on its PATH.
    pub fn dress(&self, command: &mut Command) {
        let programs = binaries().pslease.parent().expect("a folder").display().to_string();
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .env("PSLEASE_HOME", self.path())
            .env("PSLEASE_DAEMON", &binaries().psleased)
            .env("PATH", format!("{programs}:{path}"))
            .env_remove("PSLEASE_LEASE")
            .env_remove("PSLEASE_FENCE")
            .env_remove("PSLEASE_PROFILE");
    }

    /// Runs `pslease` to its end.
    pub fn run(&self, arguments: &[&str]) -> Finished {
        finish(self.pslease(arguments))
    }

    /// Starts `pslease` and leaves it running.
    pub fn start(&self, arguments: &[&str]) -> Console {
        Console::start(self.pslease(arguments), None)
    }

    /// A console that has a session to itself, until it is killed.
    pub fn holder(&self) -> Console {
        let program = ["sh", "-c", "echo held; exec sleep 600"];
        let mut console = self.start(&[&["with", "--mode", "exclusive", "--"][..], &program].concat());
        console.wait_for("held");
        console
    }

    /// A shell script in this home, as `sh`, `bash` or `dash` runs it.
    pub fn script(&self, shell: &str, text: &str) -> Command {
        let mut command = Command::new(shell);
        command.args(["-c", text]);
        self.dress(&mut command);
        command
    }

    /// `pslease status --output json`.
    pub fn status(&self) -> serde_json::Value {
        let finished = self.run(&["status", "--output", "json"]);
        serde_json::from_str(&finished.stdout).unwrap_or_else(|_| panic!("no JSON: {finished:?}"))
    }

    /// The daemon's process, if one runs.
    pub fn daemon(&self) -> Option<u32> {
        let address = Address::read(&Place::under(self.path())).ok().flatten()?;
        alive(address.pid).then_some(address.pid)
    }

    /// Lets time pass for the daemon.
    pub fn advance(&self, by: Duration) {
        let stream = UnixStream::connect(self.path().join("clock.sock")).expect("a daemon with a test clock");
        writeln!(&stream, "{}", by.as_secs_f64()).expect("the clock listens");
        let mut answer = String::new();
        BufReader::new(&stream)
            .read_line(&mut answer)
            .expect("the clock answers");
        assert_eq!(answer, "ok\n");
    }

    /// Sends the daemon a signal and waits until its process is gone.
    pub fn end_daemon(&self, signal: Signal) {
        let Some(pid) = self.daemon() else { return };
        send(pid, signal);
        eventually("the daemon is gone", || !alive(pid));
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Some(pid) = self.daemon() {
            send(pid, Signal::TERM);
            let patience = std::time::Instant::now();
            while alive(pid) && patience.elapsed() < Duration::from_secs(20) {
                std::thread::sleep(Duration::from_millis(10));
            }
            if alive(pid) {
                send(pid, Signal::KILL);
            }
        }
        if std::thread::panicking() {
            for entry in std::fs::read_dir(self.path().join("logs"))
                .into_iter()
                .flatten()
                .flatten()
            {
                let log = std::fs::read_to_string(entry.path()).unwrap_or_default();
                let lines: Vec<_> = log.lines().collect();
                println!(
                    "--- {}\n{}",
                    entry.path().display(),
                    lines[lines.len().saturating_sub(60)..].join("\n")
                );
            }
        }
    }
}

pub(crate) fn send(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a process id");
    // It may be gone already, which is what is wanted.
    let _ = kill_process(pid, signal);
}

fn alive(pid: u32) -> bool {
    // A child that nobody has waited for is a zombie: it answers signals, and is dead.
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    if let Some((_, rest)) = state.rsplit_once(") ") {
        return !rest.starts_with('Z');
    }
    i32::try_from(pid)
        .ok()
        .and_then(Pid::from_raw)
        .is_some_and(|pid| test_kill_process(pid).is_ok() && !cfg!(target_os = "linux"))
}
