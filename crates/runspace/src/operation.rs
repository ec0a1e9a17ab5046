//! What the driver asks of a pool.

use std::time::Duration;

use bytes::Bytes;
use psrp::{KeyPair, MessageType};
use uuid::Uuid;

/// What the driver asks of a pool. The answer is an [`Event`](crate::Event), always: an operation that comes at the
/// wrong time is answered too, never ignored.
#[derive(Debug)]
pub enum Operation {
    /// Opens the pool: `Opening`*, then `Opened` or `OpenFailed`.
    Open,
    /// After `Redirected`: go on at this URI. The driver has judged it and recorded the hop.
    Follow {
        /// The address that is allowed, usually the event's own.
        uri: String,
    },
    /// After `Redirected`: do not go there. Ends as `OpenFailed`.
    Refuse {
        /// Why, for the message.
        why: String,
    },
    /// Starts a pipeline under an id that was never used in this pool: `Started`, then `State` and `Piece`s, and `Ended`.
    Start {
        /// The pipeline's id on the remote side.
        pipeline: Uuid,
        /// `CREATE_PIPELINE` or `GET_COMMAND_METADATA`.
        kind: MessageType,
        /// The message's body: CLIXML, passed as it is.
        body: Bytes,
    },
    /// One object for the pipeline's input.
    Input {
        /// The pipeline.
        pipeline: Uuid,
        /// The body of `PIPELINE_INPUT`.
        body: Bytes,
    },
    /// No more input comes.
    EndInput {
        /// The pipeline.
        pipeline: Uuid,
    },
    /// The answer to a host call.
    HostResponse {
        /// The pipeline that called, `None` for a call of the pool's.
        pipeline: Option<Uuid>,
        /// The body of the response message.
        body: Bytes,
    },
    /// A message of the pool's: SET_MIN/MAX, GET_AVAILABLE, RESET_RUNSPACE_STATE, and PUBLIC_KEY for somebody who keeps the
    /// private half. Answered by a `Piece` without pipeline, each kind in the order in which it was asked.
    Pool {
        /// Which.
        kind: MessageType,
        /// Its body.
        body: Bytes,
    },
    /// Stops a pipeline by the ladder of decisions.md: signal, Terminate, then the pool is broken.
    Stop {
        /// The pipeline.
        pipeline: Uuid,
    },
    /// The reader of a pipeline has taken pieces that it was given.
    Taken {
        /// The pipeline.
        pipeline: Uuid,
        /// The sum of their [weights](psrp::Piece::weight).
        bytes: usize,
    },
    /// Fetch the session key, for SecureStrings: `NeedKey` comes out, then `KeyReady` once [`Key`](Self::Key) was answered.
    ExchangeKey,
    /// The RSA pair that `NeedKey` asked for.
    Key(Box<KeyPair>),
    /// After `AuthNeeded`: there is a new credential, go on.
    Resume,
    /// Ask whether the shell is there (WS-Management's Get): `Health`.
    Get,
    /// Leave the shell on the server, holding its slot: `Disconnected`.
    Disconnect {
        /// How long it may stay, if the server lets us choose.
        idle_timeout: Option<Duration>,
    },
    /// Take the shell again with the same SessionId: `Reattached`.
    Reconnect,
    /// Take the shell as a new client: `Reattached`.
    Connect,
    /// Delete the shell: `Closed` with the proof, or `CloseFailed`. Allowed in every state, and again after a failure.
    Close,
}

impl Operation {
    /// The operation's name, for messages.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Follow { .. } => "follow",
            Self::Refuse { .. } => "refuse",
            Self::Start { .. } => "start",
            Self::Input { .. } => "input",
            Self::EndInput { .. } => "end of input",
            Self::HostResponse { .. } => "host response",
            Self::Pool { .. } => "pool message",
            Self::Stop { .. } => "stop",
            Self::Taken { .. } => "taken",
            Self::ExchangeKey => "key exchange",
            Self::Key(_) => "key",
            Self::Resume => "resume",
            Self::Get => "get",
            Self::Disconnect { .. } => "disconnect",
            Self::Reconnect => "reconnect",
            Self::Connect => "connect",
            Self::Close => "close",
        }
    }
}
