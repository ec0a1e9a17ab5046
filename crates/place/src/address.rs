//! `daemon.json`.

use std::io::Write as _;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{Error, Place};

/// How to reach the daemon that holds the lock. Written when its socket is bound, removed when it ends in order; one
/// that is left over names a socket that nobody answers, and misleads nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// The socket's absolute path.
    pub socket: PathBuf,
    /// The daemon's process.
    pub pid: u32,
    /// The daemon's release: "0.1.0".
    #[serde(default)]
    pub version: String,
    /// The file that it runs from.
    #[serde(default)]
    pub executable: PathBuf,
}

impl Address {
    /// The address in `place`, or `None` where no daemon has been.
    pub fn read(place: &Place) -> Result<Option<Self>, Error> {
        let path = place.daemon_file();
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(Error::File { path, source }),
        };
        serde_json::from_slice(&text)
            .map(Some)
            .map_err(|source| Error::Address { path, source })
    }

    /// Puts the address in `place`, whose folder exists; a reader sees the old one or the new one, never half of one.
    pub fn write(&self, place: &Place) -> Result<(), Error> {
        let path = place.daemon_file();
        let fresh = path.with_extension(format!("json.{}", std::process::id()));
        let failed = |source| Error::File {
            path: path.clone(),
            source,
        };
        let text = serde_json::to_vec(self).map_err(|error| failed(error.into()))?;
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&fresh).map_err(failed)?;
        file.write_all(&text).map_err(failed)?;
        std::fs::rename(&fresh, &path).map_err(failed)
    }

    /// Takes the address away if it is still that of process `pid`.
    pub fn remove(place: &Place, pid: u32) -> Result<(), Error> {
        if Self::read(place)?.is_some_and(|address| address.pid == pid) {
            let path = place.daemon_file();
            std::fs::remove_file(&path).map_err(|source| Error::File { path, source })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(pid: u32) -> Address {
        Address {
            socket: "/x/psleased.sock".into(),
            pid,
            version: "0.1.0".into(),
            executable: "/bin/psleased".into(),
        }
    }

    #[test]
    fn what_is_written_is_found_again_and_only_its_own_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::under(folder.path());
        assert_eq!(Address::read(&place).unwrap(), None);
        address(7).write(&place).unwrap();
        Address::remove(&place, 8).unwrap();
        assert_eq!(Address::read(&place).unwrap(), Some(address(7)));
        Address::remove(&place, 7).unwrap();
        assert_eq!(Address::read(&place).unwrap(), None);
    }

    #[test]
    fn a_damaged_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::under(folder.path());
        std::fs::write(place.daemon_file(), "{").unwrap();
        assert!(Address::read(&place).unwrap_err().to_string().contains("daemon.json"));
    }
}
