//! `cargo xtask soak [--minutes N]`: consoles come, run, die and come again; the daemon's memory, descriptors and ledger
//! must stay flat.

use crate::cargo::{self, Outcome};

pub(crate) fn run(rest: &[String]) -> Outcome {
    let minutes = match rest {
        [] => "60",
        [option, minutes] if option == "--minutes" && minutes.parse::<f64>().is_ok_and(|number| number > 0.0) => {
            minutes
        }
        _ => return Err("cargo xtask soak [--minutes N]".to_owned()),
    };
    let mut soak = cargo::command(&[
        "test",
        "--package",
        "pslease-tests",
        "--test",
        "main",
        "--",
        "--ignored",
        "--exact",
        "--nocapture",
        "soak::memory_descriptors_and_ledger_stay_flat",
    ]);
    soak.env("PSLEASE_SOAK_MINUTES", minutes);
    cargo::finish(soak, "cargo test --package pslease-tests (soak)")
}
