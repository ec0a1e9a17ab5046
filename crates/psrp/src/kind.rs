//! The table of message types (MS-PSRP 2.2.1, protocol.md 15).

use std::fmt;

/// Declares [`MessageType`] once: name, number, spelling of the specification.
macro_rules! message_types {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $spec:literal;)+) => {
        /// What a message is about (MS-PSRP 2.2.1, field `MessageType`).
        ///
        /// A number that is not in the table stays readable as [`MessageType::Unknown`]: such messages are passed over and
        /// logged, they do not end a session.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum MessageType {
            $($(#[$doc])* $name,)+
            /// A number that the specification does not know.
            Unknown(u32),
        }

        impl MessageType {
            /// Every type of the table, in the order of the numbers.
            pub const ALL: &'static [MessageType] = &[$(MessageType::$name,)+];

            /// The number on the wire.
            pub const fn id(self) -> u32 {
                match self {
                    $(MessageType::$name => $id,)+
                    MessageType::Unknown(id) => id,
                }
            }

            /// The type that has this number.
            pub const fn from_id(id: u32) -> MessageType {
                match id {
                    $($id => MessageType::$name,)+
                    other => MessageType::Unknown(other),
                }
            }

            /// The name as the specification spells it, for logs.
            pub const fn name(self) -> &'static str {
                match self {
                    $(MessageType::$name => $spec,)+
                    MessageType::Unknown(_) => "UNKNOWN",
                }
            }
        }
    };
}

message_types! {
    /// What an end is able to do; the first message each way.
    SessionCapability = 0x0001_0002, "SESSION_CAPABILITY";
    /// The client opens a pool.
    InitRunspacePool = 0x0001_0004, "INIT_RUNSPACEPOOL";
    /// The client's RSA key, for which the server encrypts the session key.
    PublicKey = 0x0001_0005, "PUBLIC_KEY";
    /// The session key, encrypted.
    EncryptedSessionKey = 0x0001_0006, "ENCRYPTED_SESSION_KEY";
    /// The server asks for the client's RSA key.
    PublicKeyRequest = 0x0001_0007, "PUBLIC_KEY_REQUEST";
    /// The client attaches to a disconnected pool.
    ConnectRunspacePool = 0x0001_0008, "CONNECT_RUNSPACEPOOL";
    /// The most runspaces that the pool may hold.
    SetMaxRunspaces = 0x0002_1002, "SET_MAX_RUNSPACES";
    /// The fewest runspaces that the pool keeps.
    SetMinRunspaces = 0x0002_1003, "SET_MIN_RUNSPACES";
    /// The answer to the two above, to `GET_AVAILABLE_RUNSPACES` and to `RESET_RUNSPACE_STATE`.
    RunspaceAvailability = 0x0002_1004, "RUNSPACE_AVAILABILITY";
    /// The pool changed its state.
    RunspacePoolState = 0x0002_1005, "RUNSPACEPOOL_STATE";
    /// The client starts a pipeline.
    CreatePipeline = 0x0002_1006, "CREATE_PIPELINE";
    /// How many runspaces are free?
    GetAvailableRunspaces = 0x0002_1007, "GET_AVAILABLE_RUNSPACES";
    /// An event that the server forwards.
    UserEvent = 0x0002_1008, "USER_EVENT";
    /// What the server says of itself: `PSVersionTable` and more.
    ApplicationPrivateData = 0x0002_1009, "APPLICATION_PRIVATE_DATA";
    /// A pipeline whose output is the metadata of commands.
    GetCommandMetadata = 0x0002_100A, "GET_COMMAND_METADATA";
    /// The answer to `CONNECT_RUNSPACEPOOL`.
    RunspacePoolInitData = 0x0002_100B, "RUNSPACEPOOL_INIT_DATA";
    /// Variables, location and preferences back to the beginning (protocol 2.3).
    ResetRunspaceState = 0x0002_100C, "RESET_RUNSPACE_STATE";
    /// A call on the client's host that belongs to no pipeline.
    RunspacePoolHostCall = 0x0002_1100, "RUNSPACEPOOL_HOST_CALL";
    /// The answer to it.
    RunspacePoolHostResponse = 0x0002_1101, "RUNSPACEPOOL_HOST_RESPONSE";
    /// One object for the pipeline to read.
    PipelineInput = 0x0004_1002, "PIPELINE_INPUT";
    /// No more of them. Has no body.
    EndOfPipelineInput = 0x0004_1003, "END_OF_PIPELINE_INPUT";
    /// One object that the pipeline wrote.
    PipelineOutput = 0x0004_1004, "PIPELINE_OUTPUT";
    /// One error that the pipeline wrote.
    ErrorRecord = 0x0004_1005, "ERROR_RECORD";
    /// The pipeline changed its state.
    PipelineState = 0x0004_1006, "PIPELINE_STATE";
    /// A line of the debug stream.
    DebugRecord = 0x0004_1007, "DEBUG_RECORD";
    /// A line of the verbose stream.
    VerboseRecord = 0x0004_1008, "VERBOSE_RECORD";
    /// A line of the warning stream.
    WarningRecord = 0x0004_1009, "WARNING_RECORD";
    /// How far a command has come.
    ProgressRecord = 0x0004_1010, "PROGRESS_RECORD";
    /// A record of the information stream (protocol 2.3).
    InformationRecord = 0x0004_1011, "INFORMATION_RECORD";
    /// A call on the client's host from a pipeline.
    PipelineHostCall = 0x0004_1100, "PIPELINE_HOST_CALL";
    /// The answer to it.
    PipelineHostResponse = 0x0004_1101, "PIPELINE_HOST_RESPONSE";
}

/// Who may send a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// Only the client.
    ToServer,
    /// Only the server.
    ToClient,
    /// Either end.
    Both,
}

impl MessageType {
    /// Who may send this (protocol.md 15). Unknown types may come from anywhere.
    pub const fn direction(self) -> Direction {
        use MessageType as M;
        match self {
            M::SessionCapability | M::Unknown(_) => Direction::Both,
            M::InitRunspacePool
            | M::PublicKey
            | M::ConnectRunspacePool
            | M::SetMaxRunspaces
            | M::SetMinRunspaces
            | M::CreatePipeline
            | M::GetAvailableRunspaces
            | M::GetCommandMetadata
            | M::ResetRunspaceState
            | M::RunspacePoolHostResponse
            | M::PipelineInput
            | M::EndOfPipelineInput
            | M::PipelineHostResponse => Direction::ToServer,
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
            | M::PipelineHostCall => Direction::ToClient,
        }
    }

    /// Whether the message belongs to one pipeline, so that its header must name it.
    pub const fn of_pipeline(self) -> bool {
        matches!(self.id() >> 16, 0x0004)
            || matches!(self, MessageType::CreatePipeline | MessageType::GetCommandMetadata)
    }

    /// Whether WS-Management carries it on the stream `pr` (and a pipe as `PromptResponse`) instead of `stdin`.
    pub const fn is_host_response(self) -> bool {
        matches!(
            self,
            MessageType::RunspacePoolHostResponse | MessageType::PipelineHostResponse
        )
    }
}

impl fmt::Display for MessageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MessageType::Unknown(id) => write!(f, "UNKNOWN({id:08x})"),
            known => f.write_str(known.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads_back_and_has_no_double() {
        assert_eq!(MessageType::ALL.len(), 31);
        let mut ids: Vec<u32> = MessageType::ALL.iter().map(|kind| kind.id()).collect();
        for kind in MessageType::ALL {
            assert_eq!(MessageType::from_id(kind.id()), *kind);
        }
        ids.dedup();
        assert_eq!(ids.len(), MessageType::ALL.len());
        assert!(ids.is_sorted());
    }

    #[test]
    fn the_numbers_that_others_got_wrong() {
        assert_eq!(MessageType::ConnectRunspacePool.id(), 0x0001_0008);
        assert_eq!(MessageType::RunspacePoolInitData.id(), 0x0002_100B);
        assert_eq!(MessageType::ResetRunspaceState.id(), 0x0002_100C);
    }

    #[test]
    fn an_unknown_number_is_kept() {
        let kind = MessageType::from_id(0x0004_1999);
        assert_eq!(kind.id(), 0x0004_1999);
        assert_eq!(kind.to_string(), "UNKNOWN(00041999)");
    }
}
