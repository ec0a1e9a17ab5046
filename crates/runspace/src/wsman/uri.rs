//! The little that must be known of an address: its host, and where a Location leads.

use crate::Shell;

/// The address `uri` with the version in its query that `shell` wants there.
pub(super) fn connection(shell: &Shell, uri: &str) -> String {
    match &shell.ps_version {
        Some(version) => wsman::connection_uri(uri, version),
        None => uri.to_owned(),
    }
}

/// The host, for messages.
pub(super) fn host(uri: &str) -> String {
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    host.trim_end_matches(":443").to_owned()
}

/// The address that a Location names, seen from `base` (RFC 3986 5.2, as far as servers use it).
pub(super) fn absolute(base: &str, location: &str) -> String {
    let location = location.trim();
    let Some((scheme, rest)) = base.split_once("://") else {
        return location.to_owned();
    };
    if location.contains("://") {
        return location.to_owned();
    }
    if let Some(rest) = location.strip_prefix("//") {
        return format!("{scheme}://{rest}");
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    if location.starts_with('/') {
        return format!("{scheme}://{authority}{location}");
    }
    let path = rest[authority.len()..].split(['?', '#']).next().unwrap_or_default();
    let folder = path.rfind('/').map_or("/", |end| &path[..=end]);
    format!("{scheme}://{authority}{folder}{location}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_made_absolute() {
        let base = "https://ps.example.com:8443/a/powershell?x=/y";
        for (location, want) in [
            ("https://other.example.com/p?q", "https://other.example.com/p?q"),
            ("//other.example.com/p", "https://other.example.com/p"),
            ("/p?x=1", "https://ps.example.com:8443/p?x=1"),
            ("p", "https://ps.example.com:8443/a/p"),
        ] {
            assert_eq!(absolute(base, location), want);
        }
        assert_eq!(absolute("https://h?x=/y", "p"), "https://h/p");
    }

    #[test]
    fn hosts_are_short() {
        assert_eq!(host("https://ps.example.com:443/powershell?x"), "ps.example.com");
        assert_eq!(host("http://localhost:5985"), "localhost:5985");
    }
}
