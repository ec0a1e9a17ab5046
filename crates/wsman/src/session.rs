//! What all requests of one client session share.

use std::time::Duration;

use crate::names::{COMMAND_RESOURCE, CONFIG, SHELL_RESOURCE};
use crate::{Created, MessageId, Operation, OperationId, Request, SessionId, ShellId};

/// The envelope size that every server takes, in bytes: 150 KB, the limit of Windows Server 2008 R2.
pub const MIN_ENVELOPE_SIZE: u32 = 153_600;
/// The envelope size that servers since WinRM 3 take, in bytes: 500 KB.
pub const MAX_ENVELOPE_SIZE: u32 = 512_000;

/// The envelope size that a server of this PSRP version takes: 150 KB up to 2.1, 500 KB from 2.2 on (protocol.md 14).
#[must_use]
pub fn envelope_size(server_protocol: &str) -> u32 {
    let mut parts = server_protocol.split('.').map(str::parse::<u32>);
    let version = (
        parts.next().and_then(Result::ok).unwrap_or(0),
        parts.next().and_then(Result::ok).unwrap_or(0),
    );
    if version >= (2, 2) {
        MAX_ENVELOPE_SIZE
    } else {
        MIN_ENVELOPE_SIZE
    }
}

/// One client session: where its shell is, and what every request says about the client (protocol.md 3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The URL of the service, verbatim and with its query; see [`connection_uri`](crate::connection_uri).
    pub to: String,
    /// The same on all requests.
    pub session_id: SessionId,
    /// The configuration, or what the server returned for it; see [`resource_uri`](crate::resource_uri).
    pub resource_uri: String,
    /// The shell: ours until a CreateResponse came, then the server's.
    pub shell_id: ShellId,
    /// The largest envelope in either direction, in bytes.
    pub max_envelope_size: u32,
    /// The language of messages (PowerShell's UICulture).
    pub locale: String,
    /// The language of numbers and dates (PowerShell's Culture).
    pub data_locale: String,
}

impl Session {
    /// A session for the shell `shell_id`, in English, with envelopes of 150 KB.
    #[must_use]
    pub fn new(
        to: impl Into<String>,
        resource_uri: impl Into<String>,
        session_id: SessionId,
        shell_id: ShellId,
    ) -> Self {
        Self {
            to: to.into(),
            session_id,
            resource_uri: resource_uri.into(),
            shell_id,
            max_envelope_size: MIN_ENVELOPE_SIZE,
            locale: "en-US".to_owned(),
            data_locale: "en-US".to_owned(),
        }
    }

    /// Goes on with the ids that the server returned, which count from now on (protocol.md 3).
    pub fn adopt(&mut self, created: &Created) {
        self.resource_uri.clone_from(&created.resource_uri);
        self.shell_id.clone_from(&created.shell_id);
    }

    /// The request for `operation`, addressed as its kind needs: shells are described and listed at resources of
    /// their own, Create and listings select no shell, Identify has no headers at all.
    ///
    /// `timeout` is the operation's on the server; an HTTP client must wait longer (MS-WSMV 3.2.4.1).
    #[must_use]
    pub fn request(&self, message_id: MessageId, timeout: Duration, operation: Operation) -> Request {
        let listing_commands = |commands: bool| if commands { COMMAND_RESOURCE } else { SHELL_RESOURCE };
        let resource_uri = match &operation {
            Operation::Get => SHELL_RESOURCE,
            Operation::Config => CONFIG,
            Operation::Enumerate(enumerate) => listing_commands(enumerate.commands_of.is_some()),
            Operation::Pull(pull) => listing_commands(pull.commands),
            Operation::Create(_)
            | Operation::Command(_)
            | Operation::Send(_)
            | Operation::Receive(_)
            | Operation::Signal(_)
            | Operation::Delete
            | Operation::Disconnect(_)
            | Operation::Reconnect(_)
            | Operation::Connect(_)
            | Operation::Identify => &self.resource_uri,
        };
        let shell_id = match &operation {
            Operation::Create(_)
            | Operation::Config
            | Operation::Enumerate(_)
            | Operation::Pull(_)
            | Operation::Identify => None,
            Operation::Command(_)
            | Operation::Send(_)
            | Operation::Receive(_)
            | Operation::Signal(_)
            | Operation::Delete
            | Operation::Disconnect(_)
            | Operation::Reconnect(_)
            | Operation::Connect(_)
            | Operation::Get => Some(self.shell_id.clone()),
        };
        // An operation of one message; the same bytes sent again are the same message of it (protocol.md 21).
        let (operation_id, sequence_id) = match operation {
            Operation::Identify => (None, None),
            _ => (Some(OperationId::new(message_id.as_str())), Some(1)),
        };
        Request {
            to: self.to.clone(),
            message_id,
            session_id: Some(self.session_id.clone()),
            operation_id,
            sequence_id,
            resource_uri: resource_uri.to_owned(),
            shell_id,
            operation_timeout: Some(timeout),
            max_envelope_size: Some(self.max_envelope_size),
            locale: Some(self.locale.clone()),
            data_locale: Some(self.data_locale.clone()),
            options: Vec::new(),
            operation,
        }
    }

    /// How many bytes of fragments, their headers included, fit into `operation`'s envelope (protocol.md 14).
    ///
    /// Measured on the real envelope: give the operation as it will be sent, with its payload empty.
    #[must_use]
    pub fn payload_budget(&self, operation: Operation) -> usize {
        let request = self.request(
            MessageId::from(uuid::Uuid::nil()),
            Duration::from_secs(86_400),
            operation,
        );
        request.payload_budget()
    }

    /// The largest fragment blob that fits into `operation`'s envelope: the payload's budget less one header of 21.
    #[must_use]
    pub fn blob_budget(&self, operation: Operation) -> usize {
        self.payload_budget(operation).saturating_sub(FRAGMENT_HEADER)
    }
}

/// The bytes of a fragment's header (MS-PSRP 2.2.4).
const FRAGMENT_HEADER: usize = 21;
