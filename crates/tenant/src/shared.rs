//! What every connection of a tenant shares: configuration, clock, books, live shells.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use uuid::Uuid;

use crate::books::{Books, EndedBy};
use crate::clock::Clock;
use crate::config::Config;
use crate::organization::Organization;
use crate::shell::Shell;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    books: Mutex<Books>,
    shells: Mutex<HashMap<Uuid, Arc<Shell>>>,
    organizations: Mutex<HashMap<String, Arc<Mutex<Organization>>>>,
    /// While it is true, no input is taken.
    holding: watch::Sender<bool>,
}

impl Shared {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            config,
            clock: Clock::new(),
            books: Mutex::default(),
            shells: Mutex::default(),
            organizations: Mutex::default(),
            holding: watch::Sender::new(false),
        }
    }

    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        lock(&self.books)
    }

    pub(crate) fn shell(&self, id: Uuid) -> Option<Arc<Shell>> {
        lock(&self.shells).get(&id).cloned()
    }

    pub(crate) fn keep(&self, shell: Arc<Shell>) {
        lock(&self.shells).insert(shell.id(), shell);
    }

    pub(crate) fn organization(&self, name: &str) -> Arc<Mutex<Organization>> {
        let size = self.config.directory_size;
        let mut organizations = lock(&self.organizations);
        let made = organizations
            .entry(name.to_lowercase())
            .or_insert_with(|| Arc::new(Mutex::new(Organization::new(name, size))));
        Arc::clone(made)
    }

    /// Takes input no more, or again.
    pub(crate) fn hold_input(&self, hold: bool) {
        self.holding.send_replace(hold);
    }

    /// Waits until input is taken, or what it is for is gone.
    pub(crate) async fn takes_input(&self, gone: impl Fn() -> bool) {
        let mut holding = self.holding.subscribe();
        while *holding.borrow_and_update() && !gone() {
            if holding.changed().await.is_err() {
                return;
            }
        }
    }

    /// A command or a shell is gone: input that waits to be taken may be for it.
    pub(crate) fn look_again(&self) {
        self.holding.send_modify(|_| ());
    }

    /// Ends a shell, whatever it does. False if it is not there.
    pub(crate) fn end(&self, id: Uuid, by: EndedBy) -> bool {
        let shell = lock(&self.shells).remove(&id);
        if let Some(shell) = shell {
            shell.end();
            self.look_again();
        }
        self.books().end(id, by)
    }

    /// Ends shells that nobody has used for too long.
    pub(crate) fn reap(&self) {
        let now = self.clock.now();
        let expired = self.books().expired(now);
        for id in expired {
            self.end(id, EndedBy::Idle);
        }
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.reap();
    }

    /// Ends one shell, or all of them.
    pub(crate) fn kill(&self, one: Option<Uuid>) {
        let ids: Vec<_> = match one {
            Some(id) => vec![id],
            None => self.books().rows().map(|(id, _)| *id).collect(),
        };
        for id in ids {
            self.end(id, EndedBy::Killed);
        }
    }
}

/// What these mutexes hold is plain data that no panic leaves half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
