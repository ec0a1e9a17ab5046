//! The proxies of whoever asked for a session: the daemon's own environment is nobody's.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

use crate::{Failure, Kind};

/// The proxy settings of the asker's environment (`https_proxy`, `http_proxy`, `all_proxy`, `no_proxy`).
#[derive(Clone, Default)]
pub struct Proxies {
    https: Option<String>,
    http: Option<String>,
    all: Option<String>,
    except: Option<String>,
}

impl Proxies {
    /// No proxy.
    pub fn none() -> Self {
        Self::default()
    }

    /// This one for everything, with Basic where it wants to know who asks.
    ///
    /// # Errors
    /// If it is no address of a proxy.
    pub fn fixed(address: &str, credential: Option<(&str, &SecretString)>) -> Result<Self, Failure> {
        let refuse = || {
            let message = "the proxy's address cannot be used; write http://HOST:PORT or socks5h://HOST:PORT";
            Failure::not_sent(Kind::Proxy, message)
        };
        let mut url = reqwest::Url::parse(address).map_err(|_| refuse())?;
        if let Some((user, password)) = credential {
            url.set_username(user).map_err(|()| refuse())?;
            url.set_password(Some(password.expose_secret()))
                .map_err(|()| refuse())?;
        }
        Ok(Self {
            all: Some(url.into()),
            ..Self::default()
        })
    }

    /// Reads the asker's environment; of two spellings the lower-case one counts, and `HTTP_PROXY` not at all (a web
    /// server's request could have set it). Empty values are absent.
    pub fn of_environment<'e>(variables: impl IntoIterator<Item = (&'e str, &'e str)>) -> Self {
        let mut proxies = Self::default();
        let (mut https, mut all, mut except) = (None, None, None);
        for (name, value) in variables {
            let value = || Some(value.to_owned()).filter(|value| !value.trim().is_empty());
            match name {
                "https_proxy" => proxies.https = value(),
                "HTTPS_PROXY" => https = value(),
                "http_proxy" => proxies.http = value(),
                "all_proxy" => proxies.all = value(),
                "ALL_PROXY" => all = value(),
                "no_proxy" => proxies.except = value(),
                "NO_PROXY" => except = value(),
                _ => {}
            }
        }
        proxies.https = proxies.https.or(https);
        proxies.all = proxies.all.or(all);
        proxies.except = proxies.except.or(except);
        proxies
    }

    /// The proxy on the way to an address.
    pub(crate) fn on_the_way(&self, to: &http::Uri) -> Option<hyper_util::client::proxy::matcher::Intercept> {
        let text = |setting: &Option<String>| setting.clone().unwrap_or_default();
        hyper_util::client::proxy::matcher::Matcher::builder()
            .https(text(&self.https))
            .http(text(&self.http))
            .all(text(&self.all))
            .no(text(&self.except))
            .build()
            .intercept(to)
    }

    pub(crate) fn apply(&self, mut builder: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder, Failure> {
        // `no_proxy` first: it keeps reqwest from reading this process's environment.
        builder = builder.no_proxy();
        let except = || self.except.as_deref().and_then(reqwest::NoProxy::from_string);
        let given = [
            (self.https.as_deref().map(reqwest::Proxy::https), "https_proxy"),
            (self.http.as_deref().map(reqwest::Proxy::http), "http_proxy"),
            (self.all.as_deref().map(reqwest::Proxy::all), "all_proxy"),
        ];
        for (proxy, name) in given {
            let Some(proxy) = proxy else { continue };
            let proxy = proxy.map_err(|_| {
                let message = format!("{name} is no address of a proxy; write http://HOST:PORT or socks5h://HOST:PORT");
                Failure::not_sent(Kind::Proxy, message)
            })?;
            builder = builder.proxy(proxy.no_proxy(except()));
        }
        Ok(builder)
    }
}

impl fmt::Debug for Proxies {
    /// Which are set, not what to: a proxy's address may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxies")
            .field("https", &self.https.is_some())
            .field("http", &self.http.is_some())
            .field("all", &self.all.is_some())
            .field("except", &self.except)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_case_wins_and_http_proxy_in_capitals_is_ignored() {
        let proxies = Proxies::of_environment([
            ("HTTPS_PROXY", "http://upper:1"),
            ("https_proxy", "http://lower:1"),
            ("HTTP_PROXY", "http://cgi:1"),
            ("NO_PROXY", "localhost"),
            ("all_proxy", " "),
        ]);
        assert_eq!(proxies.https.as_deref(), Some("http://lower:1"));
        assert_eq!(proxies.http, None);
        assert_eq!(proxies.all, None);
        assert_eq!(proxies.except.as_deref(), Some("localhost"));
    }

    #[test]
    fn the_way_to_an_address_is_that_of_its_scheme_unless_it_is_excepted() {
        let proxies = Proxies::of_environment([
            ("https_proxy", "http://secure:1"),
            ("HTTP_PROXY", "http://cgi:1"),
            ("NO_PROXY", "ex.example.test,.litware.test"),
        ]);
        for (to, proxied) in [
            ("https://outlook.office365.com/powershell-liveid", true),
            ("https://ex.example.test/PowerShell", false),
            ("https://pool.litware.test:444/OcsPowershell", false),
            ("http://outlook.office365.com/", false),
        ] {
            assert_eq!(proxies.on_the_way(&to.parse().unwrap()).is_some(), proxied, "{to}");
        }
    }

    #[test]
    fn debug_hides_the_password() {
        let proxies = Proxies::of_environment([("https_proxy", "http://ken:s3cret@proxy:8080")]);
        assert!(!format!("{proxies:?}").contains("s3cret"));
    }
}
