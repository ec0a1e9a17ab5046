//! HTTP as values: somebody else sends and waits.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::uri;

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Without a body.
    Get,
    /// With a form.
    Post,
}

/// A request to be sent without any credential of the session's, and without following redirects.
#[derive(Clone)]
pub struct Request {
    /// GET or POST.
    pub method: Method,
    /// Where, whole.
    pub uri: String,
    /// Further headers; none of them is secret.
    pub headers: Vec<(&'static str, String)>,
    /// The body of a POST, `application/x-www-form-urlencoded`. It may hold a password or a token.
    pub form: Option<SecretString>,
}

impl Request {
    pub(crate) fn get(uri: impl Into<String>) -> Self {
        Self {
            method: Method::Get,
            uri: uri.into(),
            headers: Vec::new(),
            form: None,
        }
    }

    pub(crate) fn form(uri: impl Into<String>, fields: &[(&str, &str)]) -> Self {
        let longest: usize = fields
            .iter()
            .map(|(name, value)| name.len() + 3 * value.len() + 2)
            .sum();
        // Long enough from the start, so that no copy of a secret is left behind by growing.
        let mut text = Zeroizing::new(String::with_capacity(longest));
        for (name, value) in fields {
            if !text.is_empty() {
                text.push('&');
            }
            text.push_str(name);
            text.push('=');
            uri::encode(value, &mut text);
        }
        Self {
            method: Method::Post,
            uri: uri.into(),
            headers: vec![("Accept", "application/json".to_owned())],
            form: Some(SecretString::from(text.as_str())),
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("host", &uri::host(&self.uri))
            .finish_non_exhaustive()
    }
}

/// An answer of whatever status.
#[derive(Clone, Default)]
pub struct Response {
    /// The status line's number.
    pub status: u16,
    /// The Location header, as written.
    pub location: Option<String>,
    /// The Retry-After header, if it was a number of seconds.
    pub retry_after: Option<Duration>,
    /// The WWW-Authenticate headers, in order.
    pub challenges: Vec<String>,
    /// The body. It may hold a token.
    pub body: Bytes,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_form_is_encoded_and_never_shown() {
        let request = Request::form("https://login.test/token", &[("password", "p@ss w&rd=+ö"), ("a", "")]);
        let form = request.form.as_ref().map(|form| form.expose_secret().to_owned());
        assert_eq!(form.as_deref(), Some("password=p%40ss%20w%26rd%3D%2B%C3%B6&a="));
        assert!(!format!("{request:?}").contains("ss"), "{request:?}");
    }
}
