//! The client's end of a pool: what may be sent in which state, and what an incoming message means (MS-PSRP 3.1).
//!
//! [`Pool`] makes messages and reads packets; the carrier moves them and tells the pool what happened to the connection. Bodies
//! of pipelines come out as [`Piece`](crate::Piece)s, unread; the few small messages that steer the pool itself are read here.

mod event;
mod incoming;
mod pipeline;
mod pool;
mod sending;
mod state;

pub use event::{Event, Ignored};
pub use pipeline::Stage;
pub use pool::{Config, Pool};
pub use state::{KeyExchange, State};

#[cfg(test)]
mod tests;
