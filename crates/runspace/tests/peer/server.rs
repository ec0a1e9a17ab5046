//! The peer of ../shared, started for one test and gone with it.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use link::{Call, Credential, Network, Session, Trust};
use serde_json::Value;

const BRIEF: Duration = Duration::from_secs(30);

pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    pub(crate) network: Network,
    _folder: tempfile::TempDir,
}

impl Server {
    /// `None`, with a line that says why, where there is no peer to be had.
    pub(crate) fn start(tenant: &str) -> Option<Self> {
        let peer = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/peer"));
        if !peer.exists() {
            println!("skipped: ../shared is absent");
            return None;
        }
        let Some(python) = std::env::var_os("PSLEASE_PEER_PYTHON").map(PathBuf::from) else {
            println!("skipped: PSLEASE_PEER_PYTHON does not name a Python with the peer's requirements");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.pem");
        let mut child = Command::new(python)
            .current_dir(peer)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .args([
                "-m",
                "peer",
                "--port",
                "0",
                "--config",
                tenant,
                "--until-stdin-closes",
                "--ca-out",
            ])
            .arg(&ca)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let told: Value = serde_json::from_str(&line).unwrap();
        let url = told["url"].as_str().unwrap().to_owned();
        let network = Network::new(&Trust::File(ca)).unwrap();
        Some(Self {
            child,
            url,
            network,
            _folder: folder,
        })
    }

    pub(crate) async fn control(&self, what: &str, body: Option<Value>) -> Value {
        let uri = format!("{}/control/{what}", self.url);
        let session = Session::new(&self.network, &uri, Credential::Anonymous).unwrap();
        let call = match body {
            None => Call::get(uri, BRIEF),
            Some(body) => {
                let body = Some(("application/json".to_owned(), body.to_string().into()));
                Call {
                    method: link::Method::Post,
                    uri,
                    headers: Vec::new(),
                    body,
                    deadline: BRIEF,
                }
            }
        };
        let answer = session.lane().unwrap().call(call).await.unwrap();
        serde_json::from_slice(&answer.body).unwrap_or(Value::Null)
    }

    /// How many shells there are, by the server's own count.
    pub(crate) async fn shells(&self) -> usize {
        self.control("state", None).await["shells"].as_array().unwrap().len()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
