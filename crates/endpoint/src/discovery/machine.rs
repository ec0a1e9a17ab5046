//! The machine: from the account to the endpoint's address. What follows is in `authorize`.

use std::collections::VecDeque;

use moment::Moment;
use secrecy::SecretString;

use super::limits::{Limits, Purpose};
use super::place::{admin_domain, domain_document, no_domain, oauth_endpoint, root, speaks_of_domains};
use super::{Need, Output, Question, Stage, Way};
use crate::autodiscover::{JSON, Links, XML};
use crate::device::Device;
use crate::{Address, Authority, Facts, Kind, Request, Response, Saying, Scene, Unanswered, uri};

/// Redirects that are followed in all: as many as PowerShell follows (services.md 1.2, step 3).
const HOPS: u8 = 5;

/// New-CsOnlineSession's connection flow as a machine without I/O, and the short way of services whose address is known
/// (services.md 1.2). Driven like this:
///
/// ```text
/// loop {
///     match discovery.poll_output() {
///         Stage(stage)     => show it under -v
///         Request(request) => send it; discovery.respond(now, response) or discovery.failed(now, unanswered)
///         Ask(need)        => get it; discovery.supply(now, secret), name(now, user) or decline()
///         ShowCode(code)   => show it
///         Done(target) | Failed(saying) => the end
///         None             => wait until poll_timeout(), then handle_timeout(now)
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Discovery {
    pub(super) question: Question,
    pub(super) limits: Limits,
    pub(super) state: State,
    pub(super) user: Option<String>,
    pub(super) domain: Option<String>,
    /// The endpoint, without what its query needs.
    pub(super) target: String,
    /// The endpoint that was discovered, where that is not the one that takes tokens.
    pub(super) plain: Option<String>,
    /// A token that was asked for before its time, since only it knows the domain.
    pub(super) early: Option<SecretString>,
    outputs: VecDeque<Output>,
}

/// What is being waited for.
#[derive(Debug)]
pub(super) enum State {
    /// For [`Discovery::poll_output`], to begin.
    Start,
    /// For the account's name.
    Name,
    /// For a token that says which domain is meant.
    EarlyToken,
    /// For an autodiscovery document.
    Document(Asked),
    /// For the 401 that says who gives tokens.
    Offer,
    /// For the password, to be used as it is.
    PlainPassword,
    /// For the password, to get a token.
    Password(Authority),
    /// For a token that somebody else got.
    Token,
    /// For the authority's answer to the password.
    Grant(Authority),
    /// For a device code.
    Code(Authority),
    /// For the time of the next poll.
    Pause(Authority, Device),
    /// For the answer to a poll.
    Poll(Authority, Device),
    /// For nothing.
    Over,
}

/// An autodiscovery document that was asked for.
#[derive(Debug)]
pub(super) struct Asked {
    uri: String,
    part: Part,
    json: bool,
    hops: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Root,
    Domain,
}

impl Discovery {
    /// A machine that has done nothing yet.
    pub fn new(question: Question) -> Self {
        Self {
            limits: Limits::new(&question),
            state: State::Start,
            user: question
                .user
                .clone()
                .map(|user| user.trim().to_owned())
                .filter(|user| !user.is_empty()),
            domain: None,
            target: String::new(),
            plain: None,
            early: None,
            outputs: VecDeque::new(),
            question,
        }
    }

    /// The next thing to do; `None` while something is waited for, and after the end.
    pub fn poll_output(&mut self) -> Option<Output> {
        if matches!(self.state, State::Start) {
            self.begin();
        }
        self.outputs.pop_front()
    }

    /// Whether the end was reached and told.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Over) && self.outputs.is_empty()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due.
    pub fn poll_timeout(&self) -> Option<Moment> {
        match &self.state {
            State::Pause(_, device) => Some(device.next),
            State::Start
            | State::Name
            | State::EarlyToken
            | State::Document(_)
            | State::Offer
            | State::PlainPassword
            | State::Password(_)
            | State::Token
            | State::Grant(_)
            | State::Code(_)
            | State::Poll(..)
            | State::Over => None,
        }
    }

    /// The account's name, asked for by [`Need::User`].
    pub fn name(&mut self, user: impl Into<String>) {
        let user = user.into().trim().to_owned();
        match std::mem::replace(&mut self.state, State::Over) {
            State::Name if user.is_empty() => self.decline_name(),
            State::Name => {
                self.user = Some(user);
                self.determine();
            }
            other => self.state = other,
        }
    }

    /// Nobody has what was asked for.
    pub fn decline(&mut self) {
        if self.awaits_input() {
            let saying = Saying::of_kind(Kind::NoCredential, &self.scene(""));
            self.fail(saying);
        }
    }

    /// The answer to the request.
    pub fn respond(&mut self, now: Moment, response: &Response) {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Document(asked) => self.document(asked, response),
            State::Offer => self.offered(response),
            State::Grant(authority) => self.granted(now, authority, response),
            State::Code(authority) => self.code(now, authority, response),
            State::Poll(authority, device) => self.polled(now, authority, device, response),
            other => {
                debug_assert!(false, "no answer is waited for");
                self.state = other;
            }
        }
    }

    /// There was no answer to the request.
    pub fn failed(&mut self, now: Moment, unanswered: &Unanswered) {
        let discovering = matches!(self.state, State::Document(_));
        let host = match std::mem::replace(&mut self.state, State::Over) {
            State::Document(asked) => uri::host(&asked.uri),
            State::Offer => uri::host(&self.target),
            State::Grant(authority) | State::Code(authority) => uri::host(&authority.token_uri()),
            State::Poll(authority, mut device) => {
                device.unanswered(now);
                self.state = State::Pause(authority, device);
                return;
            }
            other => {
                debug_assert!(false, "no answer is waited for");
                self.state = other;
                return;
            }
        };
        let facts = Facts {
            discovering,
            ..Facts::unanswered(unanswered)
        };
        self.fail_with(&facts, &host);
    }

    fn begin(&mut self) {
        if speaks_of_domains(self.question.template) {
            self.stage(Stage::DeterminingDomain);
        }
        let named = self.question.override_admin_domain.is_some() || !speaks_of_domains(self.question.template);
        let nameless = match self.question.way {
            Way::Token => true,
            Way::DeviceCode => named,
            Way::Discovered | Way::Plain | Way::Password => false,
        };
        if self.user.is_none() && !nameless {
            self.state = State::Name;
            self.outputs.push_back(Output::Ask(Need::User));
            return;
        }
        self.determine();
    }

    /// Step 1: the domain.
    pub(super) fn determine(&mut self) {
        let known = self.known_address();
        match admin_domain(&self.question, self.user.as_deref()) {
            Err(saying) => self.fail(saying),
            Ok(Some(domain)) => {
                if speaks_of_domains(self.question.template) {
                    self.stage(Stage::AdminDomain(domain.clone()));
                }
                self.limits.admit(self.user.as_deref(), &domain);
                self.domain = Some(domain);
                self.locate(known);
            }
            Ok(None) if known.is_some() => self.locate(known),
            Ok(None) if self.question.way == Way::Token && self.early.is_none() => {
                self.state = State::EarlyToken;
                self.outputs.push_back(Output::Ask(Need::Token));
            }
            Ok(None) => self.fail(no_domain(self.user.as_deref().unwrap_or_default())),
        }
    }

    /// The address, where nobody need be asked for it.
    fn known_address(&self) -> Option<String> {
        let Question {
            template,
            variant,
            uri,
            override_power_shell_uri,
            ..
        } = &self.question;
        let given = override_power_shell_uri.as_deref().or(uri.as_deref());
        Address::of_variant(*template, *variant, given, None)
            .ok()
            .map(|address| address.uri)
    }

    /// Steps 2 to 5: the address.
    fn locate(&mut self, known: Option<String>) {
        if let Some(target) = known {
            return self.reached(target);
        }
        let domain = self.domain.clone().unwrap_or_default();
        if !self.question.template.defaults().discovery {
            let message = format!(
                "template {} has no address of its own: set uri = \"https://...\"",
                self.question.template
            );
            return self.fail(Saying {
                message,
                hint: None,
                kind: Kind::BadProfile,
            });
        }
        self.stage(Stage::Discovering);
        let uri = root(&self.question, &domain);
        self.ask(Asked {
            uri,
            part: Part::Root,
            json: false,
            hops: 0,
        });
    }

    fn ask(&mut self, asked: Asked) {
        let accept = if asked.json { JSON } else { XML };
        self.request(Request::get(asked.uri.as_str()).header("Accept", accept));
        self.state = State::Document(asked);
    }

    fn document(&mut self, asked: Asked, response: &Response) {
        let host = uri::host(&asked.uri);
        match response.status {
            200 => match Links::read(&response.body) {
                Ok(links) => self.linked(asked, &links),
                Err(why) => self.discovery_failed(&host, &why),
            },
            301 | 302 | 303 | 307 | 308 => match &response.location {
                Some(location) => self.follow(&asked, location, asked.part),
                None => self.discovery_failed(&host, "it sends us elsewhere without saying where"),
            },
            406 | 415 if !asked.json => self.ask(Asked { json: true, ..asked }),
            // The domain is known, but nothing of it is in the cloud.
            404 if asked.part == Part::Domain => self.hybrid(&host),
            status => {
                let facts = Facts {
                    status: Some(status),
                    discovering: true,
                    ..Facts::default()
                };
                self.fail_with(&facts, &host);
            }
        }
    }

    fn linked(&mut self, asked: Asked, links: &Links) {
        let host = uri::host(&asked.uri);
        match (
            links.get("External/RemotePowerShell"),
            links.get("Redirect"),
            asked.part,
        ) {
            (Some(href), ..) => match uri::join(&asked.uri, href) {
                Some(plain) if self.question.way == Way::Plain => self.found(plain),
                Some(plain) => self.found_beside(oauth_endpoint(&plain), plain),
                None => self.discovery_failed(&host, "its link to the endpoint is empty"),
            },
            (None, Some(href), _) => self.follow(&asked, href, asked.part),
            (None, None, Part::Root) => match (links.get("Domain"), links.get("self")) {
                (Some(href), _) => self.follow(&asked, href, Part::Domain),
                (None, Some(own)) => self.follow(&asked, &domain_document(own), Part::Domain),
                (None, None) => {
                    let why = format!("its document leads nowhere (links: {})", links.tokens());
                    self.discovery_failed(&host, &why);
                }
            },
            (None, None, Part::Domain) => self.hybrid(&host),
        }
    }

    fn follow(&mut self, asked: &Asked, href: &str, part: Part) {
        let host = uri::host(&asked.uri);
        // From Root to Domain is the way itself; every other link is a hop.
        let hops = if part == asked.part { asked.hops + 1 } else { asked.hops };
        if hops > HOPS {
            return self.discovery_failed(&host, &format!("it was redirected more than {HOPS} times"));
        }
        let Some(uri) = uri::join(&asked.uri, href) else {
            return self.discovery_failed(&host, "its link is empty");
        };
        match self.limits.judge(&uri, Purpose::Document) {
            Ok(_) => self.ask(Asked {
                uri,
                part,
                json: asked.json,
                hops,
            }),
            Err(why) => self.not_allowed(why),
        }
    }

    fn hybrid(&mut self, host: &str) {
        let saying = Saying::of_kind(Kind::DiscoveryHybrid, &self.scene(host));
        self.fail(saying);
    }

    fn discovery_failed(&mut self, host: &str, why: &str) {
        let facts = Facts {
            message: why,
            ..Facts::default()
        };
        let saying = Saying::with(Kind::DiscoveryFailed, &facts, &self.scene(host));
        self.fail(saying);
    }

    pub(super) fn not_allowed(&mut self, why: String) {
        let facts = Facts {
            message: &why,
            ..Facts::default()
        };
        let saying = Saying::with(Kind::PlaceNotAllowed, &facts, &Scene::default());
        self.fail(saying);
    }

    fn decline_name(&mut self) {
        self.fail(no_domain(""));
    }

    fn awaits_input(&self) -> bool {
        matches!(
            self.state,
            State::Name | State::EarlyToken | State::PlainPassword | State::Password(_) | State::Token
        )
    }

    pub(super) fn scene<'a>(&'a self, host: &'a str) -> Scene<'a> {
        Scene {
            host,
            account: self.user.as_deref().unwrap_or_default(),
            organization: self.domain.as_deref().unwrap_or_default(),
            profile: &self.question.profile,
        }
    }

    pub(super) fn stage(&mut self, stage: Stage) {
        self.outputs.push_back(Output::Stage(stage));
    }

    pub(super) fn request(&mut self, request: Request) {
        self.outputs.push_back(Output::Request(request));
    }

    pub(super) fn output(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    pub(super) fn fail_with(&mut self, facts: &Facts<'_>, host: &str) {
        let saying = Saying::of(facts, &self.scene(host));
        self.fail(saying);
    }

    pub(super) fn fail(&mut self, saying: Saying) {
        self.state = State::Over;
        self.early = None;
        self.outputs.push_back(Output::Failed(saying));
    }
}
