//! A running peer, and just enough HTTP to speak with it.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpStream;

use endpoint::{Method, Request, Response};
use reference::Program;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

/// A running peer.
pub(crate) struct Peer {
    _program: Program,
    pub(crate) url: String,
}

impl Peer {
    /// Starts one; `None`, and a line that says why, where there is none to start.
    pub(crate) fn start() -> Option<Self> {
        let program = Program::peer(&reference::python()?, &["--plain", "--config", "online.toml"], &[]);
        Some(Self {
            url: program.url().to_owned(),
            _program: program,
        })
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
