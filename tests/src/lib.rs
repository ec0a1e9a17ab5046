//! The stage for the end-to-end tests: the real binaries, a home of their own, and an endpoint with a truth counter.
//!
//! - [`binaries`]: `pslease` and `psleased`, built once a test run.
//! - [`Home`]: a `PSLEASE_HOME` in a temporary folder, with profiles, and the daemon that runs there.
//! - [`Endpoint`]: the embedded tenant, or the peer where it is to be had; both tell the truth about their shells.
//! - [`Realm`]: a Kerberos KDC, where one is installed.
//! - [`Sshd`]: an OpenSSH server with keys of its own, where one is installed.
//! - [`Relay`]: what stands between a client and an endpoint, a proxy for one, and remembers what it saw.
//! - [`Person`]: `pslease` on a terminal, and somebody who reads and types there.
//! - [`Door`]: a console that comes through a door, in PowerShell's framing, step by step.
//! - [`Console`]: a running `pslease` whose output is read line by line.

#![allow(clippy::print_stdout, reason = "tests say on standard output what they skip")]

mod binaries;
mod console;
mod door;
mod endpoint;
mod home;
mod http;
mod peer;
mod person;
mod realm;
mod relay;
mod sshd;

pub use binaries::{Binaries, binaries};
pub use console::{Console, Finished, finish};
pub use door::{Came, Door};
pub use endpoint::{Endpoint, Truth};
pub use home::Home;
pub use peer::Peer;
pub use person::Person;
pub use realm::Realm;
pub use relay::{Relay, Seen};
pub use sshd::Sshd;

use std::time::{Duration, Instant};

/// The longest that anything may take here before a test gives up and says so. It is a safety net, not an expectation.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Asks until the answer is yes, for conditions that another process brings about. Fails the test after [`PATIENCE`].
#[track_caller]
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < PATIENCE, "gave up waiting until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
