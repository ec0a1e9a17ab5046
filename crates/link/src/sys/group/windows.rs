//! A job object that ends with its last handle: ours, which the system closes when this process ends, however that happens.
//!
//! A program belongs to it from a moment after its start: what it starts before that moment stays outside.

use std::ffi::c_void;
use std::io;
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::ptr;

use tokio::process::{Child, Command};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation, SetInformationJobObject,
    TerminateJobObject,
};
use windows_sys::Win32::System::Threading::CREATE_NO_WINDOW;

use super::End;

/// The exit code of what is ended so.
const ENDED: u32 = 1;

/// A program and what it started.
#[derive(Debug)]
pub(crate) struct Group(OwnedHandle);

impl Group {
    /// To be called before the program is started.
    pub(crate) fn prepare(command: &mut Command) {
        command.creation_flags(CREATE_NO_WINDOW);
    }

    pub(crate) fn of(child: &Child) -> io::Result<Self> {
        let process = child
            .raw_handle()
            .ok_or_else(|| io::Error::other("the program has ended already"))?;
        // SAFETY: no attributes and no name are a job of our own that no child inherits.
        let job = unsafe { CreateJobObjectW(ptr::null(), ptr::null()) };
        if job.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: it was just made and is nobody else's.
        let job = unsafe { OwnedHandle::from_raw_handle(job) };
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
        let size = u32::try_from(size_of_val(&limits)).map_err(io::Error::other)?;
        // SAFETY: the pointer is to a value of the kind that is named, which lives until the call returns.
        let set = unsafe {
            SetInformationJobObject(
                job.as_raw_handle(),
                JobObjectExtendedLimitInformation,
                ptr::from_ref(&limits).cast::<c_void>(),
                size,
            )
        };
        // SAFETY: both handles are open: the job is ours, the process is the child's, which is borrowed.
        if set == 0 || unsafe { AssignProcessToJobObject(job.as_raw_handle(), process) } == 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self(job))
    }

    /// Ends every process of it. There is no way to ask them: the end of standard input was that.
    pub(crate) fn end(&self, how: End) {
        match how {
            End::Ask => {}
            End::Kill => {
                // SAFETY: the handle is open for as long as this value is.
                let _ = unsafe { TerminateJobObject(self.0.as_raw_handle(), ENDED) };
            }
        }
    }
}
