//! The server's end of a pool: requests out of messages, and messages out of answers (MS-PSRP 3.2).
//!
//! Used by an endpoint of our own and by doors, which answer a console from what a remote pool said. Nothing is answered by
//! itself: every [`Request`] is the owner's to act on.

mod answers;
mod incoming;
mod pool;
mod request;

pub use pool::{Config, Pool, State};
pub use request::Request;

#[cfg(test)]
mod tests;
