//! A named pipe that its maker's account alone may open: unlike a socket's file it lies in no folder, and by default
//! everybody may read from one, which would use up the one connection that it is good for.

use std::ffi::c_void;
use std::io;
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::ptr;

use tokio::net::windows::named_pipe::{NamedPipeServer, ServerOptions};
use windows_sys::Win32::Foundation::{HANDLE, LocalFree};
use windows_sys::Win32::Security::Authorization::{
    ConvertSidToStringSidW, ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
};
use windows_sys::Win32::Security::{
    GetTokenInformation, PSECURITY_DESCRIPTOR, SECURITY_ATTRIBUTES, TOKEN_QUERY, TOKEN_USER, TokenUser,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

/// Memory that the system gave and wants back.
struct Given(*mut c_void);

impl Drop for Given {
    fn drop(&mut self) {
        // SAFETY: it came from LocalAlloc, by the two functions below, and is given back once.
        unsafe { LocalFree(self.0) };
    }
}

fn checked(done: i32) -> io::Result<()> {
    if done == 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

/// One instance of a pipe, for this account on this machine. The name begins with `\\.\pipe\`; one that is taken is an
/// error. To be called within the runtime.
pub(crate) fn of_this_account(name: &str) -> io::Result<NamedPipeServer> {
    // Full access to the account, whether its token is elevated or not; to nobody else.
    let words: Vec<u16> = format!("D:P(A;;GA;;;{})", account()?)
        .encode_utf16()
        .chain([0])
        .collect();
    let mut descriptor: PSECURITY_DESCRIPTOR = ptr::null_mut();
    // SAFETY: the text ends with a zero, and the pointer is to a place for the answer.
    checked(unsafe {
        ConvertStringSecurityDescriptorToSecurityDescriptorW(
            words.as_ptr(),
            SDDL_REVISION_1,
            &raw mut descriptor,
            ptr::null_mut(),
        )
    })?;
    let descriptor = Given(descriptor);
    let mut attributes = SECURITY_ATTRIBUTES {
        nLength: u32::try_from(size_of::<SECURITY_ATTRIBUTES>()).map_err(io::Error::other)?,
        lpSecurityDescriptor: descriptor.0,
        bInheritHandle: 0,
    };
    let mut options = ServerOptions::new();
    options
        .first_pipe_instance(true)
        .max_instances(1)
        .reject_remote_clients(true);
    // SAFETY: the attributes and what they point to live until the call returns; the system copies them.
    unsafe { options.create_with_security_attributes_raw(name, (&raw mut attributes).cast::<c_void>()) }
}

/// The account that this process runs under, as text: `S-1-5-21-...`.
fn account() -> io::Result<String> {
    let mut token: HANDLE = ptr::null_mut();
    // SAFETY: the pseudo handle needs no closing, and the pointer is to a place for the answer.
    checked(unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &raw mut token) })?;
    // SAFETY: it was just opened and is nobody else's.
    let token = unsafe { OwnedHandle::from_raw_handle(token) };
    let mut size = 0;
    // SAFETY: without a buffer it tells the size, and fails.
    unsafe { GetTokenInformation(token.as_raw_handle(), TokenUser, ptr::null_mut(), 0, &raw mut size) };
    // Words, because what it writes begins with a pointer.
    let mut buffer = vec![0_usize; (size as usize).div_ceil(size_of::<usize>())];
    // SAFETY: the buffer has at least that size.
    checked(unsafe {
        GetTokenInformation(
            token.as_raw_handle(),
            TokenUser,
            buffer.as_mut_ptr().cast::<c_void>(),
            size,
            &raw mut size,
        )
    })?;
    let mut text: *mut u16 = ptr::null_mut();
    // SAFETY: the buffer is aligned, holds a TOKEN_USER whose pointer is into itself, and lives until the call returns.
    checked(unsafe { ConvertSidToStringSidW((*buffer.as_ptr().cast::<TOKEN_USER>()).User.Sid, &raw mut text) })?;
    let given = Given(text.cast::<c_void>());
    let mut words = Vec::new();
    // SAFETY: the text ends with a zero, and nothing beyond that is read.
    unsafe {
        let mut at = given.0.cast::<u16>().cast_const();
        while *at != 0 {
            words.push(*at);
            at = at.add(1);
        }
    }
    String::from_utf16(&words).map_err(io::Error::other)
}
