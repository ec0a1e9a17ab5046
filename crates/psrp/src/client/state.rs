//! The states of the client's pool, and what may be sent in each.

use crate::{Error, MessageType};

/// The state of a pool (MS-PSRP 3.1.1.2.2), named as PowerShell names them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Nothing was sent.
    BeforeOpen,
    /// SESSION_CAPABILITY and INIT_RUNSPACEPOOL were sent.
    Opening,
    /// SESSION_CAPABILITY and CONNECT_RUNSPACEPOOL were sent.
    Connecting,
    /// Pipelines may run.
    Opened,
    /// The carrier was asked to disconnect.
    Disconnecting,
    /// The server keeps the pool; nothing can be sent.
    Disconnected,
    /// The carrier was asked to close.
    Closing,
    /// It is over.
    Closed,
    /// It is over, and not as anybody wanted.
    Broken,
}

impl State {
    /// PowerShell's word.
    pub const fn name(self) -> &'static str {
        match self {
            State::BeforeOpen => "BeforeOpen",
            State::Opening => "Opening",
            State::Connecting => "Connecting",
            State::Opened => "Opened",
            State::Disconnecting => "Disconnecting",
            State::Disconnected => "Disconnected",
            State::Closing => "Closing",
            State::Closed => "Closed",
            State::Broken => "Broken",
        }
    }

    /// Whether nothing follows.
    pub const fn is_final(self) -> bool {
        matches!(self, State::Closed | State::Broken)
    }

    /// Whether a message may be sent now.
    pub const fn permits(self, kind: MessageType) -> bool {
        use MessageType as M;
        match kind {
            M::InitRunspacePool => matches!(self, State::BeforeOpen),
            M::ConnectRunspacePool | M::SessionCapability => matches!(self, State::BeforeOpen | State::Disconnected),
            // A profile may ask its questions, and a server for a key, before the pool is open.
            M::RunspacePoolHostResponse | M::PipelineHostResponse | M::PublicKey => {
                matches!(self, State::Opening | State::Connecting | State::Opened)
            }
            M::CreatePipeline
            | M::GetCommandMetadata
            | M::PipelineInput
            | M::EndOfPipelineInput
            | M::SetMaxRunspaces
            | M::SetMinRunspaces
            | M::GetAvailableRunspaces
            | M::ResetRunspaceState => matches!(self, State::Opened),
            M::EncryptedSessionKey
            | M::PublicKeyRequest
            | M::RunspaceAvailability
            | M::RunspacePoolState
            | M::UserEvent
            | M::ApplicationPrivateData
            | M::RunspacePoolInitData
            | M::RunspacePoolHostCall
            | M::PipelineOutput
            | M::ErrorRecord
            | M::PipelineState
            | M::DebugRecord
            | M::VerboseRecord
            | M::WarningRecord
            | M::ProgressRecord
            | M::InformationRecord
            | M::PipelineHostCall
            | M::Unknown(_) => false,
        }
    }

    pub(super) fn check(self, kind: MessageType) -> Result<(), Error> {
        if self.permits(kind) {
            Ok(())
        } else {
            Err(Error::State {
                what: kind,
                part: "runspace pool",
                state: self.name(),
            })
        }
    }
}

/// How far the exchange of the session key has come (protocol.md 17).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyExchange {
    /// Nobody asked for it.
    Idle,
    /// The server asked for the public key, which was not sent yet.
    Requested,
    /// The public key was sent.
    Sent,
    /// The session key came.
    Done,
    /// Both ends speak 2.4: there is none, SecureStrings are plain.
    Needless,
}

impl KeyExchange {
    pub(super) const fn name(self) -> &'static str {
        match self {
            KeyExchange::Idle => "without a key",
            KeyExchange::Requested => "asked for a key",
            KeyExchange::Sent => "waiting for the session key",
            KeyExchange::Done => "in possession of the session key",
            KeyExchange::Needless => "in no need of a key",
        }
    }
}
