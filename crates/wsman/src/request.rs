//! A request: an operation and its addressing (protocol.md 3).

mod body;
mod read;
mod write;

use std::time::Duration;

use bytes::Bytes;

use crate::xml::decode;
use crate::{Limits, MessageId, Operation, OperationId, OptionValue, Rejected, SessionId, ShellId, Verb};

/// A request, on either side. A client makes it with [`Session::request`](crate::Session::request).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The service's URL.
    pub to: String,
    /// New for each request.
    pub message_id: MessageId,
    /// The client's session.
    pub session_id: Option<SessionId>,
    /// Which operation this message belongs to. With [`sequence_id`](Self::sequence_id) it is what a server tells a
    /// repeated message by.
    pub operation_id: Option<OperationId>,
    /// The message's number in its operation, from 1.
    pub sequence_id: Option<u64>,
    /// The resource.
    pub resource_uri: String,
    /// The shell that is selected.
    pub shell_id: Option<ShellId>,
    /// How long the operation may take on the server.
    pub operation_timeout: Option<Duration>,
    /// The largest envelope that the client takes, in bytes.
    pub max_envelope_size: Option<u32>,
    /// The language of messages.
    pub locale: Option<String>,
    /// The language of numbers and dates.
    pub data_locale: Option<String>,
    /// Options beyond those that the operation stands for.
    pub options: Vec<OptionValue>,
    /// What is asked.
    pub operation: Operation,
}

impl Request {
    /// The operation's kind.
    #[must_use]
    pub fn verb(&self) -> Verb {
        self.operation.verb()
    }

    /// The value of the SOAP `Action` header.
    #[must_use]
    pub fn action(&self) -> String {
        self.verb().action()
    }

    /// The envelope, in UTF-8.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        write::write(self).into()
    }

    /// How many bytes the payload may have, fragment headers included, so that the envelope does not exceed its
    /// `MaxEnvelopeSize` (protocol.md 14). The payload that the operation holds now does not count.
    #[must_use]
    pub fn payload_budget(&self) -> usize {
        let limit = self.max_envelope_size.unwrap_or(crate::MIN_ENVELOPE_SIZE) as usize;
        limit.saturating_sub(write::overhead(self)) / 4 * 3
    }

    /// Reads a request in UTF-8 or UTF-16, as a server.
    ///
    /// # Errors
    /// [`Rejected`], with the message's id as far as it could be read.
    pub fn read(envelope: &[u8], limits: &Limits) -> Result<Self, Rejected> {
        let rejected = |error| Rejected {
            message_id: None,
            error,
        };
        read::read(&decode(envelope, limits).map_err(rejected)?, limits)
    }
}
