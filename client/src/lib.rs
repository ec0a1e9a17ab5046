//! Borrow leases on remote PowerShell sessions: the library that the command line `pslease` is made of. It finds the
//! user's daemon, starts it where there is none, makes sure that both speak the same contract, and then hands out the
//! contract's own calls and a guard for a held lease.
//!
//! - [`Client`]: a connection that has said Hello; [`Dial`] says how far to go for one.
//! - [`Lease`]: a lease that ends when it is dropped, with [`LeaseKey`] as others see it.
//! - [`caller`]: what the daemon is told of the process that asks.
//! - [`Error`]: what can go wrong, with its [`ErrorKind`] and its cure.
//!
//! ```no_run
//! # async fn example() -> Result<(), pslease::Error> {
//! let client = pslease::Client::connect(&pslease::Dial::new()?).await?;
//! let lease = client.hold(pslease::wish("litware", pslease::LeaseMode::Exclusive), |_| ()).await?;
//! println!("lease {} until the end of this block", lease.key().lease);
//! # Ok(())
//! # }
//! ```

pub mod caller;
mod connect;
mod error;
mod lease;
mod start;

pub use connect::{Client, Dial};
pub use error::Error;
pub use lease::{Lease, wish};
pub use proto::v1::{ErrorKind, LeaseKey, LeaseMode};
