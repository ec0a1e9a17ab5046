//! The one place where the compiler has to take our word: what happens between fork and exec of a new daemon.
#![allow(unsafe_code)]

use std::os::fd::{BorrowedFd, RawFd};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// Makes `command` start in a session of its own, with nothing of ours but its standard streams: a terminal that
/// closes does not end it, and a pipe of the shell that called us does not stay open in it.
pub(crate) fn detach(command: &mut Command) {
    let inherited = open_descriptors();
    let between = move || {
        rustix::process::setsid()?;
        for &descriptor in &inherited {
            // SAFETY: the number is only handed to fcntl, which refuses one that is not open.
            let descriptor = unsafe { BorrowedFd::borrow_raw(descriptor) };
            let _ = rustix::io::fcntl_setfd(descriptor, rustix::io::FdFlags::CLOEXEC);
        }
        Ok(())
    };
    // SAFETY: between fork and exec the closure makes system calls only, and neither allocates nor locks: the list was
    // made before.
    unsafe { command.pre_exec(between) };
}

/// The numbers above standard error that are open now.
fn open_descriptors() -> Vec<RawFd> {
    let Ok(folder) = std::fs::read_dir("/dev/fd") else {
        return Vec::new();
    };
    folder
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|&number| number > 2)
        .collect()
}
