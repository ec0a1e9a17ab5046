//! What a pool is opened with.

use std::time::Duration;

use uuid::Uuid;

/// What holds for a pool whatever carries it.
#[derive(Clone, Debug)]
pub struct Pool {
    /// The pool's id (RPID). Over WS-Management it is the ShellId too, chosen by us, so that a shell whose
    /// CreateResponse never came can be found and deleted.
    pub id: Uuid,
    /// Where every further id comes from (MessageIDs). Random, from whoever drives the machine, and never used twice.
    pub seed: u128,
    /// ObjectIds of outgoing messages begin above this: 0 for a new pool, `epoch << 32` after a restart
    /// (decisions.md, recovery).
    pub objects_after: u64,
    /// The other end as people call it, for notices: `outlook.office365.com`.
    pub host: String,
    /// How long an open may take in all.
    pub open_timeout: Duration,
    /// How long a stopped pipeline may take before it is terminated, and then a Terminate.
    pub stop_step: Duration,
    /// How long a Delete (or a pool's Close) may take.
    pub close_timeout: Duration,
    /// For how long a connection that fails is tried again before the pool is given up.
    pub retry_for: Duration,
    /// How often in a row at the most, if that ends sooner (`MaxConnectionRetryCount`).
    pub retries: Option<u32>,
    /// The most that one pipeline may send, in bytes of its messages (`MaximumReceivedDataSizePerCommand`).
    pub most_per_command: Option<u64>,
    /// The largest message of a pipeline, in bytes (`MaximumReceivedObjectSize`).
    pub largest_object: Option<u64>,
    /// How much of one pipeline's output is taken in ahead of its reader, in bytes as
    /// [`Piece::weight`](psrp::Piece::weight) counts them.
    pub ahead: usize,
    /// What scripts see as `$PSSenderInfo.ApplicationArguments`.
    pub application_arguments: Vec<(String, clixml::Value)>,
}

impl Pool {
    /// The defaults of decisions.md: open 180 s, each step of a stop 10 s, close 30 s, 1 MiB ahead; and 4 minutes of
    /// trying again, as PowerShell does (protocol.md 21).
    pub fn new(id: Uuid, seed: u128, host: impl Into<String>) -> Self {
        Self {
            id,
            seed,
            objects_after: 0,
            host: host.into(),
            open_timeout: Duration::from_secs(180),
            stop_step: Duration::from_secs(10),
            close_timeout: Duration::from_secs(30),
            retry_for: Duration::from_secs(240),
            retries: None,
            most_per_command: None,
            largest_object: None,
            ahead: 1 << 20,
            application_arguments: Vec::new(),
        }
    }
}

/// What WS-Management needs besides.
#[derive(Clone, Debug)]
pub struct Shell {
    /// The connection URI as configured: scheme, host, port, path and query are kept as they are.
    pub uri: String,
    /// Told in the URI's query (`?PSVersion=5.1...`), on which Exchange routes; `None` leaves the URI alone.
    pub ps_version: Option<String>,
    /// The configuration's name (`Microsoft.Exchange`) or a whole resource URI.
    pub configuration: String,
    /// The SessionId of every request, kept for a later Reconnect.
    pub session: Uuid,
    /// Asked of the server, which decides; `None` takes its default.
    pub idle_timeout: Option<Duration>,
    /// The shell's friendly name.
    pub name: Option<String>,
    /// No user profile is loaded (`WINRS_NOPROFILE`).
    pub no_profile: bool,
    /// Culture of messages (`en-US`).
    pub locale: String,
    /// Culture of numbers and dates.
    pub data_locale: String,
    /// How long the server may keep a Receive that has nothing to say.
    pub operation_timeout: Duration,
    /// What the server does with output while the shell is disconnected; `None` leaves it to the server.
    pub buffer_mode: Option<wsman::BufferMode>,
}

impl Shell {
    /// The usual things: PSVersion 5.1, en-US, a Receive of at most 20 s, the server's own idle timeout.
    pub fn new(uri: impl Into<String>, configuration: impl Into<String>, session: Uuid) -> Self {
        Self {
            uri: uri.into(),
            ps_version: Some("5.1.19041.1".to_owned()),
            configuration: configuration.into(),
            session,
            idle_timeout: None,
            name: None,
            no_profile: false,
            locale: "en-US".to_owned(),
            data_locale: "en-US".to_owned(),
            operation_timeout: Duration::from_secs(20),
            buffer_mode: None,
        }
    }
}

/// What is kept of a shell over a restart of the daemon; with [`Shell::session`] it finds the shell again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The URI that answered the Create, after every redirect.
    pub uri: String,
    /// The ShellId that the server returned.
    pub shell_id: String,
    /// The ResourceURI that the server returned.
    pub resource_uri: String,
    /// Whether a CreateResponse was ever seen: without one "shell not found" proves nothing.
    pub created: bool,
    /// The protocol version of the server's capability, `2.3`, if it came so far.
    pub protocol: Option<String>,
}
