//! What the project measures itself by: ratios against a floor, or against a peer, taken in the same run on the same
//! machine. An absolute time says more about the machine than about us, so none is quoted without its floor.
//!
//! `cargo xtask bench` runs it; the results are printed, and written to `target/bench/latest.json`. `cargo xtask bench
//! protocol` measures the protocol alone, which needs no daemon, and writes `target/bench/protocol.json`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench prints its report")]

mod floor;
mod grpc;
mod oneshot;
mod protocol;
mod pypsrp;
mod sample;
mod slots;

use pslease_tests::{Endpoint, Home, Peer};
use sample::Report;

fn main() {
    let mut report = Report::default();
    protocol::measure(&mut report);
    // Cargo adds options of its own.
    if std::env::args().skip(1).any(|argument| argument == "protocol") {
        return report.print("protocol.json");
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let peer = Peer::python().map(|python| (Endpoint::Peer(Peer::start(&python, "tenant.toml")), python));
    let tenant;
    let endpoint = match &peer {
        Some((endpoint, _)) => endpoint,
        None => {
            tenant = Endpoint::tenant();
            &tenant
        }
    };
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    assert_eq!(home.run(&["run", "Get-CsTenant"]).code, 0, "the session is warm");

    floor::ping_pong(&mut report);
    runtime.block_on(grpc::calls(&home, &mut report));
    oneshot::commands(&home, &mut report);
    slots::owner_death(&home, &mut report);
    pypsrp::objects(&home, &mut report);
    if let Some((Endpoint::Peer(peer), python)) = &peer {
        pypsrp::the_same(peer, python, &mut report);
    }
    report.print("latest.json");
}
