//! Where a user's daemon and its files are. Daemon and client ask the same function, and its answer depends on the uid
//! alone: a terminal, cron with an empty environment, `su -` and a multiplexer that outlived its log-in find one daemon.
//!
//! - [`Place`]: the two folders and the files in them; `PSLEASE_HOME` puts both elsewhere, for tests.
//! - [`Address`]: `daemon.json`, by which a running daemon is found.
//! - [`Report`]: the one line that a starting daemon writes to its standard output.

mod address;
mod folder;
mod report;

pub use address::Address;
pub use folder::Place;
pub use report::Report;

/// Why the place, or what is in it, cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The system knows no home folder for the uid, and neither does the environment.
    #[error("user {uid} has no home folder in the system's account database; set PSLEASE_HOME to a folder of your own")]
    NoHome {
        /// The effective uid.
        uid: u32,
    },
    /// `PSLEASE_HOME` would mean another folder in every working directory.
    #[error("PSLEASE_HOME must be an absolute path, not {0:?}")]
    RelativeHome(std::path::PathBuf),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// `daemon.json` is not what a daemon writes.
    #[error("{path} is not a daemon's address: {source}; remove it if no psleased runs")]
    Address {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}
