//! The peer of ../shared, started for one test and gone with it.

use std::time::Duration;

use link::{Call, Credential, Network, Session, Trust};
use reference::Program;
use serde_json::Value;

const BRIEF: Duration = Duration::from_secs(30);

pub(crate) struct Server {
    _program: Program,
    pub(crate) url: String,
    pub(crate) network: Network,
}

impl Server {
    /// `None`, with a line that says why, where there is no peer to be had.
    pub(crate) fn start(tenant: &str) -> Option<Self> {
        let program = Program::peer(&reference::python()?, &["--config", tenant], &[]);
        let network = Network::new(&Trust::File(program.ca())).unwrap();
        Some(Self {
            url: program.url().to_owned(),
            network,
            _program: program,
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
