//! A running peer, and just enough HTTP to speak with it.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use endpoint::{Method, Request, Response};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

/// A running peer; it ends when this is dropped, because its standard input closes.
pub(crate) struct Peer {
    process: Child,
    pub(crate) url: String,
}

impl Peer {
    /// Starts one; `None`, and a line that says why, where there is none to start.
    pub(crate) fn start() -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/peer");
        if !folder.is_dir() {
            println!("skipped: ../shared is absent");
            return None;
        }
        let Some(python) = std::env::var_os("PSLEASE_PEER_PYTHON").map(PathBuf::from) else {
            println!("skipped: PSLEASE_PEER_PYTHON does not name a Python with the peer's requirements");
            return None;
        };
        let mut process = Command::new(python)
            .args([
                "-m",
                "peer",
                "--port",
                "0",
                "--plain",
                "--until-stdin-closes",
                "--config",
                "online.toml",
            ])
            .current_dir(folder)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let url = ready["url"].as_str().unwrap().to_owned();
        Some(Self { process, url })
    }

    /// Asks the peer to do something that no client could.
    pub(crate) fn control(&self, verb: &str, what: &Value) -> Value {
        let uri = format!("{}/control/{verb}", self.url);
        let answer = exchange("POST", &uri, &[("Content-Type", "application/json")], &what.to_string());
        assert_eq!(answer.status, 200, "{verb}");
        serde_json::from_slice(&answer.body).unwrap()
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.control("clock", &json!({ "advance": seconds }));
    }

    /// How often something has happened.
    pub(crate) fn count(&self, name: &str) -> u64 {
        let answer = exchange("GET", &format!("{}/control/state", self.url), &[], "");
        let state: Value = serde_json::from_slice(&answer.body).unwrap();
        state["counts"][name].as_u64().unwrap_or_default()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

pub(crate) fn send(request: &Request) -> Response {
    let mut headers: Vec<(&str, &str)> = request
        .headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    match (request.method, &request.form) {
        (Method::Get, _) => exchange("GET", &request.uri, &headers, ""),
        (Method::Post, form) => {
            headers.push(("Content-Type", "application/x-www-form-urlencoded"));
            exchange(
                "POST",
                &request.uri,
                &headers,
                form.as_ref().map_or("", |form| form.expose_secret()),
            )
        }
    }
}

pub(crate) fn exchange(method: &str, uri: &str, headers: &[(&str, &str)], body: &str) -> Response {
    let rest = uri.strip_prefix("http://").unwrap();
    let at = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(at);
    let mut stream = TcpStream::connect(authority).unwrap();
    let mut text = format!(
        "{method} {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{text}\r\n{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let mut found: HashMap<String, Vec<String>> = HashMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        found
            .entry(name.to_ascii_lowercase())
            .or_default()
            .push(value.trim().to_owned());
    }
    Response {
        status,
        location: found.remove("location").and_then(|mut all| all.pop()),
        challenges: found.remove("www-authenticate").unwrap_or_default(),
        retry_after: None,
        body: body.to_owned().into(),
    }
}
