//! A socket for one connection of the user's own, in a folder of the user's own.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};
use uuid::Uuid;

use crate::folder::{self, FolderError};
use crate::listen;

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EntranceError {
    #[error("{path}: the door's socket cannot be bound: {source}")]
    Bind { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Folder(#[from] FolderError),
}

/// A bound socket. Its file goes with this value.
#[derive(Debug)]
pub(crate) struct Entrance {
    listener: UnixListener,
    path: PathBuf,
}

impl Entrance {
    pub(super) fn bind(folder: &Path) -> Result<Self, EntranceError> {
        let name = Uuid::new_v4().simple().to_string();
        let name = format!("{}.sock", &name[..16]);
        let mut path = folder.join(&name);
        if path.as_os_str().len() > listen::LONGEST_PATH {
            path = PathBuf::from(format!("/tmp/psleased-{}", crate::sys::uid())).join(&name);
        }
        if let Some(folder) = path.parent() {
            folder::prepare(folder)?;
        }
        let failed = |source| EntranceError::Bind {
            path: path.clone(),
            source,
        };
        let listener = UnixListener::bind(&path).map_err(failed)?;
        let entrance = Self { listener, path };
        std::fs::set_permissions(&entrance.path, std::fs::Permissions::from_mode(0o600)).map_err(|source| {
            EntranceError::Bind {
                path: entrance.path.clone(),
                source,
            }
        })?;
        Ok(entrance)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The first connection of this user. May be cancelled and called again; the socket is gone once this value is.
    pub(crate) async fn entered(&self) -> std::io::Result<UnixStream> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            if listen::is_ours(&stream) {
                return Ok(stream);
            }
            tracing::warn!("a door's connection of another user was closed");
        }
    }
}

impl Drop for Entrance {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_is_the_users_own_and_goes_with_its_one_connection() {
        let folder = tempfile::tempdir().unwrap();
        let entrance = Entrance::bind(&folder.path().join("doors")).unwrap();
        let path = entrance.path().to_owned();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        let (entered, console) = tokio::join!(entrance.entered(), UnixStream::connect(&path));
        let _both = (entered.unwrap(), console.unwrap());
        drop(entrance);
        assert!(!path.exists());
        assert!(UnixStream::connect(&path).await.is_err());
    }
}
