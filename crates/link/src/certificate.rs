//! Whose certificate it was that could not be trusted.
//!
//! rustls says why it refuses, not whom; a person needs both, and what it takes to trust it after all. Whatever is odd
//! about a certificate is left out.

use std::error::Error;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest;
use x509_parser::prelude::{AttributeTypeAndValue, GeneralName, X509Certificate, X509Name};

/// A server's certificate, in people's words. What is not known is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// Why it was refused.
    pub reason: Reason,
    /// Whom it names: common name, else organization and unit.
    pub subject: String,
    /// Who signed it, likewise.
    pub issuer: String,
    /// The host names and addresses that it is for.
    pub names: Vec<String>,
    /// From when until when it is valid, in seconds since 1970.
    pub validity: Option<(i64, i64)>,
    /// Its SHA-256, in hexadecimal with colons, as browsers and `openssl x509 -fingerprint` show it.
    pub sha256: String,
    /// All of it in PEM, as a `ca` file holds it.
    pub pem: String,
}

/// Why a certificate was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Nobody who is trusted has signed it.
    #[default]
    UnknownIssuer,
    /// It has ended.
    Expired,
    /// It has not begun.
    NotYetValid,
    /// It is for other names.
    WrongName,
    /// It was revoked.
    Revoked,
    /// Something else, in rustls' words.
    Other(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownIssuer => "nobody trusted has signed it",
            Self::Expired => "it has expired",
            Self::NotYetValid => "it is not valid yet; is the clock right?",
            Self::Revoked => "it was revoked",
            Self::WrongName => "it is for another name",
            Self::Other(why) => why,
        })
    }
}

impl Certificate {
    pub(crate) fn read(der: &[u8], reason: Reason) -> Self {
        let sha256 = digest::digest(&digest::SHA256, der);
        let sha256: Vec<_> = sha256.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
        let body = STANDARD.encode(der);
        let lines = body
            .as_bytes()
            .chunks(64)
            .map(String::from_utf8_lossy)
            .collect::<Vec<_>>()
            .join("\n");
        let mut read = Self {
            reason,
            sha256: sha256.join(":"),
            pem: format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"),
            ..Self::default()
        };
        if let Ok((_, parsed)) = x509_parser::parse_x509_certificate(der) {
            read.subject = name(parsed.subject());
            read.issuer = name(parsed.issuer());
            read.names = names(&parsed);
            let validity = parsed.validity();
            read.validity = Some((validity.not_before.timestamp(), validity.not_after.timestamp()));
        }
        read
    }
}

/// The data of a `tls-server-end-point` channel binding (RFC 5929 4.1): the certificate, hashed as its signature is, but
/// never by less than SHA-256.
#[cfg_attr(
    not(feature = "negotiate"),
    allow(dead_code, reason = "only connection-bound log-ons are bound")
)]
pub(crate) fn end_point(der: &[u8]) -> Vec<u8> {
    // sha384WithRSAEncryption, ecdsa-with-SHA384; the same with 512.
    const SHA384: [&str; 2] = ["1.2.840.113549.1.1.12", "1.2.840.10045.4.3.3"];
    const SHA512: [&str; 2] = ["1.2.840.113549.1.1.13", "1.2.840.10045.4.3.4"];
    const PSS: &str = "1.2.840.113549.1.1.10";
    let algorithm = x509_parser::parse_x509_certificate(der)
        .ok()
        .map(|(_, parsed)| parsed.signature_algorithm)
        .map(|algorithm| {
            let name = algorithm.algorithm.to_id_string();
            let bits = algorithm.parameters.as_ref().map(|any| any.data).unwrap_or_default();
            // Of RSASSA-PSS the hash is a parameter: the first of its identifiers of 2.16.840.1.101.3.4.2.
            let hash = bits
                .windows(9)
                .find(|part| part.starts_with(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2]));
            match (name.as_str(), hash.and_then(|part| part.last())) {
                (PSS, Some(2)) => &digest::SHA384,
                (PSS, Some(3)) => &digest::SHA512,
                (name, _) if SHA384.contains(&name) => &digest::SHA384,
                (name, _) if SHA512.contains(&name) => &digest::SHA512,
                _ => &digest::SHA256,
            }
        });
    let hash = digest::digest(algorithm.unwrap_or(&digest::SHA256), der);
    [b"tls-server-end-point:", hash.as_ref()].concat()
}

/// `2026-11-21 10:04 UTC`, of seconds since 1970.
pub(crate) fn day_and_minute(seconds: i64) -> String {
    let minutes = seconds.rem_euclid(86_400) / 60;
    format!("{} {:02}:{:02} UTC", day(seconds), minutes / 60, minutes % 60)
}

/// The day of that many seconds since 1970, in UTC: `2026-11-21`.
pub fn day(seconds: i64) -> String {
    // Years that begin in March end with their leap day; 400 of them have 146,097 days, and these begin in 0000.
    let from = seconds.div_euclid(86_400) + 719_468;
    let (era, day) = (from.div_euclid(146_097), from.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{day:02}", year + era * 400 + carry)
}

/// What our verifier says in place of rustls' bare reason.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) certificate: Certificate,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Certificate {
            reason,
            subject,
            issuer,
            names,
            validity,
            sha256,
            ..
        } = &self.certificate;
        write!(f, "{reason} (")?;
        match subject.as_str() {
            "" => f.write_str("it names no subject")?,
            subject => write!(f, "it is for \"{subject}\"")?,
        }
        match issuer.as_str() {
            "" => {}
            issuer if issuer == subject => f.write_str(", signed by itself")?,
            issuer => write!(f, ", signed by \"{issuer}\"")?,
        }
        if !names.is_empty() {
            write!(f, ", names {}", names.join(" "))?;
        }
        if let Some((from, until)) = validity {
            let (from, until) = (day_and_minute(*from), day_and_minute(*until));
            write!(f, ", valid from {from} to {until}")?;
        }
        write!(f, ", SHA-256 {sha256})")
    }
}

impl Error for Refused {}

fn name(name: &X509Name<'_>) -> String {
    let text = |value: &AttributeTypeAndValue<'_>| match value.as_str() {
        Ok(text) => text.to_owned(),
        Err(_) => String::from_utf8_lossy(value.as_slice()).into_owned(),
    };
    let found = match name.iter_common_name().next() {
        Some(common) => text(common),
        // Without one, an authority and what it signs may differ in the unit alone.
        None => {
            let parts = name.iter_organization().chain(name.iter_organizational_unit());
            parts.map(text).collect::<Vec<_>>().join(", ")
        }
    };
    harmless(&found)
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(names)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let text = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some(harmless(name)),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes)
                .ok()
                .map(|four| std::net::Ipv4Addr::from(four).to_string()),
            16 => <[u8; 16]>::try_from(*bytes)
                .ok()
                .map(|all| std::net::Ipv6Addr::from(all).to_string()),
            _ => None,
        },
        _ => None,
    };
    names.value.general_names.iter().filter_map(text).take(50).collect()
}

/// What a server calls itself must not write on anybody's terminal.
fn harmless(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (seconds, shown) in [
            (0, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (1_798_761_599, "2026-12-31"),
        ] {
            assert_eq!(day(seconds), shown);
        }
        assert_eq!(day_and_minute(951_782_400 + 3_661), "2000-02-29 01:01 UTC");
    }

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
        let read = Certificate::read(leaf.der(), Reason::UnknownIssuer);
        assert_eq!(read.names, ["ps.example.com"]);
        assert_eq!((read.sha256.len(), read.sha256.matches(':').count()), (95, 31));
        assert_eq!(read.pem.replace("\r\n", "\n"), leaf.pem().replace("\r\n", "\n"));
        assert!(read.validity.is_some_and(|(from, until)| from < until));
        assert_eq!(read.subject, "ps.exämple.com[2J");
        assert_eq!(read.issuer, "Litware Trust");
        let refused = Refused { certificate: read };
        let text = refused.to_string();
        assert!(
            text.ends_with(&format!(", SHA-256 {})", refused.certificate.sha256)),
            "{text}"
        );
        assert_eq!(
            text.split(", valid from ").next().unwrap(),
            "nobody trusted has signed it (it is for \"ps.exämple.com[2J\", signed by \"Litware Trust\", names ps.example.com"
        );
        for cut in 0..leaf.der().len() {
            Certificate::read(&leaf.der()[..cut], Reason::Expired);
            end_point(&leaf.der()[..cut]);
        }
    }

    #[test]
    fn days_are_counted_over_leap_years_and_centuries() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_399, "2000-02-28 23:59 UTC"),
            (951_782_400, "2000-02-29 00:00 UTC"),
            (1_700_000_000, "2023-11-14 22:13 UTC"),
            (4_107_542_400, "2100-03-01 00:00 UTC"),
            (-60, "1969-12-31 23:59 UTC"),
        ] {
            assert_eq!(day_and_minute(seconds), text);
        }
    }

    #[test]
    fn an_end_point_is_hashed_as_its_signature_is() {
        for (algorithm, length) in [
            (&rcgen::PKCS_ECDSA_P256_SHA256, 32),
            (&rcgen::PKCS_ECDSA_P384_SHA384, 48),
        ] {
            let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
            let own = rcgen::CertificateParams::new(Vec::new())
                .unwrap()
                .self_signed(&key)
                .unwrap();
            let data = end_point(own.der());
            assert!(data.starts_with(b"tls-server-end-point:"));
            assert_eq!(data.len(), 21 + length);
        }
    }
}
