//! What accounts have signed in to: endpoints, and the tokens for them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use endpoint::{Stage, Target};
use moment::Moment;
use tokio::sync::OwnedMutexGuard;

use crate::config::Profile;

/// Held while an account is being signed in.
pub(crate) type Turn = OwnedMutexGuard<()>;

/// (service, admin), case-folded, and what the token is for.
type Key = (String, String, String);

/// A target with its token, as it was found.
#[derive(Debug)]
pub(crate) struct Signed {
    pub(crate) target: Target,
    /// What was told on the way, for whoever opens the next session with it.
    pub(crate) stages: Vec<Stage>,
    /// Which token it is: each that replaces another has a higher one.
    pub(crate) generation: u64,
}

impl Signed {
    pub(crate) fn new(target: Target, stages: Vec<Stage>) -> Self {
        Self {
            target,
            stages,
            generation: 0,
        }
    }

    /// Whether it will do for a session that is opened now.
    pub(crate) fn is_good(&self, now: Moment) -> bool {
        self.target.expiry.is_none_or(|expiry| !expiry.is_due(now))
    }
}

#[derive(Debug, Default)]
pub(super) struct Book {
    kept: Mutex<HashMap<Key, Arc<Signed>>>,
    turns: Mutex<HashMap<Key, Arc<tokio::sync::Mutex<()>>>>,
    generations: AtomicU64,
}

fn key(profile: &Profile) -> Key {
    let (service, admin) = profile.scope.account();
    let place = format!("{}\n{}", profile.address.uri, profile.connector.place());
    (service, admin, place)
}

impl Book {
    fn kept(&self) -> MutexGuard<'_, HashMap<Key, Arc<Signed>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn find(&self, profile: &Profile) -> Option<Arc<Signed>> {
        self.kept().get(&key(profile)).cloned()
    }

    pub(super) fn is_there(&self, profile: &Profile) -> bool {
        self.kept().contains_key(&key(profile))
    }

    pub(super) fn keep(&self, profile: &Profile, mut signed: Signed) -> Arc<Signed> {
        signed.generation = self.generations.fetch_add(1, Ordering::Relaxed) + 1;
        let signed = Arc::new(signed);
        self.kept().insert(key(profile), signed.clone());
        signed
    }

    pub(super) fn forget(&self, profile: &Profile) {
        self.kept().remove(&key(profile));
    }

    /// Of the account, whatever for. True if there was any.
    pub(super) fn forget_all(&self, profile: &Profile) -> bool {
        let (service, admin) = profile.scope.account();
        let mut kept = self.kept();
        let before = kept.len();
        kept.retain(|(one, other, _), _| *one != service || *other != admin);
        kept.len() < before
    }

    pub(super) async fn turn(&self, profile: &Profile) -> Turn {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            turns.entry(key(profile)).or_default().clone()
        };
        turn.lock_owned().await
    }
}
