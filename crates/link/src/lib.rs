//! The edges: HTTPS lanes with TLS, proxies and log-on; and the standard input and output of a program. It moves bytes and knows nothing of what is in them;
//! what it promises is that a failure says honestly whether the request may have been sent, and that a credential goes
//! only where it was allowed to go.
//!
//! - [`Network`]: what all lanes of a profile share (TLS, proxies, bounds); [`Trust`] says who is believed
//! - [`Session`]: what the lanes of one remote session share: credential, cookies, allowed origins
//! - [`Lane`]: one TCP connection, a value that owns its request in flight
//! - [`Call`], [`Post`], [`Answer`], [`Failure`]: what goes in and what comes out
//! - [`Credential`]: how a request says who asks
//! - [`Child`]: a program and its pipes, which never outlives its owner; [`Start`], [`Came`], [`Exit`]
//!
//! ```text
//! Network::new(Trust) -> Session::new(&network, uri, credential) -> session.lane() -> lane.post(Post).await
//! ```

mod address;
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
pub use certificate::Certificate;
pub use child::{Came, Child, Exit, Start};
pub use credential::Credential;
pub use failure::{Failure, Kind, Sent};
pub use lane::Lane;
pub use network::Network;
pub use proxies::Proxies;
pub use session::Session;
pub use tls::Trust;
