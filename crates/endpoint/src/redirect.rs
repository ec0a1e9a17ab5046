//! May a redirect be followed, and to where; and what else Exchange wants in a query.
//!
//! The front end answers the Create with 302 and a Location (protocol.md 12, services.md 2.2). Following it sends the
//! credential to another host, so it is followed only where the profile says so; and it is a POST again, with the same
//! body, whatever HTTP would make of it.

use crate::{Address, uri};

/// Redirects in a row that PowerShell follows (`MaximumConnectionRedirectionCount`).
pub const MAXIMUM_REDIRECTION: u32 = 5;

/// What a profile allows.
#[derive(Clone, Copy, Debug)]
pub struct RedirectPolicy<'a> {
    /// Whether any redirect is followed (`-AllowRedirection`). To the same host it always is.
    pub allow: bool,
    /// Suffixes of host names that may get the credential.
    pub hosts: &'a [String],
    /// How many in a row.
    pub maximum: u32,
}

/// Why a redirect is not followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectRefused {
    /// The status is no redirect that keeps its request.
    #[error("HTTP {0} is not followed with a POST")]
    Status(u16),
    /// There is no Location, or none that is an address.
    #[error("it does not say where to, or not as an address")]
    NoLocation,
    /// Too many in a row.
    #[error("it was the {0}th redirect in a row; at most {1} are followed (MaximumRedirection)")]
    TooMany(u32, u32),
    /// The credential would be readable on the way.
    #[error("from https to http")]
    Downgrade,
    /// The profile follows none.
    #[error("allow_redirection is not set, and {0} is another host")]
    NotAllowed(String),
    /// The host is not listed.
    #[error("allow_redirection does not list {0}")]
    Host(String),
}

/// Judges a redirect: the answer `status` and `location` to a request to `from`, after `followed` redirects. Gives the
/// address to post the same body to: the new one with those parts of the old query that it lacks (`DelegatedOrg`,
/// `AdminDomain`, `BasicAuthToOAuthConversion`), without PSVersion, which is appended again with each connection.
///
/// # Errors
/// If it must not be followed.
pub fn redirected(
    policy: &RedirectPolicy<'_>,
    from: &str,
    status: u16,
    location: Option<&str>,
    followed: u32,
) -> Result<String, RedirectRefused> {
    if !matches!(status, 301 | 302 | 307 | 308) {
        return Err(RedirectRefused::Status(status));
    }
    let to = location
        .and_then(|location| uri::join(from, location))
        .ok_or(RedirectRefused::NoLocation)?;
    let old = Address::parse(from).map_err(|_| RedirectRefused::NoLocation)?;
    let new = Address::parse(&to).map_err(|_| RedirectRefused::NoLocation)?;
    if old.tls && !new.tls {
        return Err(RedirectRefused::Downgrade);
    }
    if followed >= policy.maximum {
        return Err(RedirectRefused::TooMany(followed + 1, policy.maximum));
    }
    if new.host != old.host {
        if !policy.allow {
            return Err(RedirectRefused::NotAllowed(new.host));
        }
        if !policy.hosts.iter().any(|suffix| uri::under(&new.host, suffix)) {
            return Err(RedirectRefused::Host(new.host));
        }
    }
    Ok(merged(from, &to))
}

const PS_VERSION: &str = "PSVersion";

fn merged(from: &str, to: &str) -> String {
    let (base, query) = uri::split(to);
    let (_, kept) = uri::split(from);
    let mut parts: Vec<&str> = query.into_iter().flat_map(uri::parts).collect();
    let known = parts.len();
    for part in kept.into_iter().flat_map(uri::parts) {
        if !parts[..known]
            .iter()
            .any(|new| uri::name(new).eq_ignore_ascii_case(uri::name(part)))
        {
            parts.push(part);
        }
    }
    parts.retain(|part| !uri::name(part).eq_ignore_ascii_case(PS_VERSION));
    if parts.is_empty() {
        base.to_owned()
    } else {
        format!("{base}?{}", parts.join("&"))
    }
}

/// The address of a session in a customer's tenant, as partners open it.
pub fn with_delegated_org(uri: &str, organization: &str) -> String {
    uri::with(uri, "DelegatedOrg", organization)
}

/// The address that takes a token as the password of Basic (services.md 1.3).
pub fn with_token_conversion(uri: &str) -> String {
    uri::with(uri, "BasicAuthToOAuthConversion", "true")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: &str = "https://ps.outlook.com/powershell-liveid?DelegatedOrg=fabrikam.com;PSVersion=5.1.19041.1";

    fn judge(allow: bool, from: &str, status: u16, location: &str, followed: u32) -> Result<String, RedirectRefused> {
        let hosts = ["outlook.com".to_owned(), "*.protection.office365.us".to_owned()];
        let policy = RedirectPolicy {
            allow,
            hosts: &hosts,
            maximum: MAXIMUM_REDIRECTION,
        };
        redirected(&policy, from, status, Some(location), followed)
    }

    #[test]
    fn a_redirect_keeps_the_query_and_loses_the_version() {
        let location = "https://nam03b.ps.compliance.protection.outlook.com/powershell-liveid?PSVersion=6.0.0";
        for status in [301, 302, 307, 308] {
            assert_eq!(
                judge(true, FROM, status, location, 0).as_deref(),
                Ok("https://nam03b.ps.compliance.protection.outlook.com/powershell-liveid?DelegatedOrg=fabrikam.com")
            );
        }
        assert_eq!(
            judge(true, FROM, 302, "/new/?delegatedorg=other", 4).as_deref(),
            Ok("https://ps.outlook.com/new/?delegatedorg=other")
        );
        assert_eq!(
            judge(true, "https://a.outlook.com/x", 302, "https://b.outlook.com/y", 0).as_deref(),
            Ok("https://b.outlook.com/y")
        );
    }

    #[test]
    fn credentials_do_not_go_where_they_must_not() {
        let evil = "https://outlook.com.evil.test/x";
        assert_eq!(
            judge(true, FROM, 302, evil, 0),
            Err(RedirectRefused::Host("outlook.com.evil.test".to_owned()))
        );
        assert_eq!(
            judge(true, FROM, 302, "http://ps.outlook.com/x", 0),
            Err(RedirectRefused::Downgrade)
        );
        let other = "https://b.outlook.com/x";
        assert_eq!(
            judge(false, FROM, 302, other, 0),
            Err(RedirectRefused::NotAllowed("b.outlook.com".to_owned()))
        );
        assert!(
            judge(false, FROM, 302, "https://ps.outlook.com/y", 0).is_ok(),
            "the same host has it already"
        );
        assert_eq!(judge(true, FROM, 302, other, 5), Err(RedirectRefused::TooMany(6, 5)));
        assert_eq!(judge(true, FROM, 303, other, 0), Err(RedirectRefused::Status(303)));
        assert_eq!(
            judge(true, FROM, 302, "https://ken:pw@b.outlook.com/", 0),
            Err(RedirectRefused::NoLocation)
        );
        assert_eq!(
            judge(true, FROM, 302, "ftp://b.outlook.com/", 0),
            Err(RedirectRefused::NoLocation)
        );
        let policy = RedirectPolicy {
            allow: true,
            hosts: &[],
            maximum: 5,
        };
        assert_eq!(
            redirected(&policy, FROM, 302, None, 0),
            Err(RedirectRefused::NoLocation)
        );
    }

    #[test]
    fn what_exchange_wants_is_added_once() {
        let uri = with_token_conversion(&with_delegated_org("https://o/powershell-liveid/", "fabrikam.com"));
        assert_eq!(
            uri,
            "https://o/powershell-liveid/?DelegatedOrg=fabrikam.com&BasicAuthToOAuthConversion=true"
        );
        assert_eq!(with_token_conversion(&uri), uri);
    }
}
