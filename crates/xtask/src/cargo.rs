//! Calling cargo, and finding what it built.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) type Outcome = Result<(), String>;

/// Chores talk on stderr; stdout belongs to what they run.
pub(crate) fn say(text: &str) {
    // A chore whose reader has gone has nobody to tell.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

pub(crate) fn run(arguments: &[&str]) -> Outcome {
    finish(command(arguments), &format!("cargo {}", arguments.join(" ")))
}

pub(crate) fn finish(mut command: Command, name: &str) -> Outcome {
    say(&format!("xtask: {name}\n"));
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{name}` ended with {status}")),
        Err(error) => Err(format!("`{name}` did not start: {error}")),
    }
}

pub(crate) fn output(arguments: &[&str]) -> Result<String, String> {
    let name = format!("cargo {}", arguments.join(" "));
    let output = command(arguments)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("`{name}` did not start: {error}"))?;
    if !output.status.success() {
        return Err(format!("`{name}` ended with {}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("`{name}` wrote something that is not text"))
}

/// Builds `pslease` and `psleased` and says where they are, as cargo's own messages have it.
pub(crate) fn binaries(profile: &str) -> Result<(PathBuf, PathBuf), String> {
    let messages = output(&[
        "build",
        "--profile",
        profile,
        "--package",
        "pslease",
        "--package",
        "psleased",
        "--bins",
        "--message-format",
        "json-render-diagnostics",
    ])?;
    let find = |name: &str| {
        messages
            .lines()
            .filter_map(|line| line.split_once("\"executable\":\"").map(|(_, rest)| rest))
            .filter_map(|rest| rest.split_once('"').map(|(path, _)| PathBuf::from(path)))
            .find(|path| path.file_stem().is_some_and(|stem| stem == name))
            .ok_or_else(|| format!("cargo built no `{name}`"))
    };
    Ok((find("pslease")?, find("psleased")?))
}
