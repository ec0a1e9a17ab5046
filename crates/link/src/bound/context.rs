//! What a mechanism does for a connection: tokens until both sides believe each other, then sealing.

use super::sealing::Sealed;

/// One side of a security context. Calls may block: a ticket is asked of a KDC.
pub(super) trait Context: Send {
    /// Takes the other side's token (empty to begin) and makes the next of ours.
    fn step(&mut self, token: &[u8]) -> Result<Step, Refused>;

    /// Seals a message. In order: the context counts.
    fn seal(&mut self, plain: &[u8]) -> Result<Sealed, String>;

    /// Opens a sealed message. In order, too.
    fn open(&mut self, sealed: Sealed) -> Result<Vec<u8>, String>;
}

/// What a step came to.
#[derive(Debug)]
pub(super) struct Step {
    /// To be sent; empty if there is nothing.
    pub(super) token: Vec<u8>,
    /// This side needs nothing more.
    pub(super) done: bool,
}

/// Why a mechanism does not get on. One sentence each, without secrets.
#[derive(Debug, Clone)]
pub(super) enum Refused {
    /// The password is wrong, or the account is closed to it: trying again would be one more strike.
    Password(String),
    /// Not this way; another mechanism may do.
    Unavailable(String),
}
