//! Which of a name's addresses the lanes of a session go to: the one that answered first. A name may stand for many
//! machines, and the shell is on one of them.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The names that a session's lanes have asked for.
#[derive(Debug, Default)]
pub(crate) struct Addresses {
    known: Mutex<HashMap<String, Known>>,
}

#[derive(Debug, Clone)]
enum Known {
    /// What the name stands for.
    Candidates(Vec<IpAddr>),
    /// The one that answered.
    Settled(IpAddr),
}

impl Addresses {
    /// The address that answered before, else all that the name stands for. Ports are 0.
    pub(crate) async fn of(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        if let Some(Known::Settled(address)) = self.known().get(name) {
            return Ok(vec![SocketAddr::new(*address, 0)]);
        }
        let found: Vec<_> = tokio::net::lookup_host((name, 0)).await?.collect();
        let candidates = found.iter().map(SocketAddr::ip).collect();
        let mut known = self.known();
        match known.get(name) {
            // Another lane was quicker.
            Some(Known::Settled(address)) => Ok(vec![SocketAddr::new(*address, 0)]),
            _ => {
                known.insert(name.to_owned(), Known::Candidates(candidates));
                Ok(found)
            }
        }
    }

    /// An answer came from there.
    pub(crate) fn answered(&self, address: IpAddr) {
        for known in self.known().values_mut() {
            if matches!(known, Known::Candidates(candidates) if candidates.contains(&address)) {
                *known = Known::Settled(address);
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same for reqwest.
pub(crate) struct Resolver(pub(crate) Arc<Addresses>);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let addresses = Arc::clone(&self.0);
        Box::pin(async move {
            let found = addresses.of(name.as_str()).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_address_that_answered_is_kept() {
        let addresses = Addresses::default();
        let all = addresses.of("localhost").await.unwrap();
        let last = all.last().unwrap().ip();
        addresses.answered([192, 0, 2, 1].into());
        assert_eq!(addresses.of("localhost").await.unwrap(), all);
        addresses.answered(last);
        assert_eq!(addresses.of("localhost").await.unwrap(), [SocketAddr::new(last, 0)]);
    }
}
