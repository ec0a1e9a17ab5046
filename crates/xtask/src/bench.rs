//! `cargo xtask bench`: ratios against a floor or a peer in the same run, never an absolute time. The
//! arguments are the parts to measure (`tests/benches/main.rs`).

use crate::cargo::{self, Outcome};
use crate::interop;

pub(crate) fn run(rest: &[String]) -> Outcome {
    let mut arguments = vec!["bench", "--package", "pslease-tests", "--bench", "main", "--"];
    arguments.extend(rest.iter().map(String::as_str));
    let mut bench = cargo::command(&arguments);
    let peer = cargo::root().join("../shared/peer");
    if peer.is_dir() {
        bench.env("PSLEASE_PEER_PYTHON", interop::environment(&peer)?);
    }
    cargo::finish(bench, "cargo bench --package pslease-tests")
}
