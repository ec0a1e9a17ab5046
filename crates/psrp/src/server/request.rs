//! What the server's pool asks its owner to do.

use bytes::Bytes;
use uuid::Uuid;

use crate::MessageType;
use crate::body::{ConnectRunspacePool, InitRunspacePool, SessionCapability};
use crate::client::Ignored;

/// Something that the client wants.
#[derive(Clone, PartialEq, Debug)]
pub enum Request {
    /// What the client is able to do. Answer at once with [`Pool::capability`](super::Pool::capability); PowerShell's client
    /// loses a race against a server whose further answers come within the next 20 ms (protocol.md 24).
    Capability(SessionCapability),
    /// Open the pool: [`Pool::private_data`](super::Pool::private_data) and [`Pool::opened`](super::Pool::opened), or
    /// [`Pool::broken`](super::Pool::broken).
    Opening {
        /// What the client is able to do.
        capability: SessionCapability,
        /// What it wants.
        init: Box<InitRunspacePool>,
    },
    /// Attach to the pool: [`Pool::init_data`](super::Pool::init_data) and then
    /// [`Pool::private_data`](super::Pool::private_data).
    Connecting {
        /// What the client is able to do.
        capability: SessionCapability,
        /// What it wants.
        connect: ConnectRunspacePool,
    },
    /// Run a pipeline.
    CreatePipeline {
        /// Its id.
        pipeline: Uuid,
        /// The whole body: [`CreatePipeline`](crate::body::CreatePipeline).
        body: Bytes,
    },
    /// Put out the metadata of commands.
    GetCommandMetadata {
        /// The pipeline that puts it out.
        pipeline: Uuid,
        /// The whole body: [`GetCommandMetadata`](crate::body::GetCommandMetadata).
        body: Bytes,
    },
    /// One object for a pipeline to read.
    Input {
        /// The pipeline.
        pipeline: Uuid,
        /// The object.
        body: Bytes,
    },
    /// No more of them.
    EndOfInput {
        /// The pipeline.
        pipeline: Uuid,
    },
    /// The answer to a host call.
    HostResponse {
        /// The pipeline that called; `None` is the pool.
        pipeline: Option<Uuid>,
        /// The whole body: [`HostResponse`](crate::body::HostResponse).
        body: Bytes,
    },
    /// Another upper limit: [`Pool::availability`](super::Pool::availability) with `Done`.
    SetMaxRunspaces {
        /// The number to repeat.
        ci: i64,
        /// The limit.
        max_runspaces: i32,
    },
    /// Another lower limit: [`Pool::availability`](super::Pool::availability) with `Done`.
    SetMinRunspaces {
        /// The number to repeat.
        ci: i64,
        /// The limit.
        min_runspaces: i32,
    },
    /// How many are free? [`Pool::availability`](super::Pool::availability) with `Count`.
    GetAvailableRunspaces {
        /// The number to repeat.
        ci: i64,
    },
    /// Back to the beginning: [`Pool::availability`](super::Pool::availability) with `Done`.
    ResetRunspaceState {
        /// The number to repeat.
        ci: i64,
    },
    /// The client's public key: [`Pool::session_key`](super::Pool::session_key) is due. A second one gets the same key.
    PublicKey {
        /// A PUBLICKEYBLOB in base64.
        blob: String,
        /// The whole body: [`PublicKey`](crate::body::PublicKey).
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
