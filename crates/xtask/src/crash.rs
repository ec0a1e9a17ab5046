//! The crash matrix for as long as one likes.

use crate::cargo::{self, Outcome};
use crate::interop;

pub(crate) fn run(arguments: &[String]) -> Outcome {
    let kills = match arguments {
        [] => "1000",
        [option, kills] if option == "--kills" && kills.parse::<u32>().is_ok() => kills,
        _ => return Err("usage: cargo xtask crash [--kills N]".to_owned()),
    };
    let name = "killed_between_any_two_steps";
    let mut tests = cargo::command(&[
        "test",
        "--package",
        "pslease-tests",
        "--test",
        "main",
        "--",
        name,
        "--nocapture",
    ]);
    tests.env("PSLEASE_CRASH_KILLS", kills);
    let peer = cargo::root().join("../shared/peer");
    if peer.is_dir() && std::env::var_os("PSLEASE_PEER_PYTHON").is_none() {
        tests.env("PSLEASE_PEER_PYTHON", interop::environment(&peer)?);
    }
    cargo::finish(tests, &format!("{kills} kills on each endpoint"))
}
