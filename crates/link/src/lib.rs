//! The edges: HTTPS lanes with TLS, proxies and log-on; and the standard input and output of a program. It moves bytes and knows nothing of what is in them;
//! what it promises is that a failure says honestly whether the request may have been sent, and that a credential goes
//! only where it was allowed to go.
//!
//! - [`Network`]: what all lanes of a profile share (TLS, proxies, bounds); [`Security`] says who is believed
//! - [`Session`]: what the lanes of one remote session share: credential, cookies, allowed origins
//! - [`Lane`]: one TCP connection, a value that owns its request in flight
//! - [`Call`], [`Post`], [`Answer`], [`Failure`]: what goes in and what comes out
//! - [`Credential`]: how a request, or the connection it rides on, says who asks; `bound` is the second kind, with feature
//!   `negotiate`: a connection of its own, a handshake on it, and sealed bodies over plain http
//! - [`Child`]: a program and its pipes, which never outlives its owner; [`Start`], [`Came`], [`Exit`]
//!
//! ```text
//! Network::new(Trust) -> Session::new(&network, uri, credential) -> session.lane() -> lane.post(Post).await
//! ```

mod address;
mod addresses;
#[cfg(feature = "negotiate")]
mod bound;
mod call;
mod certificate;
mod child;
mod cookies;
mod credential;
mod failure;
mod lane;
mod network;
mod outgoing;
mod proxies;
mod session;
mod sys;
mod tail;
mod tls;

pub use address::Origin;
pub use call::{Answer, Call, Method, Post};
pub use certificate::{Certificate, Reason, day};
pub use child::{Came, Child, Exit, Start};
pub use credential::{Credential, Tickets};
pub use failure::{Failure, Kind, Sent};
pub use lane::Lane;
pub use network::Network;
pub use proxies::Proxies;
pub use session::Session;
pub use tls::{Identity, Security, Trust};
