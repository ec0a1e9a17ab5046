//! Shells that are gone: little of each, and not many. A Create that a server carries out late makes a shell that nobody
//! expects, and here it is recognised as ours.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::record::{Unreadable, read, read_row};
use crate::row::Row;

/// A shell that is gone is remembered until so many others have gone since.
pub(crate) const PAST: usize = 256;

/// What is remembered of a shell that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Past {
    /// Its id, chosen by us.
    pub shell: Uuid,
    /// The id by which the server called it, where that was not ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed: Option<String>,
    /// The service that it counted in.
    pub service: String,
    /// The admin that it counted against.
    pub admin: String,
    /// Where it was, after redirects; empty where its Create was never answered.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub uri: String,
    /// Milliseconds of wall time since 1970 when its row was written last.
    pub wall: u64,
}

impl From<&Row> for Past {
    fn from(row: &Row) -> Self {
        let opened = !row.resource_uri.is_empty();
        Self {
            shell: row.shell,
            renamed: row.renamed.clone(),
            service: row.service.clone(),
            admin: row.admin.clone(),
            uri: if opened { row.uri.clone() } else { String::new() },
            wall: row.wall,
        }
    }
}

/// Reads what is kept of a shell that is gone; earlier releases kept its whole row.
pub(crate) fn read_past(bytes: &[u8]) -> Result<Past, Unreadable> {
    read(bytes).or_else(|_| read_row(bytes).map(|row| Past::from(&row)))
}

/// The keys of the table of shells that are gone, the oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ages(VecDeque<[u8; 16]>);

impl Ages {
    /// `known` is sorted by age. Those of which nothing can be read go first.
    pub(crate) fn of(unreadable: Vec<[u8; 16]>, known: &[Past]) -> Self {
        let known = known.iter().map(|past| past.shell.into_bytes());
        Self(unreadable.into_iter().chain(known).collect())
    }

    pub(crate) fn push(&mut self, key: [u8; 16]) {
        self.0.push_back(key);
    }

    /// One more than is to be remembered, if there is one.
    pub(crate) fn surplus(&mut self) -> Option<[u8; 16]> {
        (self.0.len() > PAST).then(|| self.0.pop_front()).flatten()
    }
}
