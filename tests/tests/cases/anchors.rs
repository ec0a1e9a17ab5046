//! `acquire` and `with`: a lease that ends with whoever asked for it, and not a moment later or sooner.

use pslease_tests::{Console, Endpoint, Home, eventually};

fn leases(home: &Home) -> usize {
    home.status()["leases"].as_array().map_or(0, Vec::len)
}

pub(crate) fn acquire_lasts_as_long_as_its_shell(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    let held = "pslease status --output json | grep -q '\"leases\":\\[{\\|\"leases\": \\[$' && echo held; read -r line";
    let scripts = [
        ("sh", format!("L=$(pslease acquire --mode exclusive) || exit 1; {held}")),
        ("bash", format!("L=$(pslease acquire --mode exclusive | cat) && {held}")),
        ("bash", format!("eval \"$(pslease acquire --mode exclusive --export)\"; test -n \"$PSLEASE_LEASE\" && {held}")),
        // As cron runs things: a session of its own, hardly any environment.
        ("sh", format!("exec setsid --wait env -i PATH=\"$PATH\" PSLEASE_HOME=\"$PSLEASE_HOME\" PSLEASE_DAEMON=\"$PSLEASE_DAEMON\" sh -c 'L=$(pslease acquire --mode exclusive) || exit 1; echo held; read -r line'")),
    ];
    for (shell, script) in scripts {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let mut command = std::process::Command::new("setsid");
        command.args(["--wait", shell, "-c", &script]);
        home.dress(&mut command);
        let mut console = Console::with_input(command, reader);
        console.wait_for("held");
        assert_eq!(leases(&home), 1, "{script}");
        drop(writer);
        console.finish();
        eventually("the lease has ended with its shell", || leases(&home) == 0);
    }
    assert_eq!(endpoint.truth().over_limit, 0);
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
    assert_eq!(inside.code, 42, "inside, `run` uses the lease, and the child's exit code is passed on: {inside:?}");
    assert!(inside.stdout.contains("TenantId"), "{inside:?}");
    assert_eq!(leases(&home), 0);
    let missing = home.run(&["with", "--", "/no/such/program"]);
    assert_eq!(missing.code, 127, "{missing:?}");
    assert_eq!(endpoint.truth().peak_admin, 1, "no second slot was taken");
}
