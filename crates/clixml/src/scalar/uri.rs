//! `URI`: kept as spelled; only what .NET cannot take is refused.

use std::net::Ipv6Addr;

/// Whether .NET makes an address of it. Relative ones and free text are addresses too; a host in brackets that is no
/// IPv6 address is not.
pub(crate) fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return true;
    };
    if scheme.is_empty()
        || !scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    {
        return true;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let Some(inside) = host.strip_prefix('[') else {
        return true;
    };
    let Some((address, _port)) = inside.split_once(']') else {
        return false;
    };
    address
        .split('%')
        .next()
        .is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::is_uri;

    #[test]
    fn only_a_broken_host_is_refused() {
        for text in [
            "",
            "relative/path",
            "not a uri",
            "https://a.test/?q=[",
            "http://[::1]:80/x",
            "http://u@[fe80::1%25eth0]",
        ] {
            assert!(is_uri(text), "{text}");
        }
        for text in ["http://[bad", "http://[bad]/", "https://user@[1.2.3.4]"] {
            assert!(!is_uri(text), "{text}");
        }
    }
}
