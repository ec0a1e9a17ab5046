//! The built binaries against `../shared/peer`, an endpoint that nobody here wrote.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cargo::{self, Outcome};

pub(crate) fn run() -> Outcome {
    let peer = cargo::root().join("../shared/peer");
    if !peer.is_dir() {
        cargo::say("skipped: ../shared is absent, so there is no peer to test against\n");
        return Ok(());
    }
    let python = environment(&peer)?;
    negotiate(&peer, &python);
    let link = [
        "test",
        "--package",
        "pslease-link",
        "--features",
        "negotiate",
        "--test",
        "negotiate",
    ];
    let suites = [
        &link[..],
        &["test", "--package", "pslease-endpoint", "--test", "peer"],
        &["test", "--package", "pslease-runspace", "--test", "peer"],
        &["test", "--package", "pslease-tests", "--", "interop::", "online::"],
    ];
    for arguments in suites {
        let mut tests = cargo::command(arguments);
        tests.env("PSLEASE_PEER_PYTHON", &python);
        cargo::finish(tests, &format!("cargo {}", arguments.join(" ")))?;
    }
    Ok(())
}

/// What the peer needs for NTLM and Kerberos, as far as that is to be had: the second wants MIT's headers and a compiler.
/// The tests themselves say what they skip.
fn negotiate(peer: &Path, python: &Path) {
    let folder = target().join("peer-venv");
    let file = peer.join("requirements-negotiate.txt");
    let wanted = std::fs::read_to_string(&file).unwrap_or_default();
    let stamp = folder.join("installed-negotiate");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return;
    }
    let install = |what: &[&std::ffi::OsStr]| {
        let mut pip = Command::new(python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args(what)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        pip.status().is_ok_and(|status| status.success())
    };
    if install(&["--requirement".as_ref(), file.as_ref()]) {
        // Where this cannot be written it is asked for again, which does no harm.
        let _ = std::fs::write(&stamp, wanted);
        return;
    }
    let ntlm: Vec<_> = wanted
        .lines()
        .filter(|line| line.starts_with("pyspnego"))
        .map(AsRef::as_ref)
        .collect();
    let left = if !ntlm.is_empty() && install(&ntlm) {
        "Kerberos"
    } else {
        "NTLM and Kerberos"
    };
    cargo::say(&format!(
        "skipped: the peer's requirements for {left} cannot be installed (.ci/setup has the packages they need)\n"
    ));
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
