//! Whoever drives a discovery: sends its requests, answers its questions, moves the clock.

use std::time::Duration;

use base64::Engine as _;
use endpoint::{
    Discovery, Need, Output, Parameters, Placed, Question, Response, Saying, Stage, Target, Template, Wall,
};
use moment::Moment;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::server::{Peer, exchange, send};

/// What a person would have.
pub(crate) struct Person {
    pub(crate) secret: SecretString,
    /// What the person does with the device code's page; `None` is nothing.
    pub(crate) decides: Option<Value>,
    pub(crate) lines: Vec<String>,
    /// Seconds that have passed.
    pub(crate) now: u64,
}

impl Person {
    pub(crate) fn new(secret: &str) -> Self {
        Self {
            secret: secret.into(),
            decides: None,
            lines: Vec::new(),
            now: 0,
        }
    }

    pub(crate) fn wall(&self) -> Wall {
        Wall {
            now: Moment::from_epoch(Duration::from_secs(self.now)),
            unix: Duration::from_secs(1_700_000_000 + self.now),
        }
    }

    pub(crate) fn connect(&mut self, peer: &Peer, question: Question) -> Result<Target, Saying> {
        let template = question.template;
        let mut discovery = Discovery::new(question);
        loop {
            let now = self.wall().now;
            match discovery.poll_output() {
                Some(Output::Stage(stage)) => self.lines.extend(stage.words(template)),
                Some(Output::Request(request)) => discovery.respond(now, &send(&request)),
                Some(Output::Ask(Need::User)) => discovery.decline(),
                Some(Output::Ask(Need::Password { .. } | Need::Token)) => discovery.supply(now, self.secret.clone()),
                Some(Output::ShowCode(code)) => {
                    self.lines.push(code.message.clone());
                    if let Some(mut decision) = self.decides.take() {
                        decision["user_code"] = json!(code.user_code);
                        peer.control("device", &decision);
                    }
                }
                Some(Output::Done(target)) => {
                    self.lines.extend(Stage::Initializing.words(template));
                    return Ok(*target);
                }
                Some(Output::Failed(saying)) => return Err(saying),
                None => {
                    let due = discovery.poll_timeout().expect("something is waited for");
                    let wait = due.since(now).as_secs();
                    peer.advance(wait);
                    self.now += wait;
                    discovery.handle_timeout(due);
                }
            }
        }
    }
}

/// A question whose discovery the peer answers.
pub(crate) fn question(peer: &Peer, user: &str) -> Question {
    let parameters = Parameters::read(&json!({
        "UserName": user,
        "OverrideDiscoveryUri": format!("{}/autodiscover", peer.url),
    }));
    Question::new(Template::SkypeOnline, &parameters.unwrap(), Person::new("").wall())
}

/// What the endpoint says to an empty request with this credential: 200 is that it is taken.
pub(crate) fn knock(uri: &str, credential: &Placed) -> u16 {
    post(uri, credential).status
}

pub(crate) fn post(uri: &str, credential: &Placed) -> Response {
    let value = match credential {
        Placed::Basic { user, password } => {
            let pair = format!("{user}:{}", password.expose_secret());
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
        }
        Placed::Bearer { token } => format!("Bearer {}", token.expose_secret()),
    };
    exchange("POST", uri, &[("Authorization", &value)], "")
}
