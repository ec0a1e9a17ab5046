//! The peer's programs.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::folder;

/// The Python that has the peer's requirements, named by `PSLEASE_PEER_PYTHON`; `None`, which is said, where there is
/// none, or no peer.
pub fn python() -> Option<PathBuf> {
    folder("peer")?;
    let python = std::env::var_os("PSLEASE_PEER_PYTHON").map(PathBuf::from);
    if python.is_none() {
        println!(
            "skipped: PSLEASE_PEER_PYTHON does not name a Python with the peer's requirements (`cargo xtask interop` brings one)"
        );
    }
    python
}

/// A running program of the peer's; it ends when this is dropped, because its standard input closes.
#[derive(Debug)]
pub struct Program {
    process: Child,
    /// What it said when it was ready.
    pub ready: Json,
    folder: TempDir,
}

impl Program {
    /// Starts the peer itself on a free port, with further arguments and variables, and waits until it is ready.
    ///
    /// # Panics
    /// If it does not start.
    pub fn peer(python: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let fixed = ["-m", "peer", "--port", "0", "--until-stdin-closes"];
        let arguments = [&fixed[..], arguments].concat();
        Self::start(python, &arguments, environment).expect("the peer says that it is ready")
    }

    /// Starts the peer's KDC; `None`, which is said, where the system has none.
    ///
    /// # Panics
    /// If Python does not start.
    pub fn kdc(python: &Path) -> Option<Self> {
        let kdc = Self::start(python, &["-m", "peer.kdc"], &[]);
        if kdc.is_none() {
            println!("skipped: there is no KDC (krb5-kdc and krb5-admin-server)");
        }
        kdc
    }

    /// A program that writes one line of JSON when it is ready; `None` where it ends without.
    fn start(python: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Option<Self> {
        let own = TempDir::new().expect("a temporary folder");
        let mut command = Command::new(python);
        command
            .args(arguments)
            .current_dir(folder("peer")?)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if arguments.contains(&"peer") {
            command.arg("--ca-out").arg(own.path().join("ca.pem"));
        }
        let mut process = command.spawn().expect("Python starts");
        let mut line = String::new();
        let output = process.stdout.take().expect("it was piped");
        BufReader::new(output).read_line(&mut line).expect("text");
        let ready = serde_json::from_str(&line).ok();
        if ready.is_none() {
            drop(process.stdin.take());
            let _ = process.wait();
        }
        Some(Self {
            process,
            ready: ready?,
            folder: own,
        })
    }

    /// The peer's base URL.
    ///
    /// # Panics
    /// If the program has none.
    pub fn url(&self) -> &str {
        self.ready["url"].as_str().expect("a URL")
    }

    /// The certificate of the peer's authority. It is there where the peer speaks TLS.
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
