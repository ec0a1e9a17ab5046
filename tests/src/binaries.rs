//! The programs under test. `cargo test` does not build another package's binaries, so this does, once a run.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value as Json;

/// Where the programs are.
#[derive(Debug)]
pub struct Binaries {
    /// The command line.
    pub pslease: PathBuf,
    /// The daemon, with the features `test-clock` and `test-crash`.
    pub psleased: PathBuf,
}

/// The programs, built on the first call with the profile and the target directory of this test.
pub fn binaries() -> &'static Binaries {
    static BUILT: OnceLock<Binaries> = OnceLock::new();
    BUILT.get_or_init(build)
}

fn build() -> Binaries {
    // PROGRAMS/../.. is the target directory that this very test was built into.
    let own = std::env::current_exe().expect("a test knows its own path");
    let target = own.ancestors().nth(3).expect("TARGET/PROFILE/deps/main");
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .args(["build", "--package", "pslease", "--package", "psleased", "--bins"])
        .args([
            "--features",
            "psleased/test-clock,psleased/test-crash",
            "--message-format",
            "json-render-diagnostics",
        ])
        .arg("--target-dir")
        .arg(target)
        .stderr(Stdio::inherit());
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let output = cargo.output().expect("cargo starts");
    assert!(output.status.success(), "the binaries do not build");
    let find = |name: &str| {
        output
            .stdout
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice::<Json>(line).ok())
            .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
            .find(|path| path.file_stem().is_some_and(|stem| stem == name))
            .unwrap_or_else(|| panic!("cargo built no {name}"))
    };
    Binaries {
        pslease: find("pslease"),
        psleased: find("psleased"),
    }
}
