//! What every verb is given: how to reach the daemon, how to write, whom to tell.

use std::io::{self, BufWriter, IsTerminal as _, StdoutLock};
use std::time::{Duration, Instant};

use proto::v1::{Caller, LeaseMode, LeaseWish, Parameters, Priority};
use pslease::{Client, Dial, LeaseKey};

use crate::cli::{Common, Format, How, Mode};
use crate::duration;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::notice::{Notices, say};
use crate::parameters;

/// How long a script waits where it does not say.
const SCRIPT_WAIT: Duration = Duration::from_secs(600);

/// How long a daemon may take to close its sessions before we ask it all the same, and are refused.
const STOPPING: Duration = Duration::from_secs(45);

/// How often it is looked whether it has ended.
const PAUSE: Duration = Duration::from_millis(50);

/// The command line's common part.
#[derive(Debug)]
pub(crate) struct Context {
    common: Common,
}

impl Context {
    pub(crate) fn new(common: Common) -> Self {
        Self { common }
    }

    /// Where the daemon is looked for, and whether it is started.
    pub(crate) fn dial(&self) -> Result<Dial, Failure> {
        let mut dial = Dial::new()?;
        dial.autostart = !self.common.no_autostart;
        Ok(dial)
    }

    /// A connection to look around with, also at a daemon that is stopping.
    pub(crate) async fn look(&self) -> Result<Client, Failure> {
        Ok(Client::connect(&self.dial()?).await?)
    }

    /// A connection to work with: a daemon that is stopping is outlasted, and the next one started.
    pub(crate) async fn client(&self) -> Result<Client, Failure> {
        let dial = self.dial()?;
        let until = Instant::now() + STOPPING;
        let mut told = self.quiet();
        loop {
            let client = Client::connect(&dial).await?;
            if !client.hello().stopping || !dial.autostart || Instant::now() >= until {
                return Ok(client);
            }
            if !told {
                told = true;
                say(&format!(
                    "psleased (pid {}) is stopping; waiting for its end",
                    client.hello().pid
                ));
            }
            drop(client);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What was asked for with `--output`.
    pub(crate) fn format(&self) -> Option<Format> {
        self.common.output
    }

    pub(crate) fn notices(&self) -> Notices {
        Notices::new(self.common.quiet)
    }

    pub(crate) fn quiet(&self) -> bool {
        self.common.quiet
    }
}

/// Standard output, buffered: whoever writes decides when a reader should see it.
pub(crate) fn stdout() -> BufWriter<StdoutLock<'static>> {
    BufWriter::with_capacity(64 << 10, io::stdout().lock())
}

/// The width to cut to: that of the terminal that standard output is; `None` for anything else.
pub(crate) fn width() -> Option<usize> {
    let output = io::stdout();
    if !output.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(&output).ok()?;
    (size.ws_col > 0).then_some(size.ws_col.into())
}

/// The size that a remote host is told: columns and lines of the terminal, or what PowerShell says without one.
pub(crate) fn host_size() -> (i32, i32) {
    let size = rustix::termios::tcgetwinsize(io::stdout()).or_else(|_| rustix::termios::tcgetwinsize(io::stderr()));
    match size {
        Ok(size) if size.ws_col > 0 => (size.ws_col.into(), size.ws_row.into()),
        _ => (120, 50),
    }
}

/// The width of the terminal that standard error is.
pub(crate) fn error_width() -> usize {
    let size = rustix::termios::tcgetwinsize(io::stderr())
        .map(|size| size.ws_col)
        .unwrap_or(0);
    if size > 0 { size.into() } else { 80 }
}

impl How {
    pub(crate) fn mode(&self) -> LeaseMode {
        match self.mode {
            None | Some(Mode::Shared) => LeaseMode::Shared,
            Some(Mode::Exclusive) => LeaseMode::Exclusive,
            Some(Mode::Fresh) => LeaseMode::Fresh,
        }
    }
}

/// `-p`, else `PSLEASE_PROFILE`, else whatever the daemon's configuration says.
pub(crate) fn profile(named: Option<&str>) -> String {
    named
        .map(str::to_owned)
        .or_else(|| variable("PSLEASE_PROFILE"))
        .unwrap_or_default()
}

/// For ever where a person sees the notices, else ten minutes.
pub(crate) fn wait(asked: Option<Duration>) -> Option<prost_types::Duration> {
    match asked {
        Some(wait) => duration::to_proto(wait),
        None if io::stderr().is_terminal() => None,
        None => duration::to_proto(SCRIPT_WAIT),
    }
}

/// A person waits where there is a terminal to be seen.
pub(crate) fn priority() -> Priority {
    if io::stderr().is_terminal() {
        Priority::Interactive
    } else {
        Priority::Batch
    }
}

/// The lease that these options wish for, for somebody who asks.
pub(crate) fn wish(how: &How, label: Option<String>, caller: Caller, parameters: Option<Parameters>) -> LeaseWish {
    LeaseWish {
        profile: parameters::profile(how.profile.as_deref(), parameters.as_ref()),
        mode: how.mode().into(),
        priority: priority().into(),
        wait: wait(how.wait),
        caller: Some(caller),
        label: label.unwrap_or_default(),
        parameters,
    }
}

/// This process, with words for `status` that hold no secret.
pub(crate) fn caller(command: impl Into<String>) -> Caller {
    Caller {
        command: command.into(),
        ..pslease::caller::caller()
    }
}

/// The lease that is named, `LEASE:FENCE` as `acquire` prints it, or the one in the environment.
pub(crate) fn lease(named: Option<&str>) -> Result<Option<LeaseKey>, Failure> {
    match named.map(str::to_owned).or_else(|| variable("PSLEASE_LEASE")) {
        Some(text) => key(&text, variable("PSLEASE_FENCE").as_deref()).map(Some),
        None => Ok(None),
    }
}

/// The same, where there must be one.
pub(crate) fn needed_lease(named: Option<&str>) -> Result<LeaseKey, Failure> {
    lease(named)?.ok_or_else(|| {
        Failure::usage("which lease? none is named, and PSLEASE_LEASE is not set").hint("pslease leases")
    })
}

fn key(text: &str, fence: Option<&str>) -> Result<LeaseKey, Failure> {
    let (lease, fence) = match text.split_once(':') {
        Some((lease, fence)) => (lease, Some(fence)),
        None => (text, fence),
    };
    let wrong = || {
        Failure::usage(format!(
            "{text:?} is no lease; `pslease acquire` prints one as LEASE:FENCE"
        ))
    };
    let lease = lease.trim().parse().map_err(|_| wrong())?;
    let Some(fence) = fence else {
        let message = format!("lease {lease} needs its fence: {lease}:FENCE as `pslease acquire` printed it");
        return Err(Failure::usage(message).hint(format!("pslease kill {lease}   ends anybody's")));
    };
    Ok(LeaseKey {
        lease,
        fence: fence.trim().parse().map_err(|_| wrong())?,
    })
}

/// A variable that is set to something.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// Ctrl-C ends the waiting: the call is dropped, and the daemon takes us out of the queue.
pub(crate) async fn unless_interrupted<T>(call: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::select! {
        done = call => done,
        _ = tokio::signal::ctrl_c() => Err(Failure::Silent(Exit::Interrupted)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_its_number_and_its_fence() {
        assert_eq!(key("12:7", None).unwrap(), LeaseKey { lease: 12, fence: 7 });
        assert_eq!(key("12", Some("7")).unwrap(), LeaseKey { lease: 12, fence: 7 });
        assert_eq!(key("12:8", Some("7")).unwrap().fence, 8);
        for (text, fence) in [("12", None), ("x", Some("7")), ("12:", None), ("", Some("7"))] {
            assert_eq!(key(text, fence).unwrap_err().exit(), Exit::Usage, "{text}");
        }
    }
}
