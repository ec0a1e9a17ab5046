//! What others wrote and recorded, in `../shared`, which not every machine has: tests that lack it say so and end.
//!
//! - [`Program`]: a program of the peer's, an endpoint on foreign code, started for one test and gone with it.
//! - [`sessions`]: what PowerShell 7.6 said over its out-of-process transport, line by line.
//!
//! For tests alone, where whatever goes wrong on the way is the test's failure: so it panics, and says at what.
#![allow(clippy::print_stdout, reason = "tests say on standard output what they skip")]

mod program;
mod sessions;

use std::path::{Path, PathBuf};

pub use program::{Program, python};
pub use sessions::{Line, Session, sessions};

/// A folder of `../shared`; `None`, which is said, where it is absent.
pub fn folder(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(name);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: ../shared is absent");
    None
}
