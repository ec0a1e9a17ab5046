//! `acquire` and `with`: a lease that ends with whoever asked for it, and not a moment later or sooner.

use std::io::PipeWriter;
use std::process::Command;

use pslease_tests::{Console, Endpoint, Home, eventually};

fn leases(home: &Home) -> usize {
    home.status()["leases"].as_array().map_or(0, Vec::len)
}

/// A script that holds a lease until its standard input ends.
fn holding(acquire: &str) -> String {
    format!("{acquire} || exit 1; echo held; read -r line")
}

/// A script in a session of its own, and the end of its standard input.
fn script(home: &Home, shell: &str, text: &str) -> (Console, PipeWriter) {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let mut command = Command::new("setsid");
    command.args(["--wait", shell, "-c", text]);
    home.dress(&mut command);
    (Console::with_input(command, reader), writer)
}

pub(crate) fn acquire_lasts_as_long_as_its_shell(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    let plain = holding("L=$(pslease acquire --mode exclusive)");
    let scripts = [
        ("sh", plain.clone()),
        ("bash", holding("L=$(pslease acquire --mode exclusive | cat)")),
        ("bash", holding("L=$(timeout 20 pslease acquire --mode exclusive)")),
        (
            "bash",
            holding("eval \"$(pslease acquire --mode exclusive --export)\" && test -n \"$PSLEASE_LEASE\""),
        ),
        // As cron runs things: hardly any environment.
        (
            "sh",
            format!(
                "exec env -i PATH=\"$PATH\" PSLEASE_HOME=\"$PSLEASE_HOME\" PSLEASE_DAEMON=\"$PSLEASE_DAEMON\" sh -c '{plain}'"
            ),
        ),
    ];
    for (shell, text) in scripts {
        let (mut console, writer) = script(&home, shell, &text);
        console.wait_for("held");
        assert_eq!(leases(&home), 1, "{text}");
        drop(writer);
        assert_eq!(console.finish().code, 1, "`read` came to the end of its input: {text}");
        eventually("the lease has ended with its shell", || leases(&home) == 0);
    }
    assert_eq!(endpoint.truth().over_limit, 0);
}

pub(crate) fn acquire_ends_with_its_own_script_not_with_the_one_around_it(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    // Without job control the inner script leads no process group, and the outer one goes on for long.
    let inner = holding("L=$(pslease acquire --mode exclusive)");
    let (mut console, writer) = script(&home, "sh", &format!("sh -c '{inner}'; echo after; exec sleep 600"));
    console.wait_for("held");
    assert_eq!(leases(&home), 1);
    drop(writer);
    console.wait_for("after");
    eventually("the lease has ended with the inner script", || leases(&home) == 0);
    assert!(!console.has_ended());
}

pub(crate) fn with_binds_to_its_child(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "max_concurrency = 1");
    let inside = home.run(&[
        "with",
        "--mode",
        "exclusive",
        "--",
        "sh",
        "-c",
        "test -n \"$PSLEASE_LEASE\" && test -n \"$PSLEASE_FENCE\" && pslease run Get-CsTenant --output jsonl && exit 42",
    ]);
    assert_eq!(
        inside.code, 42,
        "inside, `run` uses the lease, and the child's exit code is passed on: {inside:?}"
    );
    assert!(inside.stdout.contains("TenantId"), "{inside:?}");
    assert_eq!(leases(&home), 0);
    let missing = home.run(&["with", "--", "/no/such/program"]);
    assert_eq!(missing.code, 127, "{missing:?}");
    assert_eq!(endpoint.truth().peak_admin, 1, "no second slot was taken");
}
