//! What all lanes of a profile share.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;

use crate::addresses::{Addresses, Resolver};
use crate::{Failure, Kind, Proxies, Security, Trust, tls};

/// What all lanes of a profile share: one TLS configuration (with its tickets, so a second lane resumes), proxies, bounds.
#[derive(Clone)]
pub struct Network {
    tls: ClientConfig,
    pub(crate) proxies: Proxies,
    plain: bool,
    pub(crate) user_agent: String,
    pub(crate) connect: Duration,
    pub(crate) source: Option<IpAddr>,
    pub(crate) largest: usize,
    /// Over plain http, whether bodies are sealed by the log-on.
    pub(crate) seals: bool,
    /// Whether Kerberos is asked for the service on the port, and not on the host alone.
    pub(crate) port_in_spn: bool,
}

impl Network {
    /// TLS to servers that `trust` vouches for, no proxy, plain http to this machine only, 30 s for a connection, answers
    /// of up to 16 MiB.
    ///
    /// # Errors
    /// If the trust store or the file cannot be read.
    pub fn new(trust: &Trust) -> Result<Self, Failure> {
        Self::secured(&Security {
            trust: trust.clone(),
            ..Security::default()
        })
    }

    /// As [`new`](Self::new), with a say in how strict it is and what proves us.
    ///
    /// # Errors
    /// If the trust store, the file, or the client's certificate or key cannot be read.
    pub fn secured(security: &Security) -> Result<Self, Failure> {
        Ok(Self {
            tls: tls::configuration(security)?,
            proxies: Proxies::none(),
            plain: false,
            user_agent: concat!("pslease/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect: Duration::from_secs(30),
            source: None,
            largest: 16 << 20,
            seals: true,
            port_in_spn: false,
        })
    }

    /// Goes by way of these proxies.
    #[must_use]
    pub fn with_proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// Allows plain http to other machines: passwords and data can then be read on the way.
    #[must_use]
    pub const fn allow_plain(mut self, allowed: bool) -> Self {
        self.plain = allowed;
        self
    }

    /// The User-Agent header.
    #[must_use]
    pub fn with_user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = name.into();
        self
    }

    /// How long a TCP and TLS connection may take.
    #[must_use]
    pub const fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect = timeout;
        self
    }

    /// The largest answer that is taken, decompressed, in bytes.
    #[must_use]
    pub const fn with_largest_answer(mut self, bytes: usize) -> Self {
        self.largest = bytes;
        self
    }

    /// Whether a log-on that is bound to its connection seals bodies over plain http, which it does unless told otherwise.
    /// Unsealed, everything can be read and changed on the way.
    #[must_use]
    pub const fn with_sealing(mut self, sealing: bool) -> Self {
        self.seals = sealing;
        self
    }

    /// Whether the service's principal name has the port in it, `HTTP/host:port`, as where several services of one host
    /// run as different accounts.
    #[must_use]
    pub const fn with_port_in_spn(mut self, port: bool) -> Self {
        self.port_in_spn = port;
        self
    }

    /// The address of this machine that all connections come from; `None` leaves it to the system.
    #[must_use]
    pub const fn with_source_address(mut self, address: Option<IpAddr>) -> Self {
        self.source = address;
        self
    }

    /// Whether a connection to this address is a proxy's to make.
    pub fn goes_by_proxy(&self, uri: &str) -> bool {
        uri.parse().is_ok_and(|to| self.proxies.on_the_way(&to).is_some())
    }

    #[cfg_attr(
        not(feature = "negotiate"),
        allow(dead_code, reason = "reqwest's lanes have it built in")
    )]
    pub(crate) const fn tls(&self) -> &ClientConfig {
        &self.tls
    }

    pub(crate) const fn allows_plain(&self) -> bool {
        self.plain
    }

    /// A client that is one TCP connection (to one host), as long as it has one request at a time.
    pub(crate) fn client(&self, addresses: &Arc<Addresses>) -> Result<reqwest::Client, Failure> {
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .http1_only()
            .pool_max_idle_per_host(1)
            .pool_idle_timeout(None)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .gzip(true)
            .tcp_nodelay(true)
            .tcp_keepalive(Duration::from_secs(30))
            .connect_timeout(self.connect)
            .local_address(self.source)
            .dns_resolver(Resolver(Arc::clone(addresses)))
            .user_agent(&self.user_agent);
        let client = self.proxies.apply(builder)?.build();
        client.map_err(|why| Failure::not_sent(Kind::Other, format!("the connection cannot be set up ({why})")))
    }
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network")
            .field("proxies", &self.proxies)
            .field("plain", &self.plain)
            .finish_non_exhaustive()
    }
}
