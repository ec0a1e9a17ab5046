//! From an account to a place to connect to: what New-CsOnlineSession does before it opens a session, as a machine
//! without I/O (services.md 1.2), and the short way of the services whose address is known.

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
