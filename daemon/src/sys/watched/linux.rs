//! Linux: a pidfd, which becomes readable when its process ends, before anybody has waited for it.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{getsockopt, sockopt};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, PidfdFlags};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

#[derive(Debug)]
pub(super) struct Handle {
    descriptor: AsyncFd<OwnedFd>,
}

/// Whether that says that there is no such process (any more).
pub(super) fn is_gone(error: &io::Error) -> bool {
    // EINVAL and ENODATA: kernels before 6.16 have no descriptor for a peer that has been waited for.
    [Errno::ESRCH, Errno::EINVAL, Errno::ENODATA]
        .iter()
        .any(|gone| error.raw_os_error() == Some(*gone as i32))
}

impl Handle {
    pub(super) fn open(pid: u32) -> io::Result<Self> {
        let pid = i32::try_from(pid)
            .ok()
            .and_then(Pid::from_raw)
            .ok_or(rustix::io::Errno::SRCH)?;
        Self::of(rustix::process::pidfd_open(pid, PidfdFlags::NONBLOCK)?)
    }

    /// From the connection itself (`SO_PEERPIDFD`): the process that connected, though its number may be another's by
    /// now. `None` before Linux 6.5.
    pub(super) fn of_peer(stream: &tokio::net::UnixStream) -> io::Result<Option<Self>> {
        match getsockopt(stream, sockopt::PeerPidfd) {
            Ok(descriptor) => Self::of(descriptor).map(Some),
            Err(Errno::ENOPROTOOPT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn of(descriptor: OwnedFd) -> io::Result<Self> {
        // SAFETY: an `OwnedFd` names one open descriptor for as long as it lives, and closes it only when it is dropped.
        let descriptor = unsafe { AsyncFd::register_with_interest(descriptor, Interest::READABLE) }?;
        Ok(Self { descriptor })
    }

    pub(super) fn has_ended(&self) -> bool {
        let descriptor = self.descriptor.as_fd();
        let mut asked = [PollFd::from_borrowed_fd(descriptor, PollFlags::IN)];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        rustix::event::poll(&mut asked, Some(&at_once)).is_ok_and(|ready| ready > 0)
    }

    pub(super) async fn ended(&self) {
        // Never cleared: whoever comes later finds it so. It fails only when the runtime ends.
        let _ = self.descriptor.readable().await;
    }
}
