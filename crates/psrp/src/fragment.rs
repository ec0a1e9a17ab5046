//! Messages cut into fragments and put together again (MS-PSRP 2.2.4, protocol.md 14).
//!
//! [`Fragmenter`] numbers the objects of one sender and cuts them. [`Reassembler`] gives whole messages back, [`PieceReader`]
//! gives the same bytes on as they come, so that a body of any size crosses in bounded memory.

mod outgoing;
mod pieces;
mod reassembler;
mod sequence;
mod wire;

pub use outgoing::{Fragmenter, Outgoing};
pub use pieces::{Assembly, Piece, PieceReader, Relay};
pub use reassembler::Reassembler;
pub use wire::{Fragment, FragmentReader, HEADER};

/// What a receiver takes before it calls the sender hostile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// The largest blob of one fragment, in bytes.
    pub fragment: usize,
    /// The largest message, header included, in bytes.
    pub message: usize,
}

impl Limits {
    /// What PowerShell's client takes: 200 MB an object.
    pub const CLIENT: Limits = Limits {
        fragment: 4 << 20,
        message: 200 << 20,
    };
    /// What PowerShell's server takes: 10 MB an object.
    pub const SERVER: Limits = Limits {
        fragment: 4 << 20,
        message: 10 << 20,
    };
}

#[cfg(test)]
mod tests;
