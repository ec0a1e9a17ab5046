//! WS-Management as PowerShell speaks it (MS-WSMV, protocol.md 2 to 14), as values: what a client asks and a server
//! answers are plain data, and this crate turns them into SOAP bytes and back, for both sides. It does no I/O, asks
//! no clock and makes no identifier of its own.
//!
//! A client keeps a [`Session`], makes a [`Request`] of an [`Operation`] with it, sends [`Request::to_bytes`], and
//! reads what came back with [`Response::read`], which gives an [`Answer`]; a [`Fault`] among those knows its
//! [`FaultKind`] and its [`Cure`]. A server goes the other way: [`Request::read`], then [`Response::to_bytes`].
//!
//! - [`Session`], [`Request`], [`Operation`], [`Verb`]: what is asked, and of which shell.
//! - [`Response`], [`Answer`], [`Shell`], [`Received`], [`Page`]: what is answered.
//! - [`Fault`], [`FaultKind`], [`Cure`], [`Exchange`], [`Budget`]: what went wrong, by number first, and what helps.
//! - [`ShellId`], [`CommandId`], [`MessageId`], [`OperationId`], [`SessionId`]: identifiers that keep the other side's spelling.
//! - [`duration`], [`connection_uri`], [`resource_uri`]: small rules of the protocol.
//! - [`Limits`], [`Error`]: how much is read, and why something was not.

mod answer;
pub mod duration;
mod error;
mod fault;
mod id;
mod limits;
pub mod names;
mod operation;
mod request;
mod response;
mod session;
mod stream;
mod uri;
mod verb;
mod xml;

pub use answer::{
    Answer, CommandItem, CommandState, CommandStatus, Config, Created, Identity, Item, Page, Received, Shell,
    ShellState,
};
pub use error::{Error, Rejected};
pub use fault::{Budget, Count, Cure, Exchange, Fault, FaultKind, Scope};
pub use id::{CommandId, MessageId, OperationId, SessionId, ShellId};
pub use limits::Limits;
pub use operation::{
    BufferMode, Command, Connect, Create, Disconnect, Enumerate, Operation, OptionValue, Pull, Receive, Send, Signal,
    SignalCode,
};
pub use request::Request;
pub use response::Response;
pub use session::{MAX_ENVELOPE_SIZE, MIN_ENVELOPE_SIZE, Session, envelope_size};
pub use stream::{Stream, StreamName};
pub use uri::{connection_uri, resource_uri};
pub use verb::Verb;
