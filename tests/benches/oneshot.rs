//! Whole commands, from exec to exit.

use std::process::{Command, Stdio};

use pslease_tests::Home;

use crate::sample::{Report, Sample};

pub(crate) fn commands(home: &Home, report: &mut Report) {
    report.add("/bin/true", Sample::of(300, || run(&mut Command::new("/bin/true"))));
    report.add(
        "pslease status, one shot",
        Sample::of(300, || run(&mut home.pslease(&["status"]))),
    );
    let sample = Sample::of(200, || {
        run(&mut home.pslease(&["run", "Get-CsTenant", "--output", "jsonl"]));
    });
    report.add("pslease run Get-CsTenant, warm", sample);
}

fn run(command: &mut Command) {
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(status.is_ok_and(|status| status.success()), "{command:?}");
}
