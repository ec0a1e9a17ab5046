//! Starting a daemon: one of all who try does it, and all go on with that one.

use std::fs::File;
use std::io::{ErrorKind as Io, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use place::{Place, Report};
use rustix::fs::FlockOperation;
use tokio::io::AsyncReadExt as _;
use tokio::time::Instant;

use crate::{Client, Dial, Error};

/// How often those look again who wait for another's daemon.
const PAUSE: Duration = Duration::from_millis(20);

/// The longest line that a starting daemon can mean by its report.
const REPORT: u64 = 64 << 10;

/// Starts a daemon in `dial.place`, or waits for the one that somebody else is starting, and connects to it.
pub(crate) async fn start(dial: &Dial) -> Result<Client, Error> {
    let until = Instant::now() + dial.patience;
    let lock = open_lock(&dial.place)?;
    loop {
        if rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
            // The lock goes with `lock`, at our end at the latest. Whoever had it before may have brought one up.
            if let Some(client) = Client::running(&dial.place).await? {
                return Ok(client);
            }
            return launch(dial, until).await;
        }
        tokio::time::sleep(PAUSE).await;
        if let Some(client) = Client::running(&dial.place).await? {
            return Ok(client);
        }
        if Instant::now() >= until {
            let message = format!("another pslease has been starting it for {} s", dial.patience.as_secs());
            return Err(Error::Start {
                message,
                hint: logs_hint(&dial.place),
            });
        }
    }
}

/// With the lock held: one process, one report, one Hello.
async fn launch(dial: &Dial, until: Instant) -> Result<Client, Error> {
    let executable = executable(dial)?;
    let complaints = complaints(&dial.place)?;
    let mut child = spawn(&executable, &complaints).map_err(|error| Error::Start {
        message: format!("{}: {error}", executable.display()),
        hint: "set PSLEASE_DAEMON to the psleased to start".to_owned(),
    })?;
    match tokio::time::timeout_at(until, report(&mut child)).await {
        Ok(Some(Report::Failed { error, hint })) => return Err(Error::Start { message: error, hint }),
        // Ready, or told of another that is: either way the socket decides.
        Ok(Some(Report::Ready { .. })) => {}
        Ok(None) => {
            let message = last_words(&mut child, complaints, &executable);
            return Err(Error::Start {
                message,
                hint: logs_hint(&dial.place),
            });
        }
        Err(_) => {
            let message = format!("pid {} has not reported for {} s", child.id(), dial.patience.as_secs());
            return Err(Error::Start {
                message,
                hint: format!("kill -9 {}", child.id()),
            });
        }
    }
    loop {
        if let Some(client) = Client::running(&dial.place).await? {
            return Ok(client);
        }
        if Instant::now() >= until {
            let message = format!("it reported, but nothing answers in {}", dial.place.state().display());
            return Err(Error::Start {
                message,
                hint: logs_hint(&dial.place),
            });
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The daemon itself leaves our terminal, closes what it inherited and cleans its environment.
fn spawn(executable: &Path, complaints: &File) -> std::io::Result<Child> {
    let mut command = Command::new(executable);
    command
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(complaints.try_clone()?);
    command.spawn()
}

/// The daemon's one line; `None` if it closed its output without one.
async fn report(child: &mut Child) -> Option<Report> {
    let output = std::os::fd::OwnedFd::from(child.stdout.take()?);
    let mut output = tokio::net::unix::pipe::Receiver::from_owned_fd(output)
        .ok()?
        .take(REPORT);
    let mut text = Vec::new();
    loop {
        let byte = output.read_u8().await;
        match byte {
            Ok(b'\n') | Err(_) => break,
            Ok(byte) => text.push(byte),
        }
    }
    Report::parse(std::str::from_utf8(&text).ok()?)
}

/// What a daemon that said nothing on its output said elsewhere.
fn last_words(child: &mut Child, mut complaints: File, executable: &Path) -> String {
    let mut text = String::new();
    let _ = complaints
        .seek(SeekFrom::Start(0))
        .and_then(|_| complaints.read_to_string(&mut text));
    let line = text.lines().rev().find(|line| !line.trim().is_empty());
    match (line, child.try_wait()) {
        (Some(line), _) => line.trim().to_owned(),
        (None, Ok(Some(status))) => format!("{} ended with {status} and said nothing", executable.display()),
        (None, _) => format!("{} closed its output and said nothing", executable.display()),
    }
}

fn executable(dial: &Dial) -> Result<PathBuf, Error> {
    let named = dial
        .daemon
        .clone()
        .or_else(|| std::env::var_os("PSLEASE_DAEMON").map(PathBuf::from));
    if let Some(named) = named {
        return Ok(named);
    }
    let name = format!("psleased{}", std::env::consts::EXE_SUFFIX);
    // Resolved, so that a link to `pslease` in some folder of the PATH finds what was installed beside the real one.
    let own = std::env::current_exe().and_then(std::fs::canonicalize);
    let beside = own.ok().and_then(|own| Some(own.parent()?.join(&name)));
    beside.filter(|path| path.is_file()).ok_or_else(|| Error::Start {
        message: "there is no psleased beside pslease".to_owned(),
        hint: "install it there, or set PSLEASE_DAEMON to where it is".to_owned(),
    })
}

fn open_lock(place: &Place) -> Result<File, Error> {
    let mut folder = std::fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(folder.recursive(true), 0o700);
    folder
        .create(place.state())
        .map_err(|source| file_error(place.state().to_owned(), source))?;
    open(place.start_lock())
}

/// The new daemon's standard error, for what it says before its log is open.
fn complaints(place: &Place) -> Result<File, Error> {
    let file = open(place.state().join("start.err"))?;
    file.set_len(0)
        .map_err(|source| file_error(place.state().join("start.err"), source))?;
    Ok(file)
}

fn open(path: PathBuf) -> Result<File, Error> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&path).map_err(|source| file_error(path, source))
}

fn file_error(path: PathBuf, source: std::io::Error) -> Error {
    match source.kind() {
        Io::PermissionDenied | Io::ReadOnlyFilesystem => Error::Start {
            message: format!("{}: {source}", path.display()),
            hint: "make that folder yours and writable, or set PSLEASE_HOME to one that is".to_owned(),
        },
        _ => Error::Place(place::Error::File { path, source }),
    }
}

fn logs_hint(place: &Place) -> String {
    format!(
        "see pslease daemon logs, and {}",
        place.state().join("start.err").display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dial(folder: &Path, daemon: &str) -> Dial {
        use std::os::unix::fs::PermissionsExt as _;
        let script = folder.join("psleased");
        std::fs::write(&script, format!("#!/bin/sh\n{daemon}\n")).unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).unwrap();
        let mut dial = Dial::at(Place::under(folder.join("state")));
        dial.daemon = Some(script);
        dial
    }

    async fn refusal(daemon: &str) -> (String, String) {
        let folder = tempfile::tempdir().unwrap();
        let error = start(&dial(folder.path(), daemon)).await.unwrap_err();
        (error.to_string(), error.hint())
    }

    #[tokio::test]
    async fn a_daemon_that_says_why_is_quoted() {
        let (message, hint) = refusal(r#"echo '{"error":"the folder is not yours","hint":"chown it"}'"#).await;
        assert_eq!(message, "psleased did not start: the folder is not yours");
        assert_eq!(hint, "chown it");
    }

    #[tokio::test]
    async fn a_daemon_that_dies_is_quoted_from_its_standard_error() {
        let (message, _) = refusal("echo thread main panicked >&2; exit 101").await;
        assert_eq!(message, "psleased did not start: thread main panicked");
    }

    #[tokio::test]
    async fn a_missing_daemon_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let mut dial = dial(folder.path(), "");
        dial.daemon = Some("/nowhere/psleased".into());
        let error = start(&dial).await.unwrap_err();
        assert!(error.to_string().contains("/nowhere/psleased"));
        assert!(error.hint().contains("PSLEASE_DAEMON"));
    }
}
