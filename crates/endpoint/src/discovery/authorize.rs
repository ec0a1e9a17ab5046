//! From the endpoint's address to something to log on with: steps 5 to 8.

use moment::Moment;
use secrecy::{ExposeSecret, SecretString};

use super::limits::Purpose;
use super::machine::State;
use super::place::{connection, speaks_of_domains};
use super::{Discovery, Need, Output, Placement, Renewal, Stage, Target, Way};
use crate::cloud::POWERSHELL_CLIENT;
use crate::device::{Device, Poll};
use crate::oauth::Granted;
use crate::{Authority, Challenge, Claims, Expiry, Facts, Kind, Refresh, Request, Response, Saying, Tried, uri};

impl Discovery {
    /// The address is known, and that of its twin which takes no tokens.
    pub(super) fn found_beside(&mut self, target: String, plain: String) {
        self.plain = Some(plain);
        self.found(target);
    }

    /// The address is known because somebody else said so.
    pub(super) fn found(&mut self, target: String) {
        match self.limits.judge(&target, Purpose::Session) {
            Ok(_) => self.reached(target),
            Err(why) => self.not_allowed(why),
        }
    }

    /// The address is known, and may get the credential.
    pub(super) fn reached(&mut self, target: String) {
        self.target = target;
        match self.question.way {
            // The endpoint's own 401 decides, where it has one for such questions.
            Way::Discovered if speaks_of_domains(self.question.template) => self.ask_for_offer(),
            Way::Discovered | Way::Plain => self.plainly(),
            Way::Password | Way::DeviceCode => {
                self.announce();
                match self.given_authority() {
                    Some(authority) => self.authorized(authority),
                    None => self.ask_for_offer(),
                }
            }
            Way::Token => {
                self.announce();
                match self.early.take() {
                    Some(token) => self.handed(token),
                    None => {
                        self.state = State::Token;
                        self.output(Output::Ask(Need::Token));
                    }
                }
            }
        }
    }

    /// Something that was asked for: a password or a token. It is kept no longer than until the request that needs it.
    pub fn supply(&mut self, now: Moment, secret: SecretString) {
        if secret.expose_secret().trim().is_empty() {
            return self.decline();
        }
        match std::mem::replace(&mut self.state, State::Over) {
            State::PlainPassword => {
                let user = self.user.clone().unwrap_or_default();
                self.finish(Placement::Plain { user }, secret, None, Renewal::Never);
            }
            State::Password(authority) => {
                let user = self.user.clone().unwrap_or_default();
                self.request(authority.by_password(&user, &secret));
                self.state = State::Grant(authority);
            }
            State::Token => self.handed_at(now, secret),
            State::EarlyToken => {
                let secret = bare(&secret);
                self.user = Claims::read(secret.expose_secret()).and_then(|claims| claims.user);
                self.early = Some(secret);
                self.determine();
            }
            other => self.state = other,
        }
    }

    /// Something is due: the next poll.
    pub fn handle_timeout(&mut self, now: Moment) {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Pause(_, device) if device.is_over(now) => {
                let saying = Saying::of_kind(Kind::CodeExpired, &self.scene(""));
                self.fail(saying);
            }
            State::Pause(authority, device) if now >= device.next => {
                self.request(authority.by_device(&device.code));
                self.state = State::Poll(authority, device);
            }
            other => self.state = other,
        }
    }

    fn announce(&mut self) {
        self.stage(Stage::TargetUri(self.target.clone()));
        self.stage(Stage::RequestingToken);
    }

    /// The password as it is, to the endpoint that takes no tokens.
    fn plainly(&mut self) {
        if let Some(plain) = self.plain.take() {
            self.target = plain;
        }
        self.announce();
        self.state = State::PlainPassword;
        self.ask_password();
    }

    fn ask_password(&mut self) {
        let user = self.user.clone().unwrap_or_default();
        self.output(Output::Ask(Need::Password { user }));
    }

    /// An authority that nobody need be asked for.
    fn given_authority(&self) -> Option<Authority> {
        let known = self.question.template.sign_in();
        let variant = self.question.variant.map(|variant| variant.authority);
        let base = self
            .question
            .authority
            .as_deref()
            .or(variant)
            .or(known.map(|known| known.authority))?;
        let client = self.question.client.as_deref().or(known.map(|known| known.client));
        let resource = self.resource(known.map(|known| known.resource));
        Some(Authority::new(base, client.unwrap_or(POWERSHELL_CLIENT), &resource))
    }

    /// Step 7: what the token is for.
    fn resource(&self, known: Option<&str>) -> String {
        let given = self.question.override_access_token_resource_uri.as_deref().or(known);
        given.map_or_else(|| uri::split(&self.target).0.to_owned(), str::to_owned)
    }

    /// Step 6: an anonymous GET, whose 401 names client and authority.
    fn ask_for_offer(&mut self) {
        let uri = connection(&self.question, &self.target, self.domain.as_deref(), true);
        self.request(Request::get(uri));
        self.state = State::Offer;
    }

    pub(super) fn offered(&mut self, response: &Response) {
        let offers = Challenge::read(&response.challenges);
        let offer = offers
            .iter()
            .filter(|offer| response.status == 401 && offer.scheme.eq_ignore_ascii_case("Bearer"))
            .find_map(|offer| Some((offer.parameter("authorization_uri")?, offer.parameter("client_id"))));
        let discovered = self.question.way == Way::Discovered;
        let Some((authorization, client)) = offer else {
            return match response.status {
                500 | 502..=504 | 429 => self.refused(response),
                _ if discovered => self.plainly(),
                _ => self.refused(response),
            };
        };
        if let Err(why) = self.limits.judge(authorization, Purpose::Token) {
            return self.not_allowed(why);
        }
        // A code that anybody could type in must be for an application that everybody knows (services.md 1.2, step 6).
        let client = client.filter(|_| self.question.way != Way::DeviceCode);
        let client = self.question.client.as_deref().or(client).unwrap_or(POWERSHELL_CLIENT);
        let authority = Authority::new(authorization, client, &self.resource(None));
        if discovered {
            self.announce();
        }
        self.authorized(authority);
    }

    /// The endpoint does not say who gives tokens.
    fn refused(&mut self, response: &Response) {
        let host = uri::host(&self.target);
        let facts = Facts {
            status: Some(response.status),
            challenges: &response.challenges,
            tried: Some(Tried::Token),
            retry_after: response.retry_after,
            ..Facts::default()
        };
        let outage = matches!(response.status, 429 | 500..=599);
        let saying = if outage {
            Saying::of(&facts, &self.scene(&host))
        } else {
            Saying::with(Kind::SchemeNotOffered, &facts, &self.scene(&host))
        };
        self.fail(saying);
    }

    fn authorized(&mut self, authority: Authority) {
        if self.question.way == Way::DeviceCode {
            self.request(authority.device(self.user.as_deref()));
            self.state = State::Code(authority);
        } else {
            self.state = State::Password(authority);
            self.ask_password();
        }
    }

    pub(super) fn code(&mut self, now: Moment, authority: Authority, response: &Response) {
        match Device::read(now, response) {
            Ok(device) => {
                self.output(Output::ShowCode(device.shown.clone()));
                self.state = State::Pause(authority, device);
            }
            Err(refusal) => self.fail_with(&Facts::refusal(&refusal), &uri::host(&authority.token_uri())),
        }
    }

    pub(super) fn polled(&mut self, now: Moment, authority: Authority, mut device: Device, response: &Response) {
        let refusal = match Granted::read(now, self.wall(), response) {
            Ok(granted) => return self.token(authority, granted, Renewal::SignIn),
            Err(refusal) => refusal,
        };
        let kind = match device.refused(now, &refusal) {
            Poll::Pending => {
                self.state = State::Pause(authority, device);
                return;
            }
            Poll::Expired => Kind::CodeExpired,
            Poll::Denied => Kind::CodeDenied,
            Poll::Refused => {
                return self.fail_with(&Facts::refusal(&refusal), &uri::host(&authority.token_uri()));
            }
        };
        let saying = Saying::of_kind(kind, &self.scene(""));
        self.fail(saying);
    }

    pub(super) fn granted(&mut self, now: Moment, authority: Authority, response: &Response) {
        match Granted::read(now, self.wall(), response) {
            Ok(granted) => {
                let user = self.user.clone().unwrap_or_default();
                self.token(authority, granted, Renewal::Ask(Need::Password { user }));
            }
            Err(refusal) => {
                let facts = Facts {
                    tried: Some(Tried::Basic),
                    ..Facts::refusal(&refusal)
                };
                self.fail_with(&facts, &uri::host(&authority.token_uri()));
            }
        }
    }

    fn token(&mut self, authority: Authority, granted: Granted, otherwise: Renewal) {
        let Granted {
            access,
            refresh,
            expiry,
        } = granted;
        let renewal = refresh.map_or(otherwise, |token| Renewal::Refresh(Refresh { authority, token }));
        if self.user.is_none() {
            self.user = Claims::read(access.expose_secret()).and_then(|claims| claims.user);
        }
        self.place(access, expiry, renewal);
    }

    /// A token that somebody else got.
    fn handed(&mut self, token: SecretString) {
        self.handed_at(self.question.wall.now, token);
    }

    fn handed_at(&mut self, now: Moment, token: SecretString) {
        let token = bare(&token);
        let claims = Claims::read(token.expose_secret()).unwrap_or_default();
        let expiry = claims.expires.map(|unix| Expiry::new(now, self.wall().moment(unix)));
        if self.user.is_none() {
            self.user = claims.user;
        }
        if expiry.is_some_and(|expiry| expiry.is_over(now)) {
            let saying = Saying::of_kind(Kind::TokenExpired, &self.scene(""));
            return self.fail(saying);
        }
        self.place(token, expiry, Renewal::Ask(Need::Token));
    }

    fn place(&mut self, token: SecretString, expiry: Option<Expiry>, renewal: Renewal) {
        let template = self.question.template;
        let placement = if speaks_of_domains(template) {
            Placement::OAuthUser
        } else if template.is_exchange() {
            let Some(user) = self.user.clone() else {
                let message = "the token does not say whose it is, and Exchange wants to know".to_owned();
                return self.fail(Saying {
                    message,
                    hint: Some("set admin = \"USER@DOMAIN\"".to_owned()),
                    kind: Kind::BadProfile,
                });
            };
            Placement::BearerPassword { user }
        } else {
            Placement::Header
        };
        self.finish(placement, token, expiry, renewal);
    }

    fn finish(&mut self, placement: Placement, secret: SecretString, expiry: Option<Expiry>, renewal: Renewal) {
        self.stage(Stage::TokenGranted);
        let template = self.question.template;
        let token = !matches!(placement, Placement::Plain { .. });
        let arguments = template.application_arguments().iter();
        let own = template.defaults().configuration.unwrap_or("Microsoft.PowerShell");
        let target = Target {
            uri: connection(&self.question, &self.target, self.domain.as_deref(), token),
            configuration: self.question.configuration.clone().unwrap_or_else(|| own.to_owned()),
            credential: placement.place(secret),
            placement,
            application_arguments: arguments
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            session_name: template.session_name(),
            no_profile: template.no_profile(),
            user: self.user.clone(),
            admin_domain: self.domain.clone(),
            expiry,
            renewal,
        };
        self.state = State::Over;
        self.output(Output::Done(Box::new(target)));
    }

    const fn wall(&self) -> crate::Wall {
        self.question.wall
    }
}

/// The token itself: what files and commands give ends in a line break, and may begin with `Bearer `.
fn bare(token: &SecretString) -> SecretString {
    let text = token.expose_secret().trim();
    let bare = match text.get(..7) {
        Some(start) if start.eq_ignore_ascii_case("bearer ") => text[7..].trim_start(),
        _ => text,
    };
    SecretString::from(bare)
}
