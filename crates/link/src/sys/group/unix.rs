//! A session of its own: no terminal, and a process group that a signal reaches as a whole. On Linux the kernel ends its
//! leader when this process ends, however that happens.

use std::io;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

use super::End;

/// A program and what it started.
#[derive(Debug)]
pub(crate) struct Group(Option<Pid>);

impl Group {
    /// To be called before the program is started.
    pub(crate) fn prepare(command: &mut Command) {
        let parent = rustix::process::getpid();
        let bind = move || {
            rustix::process::setsid()?;
            #[cfg(target_os = "linux")]
            {
                rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
                // A parent that died before that will send no signal any more.
                if rustix::process::getppid() != Some(parent) {
                    return Err(io::ErrorKind::BrokenPipe.into());
                }
            }
            let _ = parent;
            Ok(())
        };
        // SAFETY: between fork and exec only system calls are made: nothing is allocated, no lock is taken.
        unsafe { command.pre_exec(bind) };
    }

    #[expect(clippy::unnecessary_wraps, reason = "elsewhere it fails")]
    pub(crate) fn of(child: &Child) -> io::Result<Self> {
        let leader = child.id().and_then(|id| i32::try_from(id).ok());
        Ok(Self(leader.and_then(Pid::from_raw)))
    }

    /// Signals every process of it. None left is what is wanted.
    pub(crate) fn end(&self, how: End) {
        let signal = match how {
            End::Ask => Signal::TERM,
            End::Kill => Signal::KILL,
        };
        // A group keeps its number from being used again for as long as it has members.
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, signal);
        }
    }
}
