//! Where a request may go.

use std::fmt;

use reqwest::Url;

use crate::{Failure, Kind};

/// Scheme, host and port: what a credential is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

impl Origin {
    /// The origin of an address.
    ///
    /// # Errors
    /// If it is no `http` or `https` address with a host, or if it carries a user name: a password in an address ends
    /// up in logs.
    pub fn of(uri: &str) -> Result<Self, Failure> {
        parse(uri).map(|url| Self::of_url(&url))
    }

    pub(crate) fn of_url(url: &Url) -> Self {
        Self {
            scheme: url.scheme().to_owned(),
            host: url.host_str().unwrap_or_default().to_ascii_lowercase(),
            port: url.port_or_known_default().unwrap_or_default(),
        }
    }

    /// Host and port as people write them: the port only if it is unusual.
    pub fn host(&self) -> String {
        match (self.scheme.as_str(), self.port) {
            ("https", 443) | ("http", 80) => self.host.clone(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host())
    }
}

pub(crate) fn parse(uri: &str) -> Result<Url, Failure> {
    // The address itself is not repeated: it may hold a password, which is one of the reasons to refuse it.
    let url = Url::parse(uri).map_err(|why| {
        Failure::not_sent(
            Kind::Address,
            format!("the address cannot be read ({why}); write https://HOST/PATH"),
        )
    })?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        let message = format!(
            "{}: is no address of a web service; write https://HOST/PATH",
            url.scheme()
        );
        return Err(Failure::not_sent(Kind::Address, message));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let message = format!(
            "the address of {} carries a user name; take it out, and log in with `pslease login`",
            url.host_str().unwrap_or_default()
        );
        return Err(Failure::not_sent(Kind::Address, message));
    }
    Ok(url)
}

/// Whether packets to this host never leave the machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<std::net::IpAddr>()
        .map_or_else(|_| bare.eq_ignore_ascii_case("localhost"), |ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_ignore_case_path_and_default_ports() {
        let origin = Origin::of("https://PS.example.com:443/powershell?x=1").unwrap();
        assert_eq!(origin, Origin::of("https://ps.example.com").unwrap());
        assert_eq!(origin.to_string(), "https://ps.example.com");
        assert_ne!(origin, Origin::of("http://ps.example.com").unwrap());
        assert_eq!(
            Origin::of("https://ps.example.com:8443/").unwrap().host(),
            "ps.example.com:8443"
        );
    }

    #[test]
    fn an_address_with_a_password_is_refused_and_not_repeated() {
        let failure = Origin::of("https://ken:s3cret@example.com/").unwrap_err();
        assert_eq!(failure.kind, Kind::Address);
        assert!(!format!("{failure} {failure:?}").contains("s3cret"));
        assert!(Origin::of("ftp://example.com/").is_err());
        assert!(Origin::of("example.com").is_err());
    }

    #[test]
    fn loopback_is_known_in_every_spelling() {
        for host in [
            "http://127.0.0.1:5985",
            "http://127.9.9.9",
            "http://[::1]:80/x",
            "http://LocalHost/",
        ] {
            assert!(is_loopback(&parse(host).unwrap()), "{host}");
        }
        for host in ["http://10.0.0.1", "http://localhost.example.com", "http://[fe80::1]/"] {
            assert!(!is_loopback(&parse(host).unwrap()), "{host}");
        }
    }
}
