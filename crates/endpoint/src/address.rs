//! Connection addresses.

use crate::Template;

/// The connection address of a profile, taken apart as far as scopes and safety need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// As it is sent: scheme, host, port, path and query kept verbatim (protocol.md 2).
    pub uri: String,
    /// The host, lower case, without brackets.
    pub host: String,
    /// The port; the scheme's own where the address names none.
    pub port: u16,
    /// True for https.
    pub tls: bool,
}

/// Why a profile has no connection address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// The template has no address of its own and the profile gives none.
    #[error("template {0} has no address of its own: set uri = \"https://...\"")]
    NoUri(Template),
    /// The template's address has a host in it and the profile gives none.
    #[error("template {0} needs host = \"...\" or uri = \"https://...\"")]
    NoHost(Template),
    /// Neither http nor https.
    #[error("{0:?} does not begin with https:// or http://")]
    Scheme(String),
    /// No host, or a port that is no number.
    #[error("{0:?} is not an address: expected https://HOST[:PORT]/PATH")]
    Malformed(String),
    /// A password or a name in the address would end up in logs.
    #[error("the address must not hold a user name: set admin = \"...\"")]
    UserInfo,
}

impl Address {
    /// The address that a profile of `template` means with `uri` or `host`; `uri` counts more.
    pub fn resolve(template: Template, uri: Option<&str>, host: Option<&str>) -> Result<Self, AddressError> {
        match (uri, host, template.defaults().uri) {
            (Some(uri), _, _) => Self::parse(uri),
            (None, Some(host), Some(pattern)) => Self::parse(&fill(pattern, host)),
            (None, Some(_), None) => Err(AddressError::NoUri(template)),
            (None, None, Some(pattern)) if pattern.contains("{host}") => Err(AddressError::NoHost(template)),
            (None, None, Some(uri)) => Self::parse(uri),
            (None, None, None) => Err(AddressError::NoUri(template)),
        }
    }

    /// Takes an address apart without changing it.
    pub fn parse(uri: &str) -> Result<Self, AddressError> {
        let malformed = || AddressError::Malformed(uri.to_owned());
        if uri.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(malformed());
        }
        let (scheme, rest) = uri
            .split_once("://")
            .ok_or_else(|| AddressError::Scheme(uri.to_owned()))?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(AddressError::Scheme(uri.to_owned())),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(AddressError::UserInfo);
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(v6) => {
                let (host, after) = v6.split_once(']').ok_or_else(malformed)?;
                (
                    host,
                    after
                        .strip_prefix(':')
                        .or((after.is_empty()).then_some(""))
                        .ok_or_else(malformed)?,
                )
            }
            None => authority.split_once(':').unwrap_or((authority, "")),
        };
        let port = match (port, tls) {
            ("", true) => 443,
            ("", false) => 80,
            (port, _) => port.parse().map_err(|_| malformed())?,
        };
        if host.is_empty() {
            return Err(malformed());
        }
        Ok(Self {
            uri: uri.to_owned(),
            host: host.to_ascii_lowercase(),
            port,
            tls,
        })
    }

    /// True where plain http goes no further than this machine.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost"
            || self
                .host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }
}

/// An IPv6 literal gets its brackets; a host with a port replaces the pattern's.
fn fill(pattern: &str, host: &str) -> String {
    let bare_v6 = host.parse::<std::net::Ipv6Addr>().is_ok();
    if bare_v6 {
        return pattern.replace("{host}", &format!("[{host}]"));
    }
    let has_port = host
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if has_port {
        pattern.replace("{host}:5986", host).replace("{host}", host)
    } else {
        pattern.replace("{host}", host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_kept_verbatim_and_understood() {
        let address = Address::parse("https://Admin0a.Online.lync.com/OcsPowershellLiveId?AdminDomain=x").unwrap();
        assert_eq!(
            address.uri,
            "https://Admin0a.Online.lync.com/OcsPowershellLiveId?AdminDomain=x"
        );
        assert_eq!(
            (address.host.as_str(), address.port, address.tls),
            ("admin0a.online.lync.com", 443, true)
        );
        let v6 = Address::parse("http://[::1]:5985/wsman").unwrap();
        assert_eq!((v6.host.as_str(), v6.port, v6.is_loopback()), ("::1", 5985, true));
    }

    #[test]
    fn templates_fill_in_the_host() {
        let of = |host| Address::resolve(Template::Winrm, None, Some(host)).unwrap().uri;
        assert_eq!(of("dc1"), "https://dc1:5986/wsman");
        assert_eq!(of("dc1:15986"), "https://dc1:15986/wsman");
        assert_eq!(of("fe80::1"), "https://[fe80::1]:5986/wsman");
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(
            Address::resolve(Template::Winrm, None, None),
            Err(AddressError::NoHost(Template::Winrm))
        );
        assert_eq!(
            Address::resolve(Template::SkypeOnline, None, None),
            Err(AddressError::NoUri(Template::SkypeOnline))
        );
        assert_eq!(Address::parse("https://ken:pw@host/"), Err(AddressError::UserInfo));
        assert!(matches!(Address::parse("host/wsman"), Err(AddressError::Scheme(_))));
        assert!(matches!(
            Address::parse("https://host:x/"),
            Err(AddressError::Malformed(_))
        ));
        assert!(matches!(
            Address::parse("https:///wsman"),
            Err(AddressError::Malformed(_))
        ));
    }
}
