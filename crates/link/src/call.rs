//! A request and its answer, as values.

use std::time::{Duration, SystemTime};

use bytes::Bytes;

/// A request that carries the session's credential, cookies and affinity.
#[derive(Clone, Debug)]
pub struct Post {
    /// Where, whole. Its origin must be one that the session allows.
    pub uri: String,
    /// The body.
    pub body: Bytes,
    /// The body's Content-Type.
    pub content_type: &'static str,
    /// How long until the whole answer must be there.
    pub deadline: Duration,
}

/// Any other request (discovery, tokens): it carries what is written here and no credential of the session's.
#[derive(Clone)]
pub struct Call {
    /// GET or POST.
    pub method: Method,
    /// Where, whole.
    pub uri: String,
    /// Further headers. Their values may be secret, so they are not shown.
    pub headers: Vec<(String, String)>,
    /// The body and its Content-Type, for a POST. It may hold a secret, so it is not shown.
    pub body: Option<(String, Bytes)>,
    /// How long until the whole answer must be there.
    pub deadline: Duration,
}

impl Call {
    /// A GET without further headers.
    pub fn get(uri: impl Into<String>, deadline: Duration) -> Self {
        Self {
            method: Method::Get,
            uri: uri.into(),
            headers: Vec::new(),
            body: None,
            deadline,
        }
    }

    /// A POST of a form, already encoded (`grant_type=password&...`).
    pub fn form(uri: impl Into<String>, form: impl Into<Bytes>, deadline: Duration) -> Self {
        let body = ("application/x-www-form-urlencoded".to_owned(), form.into());
        Self {
            method: Method::Post,
            uri: uri.into(),
            headers: Vec::new(),
            body: Some(body),
            deadline,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let host = crate::Origin::of(&self.uri).map_or_else(|_| "?".to_owned(), |origin| origin.to_string());
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("origin", &host)
            .field(
                "headers",
                &self.headers.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            )
            .field(
                "body",
                &self
                    .body
                    .as_ref()
                    .map(|(kind, body)| format!("{kind}, {} bytes", body.len())),
            )
            .field("deadline", &self.deadline)
            .finish()
    }
}

/// What a [`Call`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Without a body.
    Get,
    /// With one.
    Post,
}

/// An answer of whatever status; a redirect is one of them, and is never followed here.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status line's number.
    pub status: u16,
    /// The Content-Type header.
    pub content_type: Option<String>,
    /// The Location header, as written.
    pub location: Option<String>,
    /// The Retry-After header, if it was a number of seconds.
    pub retry_after: Option<Duration>,
    /// The WWW-Authenticate headers, in order.
    pub challenges: Vec<String>,
    /// For a 401 of our own making: who refused the log-on and why, where it was not the server (a KDC did).
    pub refusal: Option<String>,
    /// The Date header: what the server's clock says.
    pub date: Option<SystemTime>,
    /// Whether the request carried the session's own affinity: each cookie that its endpoint has ever set, as set by an
    /// answer that succeeded; or none, because it never set any.
    pub affinity: bool,
    /// The body, not compressed.
    pub body: Bytes,
}
