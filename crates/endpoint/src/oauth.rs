//! OAuth 2.0 as the documented services use it: which requests ask for a token, and what their answers say
//! (RFC 6749, RFC 8628; Azure's first endpoint says `resource` where its second says `scope`).

use std::fmt;
use std::time::Duration;

use moment::Moment;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::token::seconds;
use crate::{Claims, Expiry, Request, Response, Wall, uri};

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Whom to ask for a token, for what, and as which application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    base: String,
    second: bool,
    /// The application's id.
    pub client: String,
    /// What the token is for: the target's address, or what OverrideAccessTokenResourceUri says.
    pub resource: String,
}

impl Authority {
    /// The authority of an `authorization_uri`, as a 401 gives it; a bare tenant address will do.
    pub(crate) fn new(authorization_uri: &str, client: &str, resource: &str) -> Self {
        let (base, _) = uri::split(authorization_uri);
        let base = base.trim_end_matches('/');
        let base = ["/authorize", "/token", "/devicecode"]
            .iter()
            .find_map(|end| base.strip_suffix(end))
            .unwrap_or(base);
        let second = base.ends_with("/oauth2/v2.0");
        let base = if second || base.ends_with("/oauth2") {
            base.to_owned()
        } else {
            format!("{base}/oauth2")
        };
        Self {
            base,
            second,
            client: client.to_owned(),
            resource: resource.to_owned(),
        }
    }

    /// Where tokens are asked for.
    pub fn token_uri(&self) -> String {
        format!("{}/token", self.base)
    }

    /// The password grant: for accounts without a second factor only.
    pub(crate) fn by_password(&self, user: &str, password: &SecretString) -> Request {
        self.request(
            "token",
            &[
                ("grant_type", "password"),
                ("username", user),
                ("password", password.expose_secret()),
            ],
        )
    }

    /// Asks for a device code. A hint of whose it will be saves the user typing it again.
    pub(crate) fn device(&self, user: Option<&str>) -> Request {
        match user {
            Some(user) => self.request("devicecode", &[("login_hint", user)]),
            None => self.request("devicecode", &[]),
        }
    }

    /// Asks whether the user has done what the device code's page wanted.
    pub(crate) fn by_device(&self, code: &SecretString) -> Request {
        let code = code.expose_secret();
        // The first endpoint calls it `code`, the second and RFC 8628 `device_code`.
        let both: &[(&str, &str)] = if self.second {
            &[("grant_type", DEVICE_GRANT), ("device_code", code)]
        } else {
            &[("grant_type", DEVICE_GRANT), ("device_code", code), ("code", code)]
        };
        self.request("token", both)
    }

    pub(crate) fn by_refresh(&self, token: &SecretString) -> Request {
        self.request(
            "token",
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", token.expose_secret()),
            ],
        )
    }

    fn request(&self, end: &str, fields: &[(&str, &str)]) -> Request {
        let scope = format!(
            "{}/user_impersonation offline_access",
            self.resource.trim_end_matches('/')
        );
        let mut all = vec![("client_id", self.client.as_str())];
        if self.second {
            all.push(("scope", &scope));
        } else {
            all.extend([("resource", self.resource.as_str()), ("scope", "openid")]);
        }
        all.extend_from_slice(fields);
        Request::form(format!("{}/{end}", self.base), &all)
    }
}

/// A token as it was granted.
pub(crate) struct Granted {
    pub(crate) access: SecretString,
    pub(crate) refresh: Option<SecretString>,
    pub(crate) expiry: Option<Expiry>,
}

impl Granted {
    /// Reads the answer to a request for a token.
    pub(crate) fn read(now: Moment, wall: Wall, response: &Response) -> Result<Self, Refusal> {
        let Ok(Value::Object(mut answer)) = serde_json::from_slice::<Value>(&response.body) else {
            return Err(Refusal::of_status(response));
        };
        let mut secret = |name| match answer.remove(name) {
            Some(Value::String(text)) if !text.is_empty() => Some(SecretString::from(text)),
            _ => None,
        };
        let (access, refresh) = (secret("access_token"), secret("refresh_token"));
        let Some(access) = access.filter(|_| response.status == 200) else {
            return Err(Refusal::of(&Value::Object(answer), response));
        };
        let expires = answer
            .get("expires_in")
            .and_then(seconds)
            .map(|seconds| now + Duration::from_secs(seconds))
            .or_else(|| Some(wall.moment(Claims::read(access.expose_secret())?.expires?)));
        Ok(Self {
            expiry: expires.map(|at| Expiry::new(now, at)),
            access,
            refresh,
        })
    }
}

impl fmt::Debug for Granted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Granted")
            .field("expiry", &self.expiry)
            .finish_non_exhaustive()
    }
}

/// Why no token was given, in the authority's terms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// `invalid_grant`, `slow_down`; empty where the answer was none of OAuth's.
    pub error: String,
    /// Its first line, without what would write on a terminal.
    pub description: String,
    /// The numbers of Azure's `AADSTS` codes, the one that counts first.
    pub codes: Vec<u32>,
    /// The HTTP status.
    pub status: u16,
    /// How long the authority asks us to wait.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// The refusal that a response holds.
    pub fn read(response: &Response) -> Self {
        match serde_json::from_slice::<Value>(&response.body) {
            Ok(answer @ Value::Object(_)) => Self::of(&answer, response),
            _ => Self::of_status(response),
        }
    }

    fn of(answer: &Value, response: &Response) -> Self {
        let text = |name| answer.get(name).and_then(Value::as_str).unwrap_or_default();
        let description = text("error_description");
        let mut codes: Vec<u32> = codes_in(description).collect();
        let listed = answer
            .get("error_codes")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        for code in listed.filter_map(|code| u32::try_from(seconds(code)?).ok()) {
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
        Self {
            error: plain(text("error"), 60),
            description: plain(description.lines().next().unwrap_or_default(), 300),
            codes,
            ..Self::of_status(response)
        }
    }

    fn of_status(response: &Response) -> Self {
        Self {
            status: response.status,
            retry_after: response.retry_after,
            ..Self::default()
        }
    }
}

/// Every `AADSTS` number in a text.
pub(crate) fn codes_in(text: &str) -> impl Iterator<Item = u32> {
    text.split("AADSTS").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest[..end].parse().ok()
    })
}

/// One line that writes nothing on anybody's terminal but its letters.
pub(crate) fn plain(text: &str, longest: usize) -> String {
    let mut shown = String::new();
    for c in text.trim().chars().take(longest) {
        match c {
            '\r' | '\n' | '\t' => shown.push(' '),
            // Direction marks would show the text in another order than it has.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c if c.is_control() => {}
            c => shown.push(c),
        }
    }
    shown
}

/// What a token is renewed with.
#[derive(Clone)]
pub struct Refresh {
    /// Whom to ask.
    pub authority: Authority,
    pub(crate) token: SecretString,
}

impl Refresh {
    /// The request for another token.
    pub fn request(&self) -> Request {
        self.authority.by_refresh(&self.token)
    }

    /// What its answer gives: a token, and what it will be renewed with (the authority may have replaced that).
    ///
    /// # Errors
    /// If the authority refuses; `invalid_grant` then means that a person has to sign in again.
    pub fn answer(self, wall: Wall, response: &Response) -> Result<Renewed, Refusal> {
        let granted = Granted::read(wall.now, wall, response)?;
        Ok(Renewed {
            token: granted.access,
            expiry: granted.expiry,
            refresh: Self {
                token: granted.refresh.unwrap_or(self.token),
                authority: self.authority,
            },
        })
    }
}

impl fmt::Debug for Refresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refresh")
            .field("authority", &self.authority)
            .finish_non_exhaustive()
    }
}

/// A token that replaces another.
#[derive(Clone, Debug)]
pub struct Renewed {
    /// The token; [`Placement::place`](crate::Placement::place) says where it goes.
    pub token: SecretString,
    /// When it ends, if that is known.
    pub expiry: Option<Expiry>,
    /// For the next time.
    pub refresh: Refresh,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(request: &Request) -> String {
        request.form.as_ref().unwrap().expose_secret().to_owned()
    }

    #[test]
    fn an_authority_is_found_in_what_services_say() {
        for (given, token) in [
            (
                "https://login.windows.net/common/oauth2/authorize",
                "https://login.windows.net/common/oauth2/token",
            ),
            (
                "https://l.test/t/oauth2/v2.0/authorize?x=y",
                "https://l.test/t/oauth2/v2.0/token",
            ),
            (
                "https://login.microsoftonline.com/organizations/",
                "https://login.microsoftonline.com/organizations/oauth2/token",
            ),
            ("https://l.test/t/oauth2/token", "https://l.test/t/oauth2/token"),
        ] {
            assert_eq!(Authority::new(given, "c", "r").token_uri(), token);
        }
    }

    #[test]
    fn each_endpoint_is_asked_in_its_own_words() {
        let first = Authority::new("https://l.test/t/oauth2/authorize", "c", "https://admin/Ocs");
        assert_eq!(
            form(&first.by_password("ken@x", &"p".into())),
            "client_id=c&resource=https%3A%2F%2Fadmin%2FOcs&scope=openid&grant_type=password&username=ken%40x&password=p"
        );
        assert!(form(&first.by_device(&"d".into())).ends_with("device_code=d&code=d"));
        let second = Authority::new("https://l.test/t/oauth2/v2.0/authorize", "c", "https://admin/Ocs/");
        assert_eq!(
            form(&second.by_refresh(&"r".into())),
            "client_id=c&scope=https%3A%2F%2Fadmin%2FOcs%2Fuser_impersonation%20offline_access&grant_type=refresh_token&refresh_token=r"
        );
    }

    fn answer(status: u16, body: &str) -> Response {
        Response {
            status,
            body: body.to_owned().into(),
            ..Response::default()
        }
    }

    #[test]
    fn a_grant_is_read_from_either_endpoint() {
        let now = Moment::from_epoch(Duration::from_secs(50));
        let body = r#"{"token_type":"Bearer","access_token":"AT","refresh_token":"RT","expires_in":"3599"}"#;
        let granted = Granted::read(now, Wall::default(), &answer(200, body)).unwrap();
        assert_eq!(granted.access.expose_secret(), "AT");
        assert_eq!(granted.refresh.as_ref().unwrap().expose_secret(), "RT");
        assert_eq!(granted.expiry.unwrap().at, now + Duration::from_secs(3599));
        assert!(!format!("{granted:?}").contains("AT\""));
        let bare = Granted::read(now, Wall::default(), &answer(200, r#"{"access_token":"AT"}"#)).unwrap();
        assert_eq!(bare.expiry, None);
    }

    #[test]
    fn a_refusal_keeps_codes_and_shows_one_harmless_line() {
        let body = "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS50126: Bad\\u001b[2J password.\\r\\nTrace ID: 1\",\"error_codes\":[50126, 50053]}";
        let refusal = Granted::read(Moment::START, Wall::default(), &answer(400, body)).unwrap_err();
        assert_eq!(refusal.codes, [50126, 50053]);
        assert_eq!(refusal.description, "AADSTS50126: Bad[2J password.");
        let html = Granted::read(Moment::START, Wall::default(), &answer(502, "<html>")).unwrap_err();
        assert_eq!((html.status, html.error.as_str()), (502, ""));
        // A token beside an error status is no grant.
        assert!(Granted::read(Moment::START, Wall::default(), &answer(400, r#"{"access_token":"x"}"#)).is_err());
    }

    #[test]
    fn a_refresh_keeps_its_token_where_none_replaces_it() {
        let refresh = Refresh {
            authority: Authority::new("https://l.test/t", "c", "r"),
            token: "old".into(),
        };
        let same = refresh
            .clone()
            .answer(Wall::default(), &answer(200, r#"{"access_token":"A"}"#))
            .unwrap();
        assert!(form(&same.refresh.request()).ends_with("refresh_token=old"));
        let other = r#"{"access_token":"A","refresh_token":"new","expires_in":10}"#;
        let rotated = refresh.answer(Wall::default(), &answer(200, other)).unwrap();
        assert!(form(&rotated.refresh.request()).ends_with("refresh_token=new"));
    }
}
