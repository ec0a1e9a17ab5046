//! `pslease profile`, which needs no daemon.

use crate::{ended, pslease};

#[test]
fn a_profile_is_added_shown_listed_and_removed() {
    let home = tempfile::tempdir().unwrap();
    let run = |words: &[&str]| ended(pslease(home.path(), words).spawn().unwrap());
    let add = [
        "profile",
        "add",
        "lab",
        "--template",
        "winrm",
        "--host",
        "dc1",
        "--admin",
        "ken@lab",
    ];
    let end = run(&add);
    assert_eq!(end.code, Some(0), "{}", end.error);
    assert!(end.error.ends_with("hint: pslease login lab\n"), "{}", end.error);
    let shown = run(&["profile", "show"]);
    assert_eq!(
        shown.out,
        "[profile.lab]\ntemplate = \"winrm\"\nhost = \"dc1\"\nadmin = \"ken@lab\"\n"
    );
    let listed = run(&["profile", "list", "--output", "jsonl"]);
    let listed: serde_json::Value = serde_json::from_str(&listed.out).unwrap();
    assert_eq!((&listed["name"], &listed["is_default"]), (&"lab".into(), &true.into()));
    assert_eq!(run(&add).code, Some(2), "twice is a mistake");
    assert_eq!(run(&["profile", "remove", "lab"]).code, Some(0));
    assert_eq!(run(&["profile", "remove", "lab"]).code, Some(2));
}

#[test]
fn without_a_terminal_what_is_missing_is_named() {
    let home = tempfile::tempdir().unwrap();
    // In a session of its own there is no terminal to ask at, whoever runs this test.
    let mut command = std::process::Command::new("setsid");
    command
        .arg("-w")
        .arg(env!("CARGO_BIN_EXE_pslease"))
        .args(["profile", "add"])
        .env("PSLEASE_HOME", home.path());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&output.stderr).starts_with("error: its name is missing\nhint: "),
        "{output:?}"
    );
}
