//! Why there was no answer.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use crate::certificate::Refused;
use crate::{Certificate, Origin};

/// Why there was no answer, and whether the server may have got the request all the same.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Whether the server may have got it.
    pub sent: Sent,
    /// What went wrong.
    pub kind: Kind,
    /// One sentence with host and cure; no secret, and of the address only the host.
    pub message: String,
}

/// Whether the server may have got a request that was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sent {
    /// Provably not: the request was never begun.
    NotSent,
    /// The request was begun; the server may have got it, whole or not.
    MaybeSent,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// The address is no good, or not allowed (plain http, an origin that the credential was not given for).
    Address,
    /// The host's name is not known.
    Name,
    /// Nobody listens there.
    Refused,
    /// No way there.
    Unreachable,
    /// The host's certificate is not to be trusted, or TLS failed otherwise (`None`).
    Tls(Option<Box<Certificate>>),
    /// The proxy did not let us through.
    Proxy,
    /// No answer in time.
    TimedOut,
    /// The connection ended.
    Reset,
    /// The answer is no HTTP, or longer than the bound.
    Answer,
    /// No way to log on: no scheme in common, no ticket, no KDC. Nothing that counts as a wrong password.
    LogOn,
    /// Something else.
    Other,
}

impl Failure {
    pub(crate) fn not_sent(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            sent: Sent::NotSent,
            kind,
            message: message.into(),
        }
    }

    pub(crate) fn maybe_sent(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            sent: Sent::MaybeSent,
            kind,
            message: message.into(),
        }
    }

    pub(crate) fn timed_out(origin: &Origin, began: bool, waited: Duration) -> Self {
        let (sent, what) = if began {
            (Sent::MaybeSent, "answer")
        } else {
            (Sent::NotSent, "take a connection")
        };
        let message = format!(
            "{} did not {what} within {} s; check the network and the service's state",
            origin.host(),
            waited.as_secs()
        );
        Self {
            sent,
            kind: Kind::TimedOut,
            message,
        }
    }

    /// `began` is whether a byte of the request may have been written.
    pub(crate) fn of(error: &reqwest::Error, origin: &Origin, began: bool) -> Self {
        let host = origin.host();
        let sent = if began { Sent::MaybeSent } else { Sent::NotSent };
        let causes: Vec<_> = std::iter::successors(error.source(), |cause| (*cause).source()).collect();
        let known = Known {
            // reqwest knows its own resolver's errors; those of ours it passes on as what went wrong with a connection.
            dns: error.is_dns() || causes.iter().any(|cause| cause.to_string().starts_with("dns error")),
            timeout: error.is_timeout(),
            connect: error.is_connect(),
            decode: error.is_decode(),
        };
        let (kind, message) = explain(&causes, known, &host);
        Self { sent, kind, message }
    }

    /// What went wrong on a connection of our own.
    #[cfg(feature = "negotiate")]
    pub(crate) fn of_connection(error: &(dyn Error + 'static), origin: &Origin, began: bool) -> Self {
        let sent = if began { Sent::MaybeSent } else { Sent::NotSent };
        let causes: Vec<_> = std::iter::successors(Some(error), |cause| (*cause).source()).collect();
        let (kind, message) = explain(&causes, Known::default(), &origin.host());
        Self { sent, kind, message }
    }

    /// Whether the server provably has not got the request.
    pub fn is_not_sent(&self) -> bool {
        self.sent == Sent::NotSent
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {}

/// What whoever reports an error knows of it already.
#[derive(Clone, Copy, Default)]
struct Known {
    dns: bool,
    timeout: bool,
    connect: bool,
    decode: bool,
}

fn explain(causes: &[&(dyn Error + 'static)], known: Known, host: &str) -> (Kind, String) {
    if let Some(refused) = causes.iter().find_map(|cause| refused(*cause)) {
        let message = format!(
            "the certificate of {host} was refused: {refused}; name its authority with `ca`, or correct the address"
        );
        return (Kind::Tls(Some(Box::new(refused.certificate.clone()))), message);
    }
    if let Some(tls) = causes.iter().find_map(|cause| inner::<rustls::Error>(*cause)) {
        return (
            Kind::Tls(None),
            format!("TLS with {host} failed: {tls}; check that the address is an https one"),
        );
    }
    if known.dns {
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        return (
            Kind::Name,
            format!("the name {name} is not known; check its spelling and the network"),
        );
    }
    let last = causes.last().map(ToString::to_string).unwrap_or_default();
    if causes.iter().any(|cause| {
        let text = cause.to_string();
        text.contains("tunnel") || text.contains("proxy") || text.contains("SOCKS")
    }) {
        return (
            Kind::Proxy,
            format!("the proxy on the way to {host} did not let us through ({last}); check its settings"),
        );
    }
    let io = causes
        .iter()
        .find_map(|cause| cause.downcast_ref::<io::Error>())
        .map(io::Error::kind);
    if known.timeout || io == Some(io::ErrorKind::TimedOut) {
        return (
            Kind::TimedOut,
            format!("{host} does not take a connection in time; check the network"),
        );
    }
    match io {
        Some(io::ErrorKind::ConnectionRefused) => {
            return (
                Kind::Refused,
                format!("nobody listens at {host}; check the address, and that the service runs"),
            );
        }
        Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown) => {
            return (
                Kind::Unreachable,
                format!("no way to {host} ({last}); check the network"),
            );
        }
        Some(
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof
            | io::ErrorKind::NotConnected,
        ) => return (Kind::Reset, format!("{host} dropped the connection")),
        _ => {}
    }
    if let Some(hyper) = causes.iter().find_map(|cause| cause.downcast_ref::<hyper::Error>()) {
        if hyper.is_incomplete_message() || hyper.is_closed() || hyper.is_canceled() {
            return (Kind::Reset, format!("{host} dropped the connection"));
        }
        if hyper.is_parse() {
            return (
                Kind::Answer,
                format!("{host} does not speak HTTP ({last}); check the address and its scheme"),
            );
        }
    }
    if known.connect {
        return (
            Kind::Unreachable,
            format!("no connection to {host} ({last}); check the network"),
        );
    }
    if known.decode {
        return (
            Kind::Answer,
            format!("{host} sent an answer that cannot be read ({last})"),
        );
    }
    (Kind::Other, format!("the request to {host} failed: {last}"))
}

/// The error itself, or what an `io::Error` wraps: its `source()` skips that one.
fn inner<'e, E: Error + 'static>(cause: &'e (dyn Error + 'static)) -> Option<&'e E> {
    cause.downcast_ref::<E>().or_else(|| {
        let wrapped: &(dyn Error + 'static) = cause.downcast_ref::<io::Error>()?.get_ref()?;
        wrapped.downcast_ref::<E>().or_else(|| inner(wrapped))
    })
}

fn refused<'e>(cause: &'e (dyn Error + 'static)) -> Option<&'e Refused> {
    match inner::<rustls::Error>(cause)? {
        rustls::Error::InvalidCertificate(rustls::CertificateError::Other(other)) => other.0.downcast_ref(),
        _ => None,
    }
}
