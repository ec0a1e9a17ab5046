//! From `exec` to the one line that tells the starter how it went: exactly one daemon comes out of a hundred starters,
//! and all of them get its address.

use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use place::{Address, Place, Report};

use crate::lock::{Lock, Tried};
use crate::options::{self, Asked, Options};
use crate::{folder, log, serve, sys};

/// How long a second daemon waits for the first to answer, or to end.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(10);

/// What a daemon needs once it is the one.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) place: Place,
    pub(crate) lock: Lock,
    pub(crate) foreground: bool,
}

pub(crate) fn main() -> ExitCode {
    let options = match options::parse(std::env::args().skip(1)) {
        Asked::Run(options) => options,
        Asked::Tell(text) => {
            write_line(&text);
            return ExitCode::SUCCESS;
        }
        Asked::Wrong(word) => {
            fail(&format!("psleased has no option {word:?}"), "psleased --help");
            return ExitCode::from(2);
        }
    };
    sys::close_inherited();
    sys::clean_environment();
    sys::keep_private();
    if !options.foreground {
        if sys::leads_group() {
            return again_as_child();
        }
        sys::leave_terminal();
    }
    match begin(options) {
        Ok(Some(started)) => match serve::run(started) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                tracing::error!("{error:#}");
                fail(&format!("{error:#}"), "");
                ExitCode::FAILURE
            }
        },
        Ok(None) => ExitCode::SUCCESS,
        Err(error) => {
            fail(&format!("{error:#}"), "");
            ExitCode::FAILURE
        }
    }
}

/// A group's leader cannot begin a session; its child can. The child inherits standard output, and with it the starter.
fn again_as_child() -> ExitCode {
    let child = std::env::current_exe()
        .and_then(|program| Command::new(program).stdin(Stdio::null()).stderr(Stdio::null()).spawn());
    match child {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            fail(&format!("psleased cannot start itself again: {error}"), "");
            ExitCode::FAILURE
        }
    }
}

/// Takes the lock, or tells the starter who has it (`None`).
fn begin(options: Options) -> anyhow::Result<Option<Started>> {
    let place = Place::find()?;
    folder::prepare(place.state())?;
    let Some(lock) = take_lock(&place)? else {
        return Ok(None);
    };
    // What an ended daemon left would send clients to a dead socket.
    let _ = std::fs::remove_file(place.daemon_file());
    folder::prepare(&place.logs())?;
    log::begin(&place.logs())?;
    let foreground = options.foreground;
    Ok(Some(Started {
        place,
        lock,
        foreground,
    }))
}

fn take_lock(place: &Place) -> anyhow::Result<Option<Lock>> {
    let began = Instant::now();
    loop {
        let holder = match Lock::take(place.state())? {
            Tried::Held(lock) => return Ok(Some(lock)),
            Tried::Taken(holder) => holder,
        };
        if let Ok(Some(address)) = Address::read(place)
            && UnixStream::connect(&address.socket).is_ok()
        {
            report(&Report::Ready {
                ready: false,
                socket: address.socket,
                pid: address.pid,
            });
            return Ok(None);
        }
        if began.elapsed() > PATIENCE {
            let holder = holder.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
            anyhow::bail!(
                "{holder} holds the lock {} and answers on no socket; end it, then try again",
                place.state().join("lock").display()
            );
        }
        std::thread::sleep(LOOK);
    }
}

/// Tells the starter, who may be gone.
pub(crate) fn report(report: &Report) {
    write_line(&report.line());
}

fn fail(error: &str, hint: &str) {
    report(&Report::Failed {
        error: error.to_owned(),
        hint: hint.to_owned(),
    });
}

fn write_line(line: &str) {
    let mut output = std::io::stdout().lock();
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}
