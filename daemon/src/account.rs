//! Accounts and their secrets: in memory only, from `pslease login` or from the source that the profile names. One
//! refused log-on, and nothing is sent with that secret again until a new login.

use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::AsyncReadExt;
use tokio::process::Command;

use crate::config::{Password, Profile};

/// A password that is longer was not meant to be one.
const LONGEST: u64 = 64 << 10;
/// How long a credential command may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// (service, admin), case-folded.
type Key = (String, String);

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
    /// Held while a secret that nobody has tried is tried: a wrong one is then sent once, not once for each open.
    trial: Arc<tokio::sync::Mutex<()>>,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            secret: None,
            user: None,
            standing: Standing::Untried,
            trial: Arc::default(),
        }
    }
}

/// Every account that a secret was given or looked for.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    known: Mutex<HashMap<Key, Account>>,
}

/// What to log on with.
#[derive(Debug, Clone)]
pub(crate) struct LogOn {
    pub(crate) user: String,
    /// None where the asker's tickets or a certificate do.
    pub(crate) secret: Option<SecretString>,
    pub(crate) standing: Standing,
    pub(crate) trial: Arc<tokio::sync::Mutex<()>>,
}

/// Why there is nothing to log on with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoLogOn {
    #[error("{0} has no password here yet")]
    Absent(String),
    #[error("the log-on of {0} was refused; its password is not sent again until a new login")]
    Refused(String),
    #[error("{0}")]
    Source(String),
}

impl Accounts {
    fn known(&self) -> MutexGuard<'_, HashMap<Key, Account>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a secret. True if the account had none, or another.
    pub(crate) fn login(&self, profile: &Profile, user: Option<String>, secret: SecretString) {
        let mut known = self.known();
        let account = known.entry(profile.scope.account()).or_default();
        *account = Account {
            secret: Some(secret),
            user,
            ..Account::default()
        };
    }

    /// Forgets a secret. True if there was one.
    pub(crate) fn logout(&self, profile: &Profile) -> bool {
        self.known()
            .remove(&profile.scope.account())
            .is_some_and(|account| account.secret.is_some())
    }

    /// The endpoint took the secret.
    pub(crate) fn accepted(&self, profile: &Profile) {
        if let Some(account) = self.known().get_mut(&profile.scope.account()) {
            account.standing = Standing::Accepted;
        }
    }

    /// The endpoint refused it.
    pub(crate) fn refused(&self, profile: &Profile) {
        let mut known = self.known();
        let account = known.entry(profile.scope.account()).or_default();
        // A ticket or a certificate may be another one the next time, and trying it is no strike.
        if account.secret.is_some() || profile.needs_secret() {
            account.standing = Standing::Refused;
        }
    }

    /// What is known of the account's secret, and whether one is in memory.
    pub(crate) fn standing(&self, profile: &Profile) -> (Standing, bool) {
        let known = self.known();
        known
            .get(&profile.scope.account())
            .map_or((Standing::Untried, false), |account| {
                (account.standing, account.secret.is_some())
            })
    }

    /// Why a person has to log in before anything can be opened; `None` if there is a secret or a source of one.
    pub(crate) fn missing(&self, profile: &Profile) -> Option<NoLogOn> {
        // A program logs on by itself.
        if profile.program.is_some() {
            return None;
        }
        match (self.standing(profile), &profile.password) {
            ((Standing::Refused, _), _) => Some(NoLogOn::Refused(profile.admin.clone())),
            ((_, true), _) | ((_, false), Password::File(_) | Password::Command(_)) => None,
            ((_, false), Password::Memory) if !profile.needs_secret() => None,
            ((_, false), Password::Memory) => Some(NoLogOn::Absent(profile.admin.clone())),
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
        if let Some(log_on) = self.in_memory(profile) {
            return Ok(log_on);
        }
        let secret = match &profile.password {
            Password::Memory => return without_secret(profile).ok_or_else(|| NoLogOn::Absent(profile.admin.clone())),
            Password::File(path) => file(path).await,
            Password::Command(words) => command(words, environment).await,
        };
        let secret = secret.map_err(NoLogOn::Source)?;
        let mut known = self.known();
        let account = known.entry(profile.scope.account()).or_default();
        account.secret = Some(secret);
        drop(known);
        self.in_memory(profile)
            .ok_or_else(|| NoLogOn::Absent(profile.admin.clone()))
    }

    /// The secret in memory, whatever is known of it.
    pub(crate) fn remembered(&self, profile: &Profile) -> Option<LogOn> {
        self.in_memory(profile).or_else(|| without_secret(profile))
    }

    fn in_memory(&self, profile: &Profile) -> Option<LogOn> {
        let known = self.known();
        let account = known.get(&profile.scope.account())?;
        Some(LogOn {
            user: account.user.clone().unwrap_or_else(|| profile.admin.clone()),
            secret: Some(account.secret.clone()?),
            standing: account.standing,
            trial: account.trial.clone(),
        })
    }
}

/// A log-on that needs none; nothing about it has to be tried first.
fn without_secret(profile: &Profile) -> Option<LogOn> {
    (!profile.needs_secret()).then(|| LogOn {
        user: profile.admin.clone(),
        secret: None,
        standing: Standing::Accepted,
        trial: Arc::default(),
    })
}

/// The first line of a file that others cannot read.
async fn file(path: &Path) -> Result<SecretString, String> {
    let path = path.to_path_buf();
    let read = tokio::task::spawn_blocking(move || {
        let failed = |error: std::io::Error| format!("password_file {} cannot be read: {error}", path.display());
        let file = std::fs::File::open(&path).map_err(failed)?;
        let found = file.metadata().map_err(failed)?;
        if found.mode() & 0o077 != 0 {
            return Err(format!(
                "password_file {} can be read by others; chmod 600 it",
                path.display()
            ));
        }
        let mut text = String::new();
        file.take(LONGEST).read_to_string(&mut text).map_err(failed)?;
        first_line(text).ok_or_else(|| format!("password_file {} is empty", path.display()))
    });
    read.await.unwrap_or_else(|error| Err(error.to_string()))
}

/// The first line that a command prints. It runs in the asker's environment, as far as that was told.
async fn command(words: &[String], environment: &BTreeMap<String, String>) -> Result<SecretString, String> {
    let Some((program, arguments)) = words.split_first() else {
        return Err("password_command is empty".to_owned());
    };
    let failed = |error: std::io::Error| format!("password_command {program} cannot be run: {error}");
    let mut child = Command::new(program)
        .args(arguments)
        .envs(environment)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let mut text = String::new();
    let reading = async {
        if let Some(output) = child.stdout.take() {
            AsyncReadExt::take(output, LONGEST)
                .read_to_string(&mut text)
                .await
                .map_err(failed)?;
        }
        child.wait().await.map_err(failed)
    };
    match tokio::time::timeout(PATIENCE, reading).await {
        Ok(Ok(status)) if status.success() => {
            first_line(text).ok_or_else(|| format!("password_command {program} printed nothing"))
        }
        Ok(Ok(status)) => Err(format!("password_command {program} failed ({status})")),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(format!(
            "password_command {program} did not end within {} s",
            PATIENCE.as_secs()
        )),
    }
}

/// The first line as a secret; the rest of the text is wiped with it.
fn first_line(text: String) -> Option<SecretString> {
    let all = SecretString::from(text);
    let line = all.expose_secret().lines().next().unwrap_or_default();
    (!line.is_empty()).then(|| SecretString::from(line.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use std::os::unix::fs::PermissionsExt as _;

    fn profile(source: &str) -> Arc<Profile> {
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
        accounts.refused(&profile);
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
    async fn tickets_need_no_password_and_none_is_refused_for_good() {
        let accounts = Accounts::default();
        let profile = profile("auth = \"kerberos\"\naliases = []").clone();
        let profile = Arc::new(Profile {
            admin: "ken@EXAMPLE.TEST".to_owned(),
            ..(*profile).clone()
        });
        let none = BTreeMap::new();
        accounts.refused(&profile);
        assert!(accounts.missing(&profile).is_none());
        assert!(accounts.log_on(&profile, &none).await.unwrap().secret.is_none());
        accounts.login(&profile, None, "wrong".into());
        assert!(accounts.log_on(&profile, &none).await.unwrap().secret.is_some());
        accounts.refused(&profile);
        assert!(accounts.missing(&profile).is_some());
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
