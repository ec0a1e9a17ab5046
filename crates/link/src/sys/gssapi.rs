//! The system's GSSAPI (MIT's `libgssapi_krb5.so.2`), loaded when it is first needed, so that nothing is needed to build
//! and a machine without Kerberos lacks nothing. Only its Kerberos mechanism is used.

#![allow(unsafe_code, reason = "a C library is called; each call says why it may be made")]

use std::ffi::{CString, c_char, c_void};
use std::ptr::{null, null_mut};
use std::sync::OnceLock;

use libloading::Library;
use secrecy::{ExposeSecret, SecretString};

const FILE: &str = "libgssapi_krb5.so.2";
/// Names another library, or one that is not there.
const OVERRIDE: &str = "PSLEASE_GSSAPI";
/// 1.2.840.113554.1.2.2
const KERBEROS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02];
/// 1.2.840.113554.1.2.1.1
const NT_USER: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x01, 0x01];
/// 1.2.840.113554.1.2.1.4
const NT_SERVICE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x01, 0x04];
const INITIATE: i32 = 1;
const CONTINUE_NEEDED: u32 = 1;
/// Routine and calling errors; the rest of a status is additional information.
const ERRORS: u32 = 0xffff_0000;
/// mutual | replay | sequence | confidentiality | integrity
const WISHES: u32 = 2 | 4 | 8 | 16 | 32;
const CHANNEL_BOUND: u32 = 2048;
const BY_LIBRARY: u32 = 1;
const BY_MECHANISM: i32 = 2;
const IOV_DATA: u32 = 1;
const IOV_HEADER: u32 = 2;
const IOV_PADDING: u32 = 9;
const ALLOCATE: u32 = 0x0001_0000;
/// MIT's com_err base of Kerberos' own error numbers (RFC 4120 7.5.9).
const KRB5_BASE: i32 = -1_765_328_384;

type Handle = *mut c_void;

#[repr(C)]
struct Buffer {
    length: usize,
    value: *mut c_void,
}

#[repr(C)]
struct Oid {
    length: u32,
    elements: *const c_void,
}

#[repr(C)]
struct OidSet {
    count: usize,
    elements: *const Oid,
}

#[repr(C)]
struct Bindings {
    initiator_kind: u32,
    initiator: Buffer,
    acceptor_kind: u32,
    acceptor: Buffer,
    application: Buffer,
}

#[repr(C)]
struct Iov {
    kind: u32,
    buffer: Buffer,
}

#[repr(C)]
struct KeyValue {
    key: *const c_char,
    value: *const c_char,
}

#[repr(C)]
struct KeyValues {
    count: u32,
    elements: *const KeyValue,
}

type ImportName = unsafe extern "C" fn(*mut u32, *const Buffer, *const Oid, *mut Handle) -> u32;
type Release = unsafe extern "C" fn(*mut u32, *mut Handle) -> u32;
type ReleaseBuffer = unsafe extern "C" fn(*mut u32, *mut Buffer) -> u32;
type DisplayStatus = unsafe extern "C" fn(*mut u32, u32, i32, *const Oid, *mut u32, *mut Buffer) -> u32;
type WithPassword = unsafe extern "C" fn(
    *mut u32,
    Handle,
    *const Buffer,
    u32,
    *const OidSet,
    i32,
    *mut Handle,
    *mut *mut OidSet,
    *mut u32,
) -> u32;
type From = unsafe extern "C" fn(
    *mut u32,
    Handle,
    u32,
    *const OidSet,
    i32,
    *const KeyValues,
    *mut Handle,
    *mut *mut OidSet,
    *mut u32,
) -> u32;
type InitContext = unsafe extern "C" fn(
    *mut u32,
    Handle,
    *mut Handle,
    Handle,
    *const Oid,
    u32,
    u32,
    *const Bindings,
    *const Buffer,
    *mut *mut Oid,
    *mut Buffer,
    *mut u32,
    *mut u32,
) -> u32;
type DeleteContext = unsafe extern "C" fn(*mut u32, *mut Handle, *mut Buffer) -> u32;
type WrapIov = unsafe extern "C" fn(*mut u32, Handle, i32, u32, *mut i32, *mut Iov, i32) -> u32;
type UnwrapIov = unsafe extern "C" fn(*mut u32, Handle, *mut i32, *mut u32, *mut Iov, i32) -> u32;
type ReleaseIov = unsafe extern "C" fn(*mut u32, *mut Iov, i32) -> u32;

/// The library's functions, by their bare names.
pub(crate) struct Gssapi {
    import_name: ImportName,
    release_name: Release,
    release_buffer: ReleaseBuffer,
    display_status: DisplayStatus,
    acquire_with_password: WithPassword,
    acquire_from: From,
    release_cred: Release,
    init_context: InitContext,
    delete_context: DeleteContext,
    wrap_iov: WrapIov,
    unwrap_iov: UnwrapIov,
    release_iov: ReleaseIov,
    _library: Library,
}

/// What a name is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NameKind {
    /// `user@REALM`
    User,
    /// `SERVICE@host`
    Service,
}

/// Why a call failed, in the library's words.
#[derive(Debug, Clone)]
pub(crate) struct Status {
    /// The number of Kerberos' own error (RFC 4120 7.5.9), where it is one.
    pub(crate) kerberos: Option<u8>,
    pub(crate) text: String,
}

struct Name(Handle, &'static Gssapi);

/// A credential to begin contexts with.
pub(crate) struct Credential(Handle, &'static Gssapi);

/// The side of a context that began it.
pub(crate) struct Initiator {
    context: Handle,
    credential: Credential,
    target: Name,
    binding: Option<Vec<u8>>,
}

// SAFETY: MIT's library keeps nothing by thread that belongs to a handle, and `&mut self` sees to it that a handle is in
// one call at a time.
unsafe impl Send for Initiator {}
// SAFETY: as above; credentials and names are only read once they are made.
unsafe impl Send for Credential {}

impl Gssapi {
    /// The library, if this machine has one.
    pub(crate) fn load() -> Option<&'static Self> {
        static LOADED: OnceLock<Option<Gssapi>> = OnceLock::new();
        LOADED.get_or_init(Self::open).as_ref()
    }

    fn open() -> Option<Self> {
        let file = std::env::var(OVERRIDE).unwrap_or_else(|_| FILE.to_owned());
        // SAFETY: the system's own library, or the user's; its initializers set up its own tables and nothing else.
        let library = unsafe { Library::new(file) }.ok()?;
        macro_rules! function {
            ($name:literal) => {
                // SAFETY: the type is the one that gssapi.h and gssapi_ext.h declare for this name; the pointer is kept
                // no longer than the library, which is never unloaded.
                *unsafe { library.get($name) }.ok()?
            };
        }
        Some(Self {
            import_name: function!(b"gss_import_name\0"),
            release_name: function!(b"gss_release_name\0"),
            release_buffer: function!(b"gss_release_buffer\0"),
            display_status: function!(b"gss_display_status\0"),
            acquire_with_password: function!(b"gss_acquire_cred_with_password\0"),
            acquire_from: function!(b"gss_acquire_cred_from\0"),
            release_cred: function!(b"gss_release_cred\0"),
            init_context: function!(b"gss_init_sec_context\0"),
            delete_context: function!(b"gss_delete_sec_context\0"),
            wrap_iov: function!(b"gss_wrap_iov\0"),
            unwrap_iov: function!(b"gss_unwrap_iov\0"),
            release_iov: function!(b"gss_release_iov_buffer\0"),
            _library: library,
        })
    }

    /// The credential of a password. May ask the KDC.
    pub(crate) fn of_password(&'static self, user: &str, password: &SecretString) -> Result<Credential, Status> {
        let name = self.name(NameKind::User, user)?;
        let password = borrowed(password.expose_secret().as_bytes());
        let (mut minor, mut credential) = (0, null_mut());
        let oid = kerberos();
        let set = OidSet {
            count: 1,
            elements: &raw const oid,
        };
        // SAFETY: every pointer is to a live value of the declared type, or null where the interface allows that.
        let major = unsafe {
            (self.acquire_with_password)(
                &raw mut minor,
                name.0,
                &raw const password,
                0,
                &raw const set,
                INITIATE,
                &raw mut credential,
                null_mut(),
                null_mut(),
            )
        };
        self.check(major, minor)?;
        Ok(Credential(credential, self))
    }

    /// The credential in a ticket cache: the named one or the system's default; of that user, if one is named.
    pub(crate) fn of_cache(&'static self, user: Option<&str>, cache: Option<&str>) -> Result<Credential, Status> {
        let name = user.map(|user| self.name(NameKind::User, user)).transpose()?;
        let cache = cache.map(c_string).transpose()?;
        let pair = cache.as_ref().map(|cache| KeyValue {
            key: c"ccache".as_ptr(),
            value: cache.as_ptr(),
        });
        let store = pair.as_ref().map(|pair| KeyValues {
            count: 1,
            elements: &raw const *pair,
        });
        let oid = kerberos();
        let set = OidSet {
            count: 1,
            elements: &raw const oid,
        };
        let (mut minor, mut credential) = (0, null_mut());
        // SAFETY: as above; the store outlives the call.
        let major = unsafe {
            (self.acquire_from)(
                &raw mut minor,
                name.as_ref().map_or(null_mut(), |name| name.0),
                0,
                &raw const set,
                INITIATE,
                store.as_ref().map_or(null(), |store| &raw const *store),
                &raw mut credential,
                null_mut(),
                null_mut(),
            )
        };
        self.check(major, minor)?;
        Ok(Credential(credential, self))
    }

    /// Begins a context with a service; `binding` is the application data of the channel's bindings.
    pub(crate) fn initiator(
        &'static self,
        credential: Credential,
        kind: NameKind,
        target: &str,
        binding: Option<&[u8]>,
    ) -> Result<Initiator, Status> {
        Ok(Initiator {
            context: null_mut(),
            credential,
            target: self.name(kind, target)?,
            binding: binding.map(<[u8]>::to_vec),
        })
    }

    fn name(&'static self, kind: NameKind, text: &str) -> Result<Name, Status> {
        let bytes = match kind {
            NameKind::User => NT_USER,
            NameKind::Service => NT_SERVICE,
        };
        let (kind, text) = (oid(bytes), borrowed(text.as_bytes()));
        let (mut minor, mut name) = (0, null_mut());
        // SAFETY: text and kind are live for the call, which copies them.
        let major = unsafe { (self.import_name)(&raw mut minor, &raw const text, &raw const kind, &raw mut name) };
        self.check(major, minor)?;
        Ok(Name(name, self))
    }

    fn check(&self, major: u32, minor: u32) -> Result<(), Status> {
        if major & ERRORS == 0 {
            return Ok(());
        }
        let words = [
            self.words(minor, BY_MECHANISM),
            self.words(major, BY_LIBRARY.cast_signed()),
        ];
        let text = words.into_iter().find(|text| !text.is_empty() && text != "Success");
        Err(Status {
            kerberos: minor
                .cast_signed()
                .checked_sub(KRB5_BASE)
                .and_then(|code| u8::try_from(code).ok()),
            text: text.unwrap_or_else(|| format!("GSSAPI status {major:#x}")),
        })
    }

    fn words(&self, status: u32, kind: i32) -> String {
        let mechanism = kerberos();
        let (mut minor, mut more, mut text) = (0, 0, empty());
        // SAFETY: as above; the text is copied and then released.
        unsafe {
            (self.display_status)(
                &raw mut minor,
                status,
                kind,
                &raw const mechanism,
                &raw mut more,
                &raw mut text,
            );
            String::from_utf8_lossy(&self.taken(&mut text)).trim().to_owned()
        }
    }

    /// Copies what the library made, and gives it back.
    ///
    /// # Safety
    /// The buffer is one that the library filled, or empty.
    unsafe fn taken(&self, buffer: &mut Buffer) -> Vec<u8> {
        if buffer.value.is_null() {
            return Vec::new();
        }
        // SAFETY: the library says that so many bytes are there.
        let bytes = unsafe { std::slice::from_raw_parts(buffer.value.cast::<u8>(), buffer.length) }.to_vec();
        let mut minor = 0;
        // SAFETY: made by the library, released once.
        unsafe { (self.release_buffer)(&raw mut minor, &raw mut *buffer) };
        bytes
    }
}

impl Initiator {
    /// Takes the other side's token (empty to begin); our next one, and whether this side needs nothing more.
    pub(crate) fn step(&mut self, token: &[u8]) -> Result<(Vec<u8>, bool), Status> {
        let library = self.credential.1;
        let (mechanism, input) = (kerberos(), borrowed(token));
        let bindings = self.binding.as_deref().map(|data| Bindings {
            initiator_kind: 0,
            initiator: empty(),
            acceptor_kind: 0,
            acceptor: empty(),
            application: borrowed(data),
        });
        let bound = if bindings.is_some() { CHANNEL_BOUND } else { 0 };
        let (mut minor, mut output) = (0, empty());
        // SAFETY: all handles are live, the buffers and bindings outlive the call, the output is taken and released.
        let (major, token) = unsafe {
            let major = (library.init_context)(
                &raw mut minor,
                self.credential.0,
                &raw mut self.context,
                self.target.0,
                &raw const mechanism,
                WISHES | bound,
                0,
                bindings.as_ref().map_or(null(), |bindings| &raw const *bindings),
                &raw const input,
                null_mut(),
                &raw mut output,
                null_mut(),
                null_mut(),
            );
            (major, library.taken(&mut output))
        };
        library.check(major, minor)?;
        Ok((token, major & CONTINUE_NEEDED == 0))
    }

    /// Seals a message: its header, and the ciphertext.
    pub(crate) fn wrap(&mut self, plain: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Status> {
        let library = self.credential.1;
        let mut data = plain.to_vec();
        let mut iov = [
            Iov {
                kind: IOV_HEADER | ALLOCATE,
                buffer: empty(),
            },
            Iov {
                kind: IOV_DATA,
                buffer: borrowed_mut(&mut data),
            },
            Iov {
                kind: IOV_PADDING | ALLOCATE,
                buffer: empty(),
            },
        ];
        let (mut minor, mut confidential) = (0, 0);
        // SAFETY: three elements; the data is ours and changed in place, the others are made by the library and copied
        // before they are released.
        let (major, header, padding) = unsafe {
            let major = (library.wrap_iov)(
                &raw mut minor,
                self.context,
                1,
                0,
                &raw mut confidential,
                iov.as_mut_ptr(),
                3,
            );
            let (header, padding) = (copied(&iov[0].buffer), copied(&iov[2].buffer));
            let mut ignored = 0;
            (library.release_iov)(&raw mut ignored, iov.as_mut_ptr(), 3);
            (major, header, padding)
        };
        library.check(major, minor)?;
        if confidential == 0 {
            return Err(Status {
                kerberos: None,
                text: "the context does not seal".to_owned(),
            });
        }
        data.extend_from_slice(&padding);
        Ok((header, data))
    }

    /// Opens a sealed message; both parts are changed in place.
    pub(crate) fn unwrap(&mut self, header: &mut [u8], data: &mut [u8]) -> Result<Vec<u8>, Status> {
        let library = self.credential.1;
        let mut iov = [
            Iov {
                kind: IOV_HEADER,
                buffer: borrowed_mut(header),
            },
            Iov {
                kind: IOV_DATA,
                buffer: borrowed_mut(data),
            },
            Iov {
                kind: IOV_DATA,
                buffer: empty(),
            },
        ];
        let (mut minor, mut confidential, mut quality) = (0, 0, 0);
        // SAFETY: three elements that point into our two buffers, which outlive the call; what it leaves in the second
        // is a part of ours.
        let (major, plain) = unsafe {
            let major = (library.unwrap_iov)(
                &raw mut minor,
                self.context,
                &raw mut confidential,
                &raw mut quality,
                iov.as_mut_ptr(),
                3,
            );
            (
                major,
                if major & ERRORS == 0 {
                    copied(&iov[1].buffer)
                } else {
                    Vec::new()
                },
            )
        };
        library.check(major, minor)?;
        if confidential == 0 {
            return Err(Status {
                kerberos: None,
                text: "it was signed, and not sealed".to_owned(),
            });
        }
        Ok(plain)
    }
}

impl Drop for Initiator {
    fn drop(&mut self) {
        let mut minor = 0;
        // SAFETY: the handle is ours, null or live; nobody uses it after this.
        unsafe { (self.credential.1.delete_context)(&raw mut minor, &raw mut self.context, null_mut()) };
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        let mut minor = 0;
        // SAFETY: as above.
        unsafe { (self.1.release_name)(&raw mut minor, &raw mut self.0) };
    }
}

impl Drop for Credential {
    fn drop(&mut self) {
        let mut minor = 0;
        // SAFETY: as above.
        unsafe { (self.1.release_cred)(&raw mut minor, &raw mut self.0) };
    }
}

fn kerberos() -> Oid {
    oid(KERBEROS)
}

fn oid(bytes: &'static [u8]) -> Oid {
    Oid {
        // A handful of bytes each.
        length: u32::try_from(bytes.len()).unwrap_or_default(),
        elements: bytes.as_ptr().cast(),
    }
}

const fn empty() -> Buffer {
    Buffer {
        length: 0,
        value: null_mut(),
    }
}

/// For arguments that the library only reads.
const fn borrowed(bytes: &[u8]) -> Buffer {
    Buffer {
        length: bytes.len(),
        value: bytes.as_ptr().cast_mut().cast(),
    }
}

const fn borrowed_mut(bytes: &mut [u8]) -> Buffer {
    Buffer {
        length: bytes.len(),
        value: bytes.as_mut_ptr().cast(),
    }
}

/// # Safety
/// The buffer is empty, or points to so many bytes.
unsafe fn copied(buffer: &Buffer) -> Vec<u8> {
    if buffer.value.is_null() {
        return Vec::new();
    }
    // SAFETY: as the caller says.
    unsafe { std::slice::from_raw_parts(buffer.value.cast::<u8>(), buffer.length) }.to_vec()
}

fn c_string(text: &str) -> Result<CString, Status> {
    CString::new(text).map_err(|_| Status {
        kerberos: None,
        text: "the ticket cache's name holds a NUL".to_owned(),
    })
}
