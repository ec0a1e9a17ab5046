//! What the driver carries: requests out, responses in.

use std::time::Duration;

use bytes::Bytes;

/// What the driver has to do.
#[derive(Debug)]
pub enum Output {
    /// Send this on that lane. Answered once, with the ticket: [`respond`](crate::Wsman::respond) or
    /// [`failed`](crate::Wsman::failed).
    Request {
        /// Consumed by the answer.
        ticket: Ticket,
        /// Which TCP connection.
        lane: Lane,
        /// What to send.
        request: Request,
    },
    /// Write this to the pipe.
    Bytes(Bytes),
    /// Close our end of the pipe: the pool is closed, or past saving.
    Hangup,
    /// Make an RSA-2048 pair and submit [`Operation::Key`](crate::Operation::Key).
    NeedKey,
}

/// A request in flight. Not `Clone`: each is answered once.
#[derive(Debug, PartialEq, Eq, Hash)]
#[must_use = "a request whose ticket is lost blocks its lane for ever"]
pub struct Ticket(pub(crate) u64);

impl Ticket {
    /// A number for logs and maps.
    pub const fn number(&self) -> u64 {
        self.0
    }
}

/// Which TCP connection carries a request: HTTP/1.1 has one request at a time on each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// The parked Receive of the pool.
    Shell,
    /// Create, Command, Send, Signal, Get, Delete: one at a time, in order.
    Control,
    /// The Receive of a pipeline; the number is 0 but for pipelines that run at the same time.
    Pipeline(u8),
}

/// An HTTP POST.
#[derive(Clone, Debug)]
pub struct Request {
    /// Where, whole, with path and query.
    pub uri: String,
    /// The SOAP action's last part (`Receive`), for logs.
    pub action: &'static str,
    /// The envelope, UTF-8: `application/soap+xml;charset=UTF-8`.
    pub body: Bytes,
    /// How long until the whole answer must be there.
    pub deadline: Duration,
}

/// Why no log-on could be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// One sentence with its cure.
    pub why: String,
    /// Whether it is the password that was refused, so that it must not be sent again.
    pub password: bool,
}

/// An HTTP answer of whatever status.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The status line's number.
    pub status: u16,
    /// The Content-Type header.
    pub content_type: Option<String>,
    /// The Location header.
    pub location: Option<String>,
    /// The Retry-After header, if it was a number of seconds.
    pub retry_after: Option<Duration>,
    /// The WWW-Authenticate headers, in order.
    pub challenges: Vec<String>,
    /// For a 401 that stands for a log-on which never got as far as the server's own.
    pub refusal: Option<Refusal>,
    /// The body, not compressed, unsealed.
    pub body: Bytes,
    /// Whether the request carried the session's own affinity: every cookie that its endpoint has set, or none because
    /// it never set any. Without it "shell not found" proves nothing.
    pub affinity: bool,
}

/// A request without an answer.
#[derive(Clone, Debug)]
pub struct Failed {
    /// Whether the server may have got it: true once the request began to be written.
    pub sent: bool,
    /// Why, with host and cure.
    pub why: String,
    /// Whether it was the deadline.
    pub timed_out: bool,
}
