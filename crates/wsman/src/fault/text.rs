//! What only the text of a fault says.

use std::time::Duration;

use super::FaultKind;

/// What was found in a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) kind: Option<FaultKind>,
    pub(super) wait: Option<Duration>,
    pub(super) limit: Option<u32>,
    pub(super) server_protocol: Option<String>,
}

/// Phrases of the known services and what they mean; the first that is found counts (services.md 1.5, 2.3; MS-WSMV
/// 3.1.4.5.2.1). All in lower case.
const PHRASES: &[(&str, FaultKind)] = &[
    ("concurrent shells for this tenant", FaultKind::ShellsPerTenant),
    ("policy party : maxtenantconcurrency", FaultKind::ShellsPerTenant),
    ("concurrent shells for this user", FaultKind::ShellsPerUser),
    (
        "maximum number of concurrent shells a user can",
        FaultKind::ShellsPerUser,
    ),
    ("concurrent shells, which has been exceeded", FaultKind::ShellsPerUser),
    ("policy party : maxconcurrency", FaultKind::ShellsPerUser),
    ("maximum number of connections allowed", FaultKind::ShellsPerUser),
    ("maximum number of users concurrently", FaultKind::ShellsPerService),
    ("your budget to create runspace", FaultKind::CreationRate),
    (
        "maximum number of concurrent commands per shell",
        FaultKind::CommandsPerShell,
    ),
    (
        "maximum number of concurrent operations for this user",
        FaultKind::Operations,
    ),
    ("load quota of", FaultKind::RequestRate),
    ("will not be approved for at least", FaultKind::RequestRate),
    ("exceeds the throttling budget", FaultKind::RequestRate),
    ("psprotocolversionerror", FaultKind::ProtocolVersion),
    ("shell was not found on the server", FaultKind::NotFound),
    ("command identifier that does not exist", FaultKind::NotFound),
    (
        "does not have permission to manage this tenant",
        FaultKind::AccessDenied,
    ),
    ("access is denied", FaultKind::AccessDenied),
    ("logon failed for the user", FaultKind::LogonFailure),
    ("user name or password is incorrect", FaultKind::LogonFailure),
];

/// How a text names a wait: what stands before the number, what after, and the unit.
type Wait = (&'static str, &'static str, fn(u64) -> Duration);

/// The known ways.
const WAITS: &[Wait] = &[
    ("please wait for", "second", Duration::from_secs),
    ("approved for at least", "millisecond", Duration::from_millis),
    ("approved for at least", "ms", Duration::from_millis),
    ("suggested backoff time", "ms", Duration::from_millis),
    ("suggested backoff time", "millisecond", Duration::from_millis),
];

/// What stands before the number of a limit.
const LIMITS: &[&str] = &[
    "a maximum number of",
    "is allowed a maximum of",
    "connections allowed :",
];

impl Facts {
    pub(super) fn of(message: &str) -> Self {
        let lower = message.to_ascii_lowercase();
        let kind = PHRASES
            .iter()
            .find(|(phrase, _)| lower.contains(phrase))
            .map(|&(_, kind)| kind);
        let wait = WAITS.iter().find_map(|(before, after, unit)| {
            let (number, rest) = number_after(&lower, before)?;
            rest.trim_start().starts_with(after).then(|| unit(number))
        });
        let limit = LIMITS.iter().find_map(|before| number_after(&lower, before));
        Self {
            kind,
            wait,
            limit: limit.and_then(|(n, _)| u32::try_from(n).ok()),
            server_protocol: attribute(message, "ServerProtocolVersion"),
        }
    }
}

/// The number that follows `before`, and what follows it.
fn number_after<'a>(text: &'a str, before: &str) -> Option<(u64, &'a str)> {
    let rest = text[text.find(before)? + before.len()..].trim_start();
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    Some((rest[..digits].parse().ok()?, &rest[digits..]))
}

/// The value of an attribute in a text that holds an element.
fn attribute(text: &str, name: &str) -> Option<String> {
    let rest = text[text.find(name)? + name.len()..]
        .trim_start()
        .strip_prefix('=')?
        .trim_start();
    let quote = rest.chars().next().filter(|&c| c == '"' || c == '\'')?;
    rest[1..].split_once(quote).map(|(value, _)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_read() {
        for (text, want) in [
            (
                "You have exceeded your budget to create runspace. Please wait for 2 seconds.",
                Some(2000),
            ),
            (
                "The next request from this user will not be approved for at least 1973 milliseconds.",
                Some(1973),
            ),
            (
                "budget type: 'PowerShell'.  Suggested backoff time 887405440 ms.",
                Some(887_405_440),
            ),
            ("Please wait for the bus.", None),
            ("Please wait for 99999999999999999999999 seconds", None),
            ("Please wait for 2 hours", None),
            ("Please wait for", None),
        ] {
            assert_eq!(Facts::of(text).wait, want.map(Duration::from_millis), "{text}");
        }
    }

    #[test]
    fn limits_are_read() {
        for (text, want) in [
            (
                "This user is allowed a maximum number of 5 concurrent shells, which has been exceeded.",
                Some(5),
            ),
            (
                "This user is allowed a maximum of 18 concurrent shells, which has been exceeded.",
                Some(18),
            ),
            (
                "exceeded the maximum number of connections allowed : 3 for the policy party : MaxConcurrency",
                Some(3),
            ),
            (
                "The maximum number of concurrent shells for this user has been exceeded.",
                None,
            ),
        ] {
            let facts = Facts::of(text);
            assert_eq!(facts.limit, want, "{text}");
            assert_eq!(facts.kind, Some(FaultKind::ShellsPerUser), "{text}");
        }
    }

    #[test]
    fn the_servers_version_is_read() {
        let text =
            r#"x <PSProtocolVersionError ServerProtocolVersion="2.1" ServerBuildVersion="6.1" PSVersion='2.0' />"#;
        let facts = Facts::of(text);
        assert_eq!(facts.server_protocol.as_deref(), Some("2.1"));
        assert_eq!(facts.kind, Some(FaultKind::ProtocolVersion));
        assert_eq!(Facts::of("ServerProtocolVersion=").server_protocol, None);
        assert_eq!(Facts::of("ServerProtocolVersion='").server_protocol, None);
    }
}
