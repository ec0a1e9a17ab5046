//! The peer of ../shared with `onprem.toml`, and its KDC: started for one test and gone with it.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use link::{Answer, Call, Credential, Failure, Lane, Method, Network, Post, Session, Trust};
use serde_json::Value;

pub(crate) const LONG: Duration = Duration::from_secs(60);

/// The Python that has the peer's requirements; `None`, with a line that says so, where there is none.
pub(crate) fn python(needs: &str) -> Option<PathBuf> {
    let peer = folder();
    if !peer.exists() {
        println!("skipped: ../shared is absent");
        return None;
    }
    let Some(python) = std::env::var_os("PSLEASE_PEER_PYTHON").map(PathBuf::from) else {
        println!("skipped: PSLEASE_PEER_PYTHON does not name a Python with the peer's requirements");
        return None;
    };
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

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/peer")
}

/// A program of the peer's, which prints one line of JSON when it is ready and ends with its standard input.
pub(crate) struct Program {
    child: Child,
    pub(crate) ready: Value,
    pub(crate) folder: tempfile::TempDir,
}

impl Program {
    fn start(python: &Path, arguments: &[&str], environment: &[(String, String)]) -> Option<Self> {
        let own = tempfile::tempdir().unwrap();
        let mut command = Command::new(python);
        command
            .current_dir(folder())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .envs(environment.iter().cloned())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if arguments.contains(&"peer") {
            command.arg("--ca-out").arg(own.path().join("ca.pem"));
        }
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready = serde_json::from_str(&line).ok();
        if ready.is_none() {
            drop(child.stdin.take());
            let _ = child.wait();
        }
        Some(Self {
            child,
            ready: ready?,
            folder: own,
        })
    }

    /// A KDC; `None`, with a line that says so, where krb5kdc is not installed.
    pub(crate) fn kdc(python: &Path) -> Option<Self> {
        let kdc = Self::start(python, &["-m", "peer.kdc"], &[]);
        if kdc.is_none() {
            println!("skipped: there is no KDC (krb5-kdc and krb5-admin-server)");
        }
        kdc
    }

    /// What its clients and acceptors are to find in their environment.
    pub(crate) fn kerberos(&self) -> Vec<(String, String)> {
        let get = |name: &str| {
            self.ready[name]
                .as_str()
                .map(|value| (name.to_owned(), value.to_owned()))
        };
        ["KRB5_CONFIG", "KRB5_KTNAME"].into_iter().filter_map(get).collect()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

pub(crate) struct Server {
    _program: Program,
    pub(crate) url: String,
    pub(crate) network: Network,
}

impl Server {
    pub(crate) fn start(python: &Path, plain: bool, kerberos: &[(String, String)]) -> Self {
        let mut arguments = vec![
            "-m",
            "peer",
            "--port",
            "0",
            "--config",
            "onprem.toml",
            "--until-stdin-closes",
        ];
        if plain {
            arguments.push("--plain");
        }
        let mut environment = vec![("KRB5_KTNAME".to_owned(), "FILE:/nonexistent".to_owned())];
        environment.extend(kerberos.iter().cloned());
        let program = Program::start(python, &arguments, &environment).expect("the peer starts");
        let network = match plain {
            true => Network::new(&Trust::System).unwrap(),
            false => Network::new(&Trust::File(program.folder.path().join("ca.pem"))).unwrap(),
        };
        Self {
            url: program.ready["url"].as_str().unwrap().to_owned(),
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
