//! Windows: a handle of the process, which is signalled when it ends. As long as it is open, nobody gets the number.

use std::ffi::c_void;
use std::io;
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::ptr;

use tokio::sync::watch;
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, HANDLE, INVALID_HANDLE_VALUE, WAIT_OBJECT_0};
use windows_sys::Win32::System::Threading::{
    INFINITE, OpenProcess, PROCESS_SYNCHRONIZE, RegisterWaitForSingleObject, UnregisterWaitEx, WT_EXECUTEONLYONCE,
    WaitForSingleObject,
};

pub(super) struct Handle {
    process: OwnedHandle,
    /// The registration of the wait, by which the pool's thread calls us.
    wait: HANDLE,
    /// What the callback writes to; it is this value's until `wait` is unregistered.
    told: *mut watch::Sender<bool>,
    ended: watch::Receiver<bool>,
}

// SAFETY: the handles may be used from any thread, and `told` is touched by the callback alone until `drop`, which waits for
// the callback to be over.
unsafe impl Send for Handle {}
// SAFETY: as above; nothing is changed through a shared reference.
unsafe impl Sync for Handle {}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle")
            .field("process", &self.process)
            .finish_non_exhaustive()
    }
}

/// Whether that says that there is no such process (any more).
pub(super) fn is_gone(error: &io::Error) -> bool {
    i32::try_from(ERROR_INVALID_PARAMETER).is_ok_and(|gone| error.raw_os_error() == Some(gone))
}

/// Called once, on a thread of the system's pool.
unsafe extern "system" fn over(told: *mut c_void, _timed_out: bool) {
    // SAFETY: it is the sender that `open` registered, which lives until the wait is unregistered.
    let told = unsafe { &*told.cast::<watch::Sender<bool>>() };
    told.send_replace(true);
}

impl Handle {
    pub(super) fn open(pid: u32) -> io::Result<Self> {
        // SAFETY: no pointer is passed.
        let process = unsafe { OpenProcess(PROCESS_SYNCHRONIZE, 0, pid) };
        if process.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: it was just opened and is nobody else's.
        let process = unsafe { OwnedHandle::from_raw_handle(process) };
        let (sender, ended) = watch::channel(false);
        let told = Box::into_raw(Box::new(sender));
        let mut wait: HANDLE = ptr::null_mut();
        // SAFETY: `wait` is written before the call returns, and `told` lives until `drop` has unregistered the wait.
        let done = unsafe {
            RegisterWaitForSingleObject(
                &raw mut wait,
                process.as_raw_handle(),
                Some(over),
                told.cast::<c_void>().cast_const(),
                INFINITE,
                WT_EXECUTEONLYONCE,
            )
        };
        if done == 0 {
            let error = io::Error::last_os_error();
            // SAFETY: nothing was registered, so it is still ours alone.
            drop(unsafe { Box::from_raw(told) });
            return Err(error);
        }
        Ok(Self {
            process,
            wait,
            told,
            ended,
        })
    }

    pub(super) fn has_ended(&self) -> bool {
        // SAFETY: the handle is open for as long as `self` lives.
        unsafe { WaitForSingleObject(self.process.as_raw_handle(), 0) == WAIT_OBJECT_0 }
    }

    pub(super) async fn ended(&self) {
        let mut ended = self.ended.clone();
        // The sender lives as long as `self`.
        let _ = ended.wait_for(|ended| *ended).await;
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the wait was registered by `open`, and is unregistered once. With this event the call returns only when
        // the callback is over, so that what it writes to can go.
        unsafe {
            UnregisterWaitEx(self.wait, INVALID_HANDLE_VALUE);
            drop(Box::from_raw(self.told));
        }
    }
}
