//! `System.Uri`: the parts of an absolute address with an authority; of any other one only its text.

use clixml::{Text, Value};

use super::Members;

pub(super) fn members(text: &str) -> Members {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Members::default()
            .own("OriginalString", text)
            .own("IsAbsoluteUri", false);
    };
    let scheme = scheme.to_ascii_lowercase();
    let (rest, fragment) = split(rest, '#');
    let (rest, query) = split(rest, '?');
    let (authority, path) = split(rest, '/');
    let path = if path.is_empty() { "/" } else { path };
    let (user, host_and_port) = authority.rsplit_once('@').unwrap_or(("", authority));
    let default = match scheme.as_str() {
        "http" | "ws" => 80,
        "https" | "wss" => 443,
        "ftp" => 21,
        "ldap" => 389,
        _ => -1,
    };
    let port_at = host_and_port
        .rfind(':')
        .filter(|at| !host_and_port[*at..].contains(']'));
    let (host, port) = match port_at {
        Some(at) => (&host_and_port[..at], host_and_port[at + 1..].parse().unwrap_or(default)),
        None => (host_and_port, default),
    };
    let host = host.to_ascii_lowercase();
    let shown = if port == default {
        host.clone()
    } else {
        format!("{host}:{port}")
    };
    let user_part = if user.is_empty() {
        String::new()
    } else {
        format!("{user}@")
    };
    let bare = host.trim_matches(['[', ']']);
    let kind = match bare.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(_)) => "IPv4",
        Ok(std::net::IpAddr::V6(_)) => "IPv6",
        Err(_) if host.is_empty() => "Basic",
        Err(_) => "Dns",
    };
    let segments: Vec<Value> = path.split_inclusive('/').map(Value::from).collect();
    Members::default()
        .own("AbsolutePath", path)
        .own(
            "AbsoluteUri",
            format!("{scheme}://{user_part}{shown}{path}{query}{fragment}"),
        )
        .own("LocalPath", path)
        .own("Authority", shown.as_str())
        .own("HostNameType", kind)
        .own("IsDefaultPort", port == default)
        .own("IsFile", scheme == "file")
        .own(
            "IsLoopback",
            matches!(bare, "localhost" | "127.0.0.1" | "::1" | "loopback"),
        )
        .own("PathAndQuery", format!("{path}{query}"))
        .own("Segments", Value::array(segments))
        .own("IsUnc", false)
        .own("Host", host.as_str())
        .own("Port", port)
        .own("Query", query)
        .own("Fragment", fragment)
        .own("Scheme", scheme.as_str())
        .own("OriginalString", Text::from(text))
        .own("DnsSafeHost", bare)
        .own("IdnHost", bare)
        .own("IsAbsoluteUri", true)
        .own("UserEscaped", false)
        .own("UserInfo", user)
}

/// What is before `at`, and the rest with it.
fn split(text: &str, at: char) -> (&str, &str) {
    match text.find(at) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    }
}
