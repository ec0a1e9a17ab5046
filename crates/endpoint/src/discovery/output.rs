//! What the machine wants.

use super::{Stage, Target};
use crate::{DeviceCode, Request, Saying};

/// Something that only a person, a file or a command has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// The account's name; answer with [`Discovery::name`](super::Discovery::name).
    User,
    /// The account's password; answer with [`Discovery::supply`](super::Discovery::supply).
    Password {
        /// Whose.
        user: String,
    },
    /// An access token that somebody else got: handed in, or printed by a command of the user's.
    Token,
}

/// What the machine wants done, in order.
#[derive(Debug)]
pub enum Output {
    /// A step began or ended.
    Stage(Stage),
    /// Send this, following no redirects, and say what came of it.
    Request(Request),
    /// Get this.
    Ask(Need),
    /// Show this to a person. The machine goes on polling by itself.
    ShowCode(DeviceCode),
    /// The end: connect there.
    Done(Box<Target>),
    /// The end: it cannot be done.
    Failed(Saying),
}
