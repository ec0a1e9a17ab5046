//! The books that survive a crash: one row for every remote shell that may exist, written before the act that may make
//! it, and taken away only when its end is proven. Who restarts reads them first, and closes what is left.
//!
//! - [`Row`], [`Stage`]: what is known of one shell. [`LeaseRow`]: a lease to be taken up again. [`Past`]: what is
//!   remembered of a shell that is gone. Never a secret.
//! - [`Ledger`]: the file, with a thread of its own; [`Ledger::write`] answers when the entry is durable.
//! - [`Row::read`]: a row of any format that there ever was. `version1` is the oldest.
//! - `copy`, `rescue`: a second copy beside the file, and what to make of both when one has suffered.

mod contents;
mod copy;
mod file;
mod past;
mod record;
mod rescue;
mod row;
#[cfg(test)]
mod tests;
mod thread;
mod version1;

pub use past::Past;
pub use row::{Affinity, Anchor, Entry, Facts, LeaseKind, LeaseRow, Row, Stage};
pub use thread::{Ledger, Opened};

/// Why the books cannot be read or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another process has them open.
    #[error("{path}: the books are open in another process")]
    Taken {
        /// The file.
        path: std::path::PathBuf,
    },
    /// The file cannot be opened, or is no ledger.
    #[error("{path}: the books cannot be opened: {message}")]
    Open {
        /// The file.
        path: std::path::PathBuf,
        /// What the system or the file said.
        message: String,
    },
    /// The file is damaged, and there is no copy that could stand in for it.
    #[error(
        "{path}: the books are damaged ({message}) and have no copy that can be read; sessions of an earlier psleased \
         may still be open. Move {aside} aside, start again, and let `pslease reconcile` show what the endpoints hold"
    )]
    Damaged {
        /// The file.
        path: std::path::PathBuf,
        /// What to move aside: the file, and its copy if there is one.
        aside: String,
        /// What the file said.
        message: String,
    },
    /// A later release wrote them.
    #[error("{path}: the books have format {found}, this release reads up to {known}; run the newer psleased again")]
    Newer {
        /// The file.
        path: std::path::PathBuf,
        /// Its format.
        found: u64,
        /// The newest format that is understood.
        known: u64,
    },
    /// A row that cannot be read or written.
    #[error("not a row: {0}")]
    Row(String),
    /// An entry is not in the books.
    #[error("the books could not be written: {0}; free some space, opens wait until a write succeeds")]
    Write(String),
    /// The thread of the books has ended.
    #[error("the books are closed")]
    Closed,
}
