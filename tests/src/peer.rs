//! The peer: an endpoint on foreign code, where `../shared` is there and a Python has its requirements.

use std::path::{Path, PathBuf};

use reference::Program;
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::http;

/// A running peer; it ends when this is dropped.
#[derive(Debug)]
pub struct Peer {
    program: Program,
}

impl Peer {
    /// The Python that has the peer's requirements; without one the interop tests are skipped, which this says.
    pub fn python() -> Option<PathBuf> {
        reference::python()
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
        Self {
            program: Program::peer(python, arguments, environment),
        }
    }

    /// The URL of one of its services.
    pub fn service(&self, name: &str) -> &str {
        self.program.ready["services"][name].as_str().expect("a service")
    }

    /// Its base URL.
    pub fn url(&self) -> &str {
        self.program.url()
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
        Path::new(self.program.ready["ca"].as_str().unwrap_or_default())
    }
}
