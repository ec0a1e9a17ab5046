//! Small rules of addresses: queries that are added to and kept, relative references, hosts under a suffix.

use crate::Address;

/// Percent-encodes everything that is not unreserved (RFC 3986, 2.3): right in a query and in a form.
pub(crate) fn encode(text: &str, into: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(char::from(byte));
        } else {
            into.push('%');
            into.push(char::from(HEX[usize::from(byte >> 4)]));
            into.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

/// The address without query and fragment, and the query.
pub(crate) fn split(uri: &str) -> (&str, Option<&str>) {
    let uri = uri.split('#').next().unwrap_or_default();
    match uri.split_once('?') {
        Some((base, query)) => (base, Some(query).filter(|query| !query.is_empty())),
        None => (uri, None),
    }
}

/// The parts of a query. PowerShell separates its own by a semicolon (protocol.md 2).
pub(crate) fn parts(query: &str) -> impl Iterator<Item = &str> {
    query.split(['&', ';']).filter(|part| !part.is_empty())
}

/// The name of a part, before its equals sign.
pub(crate) fn name(part: &str) -> &str {
    part.split('=').next().unwrap_or_default()
}

/// Whether a query has a part of that name, in any case.
pub(crate) fn has(uri: &str, wanted: &str) -> bool {
    split(uri)
        .1
        .is_some_and(|query| parts(query).any(|part| name(part).eq_ignore_ascii_case(wanted)))
}

/// Adds a part to the query, unless it has one of that name.
pub(crate) fn with(uri: &str, wanted: &str, value: &str) -> String {
    if has(uri, wanted) {
        return uri.to_owned();
    }
    let (base, query) = split(uri);
    let mut text = base.to_owned();
    text.push('?');
    if let Some(query) = query {
        text.push_str(query);
        text.push('&');
    }
    text.push_str(wanted);
    text.push('=');
    encode(value, &mut text);
    text
}

/// The whole address that a reference in an answer from `base` means (RFC 3986, 5.2, without dot segments).
pub(crate) fn join(base: &str, reference: &str) -> Option<String> {
    let reference = reference.trim();
    let (scheme, rest) = base.split_once("://")?;
    if reference.contains("://") {
        return Some(reference.to_owned());
    }
    if let Some(authority) = reference.strip_prefix("//") {
        return Some(format!("{scheme}://{authority}"));
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    if reference.starts_with('/') {
        return Some(format!("{scheme}://{authority}{reference}"));
    }
    if reference.is_empty() {
        return None;
    }
    let (path, _) = split(rest);
    let folder = path.rfind('/').map_or(path.len(), |at| at.min(path.len()));
    let folder = path.get(authority.len()..folder).unwrap_or_default();
    Some(format!("{scheme}://{authority}{folder}/{reference}"))
}

/// Whether `host` is `suffix` or a name under it. `*.` and a dot before the suffix mean the same.
pub fn under(host: &str, suffix: &str) -> bool {
    let suffix = suffix
        .trim_start_matches("*.")
        .trim_start_matches('.')
        .trim_end_matches('.');
    let host = host.trim_end_matches('.');
    let Some(at) = host.len().checked_sub(suffix.len()) else {
        return false;
    };
    !suffix.is_empty()
        && host.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(suffix))
        && (at == 0 || host.as_bytes()[at - 1] == b'.')
}

/// The host of an address, for messages; the address itself if it is none.
pub(crate) fn host(uri: &str) -> String {
    Address::parse(uri).map_or_else(|_| uri.to_owned(), |address| address.host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_added_once_and_encoded() {
        assert_eq!(
            with("https://h/x", "AdminDomain", "a b.com"),
            "https://h/x?AdminDomain=a%20b.com"
        );
        assert_eq!(with("https://h/x?", "A", "1"), "https://h/x?A=1");
        assert_eq!(with("https://h/x?B=2", "A", "1"), "https://h/x?B=2&A=1");
        assert_eq!(
            with("https://h/x?B=2;admindomain=q", "AdminDomain", "z"),
            "https://h/x?B=2;admindomain=q"
        );
    }

    #[test]
    fn references_are_joined() {
        let base = "https://h:8/a/b?c=d";
        for (reference, want) in [
            ("https://o/p", Some("https://o/p")),
            ("//o/p", Some("https://o/p")),
            ("/p?q=r", Some("https://h:8/p?q=r")),
            ("p", Some("https://h:8/a/p")),
            ("", None),
        ] {
            assert_eq!(join(base, reference).as_deref(), want, "{reference}");
        }
        assert_eq!(join("https://h", "p").as_deref(), Some("https://h/p"));
    }

    #[test]
    fn a_suffix_begins_at_a_dot() {
        assert!(under("admin0a.online.lync.com", "lync.com"));
        assert!(under("LYNC.com", "*.lync.com"));
        assert!(!under("evil-lync.com", "lync.com"));
        assert!(!under("lync.com.evil.test", "lync.com"));
        assert!(!under("lync.com", ""));
    }
}
