//! `pslease with`.

use proto::v1::lease_event::Event;
use proto::v1::{EndCause, Ended};

use crate::daemon::{Daemon, granted};
use crate::{ended, errors_of, interrupt, pslease, rest, run, until};

#[test]
fn the_program_gets_the_lease_and_its_code_is_passed_on() {
    let daemon = Daemon::new();
    let end = run(
        &daemon,
        &["with", "--", "sh", "-c", "echo $PSLEASE_LEASE:$PSLEASE_FENCE; exit 3"],
    );
    assert_eq!((end.out.as_str(), end.code), ("12:7\n", Some(3)));
    assert_eq!(daemon.seen().releases.len(), 1, "given back before the end");
    let wish = daemon.seen().holds.remove(0).wish.unwrap();
    assert_eq!(wish.caller.unwrap().command, "sh", "its arguments are its own business");
}

#[test]
fn a_signal_that_ends_the_program_shows_in_the_code() {
    assert_eq!(
        run(&Daemon::new(), &["with", "--", "sh", "-c", "kill -9 $$"]).code,
        Some(137)
    );
}

#[test]
fn what_cannot_be_run_has_the_codes_of_env() {
    let daemon = Daemon::new();
    assert_eq!(run(&daemon, &["with", "--", "no-such-program"]).code, Some(127));
    assert_eq!(run(&daemon, &["with", "--", "/etc/passwd"]).code, Some(126));
}

#[test]
fn an_interrupt_is_the_programs() {
    let daemon = Daemon::new();
    let script = "trap 'echo caught; exit 5' INT; echo ready >&2; while :; do sleep 0.01; done";
    let mut child = pslease(daemon.home(), &["with", "--", "sh", "-c", script])
        .spawn()
        .unwrap();
    let mut error = errors_of(&mut child);
    until(&mut error, "ready");
    // As a terminal does it: to everybody in the foreground. Ours alone changes nothing.
    interrupt(&child);
    let program = std::process::Command::new("pgrep")
        .arg("-P")
        .arg(child.id().to_string())
        .output()
        .unwrap();
    let program: i32 = String::from_utf8(program.stdout).unwrap().trim().parse().unwrap();
    let program = rustix::process::Pid::from_raw(program).unwrap();
    rustix::process::kill_process(program, rustix::process::Signal::INT).unwrap();
    assert_eq!(rest(error), "");
    let end = ended(child);
    assert_eq!((end.out.as_str(), end.code), ("caught\n", Some(5)));
}

#[test]
fn a_lost_lease_is_told_and_the_program_goes_on() {
    let lost = Event::Ended(Ended {
        cause: EndCause::Revoked.into(),
        message: "somebody killed it".into(),
        hint: "pslease with again".into(),
    });
    let daemon = Daemon::leasing(granted().into_iter().chain([lost]).collect());
    let mut command = pslease(daemon.home(), &["with", "--", "sh", "-c", "read line; exit 4"]);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    let mut error = errors_of(&mut child);
    until(&mut error, "lease 12 has ended: somebody killed it");
    drop(child.stdin.take());
    assert_eq!(rest(error), "hint: pslease with again\n");
    assert_eq!(ended(child).code, Some(4));
}
