//! What is written: a row for each remote shell that may exist, a row for each lease that outlives a restart.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Error, record};

/// How far a shell has come, as far as it is durable. One that is gone has no row any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Its Create is about to be sent, or was: it is being opened, and may exist.
    Intent,
    /// Its CreateResponse was seen.
    Open,
    /// It was left on the server on purpose, to be taken again.
    Disconnected,
    /// Its Delete is about to be sent, or was.
    Closing,
    /// Nobody works on it; it may exist until its hold-back ends.
    Unconfirmed,
}

/// Whether requests of a later run can carry what leads to the shell's own back end. Where they cannot, "shell not
/// found" may be another server's word, and proves nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Affinity {
    /// Nobody noted whether the endpoint sets cookies.
    #[default]
    Untold,
    /// The endpoint answered, and never set any.
    NotNeeded,
    /// The endpoint set cookies. They may be as good as a password, so they are not in the books; this says that they
    /// are missing.
    LeftOut,
}

/// What recovery needs to know of a shell in order to take it again or to close it, or to prove that it is gone.
/// No secrets.
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
    /// The resource URI as the server returned it; empty as long as there was no CreateResponse.
    pub resource_uri: String,
    /// The configuration's name, for tables.
    pub configuration: String,
    /// `SessionId` of its requests: a later Reconnect or Delete must carry the same.
    pub session_id: Uuid,
    /// The file of the certificate authority, if the profile named one.
    #[serde(default)]
    pub ca: Option<PathBuf>,
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
    /// The id by which the server calls it, where that is not ours.
    #[serde(default)]
    pub renamed: Option<String>,
    /// The protocol version that the server spoke: `2.3`.
    #[serde(default)]
    pub protocol: Option<String>,
    /// Whether a "not found" proves anything.
    #[serde(default)]
    pub affinity: Affinity,
    /// What two sessions must have in common to stand in for each other. Opaque here.
    #[serde(default)]
    pub identity: String,
    /// An exclusive lease ran something in it: only that lease may have it again.
    #[serde(default)]
    pub dirty: bool,
    /// Pipelines begun in it, for the server's own budget.
    #[serde(default)]
    pub commands: u32,
    /// Milliseconds of wall time since 1970 when it was opened; 0 where that is not known.
    #[serde(default)]
    pub opened: u64,
    /// What the server said of itself then. Since format 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<Facts>,
}

/// What a server says of itself once, when a session is opened. Opaque here, and nothing secret in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// The body of SESSION_CAPABILITY.
    pub capability: String,
    /// That of APPLICATION_PRIVATE_DATA, or what of it may be kept.
    pub private_data: Option<String>,
}

impl Row {
    /// Reads a row as any release so far has written it. Pure: the same bytes always give the same answer.
    ///
    /// # Errors
    /// [`Error::Row`]: what is not a row, or not as it was written, or one of a later release.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        record::read_row(bytes).map_err(|why| Error::Row(why.to_string()))
    }

    /// The row as it stands in the books.
    ///
    /// # Errors
    /// [`Error::Row`] if a path in it is not Unicode.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        record::write(self).map_err(|why| Error::Row(why.to_string()))
    }
}

/// How a lease may use a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeaseKind {
    /// Pipelines of many take turns.
    Shared,
    /// One session to itself.
    Exclusive,
    /// One session to itself, closed afterwards.
    Fresh,
}

/// The process that a lease ends with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchor {
    /// Its number, which may belong to another by now.
    pub pid: u32,
    /// When it began, in the system's own units: with the pid and `boot` it names one process for ever.
    pub started: u64,
    /// The system's boot, in its own words; a process of another one is gone.
    pub boot: String,
    /// Its program's name.
    pub command: String,
}

/// A lease that its holder may take up again after a restart. Written behind: the youngest may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaseRow {
    /// Its number. The row's key.
    pub lease: u64,
    /// What its holder must present.
    pub fence: u64,
    /// The profile that it is a lease on.
    pub profile: String,
    /// How it may use a session.
    pub kind: LeaseKind,
    /// A script's, not a person's.
    pub batch: bool,
    /// The session that it has to itself.
    pub session: Option<u64>,
    /// Seconds within which it must be renewed.
    pub ttl_seconds: Option<u64>,
    /// What it ends with besides; without it and without a TTL, its holder's stream.
    pub anchor: Option<Anchor>,
    /// What its holder calls it.
    pub label: String,
    /// The program that asked.
    pub command: String,
    /// Its process.
    pub pid: u32,
    /// Its terminal.
    pub tty: String,
    /// Its working directory.
    pub cwd: String,
    /// Whether a person sits there.
    pub interactive: bool,
    /// Where it was asked for: a script and its line.
    #[serde(default)]
    pub origin: String,
    /// The programs above it.
    #[serde(default)]
    pub parents: Vec<String>,
    /// Milliseconds of wall time since 1970 when the row was written.
    pub wall: u64,
}

impl LeaseRow {
    /// Reads a lease's row as any release so far has written it. Pure, as [`Row::read`] is.
    ///
    /// # Errors
    /// [`Error::Row`], as there.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        record::read_lease(bytes).map_err(|why| Error::Row(why.to_string()))
    }

    /// The row as it stands in the books.
    ///
    /// # Errors
    /// [`Error::Row`] if it cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        record::write(self).map_err(|why| Error::Row(why.to_string()))
    }
}

/// One change of the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Writes a row, in place of the one with the same shell.
    Put(Box<Row>),
    /// Takes a row away: its shell is gone. Its last state is remembered for a while among the [past](crate::Opened::past).
    Remove(Uuid),
    /// No fence up to this one is ever granted again.
    Fences(u64),
    /// Writes a lease, in place of the one with the same number.
    Lease(Box<LeaseRow>),
    /// Takes a lease away: it is over.
    LeaseOver(u64),
}
