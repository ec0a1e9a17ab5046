//! What the client's pool tells its owner.

use bytes::Bytes;
use uuid::Uuid;

use crate::body::{Availability, InvocationState, RunspacePoolInitData, RunspaceState, SessionCapability};
use crate::{MessageType, Piece};

/// Something that came from the server.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// The server's capability; from here [`Pool::protocol`](super::Pool::protocol) says what was agreed on.
    Capability(SessionCapability),
    /// The body of APPLICATION_PRIVATE_DATA, unread.
    PrivateData(Bytes),
    /// The limits of a pool that was attached to.
    InitData(RunspacePoolInitData),
    /// The pool is open: pipelines may run.
    Opened,
    /// The server says that the pool is in another state. Closed and Broken have moved the pool; its body may hold the error.
    State {
        /// The state.
        state: RunspaceState,
        /// The whole body: [`RunspacePoolState`](crate::body::RunspacePoolState).
        body: Bytes,
    },
    /// The server wants the public key: [`Pool::public_key`](super::Pool::public_key) is due.
    KeyRequested,
    /// The text of `EncryptedSessionKey`, for the pair whose public half was sent.
    SessionKey {
        /// A SIMPLEBLOB in base64.
        sealed: String,
    },
    /// The answer to a request about runspaces.
    Availability {
        /// The number that the request returned.
        ci: i64,
        /// Which request it was.
        request: MessageType,
        /// What the server says.
        answer: Availability,
    },
    /// Part of a message that the owner must see: output, records, host calls, user events.
    Piece {
        /// The pipeline that it belongs to; `None` is the pool.
        pipeline: Option<Uuid>,
        /// The part.
        piece: Piece,
    },
    /// A pipeline changed its state. After a final one nothing more comes from it, but the carrier has to end it.
    PipelineState {
        /// The pipeline.
        pipeline: Uuid,
        /// The state.
        state: InvocationState,
        /// The whole body: [`PipelineState`](crate::body::PipelineState), perhaps with the error that ended it.
        body: Bytes,
    },
    /// Something that has no meaning here was passed over. For logs.
    Ignored {
        /// The pipeline that it was for.
        pipeline: Option<Uuid>,
        /// What it was, if so much is known.
        kind: Option<MessageType>,
        /// Why.
        why: Ignored,
    },
}

/// Why a message was passed over, by either role.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ignored {
    /// The type is not in the table.
    UnknownType,
    /// It goes the other way.
    WrongDirection,
    /// It names another pool.
    OtherPool,
    /// It names another pipeline than the stream that it came on.
    OtherPipeline,
    /// Its pipeline is not, or no longer, known.
    NoPipeline,
    /// Its pipeline has ended.
    PipelineEnded,
    /// It does not belong on this stream or in this state.
    OutOfPlace,
}
