//! What the project measures itself by: ratios against a floor, or against a peer, taken in the same run on the same
//! machine. An absolute time says more about the machine than about us, so none is quoted without its floor.
//!
//! `cargo xtask bench` runs it; the results are printed, and written to `target/bench/latest.json`. `cargo xtask bench PART...`
//! measures only these parts (`protocol` alone needs no daemon), and writes `target/bench/PART.json`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench prints its report")]

mod door;
mod floor;
mod grpc;
mod oneshot;
mod protocol;
mod pypsrp;
mod sample;
mod slots;

use std::process::ExitCode;

use pslease_tests::{Endpoint, Home, Peer};
use sample::Report;

const PARTS: [&str; 6] = ["protocol", "grpc", "oneshot", "slots", "pypsrp", "door"];

fn main() -> ExitCode {
    // Cargo adds options of its own.
    let chosen: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    if let Some(unknown) = chosen.iter().find(|word| !PARTS.contains(&word.as_str())) {
        eprintln!("there is no part {unknown}; the parts are: {}", PARTS.join(", "));
        return ExitCode::from(2);
    }
    let has = |part: &str| chosen.is_empty() || chosen.iter().any(|word| word == part);
    let mut report = Report::default();
    if has("protocol") {
        protocol::measure(&mut report);
    }
    if PARTS[1..].iter().any(|part| has(part)) {
        floor::ping_pong(&mut report);
    }
    if PARTS[1..5].iter().any(|part| has(part)) {
        with_an_endpoint(&has, &mut report);
    }
    if has("door") {
        door::measure(&mut report);
    }
    report.print(&match chosen.as_slice() {
        [] => "latest.json".to_owned(),
        parts => format!("{}.json", parts.join("-")),
    });
    if cfg!(debug_assertions) {
        println!("this was a debug build: its figures only show that the bench works");
    }
    ExitCode::SUCCESS
}

/// The parts that share a daemon with a warm session at an endpoint.
fn with_an_endpoint(has: &dyn Fn(&str) -> bool, report: &mut Report) {
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

    if has("grpc") {
        runtime.block_on(grpc::calls(&home, report));
    }
    if has("oneshot") {
        oneshot::commands(&home, report);
    }
    if has("slots") {
        slots::owner_death(&home, report);
    }
    if has("pypsrp") {
        pypsrp::objects(&home, report);
        if let Some((Endpoint::Peer(peer), python)) = &peer {
            pypsrp::the_same(peer, python, report);
        }
    }
}
