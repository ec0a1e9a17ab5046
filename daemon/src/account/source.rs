//! Where a secret comes from that nobody has typed in: a file, or a command.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::AsyncReadExt;
use tokio::process::Command;

use crate::config::Password;

/// A secret that is longer was not meant to be one. Tokens are the longest: a few kilobytes.
const LONGEST: u64 = 64 << 10;
/// How long a credential command may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Reads it now; `None` where nobody but a person has it. `what` is `password` or `token`.
pub(crate) async fn read(
    from: &Password,
    what: &str,
    environment: &BTreeMap<String, String>,
) -> Option<Result<SecretString, String>> {
    match from {
        Password::Memory => None,
        Password::File(path) => Some(file(path, what).await),
        Password::Command(words) => Some(command(words, what, environment).await),
    }
}

/// The first line of a file that others cannot read.
async fn file(path: &Path, what: &str) -> Result<SecretString, String> {
    let key = format!("{what}_file");
    let path = path.to_path_buf();
    let read = tokio::task::spawn_blocking(move || {
        let failed = |error: std::io::Error| format!("{key} {} cannot be read: {error}", path.display());
        let file = std::fs::File::open(&path).map_err(failed)?;
        let found = file.metadata().map_err(failed)?;
        if found.mode() & 0o077 != 0 {
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
