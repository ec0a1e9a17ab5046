//! A certificate that is not trusted, and the line that would trust it.

use std::fmt;

/// Why a certificate was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsReason {
    /// Nobody who is trusted has signed it.
    UnknownIssuer,
    /// It has ended.
    Expired,
    /// It has not begun.
    NotYetValid,
    /// It is for other names.
    WrongName,
    /// It was revoked.
    Revoked,
    /// Something else, in words without secrets.
    Other(String),
}

impl fmt::Display for TlsReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownIssuer => "nobody who is trusted has signed it",
            Self::Expired => "it has expired",
            Self::NotYetValid => "it is not valid yet",
            Self::WrongName => "it is for another name",
            Self::Revoked => "it was revoked",
            Self::Other(why) => why,
        })
    }
}

/// What is known of a certificate that was refused. Whatever is not known stays empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// Why it was refused.
    pub reason: TlsReason,
    /// Whom it names.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// The names that it is for.
    pub names: Vec<String>,
    /// From when until when it is valid, as text.
    pub validity: Option<(String, String)>,
    /// The SHA-256 of it, in hexadecimal.
    pub sha256: Option<String>,
    /// Where the certificate, or its authority's, was written for the user to look at and to trust: a path.
    pub saved: Option<String>,
}

impl Tls {
    /// A refusal of which only the reason is known.
    pub const fn new(reason: TlsReason) -> Self {
        Self {
            reason,
            subject: String::new(),
            issuer: String::new(),
            names: Vec::new(),
            validity: None,
            sha256: None,
            saved: None,
        }
    }

    /// All that is known, as one sentence.
    pub(super) fn sentence(&self, host: &str) -> String {
        let mut text = format!("the certificate of {host} is not trusted: {}", self.reason);
        let mut facts = Vec::new();
        if !self.subject.is_empty() {
            facts.push(format!("it is for \"{}\"", self.subject));
        }
        if !self.issuer.is_empty() {
            let own = self.issuer == self.subject;
            let signer = if own {
                "itself".to_owned()
            } else {
                format!("\"{}\"", self.issuer)
            };
            facts.push(format!("signed by {signer}"));
        }
        if !self.names.is_empty() {
            facts.push(format!("names {}", self.names.join(" ")));
        }
        if let Some((from, until)) = &self.validity {
            facts.push(format!("valid from {from} to {until}"));
        }
        if let Some(sha256) = &self.sha256 {
            facts.push(format!("SHA-256 {sha256}"));
        }
        if !facts.is_empty() {
            text.push_str(&format!(" ({})", facts.join(", ")));
        }
        text
    }

    /// What helps. A `ca =` line is offered only where it would help.
    pub(super) fn hint(&self, host: &str) -> String {
        match &self.reason {
            TlsReason::Expired => "its owner must renew it; if this machine's clock is wrong, set that".to_owned(),
            TlsReason::NotYetValid => {
                "this machine's clock is behind, or the certificate is from the future".to_owned()
            }
            TlsReason::WrongName if self.names.is_empty() => "use the name that it is for in uri or host".to_owned(),
            TlsReason::WrongName => format!("use one of its names in uri or host: {}", self.names.join(", ")),
            TlsReason::Revoked => "ask its owner: whoever answers may not be the one you mean".to_owned(),
            TlsReason::UnknownIssuer | TlsReason::Other(_) => match &self.saved {
                Some(path) => format!("if its SHA-256 is the one that its owner tells you: ca = {path:?}"),
                None => {
                    format!("get its authority's certificate from the owner of {host}: ca = \"/path/to/authority.pem\"")
                }
            },
        }
    }
}
