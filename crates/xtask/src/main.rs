//! The project's own chores: `cargo xtask help`.

mod bench;
mod cargo;
mod crash;
mod demo;
mod dependencies;
mod fuzz;
mod interop;
mod lint;
mod soak;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask <chore>

  ci        what CI runs: tests, lints, interop, fuzz
  lint      rustfmt, clippy with warnings denied, purity of the core, the table of dependencies, cargo deny
  interop   the built binaries against ../shared/peer, an endpoint on foreign code
  fuzz      each fuzz target for 20 seconds, or: fuzz [--seconds N] [TARGET...]
  crash     kills the daemon between any two of its steps, or: crash --kills N (on each endpoint)
  demo      builds the binaries and runs `pslease demo` (also: cargo demo)
  soak      soak [--minutes N]: memory, descriptors and ledger of a busy daemon stay flat (60)
  bench     the ratios that the project measures itself by, or: bench PART... (protocol, grpc, oneshot, slots, pypsrp, door)
";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let chore = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let result = match chore.as_str() {
        "ci" => cargo::run(&["test", "--workspace"])
            .and_then(|()| lint::run())
            .and_then(|()| interop::run())
            .and_then(|()| fuzz::run(&[])),
        "lint" => lint::run(),
        "interop" => interop::run(),
        "fuzz" => fuzz::run(&rest),
        "crash" => crash::run(&rest),
        "demo" => demo::run(&rest),
        "bench" => bench::run(&rest),
        "soak" => soak::run(&rest),
        _ => {
            cargo::say(HELP);
            return if matches!(chore.as_str(), "help" | "--help" | "-h") {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(2)
            };
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            cargo::say(&format!("error: {error}\n"));
            ExitCode::FAILURE
        }
    }
}
