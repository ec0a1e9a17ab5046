//! `pslease daemon start|stop|status|logs`.

use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use place::Place;
use proto::v1::{HelloResponse, ShutdownRequest, ShutdownResponse, StatusRequest};
use pslease::{Client, Error};

use crate::cli::Daemon;
use crate::context::{Context, stdout, unless_interrupted, width};
use crate::duration;
use crate::exit::Exit;
use crate::failure::{Done, Failure};
use crate::notice::{hint, say};
use crate::output::{Page, Row};

/// How often it is looked whether a process has ended, or a log has grown.
const LOOK: Duration = Duration::from_millis(50);

/// How long a daemon that has answered to be stopped may take to be gone.
const GONE: Duration = Duration::from_secs(10);

pub(super) async fn run(context: &Context, verb: Daemon) -> Done {
    let place = Place::find()?;
    match verb {
        Daemon::Start => start(context, &place).await,
        Daemon::Stop { deadline } => unless_interrupted(stop(context, &place, deadline, false)).await,
        Daemon::Upgrade { deadline } => super::upgrade::run(context, &place, deadline).await,
        Daemon::Status => status(context, &place).await,
        Daemon::Logs { lines, follow } => unless_interrupted(logs(&place, lines, follow)).await,
    }
}

pub(super) async fn start(context: &Context, place: &Place) -> Done {
    let before = Client::running(place).await?.is_some();
    let mut dial = context.dial()?;
    dial.autostart = true;
    let client = Client::connect(&dial).await?;
    if !context.quiet() {
        let word = if before { "runs already" } else { "is started" };
        say(&format!(
            "psleased {} {word} (pid {})",
            client.hello().version,
            client.hello().pid
        ));
    }
    Ok(Exit::Ok)
}

/// `leave`: what its service lets be left is left open, for the next daemon.
pub(super) async fn stop(context: &Context, place: &Place, deadline: Option<Duration>, leave: bool) -> Done {
    let client = match Client::running(place).await {
        Ok(Some(client)) => client,
        Ok(None) => {
            say("no psleased is running");
            return Ok(Exit::Ok);
        }
        // One that we cannot talk to understands a signal all the same.
        Err(Error::Version { pid, .. }) => return terminate(place, pid).await,
        Err(error) => return Err(error.into()),
    };
    let pid = client.hello().pid;
    let request = ShutdownRequest {
        deadline: deadline.and_then(duration::to_proto),
        leave,
    };
    let ShutdownResponse {
        closed,
        unconfirmed,
        kept,
    } = match client.admin().shutdown(request).await {
        Ok(answer) => answer.into_inner(),
        Err(status) if status.code() == tonic::Code::Unimplemented => return terminate(place, pid).await,
        Err(status) => return Err(status.into()),
    };
    drop(client);
    until_gone(place, pid).await?;
    if !context.quiet() {
        let sessions = if closed == 1 { "session" } else { "sessions" };
        let left = if kept == 0 {
            String::new()
        } else {
            format!(", {kept} left for the next")
        };
        say(&format!(
            "psleased (pid {pid}) has ended; {closed} {sessions} closed{left}"
        ));
    }
    unconfirmed.iter().for_each(|sentence| say(sentence));
    Ok(if unconfirmed.is_empty() {
        Exit::Ok
    } else {
        Exit::Incomplete
    })
}

async fn terminate(place: &Place, pid: u32) -> Done {
    let process = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    let sent = process.map(|process| rustix::process::kill_process(process, rustix::process::Signal::TERM));
    if !matches!(sent, Some(Ok(()))) {
        return Err(Failure::new(
            Exit::Failed,
            format!("psleased (pid {pid}) cannot be signalled"),
        ));
    }
    until_gone(place, pid).await?;
    say(&format!("psleased (pid {pid}) has ended"));
    Ok(Exit::Ok)
}

/// Gone is: nothing answers on the socket any more, or another process does.
async fn until_gone(place: &Place, pid: u32) -> Result<(), Failure> {
    let gone = async {
        loop {
            match Client::running(place).await {
                Ok(Some(client)) if client.hello().pid == pid => {}
                Err(Error::Version { pid: answering, .. }) if answering == pid => {}
                _ => return,
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(GONE, gone).await.map_err(|_| {
        Failure::new(
            Exit::Failed,
            format!("psleased (pid {pid}) said goodbye, and is still there"),
        )
        .hint(format!("kill -9 {pid}"))
    })
}

async fn status(context: &Context, place: &Place) -> Done {
    let Some(client) = Client::running(place).await? else {
        return Err(Error::NotRunning.into());
    };
    let uptime = client.admin().status(StatusRequest {}).await?.into_inner().uptime;
    let HelloResponse {
        contract,
        oldest_contract,
        version,
        pid,
        executable,
        stopping,
        features,
    } = client.hello().clone();
    let row = Row::default()
        .with("version", "Version", version)
        .with("pid", "Pid", pid)
        .with("uptime", "Uptime", uptime)
        .with("contract", "Contract", contract)
        .with("oldest_contract", "", oldest_contract)
        .with("features", "", features)
        .with("stopping", "Stopping", stopping)
        .with("socket", "Socket", client.socket().display().to_string())
        .with("executable", "Executable", executable);
    Page::of("pslease.daemon/1", "daemon", "", vec![row]).write(&mut stdout(), context.format(), width())?;
    Ok(Exit::Ok)
}

async fn logs(place: &Place, lines: usize, follow: bool) -> Done {
    let Some(mut path) = newest(&place.logs()) else {
        hint("under systemd: journalctl --user -u psleased");
        return Err(Failure::new(
            Exit::Failed,
            format!("there is no log in {}", place.logs().display()),
        ));
    };
    let unreadable =
        |path: &Path, error: std::io::Error| Failure::new(Exit::Failed, format!("{}: {error}", path.display()));
    let mut file = std::fs::File::open(&path).map_err(|error| unreadable(&path, error))?;
    let mut text = Vec::new();
    file.read_to_end(&mut text).map_err(|error| unreadable(&path, error))?;
    let mut out = stdout();
    out.write_all(last_lines(&text, lines))?;
    out.flush()?;
    if !follow {
        return Ok(Exit::Ok);
    }
    loop {
        tokio::time::sleep(LOOK * 5).await;
        text.clear();
        file.read_to_end(&mut text).map_err(|error| unreadable(&path, error))?;
        if let Some(newer) = newest(&place.logs()).filter(|newer| text.is_empty() && *newer != path) {
            file = std::fs::File::open(&newer).map_err(|error| unreadable(&newer, error))?;
            file.seek(SeekFrom::Start(0))
                .map_err(|error| unreadable(&newer, error))?;
            path = newer;
        }
        out.write_all(&text)?;
        out.flush()?;
    }
}

/// The log that was written to last: one file a day.
fn newest(folder: &Path) -> Option<PathBuf> {
    let files = std::fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let dated = files.filter_map(|file| {
        let about = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
        Some((about.modified().ok()?, file.path()))
    });
    dated.max().map(|(_, path)| path)
}

/// The last `count` lines of a text that ends in a line's end.
fn last_lines(text: &[u8], count: usize) -> &[u8] {
    let body = text.strip_suffix(b"\n").unwrap_or(text);
    let ends = body.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
    match (count, ends.map(|(at, _)| at + 1).nth(count.saturating_sub(1))) {
        (0, _) => &[],
        (_, Some(start)) => &text[start..],
        (_, None) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_whole_lines() {
        assert_eq!(last_lines(b"a\nb\nc\n", 2), b"b\nc\n");
        assert_eq!(last_lines(b"a\nb\nc\n", 3), b"a\nb\nc\n");
        assert_eq!(last_lines(b"a\nb", 9), b"a\nb");
        assert_eq!(last_lines(b"a\nb\n", 0), b"");
        assert_eq!(last_lines(b"", 5), b"");
    }
}
