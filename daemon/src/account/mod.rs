//! Accounts and their secrets: in memory only, from `pslease login` or from the source that the profile names. One
//! refused log-on, and nothing is sent with that secret again until a new login, or until the source has another.
//!
//! - `source`: files, commands, credentials of systemd, the keyring. - `again`: what it has after a refusal. - `signed`: what accounts have signed in to, with their tokens.

mod again;
mod signed;
mod source;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use endpoint::Way;
use secrecy::SecretString;

use crate::config::Profile;

pub(crate) use signed::{Signed, Turn};
pub(crate) use source::{Kept, entry, of as source_of, read};

/// (service, admin), case-folded, and whether it is a token: one is never sent for the other.
type Key = (String, String, bool);

/// What is known of an account's secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Untried,
    Accepted,
    Refused,
}

#[derive(Debug)]
struct Account {
    secret: Option<SecretString>,
    /// The user name that `login` gave, if it was not the profile's.
    user: Option<String>,
    standing: Standing,
    /// Which secret it is: each that takes another's place has a higher number.
    which: u64,
    /// Those that were refused since one was accepted, or since a person logged in.
    spent: Vec<SecretString>,
    /// Held while a secret that nobody has tried is tried: a wrong one is then sent once, not once for each open.
    trial: Arc<tokio::sync::Mutex<()>>,
    look: Arc<again::Look>,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            secret: None,
            user: None,
            standing: Standing::Untried,
            which: 0,
            spent: Vec::new(),
            trial: Arc::default(),
            look: Arc::default(),
        }
    }
}

/// Every account that a secret was given or looked for.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    known: Mutex<HashMap<Key, Account>>,
    signed: signed::Book,
    /// Passwords for proxies, by address and user.
    proxies: Mutex<HashMap<(String, String), SecretString>>,
    /// How many secrets there have been.
    last: AtomicU64,
}

/// What to log on with.
#[derive(Debug, Clone)]
pub(crate) struct LogOn {
    pub(crate) user: String,
    /// None where the asker's tickets or a certificate do.
    pub(crate) secret: Option<SecretString>,
    pub(crate) standing: Standing,
    /// Which of the account's secrets it is: a refusal is of that one.
    pub(crate) which: u64,
    pub(crate) trial: Arc<tokio::sync::Mutex<()>>,
}

impl LogOn {
    /// With a secret that is not the account's yet.
    pub(crate) fn to_try(user: &str, secret: &SecretString) -> Self {
        Self {
            user: user.to_owned(),
            secret: Some(secret.clone()),
            standing: Standing::Untried,
            which: 0,
            trial: Arc::default(),
        }
    }
}

/// Why there is nothing to log on with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoLogOn {
    #[error("{0} has no password here yet")]
    Absent(String),
    #[error("{0} has no access token here yet, or it has ended")]
    NoToken(String),
    #[error("{0} has not signed in here yet, or the sign-in has ended")]
    NotSignedIn(String),
    #[error("the log-on of {0} was refused; its password is not sent again until a new login")]
    Refused(String),
    #[error("the log-on of {0} was refused; its token is not sent again until a new login")]
    TokenRefused(String),
    #[error("the log-on of {admin} was refused; nothing is sent until {key} has another {what}, or a new login")]
    Spent {
        admin: String,
        key: String,
        what: &'static str,
    },
    #[error("{0}")]
    Source(String),
}

fn key(profile: &Profile) -> Key {
    let (service, admin) = profile.scope.account();
    (service, admin, profile.connector.by_token())
}

impl Accounts {
    fn known(&self) -> MutexGuard<'_, HashMap<Key, Account>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a secret. What was got with another is forgotten.
    pub(crate) fn login(&self, profile: &Profile, user: Option<String>, secret: SecretString) {
        self.signed.forget_all(profile);
        let mut known = self.known();
        let account = known.entry(key(profile)).or_default();
        *account = Account {
            secret: Some(secret),
            user,
            which: self.next(),
            // Whoever waits for the end of a trial goes on waiting for that very one.
            trial: account.trial.clone(),
            ..Account::default()
        };
    }

    fn next(&self) -> u64 {
        self.last.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Forgets every secret of the account. True if there was one.
    pub(crate) fn logout(&self, profile: &Profile) -> bool {
        let signed = self.signed.forget_all(profile);
        let (service, admin) = profile.scope.account();
        let mut known = self.known();
        let forgotten = [false, true].map(|token| known.remove(&(service.clone(), admin.clone(), token)));
        let had = forgotten.into_iter().flatten().any(|account| account.secret.is_some());
        had || signed
    }

    /// The endpoint took the secret.
    pub(crate) fn accepted(&self, profile: &Profile) {
        if let Some(account) = self.known().get_mut(&key(profile)) {
            account.standing = Standing::Accepted;
            account.spent.clear();
        }
    }

    /// The endpoint refused it: that secret, or the one that is here if it is not known which. A refusal of one whose
    /// place another has taken meanwhile says nothing any more.
    pub(crate) fn refused(&self, profile: &Profile, which: Option<u64>) {
        let mut known = self.known();
        let account = known.entry(key(profile)).or_default();
        if which.is_some_and(|which| which != account.which) {
            return;
        }
        self.signed.forget(profile);
        // A ticket or a certificate may be another one the next time, and trying it is no strike.
        if account.secret.is_some() || profile.needs_secret() {
            account.spend();
        }
    }

    /// A sign-in by a person: whatever was refused before does not count any more.
    pub(crate) fn signed_in(&self, profile: &Profile) {
        self.known().entry(key(profile)).or_default().standing = Standing::Accepted;
    }

    /// What is known of the account's secret, and whether one is in memory.
    pub(crate) fn standing(&self, profile: &Profile) -> (Standing, bool) {
        let known = self.known();
        known.get(&key(profile)).map_or((Standing::Untried, false), |account| {
            (account.standing, account.secret.is_some())
        })
    }

    /// Why a person has to log in before anything can be opened; `None` if there is a secret or a source of one.
    pub(crate) fn missing(&self, profile: &Profile) -> Option<NoLogOn> {
        // A program logs on by itself.
        if profile.program.is_some() {
            return None;
        }
        let admin = || profile.admin.clone();
        let (standing, in_memory) = self.standing(profile);
        let way = profile.connector.way;
        let (source, what) = source::of(profile);
        match (standing, way, source) {
            (Standing::Refused, _, source) if source.is_unattended() => Some(NoLogOn::Spent {
                admin: admin(),
                key: source::key(source, what),
                what,
            }),
            (Standing::Refused, Way::Token, _) => Some(NoLogOn::TokenRefused(admin())),
            (Standing::Refused, Way::DeviceCode, _) => Some(NoLogOn::NotSignedIn(admin())),
            (Standing::Refused, ..) => Some(NoLogOn::Refused(admin())),
            (_, Way::DeviceCode, _) => (!self.signed.is_there(profile)).then(|| NoLogOn::NotSignedIn(admin())),
            (_, _, source) if source.is_unattended() || !profile.needs_secret() => None,
            (_, Way::Token, _) => (!in_memory).then(|| NoLogOn::NoToken(admin())),
            _ => (!in_memory).then(|| NoLogOn::Absent(admin())),
        }
    }

    /// What to log on with: the secret in memory, or what the profile's source says now.
    pub(crate) async fn log_on(
        &self,
        profile: &Profile,
        environment: &BTreeMap<String, String>,
    ) -> Result<LogOn, NoLogOn> {
        if let Some(missing) = self.missing(profile) {
            return Err(missing);
        }
        let (source, what) = source::of(profile);
        // A token that ends has a successor where it came from; a password is the same each time.
        let fresh = profile.connector.way == Way::Token && source.is_unattended();
        if !fresh && let Some(log_on) = self.in_memory(profile) {
            return Ok(log_on);
        }
        let absent = || NoLogOn::Absent(profile.admin.clone());
        let Some(secret) = source::read(source, &source::entry(profile, what), what, environment).await else {
            return without_secret(profile).ok_or_else(absent);
        };
        let secret = secret.map_err(NoLogOn::Source)?;
        {
            let mut known = self.known();
            let account = known.entry(key(profile)).or_default();
            account.take(secret.clone(), self.next());
            if account.is_spent(&secret) {
                account.spend();
            }
        }
        match self.missing(profile) {
            Some(missing) => Err(missing),
            None => self.in_memory(profile).ok_or_else(absent),
        }
    }

    /// The secret in memory, whatever is known of it.
    pub(crate) fn remembered(&self, profile: &Profile) -> Option<LogOn> {
        self.in_memory(profile).or_else(|| without_secret(profile))
    }

    fn in_memory(&self, profile: &Profile) -> Option<LogOn> {
        let known = self.known();
        let account = known.get(&key(profile))?;
        Some(LogOn {
            user: account.user.clone().unwrap_or_else(|| profile.admin.clone()),
            secret: Some(account.secret.clone()?),
            standing: account.standing,
            which: account.which,
            trial: account.trial.clone(),
        })
    }

    /// What the profile's account has signed in to.
    pub(crate) fn signed(&self, profile: &Profile) -> Option<Arc<Signed>> {
        self.signed.find(profile)
    }

    /// Keeps what a sign-in gave, in place of what was there.
    pub(crate) fn keep_signed(&self, profile: &Profile, signed: Signed) -> Arc<Signed> {
        self.signed.keep(profile, signed)
    }

    /// What was signed in to is of no use any more.
    pub(crate) fn forget_signed(&self, profile: &Profile) {
        self.signed.forget(profile);
    }

    /// One at a time signs an account in: whoever comes second finds what the first has got.
    pub(crate) async fn turn_to_sign(&self, profile: &Profile) -> Turn {
        self.signed.turn(profile).await
    }

    /// Keeps a proxy's password.
    pub(crate) fn keep_proxy(&self, address: &str, user: &str, secret: SecretString) {
        let mut proxies = self.proxies.lock().unwrap_or_else(PoisonError::into_inner);
        proxies.insert((address.to_owned(), user.to_owned()), secret);
    }

    /// A proxy's password.
    pub(crate) fn proxy(&self, address: &str, user: &str) -> Option<SecretString> {
        let proxies = self.proxies.lock().unwrap_or_else(PoisonError::into_inner);
        proxies.get(&(address.to_owned(), user.to_owned())).cloned()
    }
}

/// A log-on that needs none; nothing about it has to be tried first.
fn without_secret(profile: &Profile) -> Option<LogOn> {
    (!profile.needs_secret()).then(|| LogOn {
        user: profile.admin.clone(),
        secret: None,
        standing: Standing::Accepted,
        which: 0,
        trial: Arc::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use secrecy::ExposeSecret as _;
    use std::os::unix::fs::PermissionsExt as _;

    pub(super) fn profile(source: &str) -> Arc<Profile> {
        let text = format!("version = 1\n[profile.a]\ntemplate = \"winrm\"\nhost = \"h\"\nadmin = \"ken\"\n{source}\n");
        Config::read(std::path::Path::new("config.toml"), &text)
            .unwrap()
            .profile("a")
            .unwrap()
    }

    #[tokio::test]
    async fn a_refused_secret_is_not_used_again_until_a_new_login() {
        let accounts = Accounts::default();
        let profile = profile("");
        let none = BTreeMap::new();
        assert_eq!(
            accounts.log_on(&profile, &none).await.unwrap_err(),
            NoLogOn::Absent("ken".into())
        );
        accounts.login(&profile, None, "wrong".into());
        accounts.refused(&profile, None);
        assert_eq!(
            accounts.log_on(&profile, &none).await.unwrap_err(),
            NoLogOn::Refused("ken".into())
        );
        accounts.login(&profile, Some("kenny".into()), "right".into());
        let log_on = accounts.log_on(&profile, &none).await.unwrap();
        assert_eq!(
            (log_on.user.as_str(), log_on.secret.unwrap().expose_secret()),
            ("kenny", "right")
        );
        assert!(!format!("{accounts:?}").contains("right"));
        assert!(accounts.logout(&profile));
        assert!(!accounts.logout(&profile));
    }

    #[tokio::test]
    async fn files_and_commands_give_their_first_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, "p@ss word\nsecond\n").unwrap();
        let accounts = Accounts::default();
        let of_file = profile(&format!("password_file = {path:?}"));
        let none = BTreeMap::new();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(
            accounts
                .log_on(&of_file, &none)
                .await
                .unwrap_err()
                .to_string()
                .contains("chmod 600")
        );
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(
            accounts
                .log_on(&of_file, &none)
                .await
                .unwrap()
                .secret
                .unwrap()
                .expose_secret(),
            "p@ss word"
        );

        let accounts = Accounts::default();
        let of_command = profile("password_command = [\"sh\", \"-c\", \"echo $WORD; echo second\"]");
        let environment = BTreeMap::from([("WORD".to_owned(), "sesame".to_owned())]);
        assert_eq!(
            accounts
                .log_on(&of_command, &environment)
                .await
                .unwrap()
                .secret
                .unwrap()
                .expose_secret(),
            "sesame"
        );
    }
}
