//! Doors: one-time sockets on which PowerShell opens a PSSession that borrows a lease.
//!
//! - [`Entrance`]: the socket (on Windows a named pipe), from its binding to the one connection that it is good for
//! - [`serve`]: the connection's task, which drives the machine of `crates/door`; [`Setting`]: what it serves
//! - `pipeline`: one pipeline of a console's, from its wait for a turn to its end; it outlives a console that goes
//! - [`Answers`]: answers that are kept, on disk; [`import`]: fetching them for their own sake

mod answers;
mod import;
mod pipeline;
#[cfg(unix)]
mod socket;
#[cfg(windows)]
#[path = "named_pipe.rs"]
mod socket;
mod task;

pub(crate) use answers::Answers;
pub(crate) use import::import;
pub(crate) use socket::Entrance;
pub(crate) use task::{Left, Setting, serve};

use std::path::{Path, PathBuf};
use std::sync::Arc;

use door::Facts;

use crate::config::Profile;
use crate::session::Sessions;

/// What all doors of a daemon share.
#[derive(Debug)]
pub(crate) struct Doors {
    folder: PathBuf,
    pub(crate) answers: Arc<Answers>,
}

impl Doors {
    /// In the state folder.
    pub(crate) fn under(state: &Path) -> Self {
        Self {
            folder: state.join("doors"),
            answers: Arc::new(Answers::new(state.join("kept"))),
        }
    }

    /// Takes away what an ended daemon left: nobody listens there.
    pub(crate) fn sweep(&self) {
        let Ok(found) = std::fs::read_dir(&self.folder) else {
            return;
        };
        for entry in found.flatten() {
            let _ = std::fs::remove_file(entry.path());
        }
    }

    /// A new socket.
    pub(crate) fn entrance(&self) -> Result<Entrance, socket::EntranceError> {
        Entrance::bind(&self.folder)
    }
}

/// What a console is told of the remote: what this session said, or else the last one like it.
pub(crate) fn facts(sessions: &Sessions, profile: &Profile, session: Option<broker::SessionId>) -> Option<Facts> {
    let opened = session
        .and_then(|session| sessions.opened(session))
        .or_else(|| sessions.last_opened(profile))?;
    Facts::new(&opened.capability, opened.private_data.as_ref()).ok()
}
