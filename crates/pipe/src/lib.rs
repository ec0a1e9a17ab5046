//! PowerShell's out-of-process framing: the protocol of named pipes, of `pwsh -s`, and of the SSH subsystem.
//! PSRP fragments cross in base64, one XML element a line, and every packet of the client is acknowledged
//! (protocol.md 23). This crate turns bytes into [`Packet`]s and back, for both sides, and does no I/O.
//!
//! - [`Packet`]: the eight packets, their line as PowerShell writes it, and a strict reader of one line.
//! - [`Reader`]: cuts a stream into lines within [`Limits`] and hands out packets.
//! - [`Error`]: what is wrong with a line; it carries how the line began.

mod error;
mod line;
mod packet;
mod reader;

pub use error::{Error, Excerpt};
pub use packet::{Packet, Stream};
pub use reader::{Limits, Reader};

/// The largest fragment blob that PowerShell puts into a packet: 32 KiB less the fragment header (protocol.md 14).
pub const BLOB: usize = 32 * 1024 - 21;
