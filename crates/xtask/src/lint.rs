//! What is checked without running anything.

use crate::cargo::{self, Outcome};
use crate::dependencies;

/// Crates that know no runtime; `clippy.toml` in each forbids the clock.
const CORE: [&str; 11] = [
    "moment", "broker", "clixml", "psrp", "wsman", "pipe", "door", "runspace", "endpoint", "language", "display",
];

/// What would make a core crate an edge.
const RUNTIME: [&str; 7] = [
    "tokio",
    "hyper",
    "reqwest",
    "mio",
    "async-std",
    "futures-executor",
    "getrandom",
];

pub(crate) fn run() -> Outcome {
    cargo::run(&["fmt", "--all", "--check"])?;
    cargo::run(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])?;
    purity()?;
    dependencies::check()?;
    deny()
}

fn purity() -> Outcome {
    for name in CORE {
        let package = format!("pslease-{name}");
        let tree = cargo::output(&["tree", "--package", &package, "--edges", "normal", "--prefix", "none"])?;
        let guilty = tree
            .lines()
            .filter_map(|line| line.split_whitespace().next())
            .find(|dependency| RUNTIME.contains(dependency));
        if let Some(dependency) = guilty {
            return Err(format!(
                "{package} is a core crate and depends on {dependency}: take it as an argument"
            ));
        }
    }
    cargo::say("xtask: the core crates know no runtime\n");
    Ok(())
}

fn deny() -> Outcome {
    let there = cargo::command(&["deny", "--version"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !there {
        cargo::say("skipped: cargo deny is not installed (cargo install --locked cargo-deny)\n");
        return Ok(());
    }
    // Advisories come from a repository of their own, which a closed network does not reach: `cargo deny check` has them.
    cargo::run(&["deny", "--all-features", "check", "bans", "licenses", "sources"])
}
