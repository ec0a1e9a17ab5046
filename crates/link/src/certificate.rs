//! Whose certificate it was that could not be trusted.
//!
//! rustls says why it refuses, not whom; a person needs both. So the few bytes of X.509 that name subject and issuer are
//! read here, tolerantly: whatever is odd about them is left out.

use std::error::Error;
use std::fmt;

/// A server's certificate, in people's words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// Whom it names: common name, else organization; empty if it has neither.
    pub subject: String,
    /// Who signed it, likewise.
    pub issuer: String,
}

impl Certificate {
    pub(crate) fn read(der: &[u8]) -> Self {
        let mut names = names(der).unwrap_or_default().into_iter();
        // In the order of RFC 5280, 4.1: the issuer comes first.
        let issuer = names.next().unwrap_or_default();
        Self {
            subject: names.next().unwrap_or_default(),
            issuer,
        }
    }
}

/// What our verifier says in place of rustls' bare reason.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) certificate: Certificate,
    pub(crate) why: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Certificate { subject, issuer } = &self.certificate;
        write!(f, "{} (", self.why)?;
        match subject.as_str() {
            "" => f.write_str("it names no subject")?,
            subject => write!(f, "it is for \"{subject}\"")?,
        }
        match issuer.as_str() {
            "" => f.write_str(")"),
            issuer if issuer == subject => f.write_str(", signed by itself)"),
            issuer => write!(f, ", signed by \"{issuer}\")"),
        }
    }
}

impl Error for Refused {}

const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xA0;
const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const ORGANIZATION: &[u8] = &[0x55, 4, 10];

fn names(der: &[u8]) -> Option<[String; 2]> {
    let (certificate, _) = element(der, SEQUENCE)?;
    let (mut rest, _) = element(certificate, SEQUENCE)?;
    if let Some((_, after)) = element(rest, VERSION) {
        rest = after;
    }
    let (_, rest) = element(rest, INTEGER)?;
    let (_, rest) = element(rest, SEQUENCE)?;
    let (issuer, rest) = element(rest, SEQUENCE)?;
    let (_validity, rest) = element(rest, SEQUENCE)?;
    let (subject, _) = element(rest, SEQUENCE)?;
    Some([name(issuer), name(subject)])
}

fn name(mut sets: &[u8]) -> String {
    let mut found = (String::new(), String::new());
    while let Some((set, after)) = element(sets, SET) {
        sets = after;
        let Some((pair, _)) = element(set, SEQUENCE) else {
            continue;
        };
        let Some((kind, value)) = element(pair, 0x06) else {
            continue;
        };
        let Some((_, text, _)) = any(value) else { continue };
        // What a server calls itself must not write on anybody's terminal.
        let text: String = String::from_utf8_lossy(text)
            .chars()
            .filter(|c| !c.is_control())
            .take(200)
            .collect();
        match kind {
            COMMON_NAME => found.0 = text,
            ORGANIZATION => found.1 = text,
            _ => {}
        }
    }
    if found.0.is_empty() { found.1 } else { found.0 }
}

/// The content of the element that these bytes begin with, and what follows it, if it has that tag.
fn element(der: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    any(der)
        .filter(|(tag, ..)| *tag == wanted)
        .map(|(_, content, rest)| (content, rest))
}

fn any(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut length = usize::from(first);
    if first & 0x80 != 0 {
        let count = usize::from(first & 0x7F);
        if count > 3 {
            return None;
        }
        let (bytes, after) = rest.split_at_checked(count)?;
        length = bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        rest = after;
    }
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subject_and_issuer_are_read() {
        let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
        authority.distinguished_name = rcgen::DistinguishedName::new();
        authority
            .distinguished_name
            .push(rcgen::DnType::OrganizationName, "Litware Trust");
        let key = rcgen::KeyPair::generate().unwrap();
        let issuer = rcgen::Issuer::new(authority, key);
        let mut leaf = rcgen::CertificateParams::new(vec!["ps.example.com".to_owned()]).unwrap();
        leaf.distinguished_name = rcgen::DistinguishedName::new();
        leaf.distinguished_name
            .push(rcgen::DnType::CommonName, "ps.exämple.com\u{1b}[2J");
        let leaf = leaf.signed_by(&rcgen::KeyPair::generate().unwrap(), &issuer).unwrap();
        let read = Certificate::read(leaf.der());
        assert_eq!(read.subject, "ps.exämple.com[2J");
        assert_eq!(read.issuer, "Litware Trust");
        let refused = Refused {
            certificate: read,
            why: "unknown issuer".to_owned(),
        };
        assert_eq!(
            refused.to_string(),
            "unknown issuer (it is for \"ps.exämple.com[2J\", signed by \"Litware Trust\")"
        );
        for cut in 0..leaf.der().len() {
            Certificate::read(&leaf.der()[..cut]);
        }
    }
}
