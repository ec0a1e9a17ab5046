//! What the operating systems do each in their own way: that a program ends with whoever started it, and
//! whether there is a GSSAPI that can be loaded. The only module with `unsafe` in it.
#![allow(unsafe_code)]

#[cfg(all(feature = "negotiate", unix, not(target_os = "macos")))]
mod gssapi;
#[cfg(all(feature = "negotiate", not(all(unix, not(target_os = "macos")))))]
#[path = "sys/absent.rs"]
mod gssapi;

#[cfg(unix)]
#[path = "sys/group/unix.rs"]
mod group;
#[cfg(windows)]
#[path = "sys/group/windows.rs"]
mod group;

pub(crate) use group::Group;
#[cfg(feature = "negotiate")]
pub(crate) use gssapi::{Gssapi, Initiator, NameKind, Status};

use std::io;
use std::sync::OnceLock;

use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

type Job = (Command, Handle, oneshot::Sender<io::Result<(Child, Group)>>);

/// Programs that may wait to be started.
const JOBS: usize = 16;

/// Starts a program, as a group that is ended as a whole.
///
/// The signal that a program gets at the death of its parent comes at the death of the *thread* that started it (prctl(2)).
/// So one thread, which lives as long as the process, starts them all.
pub(crate) async fn spawn(mut command: Command) -> io::Result<(Child, Group)> {
    static STARTER: OnceLock<Option<mpsc::Sender<Job>>> = OnceLock::new();
    Group::prepare(&mut command);
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
            let started = command.spawn().and_then(|child| {
                let group = Group::of(&child)?;
                Ok((child, group))
            });
            let _ = done.send(started);
        }
    };
    std::thread::Builder::new()
        .name("programs".to_owned())
        .spawn(run)
        .ok()?;
    Some(jobs)
}

/// Which way a group is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It may still tidy up.
    Ask,
    Kill,
}
