//! A named pipe for one connection of the user's own: what a door is on Windows.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tokio::net::windows::named_pipe::NamedPipeServer;
use uuid::Uuid;

use crate::sys;

/// Why there is no pipe.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EntranceError {
    #[error("{path}: the door's pipe cannot be made: {source}")]
    Bind { path: PathBuf, source: std::io::Error },
}

/// A pipe that waits for its one connection. It goes with its last handle.
#[derive(Debug)]
pub(crate) struct Entrance {
    path: PathBuf,
    waiting: Mutex<Option<NamedPipeServer>>,
}

impl Entrance {
    /// Pipes lie in no folder.
    pub(super) fn bind(_folder: &Path) -> Result<Self, EntranceError> {
        let name = Uuid::new_v4().simple().to_string();
        let name = format!(r"\\.\pipe\pslease-{name}");
        let path = PathBuf::from(&name);
        match sys::pipe::of_this_account(&name) {
            Ok(server) => Ok(Self {
                path,
                waiting: Mutex::new(Some(server)),
            }),
            Err(source) => Err(EntranceError::Bind { path, source }),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The one connection; only this account may open the pipe. May be cancelled and called again.
    pub(crate) async fn entered(&self) -> std::io::Result<NamedPipeServer> {
        let gone = || std::io::Error::other("the door was used");
        let server = self.waiting().take().ok_or_else(gone)?;
        // Put back where the wait is cancelled.
        let mut kept = Kept {
            of: self,
            server: Some(server),
        };
        if let Some(server) = &kept.server {
            server.connect().await?;
        }
        kept.server.take().ok_or_else(gone)
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Option<NamedPipeServer>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A pipe that is waited on.
struct Kept<'e> {
    of: &'e Entrance,
    server: Option<NamedPipeServer>,
}

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            *self.of.waiting() = Some(server);
        }
    }
}
