//! `cargo xtask bench`: ratios against a floor or a peer in the same run, never an absolute time.

use crate::cargo::{self, Outcome};

pub(crate) fn run(rest: &[String]) -> Outcome {
    let mut arguments = vec!["bench", "--package", "pslease-tests", "--bench", "main", "--"];
    arguments.extend(rest.iter().map(String::as_str));
    cargo::run(&arguments)
}
