//! A tenant that runs.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::shared::Shared;
use crate::{Config, Count, server};

/// A running tenant. It ends when this is dropped, with every connection and every shell.
pub struct Tenant {
    url: String,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

/// What the tenant knows of its own shells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    /// Shells that are live now.
    pub live: usize,
    /// Live and peak of each admin.
    pub per_admin: Vec<(String, Count)>,
    /// Live and peak of each organization.
    pub per_organization: Vec<(String, Count)>,
}

impl Tenant {
    /// Starts one on the runtime of the caller.
    ///
    /// # Errors
    /// When it cannot listen, or cannot write its certificate.
    pub async fn start(config: Config) -> io::Result<Self> {
        let (listener, address, certificate) = server::listen(&config).await?;
        let scheme = if certificate.is_some() { "https" } else { "http" };
        let shared = Arc::new(Shared::new(config));
        let serving = tokio::spawn(server::serve(listener, certificate, Arc::clone(&shared)));
        Ok(Self {
            url: format!("{scheme}://{address}"),
            shared,
            serving,
        })
    }

    /// Scheme, address and port; a service's path goes behind it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its counter, now.
    pub fn truth(&self) -> Truth {
        let books = self.shared.books();
        let owned = |(name, count): (&str, Count)| (name.to_owned(), count);
        Truth {
            live: books.rows().count(),
            per_admin: books.per_admin().map(owned).collect(),
            per_organization: books.per_organization().map(owned).collect(),
        }
    }

    /// Puts its clock forward, and ends what has idled out by then.
    pub fn advance(&self, by: Duration) {
        self.shared.advance(by);
    }
}

impl Drop for Tenant {
    fn drop(&mut self) {
        self.serving.abort();
        self.shared.kill(None);
    }
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenant").field("url", &self.url).finish_non_exhaustive()
    }
}
