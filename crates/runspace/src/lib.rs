//! One remote runspace pool without I/O: the remoting protocol of `psrp`, joined to a carrier, WS-Management or a pipe.
//! [`Operation`]s go in and [`Event`]s come out, the same for both carriers; what differs is what is carried:
//! [`Wsman`] gives HTTP requests and takes responses, [`Pipe`] gives bytes and takes bytes. Time is an argument, ids come
//! from a seed, and nothing is asked of the world.
//!
//! - [`Wsman`], [`Pipe`]: the two machines
//! - [`Operation`], [`Event`], [`Outcome`], [`Notice`]: what is asked, what is told
//! - [`Output`], [`Request`], [`Lane`], [`Ticket`], [`Response`], [`Failed`]: what the driver carries
//! - [`Pool`], [`Shell`], [`Kept`]: what a pool is opened with, and what finds it again
//! - [`Listing`]: which shells an account has on a service, apart from any pool
//! - [`Cause`], [`Remains`], [`Proof`]: what went wrong, and what is left of it on the server
//!
//! Inside: `machine` is shared (pool, pipelines, what may be sent, what has come); `wsman` and `pipe` carry for it.
//! A carrier asks the machine what is to be sent, and tells it what was delivered, received, started, ended and lost.

mod bodies;
mod cause;
mod config;
mod event;
mod faults;
mod ids;
mod incoming;
mod machine;
mod operation;
mod output;
mod pipe;
mod seen;
mod wsman;

pub use psrp::body::InvocationState;
pub use psrp::{KeyPair, MessageType, Piece, SessionKey};

pub use crate::cause::Cause;
pub use crate::config::{Kept, Pool, Shell};
pub use crate::event::{Event, Notice, Opened, Outcome, Proof, Remains, Stage};
pub use crate::operation::Operation;
pub use crate::output::{Failed, Lane, Output, Refusal, Request, Response, Ticket};
pub use crate::pipe::Pipe;
pub use crate::wsman::{Listed, Listing, Wsman};
