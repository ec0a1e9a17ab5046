//! What the lanes of one remote session share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reqwest::Url;

use crate::address::{is_loopback, parse};
use crate::addresses::Addresses;
use crate::cookies::Jar;
use crate::{Credential, Failure, Kind, Lane, Network, Origin};

/// What the lanes of one remote session share: credential, cookies, and the origins that these may go to.
#[derive(Debug)]
pub struct Session {
    network: Network,
    addresses: Arc<Addresses>,
    shared: Mutex<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) credential: Credential,
    /// Rises with each new credential: a connection that is logged on with an older one logs on anew.
    #[cfg_attr(
        not(feature = "negotiate"),
        allow(dead_code, reason = "only connections are logged on")
    )]
    pub(crate) generation: u64,
    /// The schemes that an origin offered when it was last asked.
    #[cfg_attr(
        not(feature = "negotiate"),
        allow(dead_code, reason = "only connections are logged on")
    )]
    pub(crate) offered: Option<(Origin, Vec<String>)>,
    pub(crate) jar: Jar,
    allowed: Vec<Origin>,
}

impl Session {
    /// A session with the service at this address: its origin is the first one allowed.
    ///
    /// # Errors
    /// If the address cannot be used, or is plain http to another machine and that was not allowed.
    pub fn new(network: &Network, uri: &str, credential: Credential) -> Result<Arc<Self>, Failure> {
        let session = Self {
            network: network.clone(),
            addresses: Arc::default(),
            shared: Mutex::new(Shared {
                credential,
                generation: 0,
                offered: None,
                jar: Jar::default(),
                allowed: Vec::new(),
            }),
        };
        session.allow(uri)?;
        Ok(Arc::new(session))
    }

    /// Allows credential and cookies to go to the origin of this address as well: a redirect that was judged.
    ///
    /// # Errors
    /// If the address cannot be used.
    pub fn allow(&self, uri: &str) -> Result<(), Failure> {
        let url = parse(uri)?;
        self.check_scheme(&url)?;
        let origin = Origin::of_url(&url);
        let mut shared = self.shared();
        if !shared.allowed.contains(&origin) {
            shared.allowed.push(origin);
        }
        Ok(())
    }

    /// Replaces the credential, for every request from now on: a token was renewed.
    pub fn renew(&self, credential: Credential) {
        let mut shared = self.shared();
        if !shared.credential.is_same(&credential) {
            shared.generation += 1;
        }
        shared.credential = credential;
    }

    /// Whether the endpoint has ever set a cookie: to be kept in the books, since the cookies themselves are not.
    pub fn has_cookies(&self) -> bool {
        !self.shared().jar.is_empty()
    }

    /// Says that an earlier process had cookies for this session: without them, a request has no affinity, and "shell not
    /// found" proves nothing.
    pub fn forget_cookies(&self) {
        self.shared().jar.forget();
    }

    /// A further TCP connection, made when it is first needed.
    ///
    /// # Errors
    /// If the proxy settings cannot be used.
    pub fn lane(self: &Arc<Self>) -> Result<Lane, Failure> {
        Ok(Lane::new(Arc::clone(self), self.client()?))
    }

    pub(crate) fn client(&self) -> Result<reqwest::Client, Failure> {
        self.network.client(&self.addresses)
    }

    pub(crate) const fn addresses(&self) -> &Arc<Addresses> {
        &self.addresses
    }

    pub(crate) const fn network(&self) -> &Network {
        &self.network
    }

    /// Poisoned or not: nothing here is left half changed by a panic.
    pub(crate) fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn check_scheme(&self, url: &Url) -> Result<(), Failure> {
        if url.scheme() == "https" || self.network.allows_plain() || is_loopback(url) {
            return Ok(());
        }
        let message = format!(
            "{} is plain http: password and data could be read on the way; use https, or set `allow_plain_http = true`",
            Origin::of_url(url)
        );
        Err(Failure::not_sent(Kind::Address, message))
    }
}

impl Shared {
    pub(crate) fn allows(&self, origin: &Origin) -> bool {
        self.allowed.contains(origin)
    }
}
