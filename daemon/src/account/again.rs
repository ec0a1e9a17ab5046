//! A secret that changed where it comes from: read anew after a refused log-on, and tried if it is another.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use secrecy::ExposeSecret as _;

use super::{Accounts, Standing, key, source};
use crate::config::Profile;

/// One at a time looks; whoever waited meanwhile takes what was found.
#[derive(Debug, Default)]
pub(super) struct Look {
    turn: tokio::sync::Mutex<()>,
    done: AtomicU64,
}

impl Accounts {
    /// After a refused log-on: asks the profile's source what the secret is now. True if there is one to be tried: that
    /// counts as a new login. One that was refused before is not tried again, whatever came between.
    pub(crate) async fn read_anew(&self, profile: &Profile, environment: &BTreeMap<String, String>) -> bool {
        let (from, what) = source::of(profile);
        if !from.is_unattended() {
            return false;
        }
        let may_be_tried = || self.standing(profile).0 != Standing::Refused;
        let look = self.look(profile);
        let done = look.done.load(Ordering::Acquire);
        let _turn = look.turn.lock().await;
        if may_be_tried() || look.done.load(Ordering::Acquire) != done {
            return may_be_tried();
        }
        let read = source::read(from, &source::entry(profile, what), what, environment).await;
        look.done.fetch_add(1, Ordering::Release);
        match read {
            Some(Ok(secret)) => {
                let mut known = self.known();
                let account = known.entry(key(profile)).or_default();
                if account.standing == Standing::Refused && !account.is_spent(&secret) {
                    account.take(secret, self.next());
                    account.standing = Standing::Untried;
                    tracing::info!(profile = profile.name, "there is another {what} than the refused one");
                }
            }
            Some(Err(why)) => tracing::info!(profile = profile.name, why, "no other {what}"),
            None => {}
        }
        may_be_tried()
    }

    fn look(&self, profile: &Profile) -> Arc<Look> {
        let mut known = self.known();
        known.entry(key(profile)).or_default().look.clone()
    }
}

impl super::Account {
    /// Another secret takes the place of the one that is there, if it is another.
    pub(super) fn take(&mut self, secret: secrecy::SecretString, which: u64) {
        let same = |known: &secrecy::SecretString| known.expose_secret() == secret.expose_secret();
        if self.secret.as_ref().is_some_and(same) {
            return;
        }
        self.secret = Some(secret);
        // It is the profile's own account that the source knows the secret of.
        self.user = None;
        self.which = which;
    }

    /// Whether it was refused already.
    pub(super) fn is_spent(&self, secret: &secrecy::SecretString) -> bool {
        let same = |known: &secrecy::SecretString| known.expose_secret() == secret.expose_secret();
        self.spent.iter().any(same)
    }

    /// The secret that is there was refused.
    pub(super) fn spend(&mut self) {
        self.standing = Standing::Refused;
        if let Some(secret) = self.secret.clone()
            && !self.is_spent(&secret)
        {
            self.spent.push(secret);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::OpenOptionsExt as _;
    use std::path::{Path, PathBuf};

    use super::super::tests::profile;
    use super::super::{LogOn, NoLogOn};
    use super::*;

    fn write(path: &Path, text: &str) {
        use std::io::Write as _;
        let mut open = std::fs::OpenOptions::new();
        let open = open.write(true).create(true).truncate(true).mode(0o600);
        open.open(path).unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// A profile whose command says how often it was run, and prints what the file holds.
    fn counted(folder: &Path) -> (Arc<Profile>, PathBuf, PathBuf) {
        let (secret, runs) = (folder.join("secret"), folder.join("runs"));
        let script = format!("echo x >> {}; cat {}", runs.display(), secret.display());
        (
            profile(&format!("password_command = [\"sh\", \"-c\", {script:?}]")),
            secret,
            runs,
        )
    }

    fn shown(log_on: LogOn) -> String {
        log_on.secret.unwrap().expose_secret().to_owned()
    }

    #[tokio::test]
    async fn another_secret_of_the_source_counts_as_a_login_and_none_is_tried_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let profile = profile(&format!("password_file = {path:?}"));
        let (accounts, none) = (Accounts::default(), BTreeMap::new());
        write(&path, "old\n");
        let old = accounts.log_on(&profile, &none).await.unwrap();
        accounts.refused(&profile, Some(old.which));
        assert!(!accounts.read_anew(&profile, &none).await, "it is the same");
        let refused = accounts.log_on(&profile, &none).await.unwrap_err();
        assert!(matches!(refused, NoLogOn::Spent { .. }), "{refused}");
        assert!(refused.to_string().contains("password_file"), "{refused}");

        write(&path, "new\n");
        assert!(accounts.read_anew(&profile, &none).await);
        let new = accounts.log_on(&profile, &none).await.unwrap();
        assert_eq!(new.standing, Standing::Untried);
        // An answer that comes late is about the old one.
        accounts.refused(&profile, Some(old.which));
        assert_eq!(shown(accounts.log_on(&profile, &none).await.unwrap()), "new");
        accounts.refused(&profile, Some(new.which));
        for spent in ["old\n", "new\n"] {
            write(&path, spent);
            assert!(!accounts.read_anew(&profile, &none).await, "{spent} was refused");
        }
        // A person may try it again.
        accounts.login(&profile, None, "old".into());
        assert_eq!(shown(accounts.log_on(&profile, &none).await.unwrap()), "old");
    }

    #[tokio::test]
    async fn twelve_who_were_refused_look_once() {
        let folder = tempfile::tempdir().unwrap();
        let (profile, secret, runs) = counted(folder.path());
        let (accounts, none) = (Arc::new(Accounts::default()), BTreeMap::new());
        write(&secret, "old\n");
        let old = accounts.log_on(&profile, &none).await.unwrap();
        accounts.refused(&profile, Some(old.which));
        write(&secret, "new\n");
        std::fs::remove_file(&runs).unwrap();
        let looks: Vec<_> = (0..12)
            .map(|_| {
                let (accounts, profile) = (accounts.clone(), profile.clone());
                tokio::spawn(async move { accounts.read_anew(&profile, &BTreeMap::new()).await })
            })
            .collect();
        for look in looks {
            assert!(look.await.unwrap());
        }
        assert_eq!(std::fs::read_to_string(&runs).unwrap(), "x\n");
        assert_eq!(shown(accounts.log_on(&profile, &none).await.unwrap()), "new");
    }
}
