//! The fuzz targets of `fuzz/` on a stable toolchain: `cargo xtask fuzz [--seconds N] [TARGET...]`.
//!
//! `cargo fuzz` wants a nightly. What it asks of rustc is little, and is asked of cargo here: the coverage that libFuzzer
//! reads, which any rustc can put in, and the address sanitizer where the toolchain has its runtime.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::{self, Outcome};
use crate::interop::target;

const TARGETS: [&str; 6] = ["soap", "fragment", "clixml", "pipe", "ledger", "door"];

/// Coverage as `cargo fuzz` asks for it.
const COVERAGE: [&str; 8] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "--cfg=fuzzing",
    "-Cdebug-assertions",
    "-Ccodegen-units=1",
];

/// An input costs less than this, however hostile: bytes as the seeds have them, memory, seconds on a busy machine.
const BOUNDS: [&str; 3] = ["-max_len=16384", "-rss_limit_mb=1024", "-timeout=20"];

/// What was asked for.
#[derive(Debug, PartialEq)]
struct Plan {
    /// For each target.
    seconds: u32,
    targets: Vec<&'static str>,
}

pub(crate) fn run(arguments: &[String]) -> Outcome {
    let plan = plan(arguments)?;
    if cfg!(windows) {
        cargo::say("skipped: the fuzz targets are built where libFuzzer is, which is not here\n");
        return Ok(());
    }
    if !has_compiler() {
        cargo::say("skipped: no C++ compiler for libFuzzer is there (install c++, or name one in CXX)\n");
        return Ok(());
    }
    let folder = cargo::root().join("fuzz");
    let binaries = build(&folder, &plan.targets)?;
    seed(&folder, &plan.targets)?;
    let mut findings = Vec::new();
    for name in plan.targets {
        if let Err(finding) = fuzz(&folder, &binaries.join(name), name, plan.seconds) {
            cargo::say(&format!("fuzz {name}: a finding\n"));
            findings.push(finding);
        }
    }
    if findings.is_empty() {
        Ok(())
    } else {
        Err(findings.join("\nerror: "))
    }
}

fn plan(arguments: &[String]) -> Result<Plan, String> {
    let mut plan = Plan {
        seconds: 20,
        targets: Vec::new(),
    };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument == "--seconds" {
            plan.seconds = rest
                .next()
                .and_then(|seconds| seconds.parse().ok())
                // To libFuzzer none are for ever.
                .filter(|seconds| *seconds > 0)
                .ok_or("--seconds needs a whole number of seconds, at least 1")?;
        } else {
            let known = TARGETS.iter().find(|name| *name == argument);
            let name = known.ok_or_else(|| format!("no fuzz target is called {argument}: {}", TARGETS.join(", ")))?;
            plan.targets.push(name);
        }
    }
    if plan.targets.is_empty() {
        plan.targets = TARGETS.to_vec();
    }
    Ok(plan)
}

fn has_compiler() -> bool {
    let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
    let version = Command::new(compiler).arg("--version").output();
    version.is_ok_and(|output| output.status.success())
}

/// Builds the targets, and says in which folder they are.
fn build(folder: &Path, targets: &[&str]) -> Result<PathBuf, String> {
    let (host, sanitizer) = toolchain()?;
    let mut flags = COVERAGE.to_vec();
    let mut build = cargo::command(&["build", "--quiet", "--release", "--target", &host]);
    for name in targets {
        build.args(["--bin", name]);
    }
    if sanitizer {
        flags.push("-Zsanitizer=address");
        build.env("RUSTC_BOOTSTRAP", "1");
    }
    build
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", built())
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    let with = if sanitizer { "with" } else { "without" };
    cargo::finish(
        build,
        &format!("cargo build the fuzz targets {with} the address sanitizer"),
    )?;
    Ok(built().join(host).join("release"))
}

/// Apart from the rest: these flags would have cargo build everything anew each time.
fn built() -> PathBuf {
    target().join("fuzz")
}

/// The machine's triple, and whether the toolchain has an address sanitizer for it.
fn toolchain() -> Result<(String, bool), String> {
    let ask = |arguments: &[&str]| {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let output = Command::new(rustc).args(arguments).output();
        let output = output.map_err(|error| format!("`rustc` did not start: {error}"))?;
        Ok::<_, String>(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let version = ask(&["-vV"])?;
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .ok_or("`rustc -vV` names no host")?;
    let libraries = Path::new(ask(&["--print", "sysroot"])?.trim())
        .join("lib/rustlib")
        .join(host)
        .join("lib");
    let sanitizer = fs::read_dir(libraries).is_ok_and(|entries| {
        let mut names = entries.filter_map(Result::ok).map(|entry| entry.file_name());
        names.any(|name| name.to_string_lossy().contains("_rt.asan."))
    });
    Ok((host.to_owned(), sanitizer))
}

/// Makes the first corpus where there is none; to make it anew, remove `fuzz/corpus`.
fn seed(folder: &Path, targets: &[&str]) -> Outcome {
    let is_there = |name: &&str| {
        let corpus = fs::read_dir(folder.join("corpus").join(name));
        corpus.is_ok_and(|mut entries| entries.next().is_some())
    };
    if targets.iter().all(is_there) {
        return Ok(());
    }
    if !cargo::root().join("../shared/vectors").is_dir() {
        cargo::say("xtask: ../shared is absent, so fuzzing begins without seeds\n");
        return Ok(());
    }
    let mut seed = cargo::command(&["run", "--quiet", "--bin", "seed"]);
    seed.current_dir(folder).env("CARGO_TARGET_DIR", built());
    cargo::finish(seed, "cargo run --bin seed")
}

/// Runs one target. What it finds is the error.
fn fuzz(folder: &Path, binary: &Path, name: &str, seconds: u32) -> Outcome {
    let corpus = folder.join("corpus").join(name);
    let artifacts = folder.join("artifacts").join(name);
    for folder in [&corpus, &artifacts] {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let output = Command::new(binary)
        .args(BOUNDS)
        .arg(format!("-max_total_time={seconds}"))
        .arg("-print_final_stats=1")
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(&corpus)
        .current_dir(folder)
        .output()
        .map_err(|error| format!("{} did not start: {error}", binary.display()))?;
    let log = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        let (runs, coverage) = figures(&log);
        cargo::say(&format!("fuzz {name}: {runs} runs, coverage {coverage}\n"));
        return Ok(());
    }
    let kept = artifacts.with_extension("log");
    let _ = fs::write(&kept, log.as_bytes());
    let reproducer = reproducer(&log).unwrap_or("no input was written");
    Err(format!(
        "fuzz target {name} found {reproducer} (its log: {}; to see it again: {} {reproducer})",
        kept.display(),
        binary.display(),
    ))
}

/// How many inputs were run and how many edges they reached, from what libFuzzer writes.
fn figures(log: &str) -> (&str, &str) {
    let find = |key: &str| log.rsplit_once(key)?.1.split_whitespace().next();
    (
        find("stat::number_of_executed_units:").unwrap_or("?"),
        find(" cov:").unwrap_or("?"),
    )
}

/// Where libFuzzer put the input that failed.
fn reproducer(log: &str) -> Option<&str> {
    let (_, path) = log.rsplit_once("Test unit written to ")?;
    path.lines().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn every_target_runs_unless_some_are_named() {
        let all = plan(&[]).unwrap();
        assert_eq!((all.seconds, &all.targets[..]), (20, &TARGETS[..]));
        let some = plan(&words("pipe --seconds 5 soap")).unwrap();
        assert_eq!((some.seconds, &some.targets[..]), (5, &["pipe", "soap"][..]));
        for wrong in ["broker", "--seconds", "--seconds 0", "--seconds x"] {
            assert!(plan(&words(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_target_is_in_the_manifest() {
        let manifest = fs::read_to_string(cargo::root().join("fuzz/Cargo.toml")).unwrap();
        let paths = manifest.matches("path = \"fuzz_targets/").count();
        assert_eq!(paths, TARGETS.len());
        assert!(
            TARGETS
                .iter()
                .all(|name| manifest.contains(&format!("fuzz_targets/{name}.rs")))
        );
    }

    #[test]
    fn the_last_figures_count() {
        let log =
            "#2\tINITED cov: 3 ft: 4\n#9\tDONE   cov: 75 ft: 90 corp: 1\nstat::number_of_executed_units: 9\nstat::x: 1";
        assert_eq!(figures(log), ("9", "75"));
        assert_eq!(figures(""), ("?", "?"));
        let crash = "x\nartifact_prefix='a/'; Test unit written to a/crash-1\nBase64: AA==";
        assert_eq!(reproducer(crash), Some("a/crash-1"));
    }
}
