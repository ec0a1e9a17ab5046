//! From an account to a place to connect to: what New-CsOnlineSession does before it opens a session, as a machine
//! without I/O (services.md 1.2), and the short way of the services whose address is known.
//!
//! ```text
//! loop {
//!     match discovery.poll_output() {
//!         Stage(stage)     => show it under -v
//!         Request(request) => send it; discovery.respond(now, response) or discovery.failed(now, unanswered)
//!         Ask(need)        => get it; discovery.supply(now, secret), name(now, user) or decline()
//!         ShowCode(code)   => show it
//!         Done(target) | Failed(saying) => the end
//!         None             => wait until poll_timeout(), then handle_timeout(now)
//!     }
//! }
//! ```

mod authorize;
mod limits;
mod machine;
mod output;
mod place;
mod question;
mod stage;
mod target;

pub use machine::Discovery;
pub use output::{Need, Output};
pub use question::{Question, Way};
pub use stage::Stage;
pub use target::{Placed, Placement, Renewal, Target};

#[cfg(test)]
mod tests;
