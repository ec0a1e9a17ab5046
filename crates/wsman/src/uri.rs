//! The two URIs of a session.

use crate::names::POWERSHELL;

/// The URL to connect to: `base` verbatim, with PowerShell's version in the query (protocol.md 2). Exchange routes
/// on it.
///
/// As PowerShell does it: without a query, slashes at the end go and `?PSVersion=` is appended; with one, it is
/// `;PSVersion=`, a semicolon and not an ampersand. A URL that names a `PSVersion` already, as redirects do, stays.
#[must_use]
pub fn connection_uri(base: &str, ps_version: &str) -> String {
    match base.split_once('?') {
        Some((_, query)) if names_version(query) => base.to_owned(),
        Some((_, query)) if !query.is_empty() => format!("{base};PSVersion={ps_version}"),
        Some((path, _)) => format!("{}?PSVersion={ps_version}", path.trim_end_matches('/')),
        None => format!("{}?PSVersion={ps_version}", base.trim_end_matches('/')),
    }
}

fn names_version(query: &str) -> bool {
    query.split(['&', ';']).any(|part| {
        part.split('=')
            .next()
            .is_some_and(|key| key.eq_ignore_ascii_case("PSVersion"))
    })
}

/// The resource URI of a configuration (protocol.md 4): PowerShell's prefix before it, unless it is there.
#[must_use]
pub fn resource_uri(configuration: &str) -> String {
    let prefixed = configuration
        .get(..POWERSHELL.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(POWERSHELL));
    if prefixed {
        configuration.to_owned()
    } else {
        format!("{POWERSHELL}/{configuration}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_goes_where_powershell_puts_it() {
        for (base, want) in [
            (
                "https://ps.outlook.com/powershell-liveid/",
                "https://ps.outlook.com/powershell-liveid?PSVersion=5.1.17763.1",
            ),
            ("https://h/x//", "https://h/x?PSVersion=5.1.17763.1"),
            ("http://h:5985/wsman", "http://h:5985/wsman?PSVersion=5.1.17763.1"),
            (
                "https://h/x/?DelegatedOrg=o",
                "https://h/x/?DelegatedOrg=o;PSVersion=5.1.17763.1",
            ),
            ("https://h/x/?", "https://h/x?PSVersion=5.1.17763.1"),
            ("https://h/x?a=b;PSVersion=6.0.0", "https://h/x?a=b;PSVersion=6.0.0"),
            ("https://h/x?psversion=6.0.0&a", "https://h/x?psversion=6.0.0&a"),
        ] {
            assert_eq!(connection_uri(base, "5.1.17763.1"), want);
        }
    }

    #[test]
    fn a_configuration_gets_the_prefix_once() {
        assert_eq!(
            resource_uri("Microsoft.Exchange"),
            "http://schemas.microsoft.com/powershell/Microsoft.Exchange"
        );
        let whole = "HTTP://schemas.microsoft.com/PowerShell/Jea";
        assert_eq!(resource_uri(whole), whole);
    }
}
