//! The peer: an endpoint on foreign code, where `../shared` is there and a Python has its requirements.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::http;

/// A running peer; it ends when this is dropped, because its standard input closes.
#[derive(Debug)]
pub struct Peer {
    process: Child,
    /// What it said when it was ready: `url`, `ca`, `services`.
    pub ready: Json,
    _folder: TempDir,
}

impl Peer {
    /// The Python that has the peer's requirements; without one the interop tests are skipped, which this says.
    pub fn python() -> Option<PathBuf> {
        let python = std::env::var_os("PSLEASE_PEER_PYTHON").map(PathBuf::from);
        if python.is_none() || !Self::folder().is_dir() {
            println!("skipped: no peer (`cargo xtask interop` runs these tests where ../shared is there)");
            return None;
        }
        python
    }

    /// The folder of the peer's sources.
    pub fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/peer")
    }

    /// Starts one with a configuration file of the peer's folder.
    pub fn start(python: &Path, config: &str) -> Self {
        Self::run(python, &["--config", config], &[])
    }

    /// Starts the hosts that want NTLM or Kerberos, over plain http, with a realm's environment if there is one.
    pub fn on_premises(python: &Path, realm: &[(&str, &str)]) -> Self {
        let none = [("KRB5_KTNAME", "FILE:/nonexistent")];
        let realm = if realm.is_empty() { &none[..] } else { realm };
        Self::run(python, &["--plain", "--config", "onprem.toml"], realm)
    }

    /// As [`on_premises`](Self::on_premises), its configuration changed.
    pub fn on_premises_with(python: &Path, realm: &[(&str, &str)], change: impl FnOnce(String) -> String) -> Self {
        let text = std::fs::read_to_string(Self::folder().join("onprem.toml")).expect("onprem.toml");
        let folder = TempDir::new().expect("a temporary folder");
        let path = folder.path().join("onprem.toml");
        std::fs::write(&path, change(text)).expect("the changed configuration");
        // It is read before the peer says that it is ready.
        Self::run(python, &["--plain", "--config", &path.display().to_string()], realm)
    }

    /// What `GET /control/WHAT` says.
    pub fn control(&self, what: &str) -> Json {
        http::json(self.url(), Some(self.ca()), "GET", &format!("/control/{what}"), None)
    }

    fn run(python: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let mut process = Command::new(python)
            .args(["-m", "peer", "--port", "0", "--until-stdin-closes"])
            .args(arguments)
            .arg("--ca-out")
            .arg(folder.path().join("ca.pem"))
            .current_dir(Self::folder())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the peer starts");
        let mut line = String::new();
        let output = process.stdout.take().expect("it was piped");
        BufReader::new(output)
            .read_line(&mut line)
            .expect("the peer says that it is ready");
        let ready = serde_json::from_str(&line).expect("one line of JSON");
        Self {
            process,
            ready,
            _folder: folder,
        }
    }

    /// Its base URL.
    pub fn url(&self) -> &str {
        self.ready["url"].as_str().expect("a URL")
    }

    /// An access token, as somebody else would have got it.
    pub fn token(&self, user: &str, password: &str) -> String {
        let form = format!(
            "grant_type=password&username={user}&password={}",
            password.replace('!', "%21")
        );
        let granted = http::form(self.url(), Some(self.ca()), "/common/oauth2/token", &form);
        granted["access_token"].as_str().expect("a token").to_owned()
    }

    /// The certificate of its authority.
    pub fn ca(&self) -> &Path {
        Path::new(self.ready["ca"].as_str().unwrap_or_default())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
