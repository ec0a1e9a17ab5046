//! A process that is watched by a handle which names it, and never another that gets its number later.
//!
//! What such a handle is differs: one file for each way that systems have. Tried on Linux, in every way that an owner can
//! die. `kqueue` is checked by the compiler for macOS and FreeBSD, and unproven there; `windows` has seen a process end under
//! Wine, and no more. The rest of the daemon is not built for Windows.

#[cfg(any(
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly"
))]
#[path = "watched/kqueue.rs"]
mod system;
#[cfg(target_os = "linux")]
#[path = "watched/linux.rs"]
mod system;
#[cfg(windows)]
#[path = "watched/windows.rs"]
mod system;

use std::io;
use std::time::Duration;

use super::Process;
use system::Handle;

/// How often a process is looked at that no handle could be had of.
const LOOK: Duration = Duration::from_millis(250);

/// One process.
#[derive(Debug)]
pub(crate) struct Watched {
    pid: u32,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Handle(Handle),
    /// There are no more handles, or the system has none: it is there for as long as one that began then has its number.
    Looks {
        started: u64,
    },
    /// It had ended before it could be watched.
    Gone,
}

impl Watched {
    /// The process that has this number now; `None` if there is none. To be called within the runtime.
    pub(crate) fn of_pid(pid: u32) -> Option<Self> {
        match Handle::open(pid) {
            Ok(handle) => Some(Self {
                pid,
                way: Way::Handle(handle),
            }),
            Err(error) if system::is_gone(&error) => None,
            Err(error) => Self::by_looks(pid, &error),
        }
    }

    /// The process that made this connection. `pid` is its number, as far as the system says; where the kernel gives no
    /// handle with the connection, the number must do.
    #[cfg(unix)]
    pub(crate) fn of_peer(stream: &tokio::net::UnixStream, pid: Option<u32>) -> Option<Self> {
        match Handle::of_peer(stream) {
            Ok(Some(handle)) => Some(Self {
                // Of a process that we cannot see there is a handle, and no number.
                pid: pid.unwrap_or(0),
                way: Way::Handle(handle),
            }),
            Ok(None) => Self::of_pid(pid.filter(|pid| *pid != 0)?),
            Err(error) if system::is_gone(&error) => Some(Self {
                pid: pid.unwrap_or(0),
                way: Way::Gone,
            }),
            Err(error) => Self::by_looks(pid?, &error),
        }
    }

    fn by_looks(pid: u32, error: &io::Error) -> Option<Self> {
        tracing::warn!(pid, %error, "the process has no handle, and is looked at from time to time");
        let started = super::process(pid)?.started;
        Some(Self {
            pid,
            way: Way::Looks { started },
        })
    }

    /// What the system shows of it; `None` once it has ended.
    pub(crate) fn process(&self) -> Option<Process> {
        let found = super::process(self.pid).filter(|process| !process.ended)?;
        // Alive after that look, so the number was its own then.
        (!self.has_ended()).then_some(found)
    }

    /// Whether it has, by now.
    pub(crate) fn has_ended(&self) -> bool {
        match &self.way {
            Way::Handle(handle) => handle.has_ended(),
            Way::Looks { started } => {
                super::process(self.pid).is_none_or(|process| process.ended || process.started != *started)
            }
            Way::Gone => true,
        }
    }

    /// Ends when the process has ended, at once if it already has. Any number may wait.
    pub(crate) async fn ended(&self) {
        match &self.way {
            Way::Handle(handle) => handle.ended().await,
            Way::Looks { .. } => {
                let mut ticks = tokio::time::interval(LOOK);
                while !self.has_ended() {
                    ticks.tick().await;
                }
            }
            Way::Gone => {}
        }
    }
}
