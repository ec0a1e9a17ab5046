//! The packets of the framing.

use bytes::Bytes;
use uuid::Uuid;

use crate::{Error, line};

/// Which of a target's two streams a [`Packet::Data`] belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Everything but host responses.
    Default,
    /// Responses to host calls, and nothing else.
    PromptResponse,
}

/// One packet (protocol.md 23). `ps_guid` names its target: nil the runspace pool, else the pipeline of that id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// Fragments for the target; one or several, cut anywhere.
    Data {
        /// The stream of the target.
        stream: Stream,
        /// The target.
        ps_guid: Uuid,
        /// Fragments as they are (protocol.md 14), decoded from base64.
        bytes: Bytes,
    },
    /// The server has received a `Data`. It acknowledges each packet, not each message.
    DataAck {
        /// The target.
        ps_guid: Uuid,
    },
    /// The client announces a pipeline.
    Command {
        /// The new pipeline.
        ps_guid: Uuid,
    },
    /// The server knows the pipeline; its first `Data` may be sent.
    CommandAck {
        /// The new pipeline.
        ps_guid: Uuid,
    },
    /// The client is done with the target: of a pipeline always, after its end too; of the pool last.
    Close {
        /// The target.
        ps_guid: Uuid,
    },
    /// The server has let the target go.
    CloseAck {
        /// The target.
        ps_guid: Uuid,
    },
    /// The client stops a pipeline.
    Signal {
        /// The pipeline.
        ps_guid: Uuid,
    },
    /// The server has stopped the pipeline.
    SignalAck {
        /// The pipeline.
        ps_guid: Uuid,
    },
}

impl Packet {
    /// The packet that carries `bytes` on the default stream of `ps_guid`.
    #[must_use]
    pub fn data(ps_guid: Uuid, bytes: Bytes) -> Self {
        Self::Data {
            stream: Stream::Default,
            ps_guid,
            bytes,
        }
    }

    /// The target: nil is the runspace pool.
    #[must_use]
    pub fn ps_guid(&self) -> Uuid {
        match self {
            Self::Data { ps_guid, .. }
            | Self::DataAck { ps_guid }
            | Self::Command { ps_guid }
            | Self::CommandAck { ps_guid }
            | Self::Close { ps_guid }
            | Self::CloseAck { ps_guid }
            | Self::Signal { ps_guid }
            | Self::SignalAck { ps_guid } => *ps_guid,
        }
    }

    /// The element's name as it stands on the wire.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Data { .. } => "Data",
            Self::DataAck { .. } => "DataAck",
            Self::Command { .. } => "Command",
            Self::CommandAck { .. } => "CommandAck",
            Self::Close { .. } => "Close",
            Self::CloseAck { .. } => "CloseAck",
            Self::Signal { .. } => "Signal",
            Self::SignalAck { .. } => "SignalAck",
        }
    }

    /// The server's acknowledgement of this packet, or `None` if the packet is itself a server's.
    ///
    /// A server's `Data` is not acknowledged: ask only for what a client sent.
    #[must_use]
    pub fn acknowledgement(&self) -> Option<Self> {
        match *self {
            Self::Data { ps_guid, .. } => Some(Self::DataAck { ps_guid }),
            Self::Command { ps_guid } => Some(Self::CommandAck { ps_guid }),
            Self::Close { ps_guid } => Some(Self::CloseAck { ps_guid }),
            Self::Signal { ps_guid } => Some(Self::SignalAck { ps_guid }),
            Self::DataAck { .. } | Self::CommandAck { .. } | Self::CloseAck { .. } | Self::SignalAck { .. } => None,
        }
    }

    /// Appends the packet's line, with its LF, byte for byte as PowerShell writes it.
    pub fn write(&self, out: &mut Vec<u8>) {
        line::write(self, out);
    }

    /// The packet's line, with its LF.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        let mut out = Vec::new();
        self.write(&mut out);
        out.into()
    }

    /// Reads one line, without its LF (a CR before it is taken off).
    ///
    /// Beyond what [`Packet::write`] makes, double quotes, GUIDs in upper case or in braces, and white space between
    /// the parts are read, as PowerShell's XML reader would.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Unknown`] or [`Error::Malformed`].
    pub fn read(line: &[u8]) -> Result<Self, Error> {
        line::read(line)
    }
}
