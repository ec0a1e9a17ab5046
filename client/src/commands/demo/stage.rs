//! What the story is told on: a tenant, a folder of its own, a daemon, and consoles that are real processes.

use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tenant::{Config, Tenant};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use crate::exit::Exit;
use crate::failure::Failure;

/// The one admin of the story.
pub(super) const ADMIN: &str = "kenmyer@litwareinc.com";

/// Everything that the story needs, and that is gone when it is over.
pub(super) struct Stage {
    pub(super) tenant: Tenant,
    home: PathBuf,
    program: PathBuf,
}

/// A console: a process of its own, as in a terminal of its own.
pub(super) struct Console {
    child: Child,
    output: Lines<BufReader<ChildStdout>>,
    errors: Lines<BufReader<ChildStderr>>,
}

impl Stage {
    /// Starts the tenant and writes a configuration that knows it.
    pub(super) async fn set() -> Result<Self, Failure> {
        let home = std::env::temp_dir().join(format!("pslease-demo-{}", std::process::id()));
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&home)
            .map_err(|error| wrong(&home.display(), &error))?;
        let tenant = Tenant::start(Config::demo())
            .await
            .map_err(|error| wrong(&"the tenant", &error))?;
        let config = format!(
            "version = 1\ndefault = \"litware\"\n\n[profile.litware]\ntemplate = \"demo\"\n\
             uri = \"{}/OcsPowershellLiveId\"\nadmin = \"{ADMIN}\"\nallow_plain_http = true\n",
            tenant.url()
        );
        std::fs::write(home.join("config.toml"), config).map_err(|error| wrong(&"config.toml", &error))?;
        let program = std::env::current_exe().map_err(|error| wrong(&"our own program", &error))?;
        Ok(Self { tenant, home, program })
    }

    pub(super) fn home(&self) -> &Path {
        &self.home
    }

    /// Shells that the tenant itself counts.
    pub(super) fn live(&self) -> usize {
        self.tenant.truth().live
    }

    /// The most that the tenant ever counted for the admin.
    pub(super) fn peak(&self) -> u32 {
        self.tenant
            .truth()
            .per_admin
            .iter()
            .map(|(_, count)| count.peak)
            .max()
            .unwrap_or(0)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .env("PSLEASE_HOME", &self.home)
            .env_remove("PSLEASE_LEASE")
            .env_remove("PSLEASE_FENCE")
            .env_remove("PSLEASE_PROFILE")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Gives the daemon the password of the pretended admin.
    pub(super) async fn log_in(&self) -> Result<(), Failure> {
        let mut command = self.command(&["login", "litware", "--password-stdin"]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| wrong(&"pslease login", &error))?;
        if let Some(mut input) = child.stdin.take() {
            input
                .write_all(b"demo\n")
                .await
                .map_err(|error| wrong(&"pslease login", &error))?;
        }
        match child.wait().await {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(Failure::new(Exit::Failed, format!("pslease login ended with {status}"))),
            Err(error) => Err(wrong(&"pslease login", &error)),
        }
    }

    /// Starts a console.
    pub(super) fn console(&self, arguments: &[&str]) -> Result<Console, Failure> {
        let mut child = self
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| wrong(&"pslease", &error))?;
        match (child.stdout.take(), child.stderr.take()) {
            (Some(output), Some(errors)) => Ok(Console {
                child,
                output: BufReader::new(output).lines(),
                errors: BufReader::new(errors).lines(),
            }),
            // Both were piped a line ago.
            _ => Err(Failure::new(Exit::Internal, "a console has no output")),
        }
    }

    /// Runs `pslease` to its end and gives what it wrote to standard output.
    pub(super) async fn read(&self, arguments: &[&str]) -> Result<String, Failure> {
        let output = self
            .command(arguments)
            .stderr(Stdio::inherit())
            .output()
            .await
            .map_err(|error| wrong(&"pslease", &error))?;
        if !output.status.success() {
            return Err(Failure::new(
                Exit::Failed,
                format!("pslease {} ended with {}", arguments.join(" "), output.status),
            ));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Stops the daemon and takes the folder away.
    pub(super) async fn strike(&self) {
        let stopped = self
            .command(&["daemon", "stop"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .await;
        if stopped.is_ok_and(|status| status.success()) {
            // What is left lies in a temporary folder and harms nobody.
            let _ = std::fs::remove_dir_all(&self.home);
        }
    }
}

impl Console {
    pub(super) fn pid(&self) -> u32 {
        self.child.id().unwrap_or(0)
    }

    /// The next line of standard output; `None` at its end.
    pub(super) async fn line(&mut self) -> Option<String> {
        self.output.next_line().await.ok().flatten()
    }

    /// The next notice on standard error; `None` at its end.
    pub(super) async fn notice(&mut self) -> Option<String> {
        self.errors.next_line().await.ok().flatten()
    }

    /// SIGKILL: no goodbye of any kind.
    pub(super) async fn kill(&mut self) {
        let _ = self.child.kill().await;
    }
}

fn wrong(what: &dyn std::fmt::Display, error: &io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("{what}: {error}"))
}
