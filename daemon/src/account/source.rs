//! Where a secret comes from that nobody has typed in: a file, a command, a credential of systemd, the keyring.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use endpoint::Way;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::AsyncReadExt;
use tokio::process::Command;

use crate::config::{Password, Profile};
use crate::sys::keyring;

/// A secret that is longer was not meant to be one. Tokens are the longest: a few kilobytes.
const LONGEST: u64 = 64 << 10;
/// How long a credential command may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the profile's secret comes from, and what it is: a `password` or a `token`.
pub(crate) fn of(profile: &Profile) -> (&Password, &'static str) {
    match profile.connector.way {
        Way::Token => (&profile.connector.token, "token"),
        _ => (&profile.password, "password"),
    }
}

/// The key of the configuration that names the source.
pub(super) fn key(from: &Password, what: &str) -> String {
    match from {
        // What nobody but a person has, no key names.
        Password::Memory => what.to_owned(),
        Password::File(_) => format!("{what}_file"),
        Password::Command(_) => format!("{what}_command"),
        Password::Credential(_) => format!("{what}_credential"),
        Password::Keyring => format!("{what}_keyring"),
    }
}

/// What the keyring has the profile's secret under. Profiles of one account share it, as they share the secret.
pub(crate) fn entry(profile: &Profile, what: &str) -> Kept {
    let (service, admin) = profile.scope.account();
    let ours = match what {
        "password" => "pslease",
        _ => "pslease-token",
    };
    Kept(format!("{ours}:{admin}@{service}"))
}

/// A place in the keyring.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept(String);

impl Kept {
    /// Puts a secret there, in place of what was there.
    pub(crate) async fn keep(self, secret: SecretString) -> Result<(), String> {
        self.ask(move |name| keyring::keep(name, &secret)).await
    }

    /// True if there was one.
    pub(crate) async fn forget(self) -> Result<bool, String> {
        self.ask(keyring::forget).await
    }

    async fn ask<T: Send + 'static>(
        self,
        ask: impl FnOnce(&str) -> Result<T, String> + Send + 'static,
    ) -> Result<T, String> {
        let asked = tokio::task::spawn_blocking(move || ask(&self.0)).await;
        let answer = asked.unwrap_or_else(|error| Err(error.to_string()));
        answer.map_err(|why| format!("the keyring: {why}"))
    }
}

/// Reads it now; `None` where nobody but a person has it. `what` is `password` or `token`, `kept` its place in the keyring.
pub(crate) async fn read(
    from: &Password,
    kept: &Kept,
    what: &str,
    environment: &BTreeMap<String, String>,
) -> Option<Result<SecretString, String>> {
    match from {
        Password::Memory => None,
        Password::File(path) => Some(file(path, key(from, what), Readers::Owner).await),
        Password::Command(words) => Some(command(words, what, environment).await),
        Password::Credential(name) => Some(credential(name, key(from, what)).await),
        Password::Keyring => {
            let found = kept.clone().ask(keyring::find).await;
            let absent = || {
                format!(
                    "the keyring has no {what} as {}; pslease login --keyring puts it there",
                    kept.0
                )
            };
            Some(found.and_then(|found| found.ok_or_else(absent)))
        }
    }
}

/// Who may be able to read a file with a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Readers {
    Owner,
    /// Where systemd lets the service's user read a file of root's by an access list, the mode shows that as the group's.
    OwnerOrList,
}

/// The first line of one of the files that systemd gives the daemon, whose folder its environment names.
async fn credential(name: &str, key: String) -> Result<SecretString, String> {
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    match folder.filter(|folder| folder.is_absolute()) {
        Some(folder) => file(&folder.join(name), key, Readers::OwnerOrList).await,
        None => Err(format!(
            "{key} {name}: psleased was not given any credentials (CREDENTIALS_DIRECTORY is not set); start it as a \
             unit of systemd with LoadCredential={name}:FILE"
        )),
    }
}

/// The first line of a file that others cannot read.
async fn file(path: &Path, key: String, readers: Readers) -> Result<SecretString, String> {
    let path = path.to_path_buf();
    let read = tokio::task::spawn_blocking(move || {
        let failed = |error: std::io::Error| format!("{key} {} cannot be read: {error}", path.display());
        let file = std::fs::File::open(&path).map_err(failed)?;
        let found = file.metadata().map_err(failed)?;
        let allowed = match readers {
            Readers::OwnerOrList if found.uid() == 0 => 0o040,
            Readers::Owner | Readers::OwnerOrList => 0,
        };
        if found.mode() & 0o077 & !allowed != 0 {
            return Err(format!("{key} {} can be read by others; chmod 600 it", path.display()));
        }
        let mut text = String::new();
        file.take(LONGEST).read_to_string(&mut text).map_err(failed)?;
        first_line(text).ok_or_else(|| format!("{key} {} is empty", path.display()))
    });
    read.await.unwrap_or_else(|error| Err(error.to_string()))
}

/// The first line that a command prints. It runs in the asker's environment, as far as that was told.
async fn command(words: &[String], what: &str, environment: &BTreeMap<String, String>) -> Result<SecretString, String> {
    let key = format!("{what}_command");
    let Some((program, arguments)) = words.split_first() else {
        return Err(format!("{key} is empty"));
    };
    let failed = |error: std::io::Error| format!("{key} {program} cannot be run: {error}");
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
            first_line(text).ok_or_else(|| format!("{key} {program} printed nothing"))
        }
        Ok(Ok(status)) => Err(format!("{key} {program} failed ({status})")),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(format!("{key} {program} did not end within {} s", PATIENCE.as_secs())),
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
    use std::os::unix::fs::PermissionsExt as _;

    #[tokio::test]
    async fn a_credential_is_read_as_systemd_makes_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lab");
        std::fs::write(&path, "sesame\n").unwrap();
        let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let read = || file(&path, "password_credential".to_owned(), Readers::OwnerOrList);
        mode(0o400);
        assert_eq!(read().await.unwrap().expose_secret(), "sesame");
        for open in [0o404, 0o420] {
            mode(open);
            let refused = read().await.unwrap_err();
            assert!(refused.starts_with("password_credential "), "{refused}");
            assert!(refused.ends_with("can be read by others; chmod 600 it"), "{refused}");
        }
        // The list of root's file counts as nobody else's; a group that owns a user's file is somebody.
        mode(0o440);
        assert_eq!(read().await.is_ok(), std::fs::metadata(&path).unwrap().uid() == 0);
    }
}
