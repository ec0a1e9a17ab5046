//! One row: one remote shell that may exist.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Error;

/// How far a shell has come, as far as it is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Its Create is about to be sent, or was: the shell may exist.
    Intent,
    /// Its CreateResponse was seen.
    Open,
    /// Its Delete is about to be sent, or was.
    Closing,
    /// Nobody works on it; it may exist until its hold-back ends.
    Unconfirmed,
}

/// What recovery needs to know of a shell in order to close it, or to prove that it is gone. No secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The shell's id, chosen by us before the Create. The row's key.
    pub shell: Uuid,
    /// How far it has come.
    pub stage: Stage,
    /// The session's number as users saw it.
    pub session: u64,
    /// The profile that it was opened for; it may be gone from the configuration.
    pub profile: String,
    /// The scope that its slot counts in.
    pub service: String,
    /// The admin that its slot counts against.
    pub admin: String,
    /// The organization that its slot counts against.
    pub organization: String,
    /// Where it is, after redirects.
    pub uri: String,
    /// The resource URI, as asked for or as the server returned it.
    pub resource_uri: String,
    /// The configuration's name, for tables.
    pub configuration: String,
    /// `SessionId` of its requests: a later Reconnect or Delete must carry the same.
    pub session_id: Uuid,
    /// The file of the certificate authority, if the profile named one.
    #[serde(default)]
    pub ca: Option<std::path::PathBuf>,
    /// Whether the profile allowed plain http.
    #[serde(default)]
    pub allow_plain_http: bool,
    /// Seconds after which the server ends it when idle; before its CreateResponse the most that the template allows.
    pub idle_seconds: u64,
    /// Seconds that its Create may have been under way.
    pub open_seconds: u64,
    /// Milliseconds of wall time since 1970 when the row was written.
    pub wall: u64,
    /// How often it was taken up again: object ids continue at `epoch` x 2^32.
    pub epoch: u32,
    /// True if a pipeline may be running: then its idle time proves nothing.
    #[serde(default)]
    pub running: bool,
    /// Cookies by which a balancer finds the back end again, `name=value`. They say where, not who.
    #[serde(default)]
    pub cookies: Vec<String>,
}

impl Row {
    /// Reads a row as any release so far has written it.
    ///
    /// # Errors
    /// [`Error::Row`]: what is not a row, or one of a later release.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(bytes).map_err(|error| Error::Row(error.to_string()))
    }

    /// The row as it stands in the books.
    ///
    /// # Errors
    /// [`Error::Row`] if a path in it is not Unicode.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(self).map_err(|error| Error::Row(error.to_string()))
    }
}

/// One change of the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Writes a row, in place of the one with the same shell.
    Put(Box<Row>),
    /// Takes a row away: its shell is gone.
    Remove(Uuid),
    /// No fence up to this one is ever granted again.
    Fences(u64),
}
