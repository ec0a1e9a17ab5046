//! The built binaries against `../shared/peer`, an endpoint that nobody here wrote.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::{self, Outcome};

pub(crate) fn run() -> Outcome {
    let peer = cargo::root().join("../shared/peer");
    if !peer.is_dir() {
        cargo::say("skipped: ../shared is absent, so there is no peer to test against\n");
        return Ok(());
    }
    let python = environment(&peer)?;
    let mut tests = cargo::command(&["test", "--package", "pslease-tests", "--", "interop::"]);
    tests.env("PSLEASE_PEER_PYTHON", python);
    cargo::finish(tests, "cargo test --package pslease-tests -- interop::")
}

/// A virtual environment with the peer's pinned requirements, made once a target directory.
pub(crate) fn environment(peer: &Path) -> Result<PathBuf, String> {
    let folder = target().join("peer-venv");
    let python = folder.join("bin/python");
    let requirements = peer.join("requirements-test.txt");
    let wanted = ["requirements.txt", "requirements-test.txt"]
        .map(|name| std::fs::read_to_string(peer.join(name)).unwrap_or_default())
        .concat();
    let stamp = folder.join("installed");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv", "--clear"]).arg(&folder);
    cargo::finish(venv, "python3 -m venv")?;
    let mut pip = Command::new(&python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
    ])
    .arg(&requirements);
    cargo::finish(pip, "pip install the peer's requirements")?;
    std::fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))?;
    Ok(python)
}

pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| cargo::root().join("target"), PathBuf::from)
}
