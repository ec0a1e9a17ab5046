//! The PowerShell Remoting Protocol without I/O: messages, fragments, client and server roles (MS-PSRP).
//!
//! Bytes come in from a carrier and go out to one, in the order in which they are to be sent; there is no clock, no randomness
//! and no task in here. Bodies stay bytes until somebody asks for them through [`body`], so that what nobody on this side reads
//! passes as it came.
//!
//! - `kind`, `message`: the 31 types of messages and their 40-byte header
//! - `fragment`: messages cut and put together, whole or piece by piece
//! - `body`: what is in them, typed
//! - `client`: a pool and its pipelines as the client sees them
//! - `server`: the same as the server sees it
//! - `session_key`: RSA, AES and SecureStrings (feature `session-key`)
#![forbid(unsafe_code)]

pub mod body;
pub mod client;
mod error;
pub mod fragment;
mod kind;
mod message;
pub mod server;
#[cfg(feature = "session-key")]
mod session_key;

pub use body::Body;
pub use error::Error;
pub use fragment::{Assembly, Fragmenter, Limits, Outgoing, Piece, PieceReader, Reassembler};
pub use kind::{Direction, MessageType};
pub use message::{Destination, Header, Message, without_mark};
#[cfg(feature = "session-key")]
pub use session_key::{KeyPair, Secrets, SessionKey};
