//! The whole flow, with the answers that documents and references show.

mod device;
mod limits;
mod ways;

use std::time::Duration;

use moment::Moment;
use secrecy::{ExposeSecret, SecretString};

use super::{Discovery, Need, Output, Placed, Placement, Question, Renewal, Target, Way};
use crate::{DeviceCode, Kind, Network, Parameters, Request, Response, Saying, Template, Unanswered, Wall};

const KEN: &str = "kenmyer@litwareinc.com";
const ADMIN: &str = "https://admin2a.online.lync.com/OcsPowershellLiveId";
const OFFER: &str =
    r#"Bearer client_id="7716031e", authorization_uri="https://login.windows.net/common/oauth2/authorize""#;

fn at(seconds: u64) -> Moment {
    Moment::from_epoch(Duration::from_secs(seconds))
}

fn question(template: Template, user: &str) -> Question {
    let parameters = Parameters {
        user_name: Some(user.to_owned()).filter(|user| !user.is_empty()),
        ..Parameters::default()
    };
    let wall = Wall {
        now: at(100),
        unix: Duration::from_secs(1_700_000_000),
    };
    Question::new(template, &parameters, wall)
}

fn answer(status: u16, body: &str) -> Response {
    Response {
        status,
        body: body.to_owned().into(),
        ..Response::default()
    }
}

fn links(part: &str, links: &[(&str, &str)]) -> Response {
    let links: String = links
        .iter()
        .map(|(token, href)| format!("<Link token=\"{token}\" href=\"{href}\"/>"))
        .collect();
    answer(
        200,
        &format!("<AutodiscoverResponse><{part}>{links}</{part}></AutodiscoverResponse>"),
    )
}

fn offer(line: &str) -> Response {
    Response {
        status: 401,
        challenges: vec![line.to_owned()],
        ..Response::default()
    }
}

/// A machine and the lines that it said.
struct Drive {
    discovery: Discovery,
    said: Vec<String>,
    template: Template,
}

impl Drive {
    fn new(question: Question) -> Self {
        Self {
            template: question.template,
            discovery: Discovery::new(question),
            said: Vec::new(),
        }
    }

    /// The next output that is no stage.
    fn next(&mut self) -> Output {
        loop {
            match self.discovery.poll_output().expect("the machine wants something") {
                Output::Stage(stage) => self.said.extend(stage.words(self.template)),
                other => return other,
            }
        }
    }

    #[track_caller]
    fn request(&mut self) -> Request {
        match self.next() {
            Output::Request(request) => request,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn asked(&mut self) -> Need {
        match self.next() {
            Output::Ask(need) => need,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn target(&mut self) -> Target {
        let target = match self.next() {
            Output::Done(target) => *target,
            other => panic!("{other:?}"),
        };
        assert!(self.discovery.is_over() && self.discovery.poll_output().is_none());
        target
    }

    #[track_caller]
    fn failure(&mut self) -> Saying {
        let saying = match self.next() {
            Output::Failed(saying) => saying,
            other => panic!("{other:?}"),
        };
        assert!(self.discovery.is_over());
        saying
    }

    /// Answers the request that is under way, which must be for that address.
    #[track_caller]
    fn exchange(&mut self, uri: &str, response: &Response) {
        assert_eq!(self.request().uri, uri);
        self.discovery.respond(at(101), response);
    }

    /// Discovery as far as the link to the endpoint.
    #[track_caller]
    fn discover(&mut self) {
        let base = "https://webdir2a.online.lync.com/Autodiscover/AutodiscoverService.svc/root";
        self.exchange(
            "http://lyncdiscover.litwareinc.com?Domain=litwareinc.com",
            &links(
                "Root",
                &[("Redirect", &format!("{base}?originalDomain=litwareinc.com"))],
            ),
        );
        self.exchange(
            &format!("{base}?originalDomain=litwareinc.com"),
            &links(
                "Root",
                &[
                    ("Domain", "/domain?originalDomain=litwareinc.com"),
                    ("User", "https://x/"),
                ],
            ),
        );
        self.exchange(
            "https://webdir2a.online.lync.com/domain?originalDomain=litwareinc.com",
            &links(
                "Domain",
                &[
                    ("Internal/Autodiscover", "https://x/"),
                    ("External/RemotePowerShell", ADMIN),
                ],
            ),
        );
    }
}

fn form(request: &Request) -> &str {
    request.form.as_ref().map_or("", |form| form.expose_secret())
}

fn basic(target: &Target) -> (&str, &str) {
    match &target.credential {
        Placed::Basic { user, password } => (user, password.expose_secret()),
        Placed::Bearer { .. } => panic!("no Basic"),
    }
}

const GRANT: &str = r#"{"access_token":"AT","refresh_token":"RT","expires_in":3599}"#;

fn jwt(claims: &str) -> SecretString {
    use base64::Engine as _;
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims);
    format!("e30.{payload}.c2ln").into()
}
