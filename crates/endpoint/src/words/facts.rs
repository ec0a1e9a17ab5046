//! What is known of a failure, as plain values.

use std::time::Duration;

use super::{Tls, TlsReason};
use crate::{LogOn, Refusal};

/// What was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// User name and password in every request.
    Basic,
    /// A token, wherever it was put.
    Token,
    /// Negotiate (NTLM or Kerberos).
    Negotiate,
    /// A client certificate.
    Certificate,
}

impl Tried {
    /// The scheme in WWW-Authenticate that carries it.
    pub(super) const fn schemes(self) -> &'static [&'static str] {
        match self {
            Self::Basic => &["Basic"],
            // The documented services take tokens in the Basic header.
            Self::Token => &["Bearer", "Basic"],
            Self::Negotiate => &["Negotiate", "NTLM", "Kerberos"],
            Self::Certificate => &[],
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Basic => "Basic",
            Self::Token => "a token",
            Self::Negotiate => "Negotiate",
            Self::Certificate => "a certificate",
        }
    }
}

impl From<LogOn> for Tried {
    fn from(log_on: LogOn) -> Self {
        match log_on {
            LogOn::Basic => Self::Basic,
            LogOn::Negotiate | LogOn::Ntlm | LogOn::Kerberos => Self::Negotiate,
            LogOn::Certificate => Self::Certificate,
            LogOn::Bearer => Self::Token,
        }
    }
}

/// Why there was no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Network {
    /// The host's name is not known.
    Name,
    /// Nobody listens there.
    Refused,
    /// No way there.
    Unreachable,
    /// TLS failed; [`Facts::tls`] says more.
    Tls,
    /// The proxy did not let us through.
    Proxy,
    /// No answer in time.
    TimedOut,
    /// The connection ended, or the answer was no HTTP.
    Broken,
}

/// A request that got no answer, for machines that asked for one.
#[derive(Clone, Debug)]
pub struct Unanswered {
    /// Why.
    pub why: Network,
    /// The driver's own sentence, without secrets.
    pub message: String,
    /// What is known of a certificate that was refused.
    pub tls: Option<Tls>,
}

/// What is known of a failure; whatever is not known stays at its default.
#[derive(Clone, Debug, Default)]
pub struct Facts<'a> {
    /// The number of a WSManFault, of a Windows error (Win32, NTSTATUS, HRESULT), as a DWORD.
    pub code: Option<u32>,
    /// The number of a Kerberos error (RFC 4120, 7.5.9), plain or as MIT's library gives it.
    pub kerberos: Option<i32>,
    /// The other side's own text.
    pub message: &'a str,
    /// The HTTP status, where the answer was no SOAP.
    pub status: Option<u16>,
    /// The WWW-Authenticate headers.
    pub challenges: &'a [String],
    /// How it was logged on.
    pub tried: Option<Tried>,
    /// What an authority answered in place of a token.
    pub oauth: Option<&'a Refusal>,
    /// What is known of a certificate that was refused.
    pub tls: Option<&'a Tls>,
    /// Why there was no answer at all.
    pub network: Option<Network>,
    /// True while an autodiscovery document was being asked for.
    pub discovering: bool,
    /// True for a request that makes a session: its missing answer may be that of a slot that somebody else holds.
    pub creating: bool,
    /// How long an answer was waited for.
    pub waited: Option<Duration>,
    /// How long the service asks us to wait.
    pub retry_after: Option<Duration>,
    /// By how much this machine's clock is ahead of the server's, in seconds, where that was measured.
    pub ahead: Option<i64>,
}

impl<'a> Facts<'a> {
    /// The facts of a request without an answer.
    pub fn unanswered(unanswered: &'a Unanswered) -> Self {
        Self {
            network: Some(unanswered.why),
            message: &unanswered.message,
            tls: unanswered.tls.as_ref(),
            ..Self::default()
        }
    }

    /// The facts of an authority's refusal.
    pub fn refusal(refusal: &'a Refusal) -> Self {
        Self {
            oauth: Some(refusal),
            message: &refusal.description,
            status: Some(refusal.status),
            retry_after: refusal.retry_after,
            ..Self::default()
        }
    }

    pub(super) fn reason(&self) -> Option<&'a TlsReason> {
        self.tls.map(|tls| &tls.reason)
    }
}

/// Where it happened and to whom, for the sentence. Empty is unknown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scene<'a> {
    /// The host that was asked.
    pub host: &'a str,
    /// The account, as the user writes it.
    pub account: &'a str,
    /// The organization or domain to administer.
    pub organization: &'a str,
    /// The profile's name, for the commands in hints.
    pub profile: &'a str,
}

impl Scene<'_> {
    pub(super) fn host(&self) -> &str {
        if self.host.is_empty() { "the server" } else { self.host }
    }

    pub(super) fn account(&self) -> &str {
        if self.account.is_empty() {
            "this account"
        } else {
            self.account
        }
    }

    pub(super) fn organization(&self) -> &str {
        if self.organization.is_empty() {
            "this organization"
        } else {
            self.organization
        }
    }

    /// `pslease login PROFILE`.
    pub(super) fn command(&self, verb: &str) -> String {
        let space = if self.profile.is_empty() { "" } else { " " };
        format!("pslease {verb}{space}{}", self.profile)
    }
}
