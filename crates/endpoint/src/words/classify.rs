//! From facts to what is wrong: numbers before texts, the innermost first.

use super::{Facts, Kind, Network, TlsReason, aadsts, code, text};
use crate::Challenge;
use crate::oauth::codes_in;

/// What is wrong, and the number that says so.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) kind: Kind,
    /// As it is shown after the sentence.
    pub(super) number: Option<String>,
}

impl Verdict {
    pub(super) const fn of(kind: Kind) -> Self {
        Self { kind, number: None }
    }
}

pub(super) fn classify(facts: &Facts<'_>) -> Verdict {
    by_certificate(facts)
        .or_else(|| by_authority(facts))
        .or_else(|| by_relayed(facts))
        .or_else(|| by_kerberos(facts))
        .or_else(|| by_code(facts))
        .or_else(|| by_text(facts))
        .or_else(|| by_status(facts))
        .or_else(|| by_network(facts))
        .unwrap_or(Verdict::of(Kind::Unknown))
}

fn by_certificate(facts: &Facts<'_>) -> Option<Verdict> {
    let reason = facts.reason()?;
    // A clock that is measurably wrong explains a certificate from the future better than its owner does.
    let skewed = facts.ahead.is_some_and(|ahead| ahead.abs() > 300);
    let kind = match reason {
        TlsReason::NotYetValid | TlsReason::Expired if skewed => Kind::ClockSkew,
        _ => Kind::TlsUntrusted,
    };
    Some(Verdict::of(kind))
}

fn by_authority(facts: &Facts<'_>) -> Option<Verdict> {
    let refusal = facts.oauth?;
    if let Some((kind, number)) = aadsts::of_refusal(refusal) {
        return Some(Verdict { kind, number });
    }
    let kind = text::of(&refusal.description).or_else(|| {
        // RFC 6749, 5.2: the grant that was presented is not good, whatever it was.
        let token = facts.tried == Some(super::Tried::Token);
        (refusal.error == "invalid_grant").then_some(if token { Kind::TokenExpired } else { Kind::WrongPassword })
    })?;
    let number = refusal.codes.first().map(|code| format!("AADSTS{code}"));
    let number = number.or_else(|| Some(refusal.error.clone()).filter(|error| !error.is_empty()));
    Some(Verdict { kind, number })
}

/// A number of the authority's that a service passes on in its own text, as Exchange does.
fn by_relayed(facts: &Facts<'_>) -> Option<Verdict> {
    codes_in(facts.message).find_map(|code| {
        Some(Verdict {
            kind: aadsts::of(code)?,
            number: Some(format!("AADSTS{code}")),
        })
    })
}

fn by_kerberos(facts: &Facts<'_>) -> Option<Verdict> {
    let (kind, number) = code::of_kerberos(facts.kerberos?)?;
    Some(Verdict {
        kind,
        number: Some(number),
    })
}

fn by_code(facts: &Facts<'_>) -> Option<Verdict> {
    let number = facts.code?;
    let (known, said) = (code::of(number), text::of(facts.message));
    let kind = match (known, said) {
        // The whole text is one word then, whatever number it comes with.
        (_, Some(Kind::BadProfile)) => Kind::BadProfile,
        (Some(Kind::AdminQuota), Some(Kind::OrganizationQuota)) => Kind::OrganizationQuota,
        (_, Some(said)) if code::is_vague(number) => said,
        // Refused within a session that was logged on: the token has ended (services.md 2.3).
        (Some(Kind::Forbidden), _) if !facts.creating && facts.tried == Some(super::Tried::Token) => Kind::TokenExpired,
        (Some(known), _) => known,
        (None, said) => said?,
    };
    Some(Verdict {
        kind,
        number: Some(code::shown(number)),
    })
}

fn by_text(facts: &Facts<'_>) -> Option<Verdict> {
    text::of(facts.message).map(Verdict::of)
}

fn by_status(facts: &Facts<'_>) -> Option<Verdict> {
    let status = facts.status?;
    let kind = match status {
        401 => by_offer(facts),
        403 => Kind::Forbidden,
        404 if facts.discovering => Kind::UnknownDomain,
        407 => Kind::Proxy,
        429 => Kind::Rate,
        300..=399 => Kind::Redirected,
        _ if facts.discovering => Kind::DiscoveryFailed,
        404 | 408 | 500..=599 => Kind::Unavailable,
        _ => return None,
    };
    Some(Verdict {
        kind,
        number: Some(format!("HTTP {status}")),
    })
}

/// A 401 refuses either what was sent or the way in which it was sent.
fn by_offer(facts: &Facts<'_>) -> Kind {
    let offered = Challenge::read(facts.challenges);
    let Some(tried) = facts.tried else {
        return Kind::WrongPassword;
    };
    let taken = offered.iter().any(|offer| {
        tried
            .schemes()
            .iter()
            .any(|scheme| offer.scheme.eq_ignore_ascii_case(scheme))
    });
    match tried {
        _ if !offered.is_empty() && !taken => Kind::SchemeNotOffered,
        super::Tried::Token => Kind::TokenRefused,
        super::Tried::Certificate => Kind::Forbidden,
        super::Tried::Basic | super::Tried::Negotiate => Kind::WrongPassword,
    }
}

fn by_network(facts: &Facts<'_>) -> Option<Verdict> {
    let kind = match facts.network? {
        Network::Name if facts.discovering => Kind::DiscoveryName,
        Network::Name => Kind::UnknownHost,
        Network::Refused => Kind::PortClosed,
        Network::Unreachable => Kind::Unreachable,
        Network::Tls => Kind::TlsUntrusted,
        Network::Proxy => Kind::Proxy,
        Network::TimedOut => Kind::NoAnswer,
        Network::Broken => Kind::Unavailable,
    };
    Some(Verdict::of(kind))
}
