//! The one daemon of this user and machine: whoever holds the lock. It comes before the socket and before the ledger,
//! and lasts until the process ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The held lock. It is released when this is dropped, or the process ends.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
    path: PathBuf,
}

/// What came of a try.
#[derive(Debug)]
pub(crate) enum Tried {
    Held(Lock),
    /// Somebody else holds it: their pid, as far as they have written it.
    Taken(Option<u32>),
}

impl Lock {
    /// Tries to take the lock of the daemon whose state is in `state`, which exists.
    pub(crate) fn take(state: &Path) -> std::io::Result<Tried> {
        let path = state.join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                file.read_to_string(&mut text)?;
                return Ok(Tried::Taken(text.trim().parse().ok()));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let lock = Self { file, path };
        if !lock.is_ours()? {
            // The file was replaced between the open and the lock: what we hold is nobody's lock any more.
            return Ok(Tried::Taken(None));
        }
        lock.sign()?;
        Ok(Tried::Held(lock))
    }

    fn sign(&self) -> std::io::Result<()> {
        let mut file = &self.file;
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())?;
        file.flush()
    }

    /// Whether the path still names the file that we hold. If not, another daemon may have begun, and this one must end.
    pub(crate) fn is_ours(&self) -> std::io::Result<bool> {
        let held = self.file.metadata()?;
        match std::fs::symlink_metadata(&self.path) {
            Ok(named) => Ok((named.dev(), named.ino()) == (held.dev(), held.ino())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_it_and_the_other_is_told_who() {
        let state = tempfile::tempdir().unwrap();
        let Tried::Held(lock) = Lock::take(state.path()).unwrap() else {
            panic!("nobody else is there")
        };
        match Lock::take(state.path()).unwrap() {
            Tried::Taken(holder) => assert_eq!(holder, Some(std::process::id())),
            Tried::Held(_) => panic!("two hold one lock"),
        }
        assert!(lock.is_ours().unwrap());
        std::fs::remove_file(state.path().join("lock")).unwrap();
        assert!(!lock.is_ours().unwrap());
        drop(lock);
        assert!(matches!(Lock::take(state.path()).unwrap(), Tried::Held(_)));
    }
}
