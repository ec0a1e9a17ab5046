//! `cargo demo`: the main job, from a fresh clone, in one command.

use std::process::Command;

use crate::cargo::{self, Outcome};

pub(crate) fn run(rest: &[String]) -> Outcome {
    let (pslease, psleased) = cargo::binaries("dev")?;
    let mut demo = Command::new(pslease);
    demo.arg("demo").args(rest).env("PSLEASE_DAEMON", psleased);
    cargo::finish(demo, "pslease demo")
}
