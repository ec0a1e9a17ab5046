//! macOS and the BSDs: a queue of the kernel's with one event in it, the process's exit (`EVFILT_PROC`, `NOTE_EXIT`). It
//! is bound to the process when it is added, so that a number that is used again does not matter.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::time::Duration;

use rustix::event::kqueue::{Event, EventFilter, EventFlags, ProcessEvents, kevent, kqueue};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::Pid;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

#[derive(Debug)]
pub(super) struct Handle {
    queue: AsyncFd<OwnedFd>,
}

/// Whether that says that there is no such process (any more).
pub(super) fn is_gone(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::SRCH.raw_os_error())
}

impl Handle {
    pub(super) fn open(pid: u32) -> io::Result<Self> {
        let pid = i32::try_from(pid)
            .ok()
            .and_then(Pid::from_raw)
            .ok_or(rustix::io::Errno::SRCH)?;
        let queue = kqueue()?;
        rustix::io::fcntl_setfd(&queue, rustix::io::FdFlags::CLOEXEC)?;
        let filter = EventFilter::Proc {
            pid,
            flags: ProcessEvents::EXIT,
        };
        let exit = [Event::new(filter, EventFlags::ADD, std::ptr::null_mut())];
        let mut none: [Event; 0] = [];
        // SAFETY: the event names a process and no descriptor, so none can be closed under the queue.
        unsafe { kevent(&queue, &exit, &mut none, Some(Duration::ZERO)) }?;
        // SAFETY: an `OwnedFd` names one open descriptor for as long as it lives, and closes it only when it is dropped.
        let queue = unsafe { AsyncFd::register_with_interest(queue, Interest::READABLE) }?;
        Ok(Self { queue })
    }

    /// These systems give no handle with a connection, only the number of the process that made it.
    #[expect(clippy::unnecessary_wraps, reason = "other systems can fail here")]
    pub(super) fn of_peer(_stream: &tokio::net::UnixStream) -> io::Result<Option<Self>> {
        Ok(None)
    }

    pub(super) fn has_ended(&self) -> bool {
        let queue = self.queue.as_fd();
        let mut asked = [PollFd::from_borrowed_fd(queue, PollFlags::IN)];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        rustix::event::poll(&mut asked, Some(&at_once)).is_ok_and(|ready| ready > 0)
    }

    pub(super) async fn ended(&self) {
        // The event is never taken out: whoever comes later finds it so.
        let _ = self.queue.readable().await;
    }
}
