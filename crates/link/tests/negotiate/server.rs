//! The peer of ../shared with `onprem.toml`, and its KDC: started for one test and gone with it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use link::{Answer, Call, Credential, Failure, Lane, Method, Network, Post, Session, Trust};
use reference::Program;
use serde_json::Value;

pub(crate) const LONG: Duration = Duration::from_secs(60);

/// The Python that has the peer's requirements; `None`, with a line that says so, where there is none.
pub(crate) fn python(needs: &str) -> Option<PathBuf> {
    let python = reference::python()?;
    let imports = format!("import {needs}");
    let found = Command::new(&python)
        .args(["-c", &imports])
        .stderr(Stdio::null())
        .status();
    if !found.is_ok_and(|status| status.success()) {
        println!("skipped: {} has not all of {needs}", python.display());
        return None;
    }
    Some(python)
}

/// What a KDC's clients and acceptors are to find in their environment.
pub(crate) fn environment_of(kdc: &Program) -> Vec<(String, String)> {
    let get = |name: &str| {
        kdc.ready[name]
            .as_str()
            .map(|value| (name.to_owned(), value.to_owned()))
    };
    ["KRB5_CONFIG", "KRB5_KTNAME"].into_iter().filter_map(get).collect()
}

pub(crate) struct Server {
    _program: Program,
    pub(crate) url: String,
    pub(crate) network: Network,
}

impl Server {
    pub(crate) fn start(python: &Path, plain: bool, kerberos: &[(String, String)]) -> Self {
        let mut arguments = vec!["--config", "onprem.toml"];
        if plain {
            arguments.push("--plain");
        }
        let mut environment = vec![("KRB5_KTNAME", "FILE:/nonexistent")];
        environment.extend(kerberos.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let program = Program::peer(python, &arguments, &environment);
        let network = match plain {
            true => Network::new(&Trust::System).unwrap(),
            false => Network::new(&Trust::File(program.ca())).unwrap(),
        };
        Self {
            url: program.url().to_owned(),
            network,
            _program: program,
        }
    }

    pub(crate) fn caller(&self, path: &str, credential: Credential) -> Caller {
        Caller::new(&self.network, format!("{}{path}", self.url), credential)
    }

    pub(crate) async fn control(&self, what: &str, body: Option<Value>) -> Value {
        let uri = format!("{}/control/{what}", self.url);
        let session = Session::new(&self.network, &uri, Credential::Anonymous).unwrap();
        let mut call = Call::get(uri, LONG);
        if let Some(body) = body {
            call.method = Method::Post;
            call.body = Some(("application/json".to_owned(), body.to_string().into()));
        }
        let answer = session.lane().unwrap().call(call).await.unwrap();
        serde_json::from_slice(&answer.body).unwrap_or(Value::Null)
    }

    /// One of the server's own counts.
    pub(crate) async fn count(&self, what: &str) -> u64 {
        self.control("state", None).await["counts"][what].as_u64().unwrap_or(0)
    }

    /// What the server says of the connections that logged on: scheme, mechanism, whether it was bound.
    pub(crate) async fn log_ons(&self) -> Vec<(String, String, bool)> {
        let log = self.control("log", None).await;
        let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_lowercase();
        log.as_array()
            .unwrap()
            .iter()
            .filter(|entry| entry["outcome"] == "authenticated")
            .map(|entry| {
                let bound = entry["channel_bound"].as_bool().unwrap_or(false);
                (text(entry, "scheme"), text(entry, "mechanism"), bound)
            })
            .collect()
    }
}

/// A lane, and what is asked on it: which shells there are.
pub(crate) struct Caller {
    pub(crate) lane: Lane,
    uri: String,
}

impl Caller {
    pub(crate) fn new(network: &Network, uri: String, credential: Credential) -> Self {
        let session = Session::new(network, &uri, credential).unwrap();
        Self {
            lane: session.lane().unwrap(),
            uri,
        }
    }

    pub(crate) async fn ask(&mut self) -> Result<Answer, Failure> {
        let body = format!(
            "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
             xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
             xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\"><s:Header><a:To>{}</a:To><a:Action>\
             http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate</a:Action><a:ReplyTo><a:Address>\
             http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>\
             <a:MessageID>uuid:00000000-0000-4000-8000-000000000001</a:MessageID><w:ResourceURI>\
             http://schemas.microsoft.com/wbem/wsman/1/windows/shell</w:ResourceURI>\
             <w:OperationTimeout>PT60S</w:OperationTimeout></s:Header><s:Body>\
             <n:Enumerate xmlns:n=\"http://schemas.xmlsoap.org/ws/2004/09/enumeration\"><w:OptimizeEnumeration/>\
             <w:MaxElements>100</w:MaxElements></n:Enumerate></s:Body></s:Envelope>",
            self.uri
        );
        let post = Post {
            uri: self.uri.clone(),
            body: body.into(),
            content_type: "application/soap+xml;charset=UTF-8",
            deadline: LONG,
        };
        self.lane.post(post).await
    }

    /// Asks, and wants an answer.
    pub(crate) async fn is_heard(&mut self) {
        let answer = match self.ask().await {
            Ok(answer) => answer,
            Err(failure) => panic!("{failure:?}"),
        };
        let text = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, 200, "{:?} {text}", answer.refusal);
        assert!(text.contains("EnumerateResponse"), "{text}");
    }
}
