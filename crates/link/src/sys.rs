//! What the operating systems do each in their own way: that a program ends with whoever started it, and
//! whether there is a GSSAPI that can be loaded. The only module with `unsafe` in it.
#![allow(unsafe_code)]

#[cfg(all(feature = "negotiate", unix, not(target_os = "macos")))]
mod gssapi;
#[cfg(all(feature = "negotiate", not(all(unix, not(target_os = "macos")))))]
#[path = "sys/absent.rs"]
mod gssapi;

#[cfg(feature = "negotiate")]
pub(crate) use gssapi::{Gssapi, Initiator, NameKind, Status};

use std::io;
use std::sync::OnceLock;

use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

type Job = (Command, Handle, oneshot::Sender<io::Result<Child>>);

/// Programs that may wait to be started.
const JOBS: usize = 16;

/// Starts a program in a session of its own: no terminal, and a process group that [`end_group`] reaches as a whole. On
/// Linux the kernel ends it when this process ends, however that happens.
///
/// The signal that a program gets at the death of its parent comes at the death of the *thread* that started it (prctl(2)).
/// So one thread, which lives as long as the process, starts them all.
pub(crate) async fn spawn(mut command: Command) -> io::Result<Child> {
    static STARTER: OnceLock<Option<mpsc::Sender<Job>>> = OnceLock::new();
    bind(&mut command);
    let gone = || io::Error::other("the thread that starts programs is gone");
    let starter = STARTER.get_or_init(starter).as_ref().ok_or_else(gone)?;
    let (done, started) = oneshot::channel();
    starter
        .send((command, Handle::current(), done))
        .await
        .map_err(|_| gone())?;
    started.await.map_err(|_| gone())?
}

fn starter() -> Option<mpsc::Sender<Job>> {
    let (jobs, mut asked) = mpsc::channel::<Job>(JOBS);
    let run = move || {
        while let Some((mut command, runtime, done)) = asked.blocking_recv() {
            let _entered = runtime.enter();
            // Whoever asked may be gone: the program is then dropped, and ended by that.
            let _ = done.send(command.spawn());
        }
    };
    std::thread::Builder::new()
        .name("programs".to_owned())
        .spawn(run)
        .ok()?;
    Some(jobs)
}

#[cfg(unix)]
fn bind(command: &mut Command) {
    let parent = rustix::process::getpid();
    let bind = move || {
        rustix::process::setsid()?;
        #[cfg(target_os = "linux")]
        {
            rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
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

/// Elsewhere the end of its standard input tells it.
#[cfg(not(unix))]
fn bind(_command: &mut Command) {}

/// Which way a group is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It may still tidy up.
    Ask,
    Kill,
}

/// Signals every process of the group that a program of [`spawn`] leads. None left is what is wanted.
#[cfg(unix)]
pub(crate) fn end_group(leader: u32, how: End) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let signal = match how {
        End::Ask => Signal::TERM,
        End::Kill => Signal::KILL,
    };
    // A group keeps its number from being used again for as long as it has members.
    if let Some(group) = i32::try_from(leader).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, signal);
    }
}

/// The program itself is ended by its handle.
#[cfg(not(unix))]
pub(crate) fn end_group(_leader: u32, _how: End) {}
