//! `pslease run`.

use clixml::{Object, Value};
use proto::v1::invoke_event::Event;
use proto::v1::invoke_request::Message;
use proto::v1::*;
use psrp::Body as _;
use psrp::body::{CreatePipeline, ErrorCategory, ErrorRecord, InformationalRecord, Level, RemoteHostMethodId};

use crate::daemon::{Daemon, Step, refusal};
use crate::{ended, errors_of, interrupt, pslease, rest, run, until};

fn started() -> Step {
    Step::Event(Event::Started(Started::default()))
}

fn chunk(stream: Stream, body: impl AsRef<[u8]>) -> Step {
    // In two parts, as a body that is larger than a chunk comes.
    let body = body.as_ref();
    let (first, last) = body.split_at(body.len() / 2);
    let part = |data: &[u8], first, last| {
        Box::new(Step::Event(Event::Chunk(Chunk {
            stream: stream.into(),
            data: data.to_vec(),
            first,
            last,
        })))
    };
    Step::Both(part(first, true, false), part(last, false, true))
}

fn user(name: &str) -> Step {
    let user = Object::custom().extended("DisplayName", name).extended("Enabled", true);
    chunk(Stream::Output, clixml::write(&user.into()))
}

fn end(outcome: PipelineOutcome, had_errors: bool) -> Step {
    Step::Event(Event::End(PipelineEnd {
        outcome: outcome.into(),
        had_errors,
        ..PipelineEnd::default()
    }))
}

fn completed() -> Step {
    end(PipelineOutcome::Completed, false)
}

fn asked(daemon: &Daemon) -> Begin {
    match daemon.seen().invokes.remove(0).message {
        Some(Message::Begin(begin)) => begin,
        other => panic!("{other:?}"),
    }
}

#[test]
fn objects_go_to_standard_output_and_every_other_stream_beside_it() {
    let mut error = ErrorRecord::new("System.Exception", "it broke", "Broken", ErrorCategory::NotSpecified);
    error.category.activity = Some("Get-X".into());
    let daemon = Daemon::playing(vec![
        started(),
        user("Ken Myer"),
        chunk(
            Stream::Warning,
            InformationalRecord::new(Level::Warning, "it is late").write(),
        ),
        chunk(
            Stream::Verbose,
            InformationalRecord::new(Level::Verbose, "looking").write(),
        ),
        chunk(Stream::Error, error.write()),
        user("Pilar Ackerman"),
        end(PipelineOutcome::Completed, true),
    ]);
    let end = run(&daemon, &["run", "Get-X", "--output", "jsonl"]);
    assert_eq!(
        end.out,
        "{\"DisplayName\":\"Ken Myer\",\"Enabled\":true}\n{\"DisplayName\":\"Pilar Ackerman\",\"Enabled\":true}\n"
    );
    assert!(
        end.error
            .starts_with("WARNING: it is late\nVERBOSE: looking\nGet-X : it broke\n"),
        "{}",
        end.error
    );
    assert_eq!(end.code, Some(1), "an error record counts");
}

#[test]
fn a_command_travels_as_the_words_say() {
    let daemon = Daemon::playing(vec![started(), completed()]);
    let line = [
        "run",
        "-p",
        "litware",
        "Get-CsOnlineUser",
        "-ResultSize",
        "10000",
        "--wait",
        "5m",
        "--mode",
        "exclusive",
    ];
    assert_eq!(run(&daemon, &line).code, Some(0));
    let begin = asked(&daemon);
    assert_eq!(begin.with, Some(begin::With::Profile("litware".into())));
    assert_eq!(begin.mode(), LeaseMode::Exclusive);
    assert_eq!(begin.wait.unwrap().seconds, 300);
    assert_eq!(begin.encoding(), Encoding::Clixml);
    assert_eq!(begin.caller.unwrap().command, "Get-CsOnlineUser -ResultSize 10000");
    let Some(begin::What::CreatePipeline(body)) = begin.what else {
        panic!("a body")
    };
    let pipeline = CreatePipeline::read(&body).unwrap();
    let command = &pipeline.power_shell.statements[0][0];
    assert_eq!(command.name, "Get-CsOnlineUser");
    assert_eq!(command.arguments[1].value, Value::Int32(10_000));
}

#[test]
fn a_script_waits_ten_minutes_unless_it_says_otherwise() {
    let daemon = Daemon::playing(vec![completed()]);
    run(&daemon, &["run", "Get-X"]);
    assert_eq!(asked(&daemon).wait.unwrap().seconds, 600);
}

#[test]
fn inside_of_with_the_lease_is_used_and_a_named_profile_is_not() {
    let daemon = Daemon::playing(vec![completed()]);
    let inside = |words: &[&str]| {
        let mut command = pslease(daemon.home(), words);
        ended(
            command
                .env("PSLEASE_LEASE", "12")
                .env("PSLEASE_FENCE", "7")
                .spawn()
                .unwrap(),
        );
        asked(&daemon).with
    };
    assert_eq!(
        inside(&["run", "Get-X"]),
        Some(begin::With::Lease(LeaseKey { lease: 12, fence: 7 }))
    );
    assert_eq!(
        inside(&["run", "-p", "other", "Get-X"]),
        Some(begin::With::Profile("other".into()))
    );
}

#[test]
fn waiting_is_told_once_for_each_reason_with_who_and_how_to_end_it() {
    let holder = |lease| Holder {
        lease,
        command: "bash".into(),
        pid: 4711,
        tty: "pts/3".into(),
        ..Holder::default()
    };
    let waiting = |position, lease| {
        Step::Event(Event::Waiting(Waiting {
            position,
            blocked_by: BlockedBy::Admin.into(),
            holders: vec![holder(lease)],
            eta: None,
            reason: "3 of 3 sessions of kenmyer@litwareinc.com are leased".into(),
        }))
    };
    let daemon = Daemon::playing(vec![waiting(2, 12), waiting(1, 12), waiting(1, 13), completed()]);
    let end = run(&daemon, &["run", "Get-X"]);
    let lines: Vec<&str> = end.error.lines().collect();
    assert_eq!(lines.len(), 4, "{}", end.error);
    assert!(lines[0].starts_with("waiting (2nd in line, blocked by admin)"));
    assert_eq!(lines[1], "  lease 12: bash (pts/3, pid 4711)   end it: pslease kill 12");
    assert!(lines[3].ends_with("pslease kill 13"));
    assert_eq!(end.out, "");
}

#[test]
fn refusals_have_their_codes_and_their_cures() {
    for (kind, code) in [
        (ErrorKind::Auth, 77),
        (ErrorKind::Usage, 2),
        (ErrorKind::Config, 78),
        (ErrorKind::WouldWait, 75),
    ] {
        let daemon = Daemon::playing(vec![Step::Fail(Box::new(refusal(kind, "no", "do that")))]);
        let end = run(&daemon, &["run", "Get-X", "--wait", "0"]);
        assert_eq!(
            (end.code, end.error.as_str()),
            (Some(code), "error: no\nhint: do that\n"),
            "{kind:?}"
        );
    }
}

#[test]
fn a_refusal_to_wait_says_who_holds_the_slots() {
    let holder = Holder {
        lease: 12,
        command: "bash".into(),
        ..Holder::default()
    };
    let waiting = Waiting {
        blocked_by: BlockedBy::Admin.into(),
        holders: vec![holder],
        ..Waiting::default()
    };
    let detail = ErrorDetail {
        waiting: Some(waiting),
        ..refusal(ErrorKind::WouldWait, "no slot is free", "")
    };
    let end = run(
        &Daemon::playing(vec![Step::Fail(Box::new(detail))]),
        &["run", "Get-X", "--wait", "0"],
    );
    assert_eq!(end.code, Some(75));
    assert!(
        end.error
            .contains("lease 12: bash   end it: pslease kill 12\nhint: try again"),
        "{}",
        end.error
    );
}

#[test]
fn a_lost_session_is_told_in_powershells_words() {
    let lost = PipelineEnd {
        outcome: PipelineOutcome::Failed.into(),
        message: "lease 12 has ended".into(),
        hint: "pslease connect litware".into(),
        kind: ErrorKind::LeaseLost.into(),
        ..PipelineEnd::default()
    };
    let end = run(&Daemon::playing(vec![Step::Event(Event::End(lost))]), &["run", "Get-X"]);
    assert_eq!(end.code, Some(74));
    assert_eq!(
        end.error,
        "error: State of runspace is not valid for this operation.\nerror: lease 12 has ended\n\
         hint: pslease connect litware\n"
    );
}

#[test]
fn a_daemon_that_vanishes_leaves_an_unknown_outcome() {
    let end = run(
        &Daemon::playing(vec![started(), user("Ken Myer"), Step::Vanish]),
        &["run", "Get-X", "--output", "jsonl"],
    );
    assert_eq!(end.code, Some(74));
    assert!(end.error.contains("is unknown"), "{}", end.error);
    assert_eq!(end.out.lines().count(), 1, "what came is kept");
}

#[test]
fn the_first_interrupt_stops_the_pipeline_and_its_end_is_waited_for() {
    let warning = || {
        chunk(
            Stream::Warning,
            InformationalRecord::new(Level::Warning, "running").write(),
        )
    };
    let daemon = Daemon::playing(vec![
        started(),
        warning(),
        Step::Take,
        end(PipelineOutcome::Stopped, false),
    ]);
    let mut child = pslease(daemon.home(), &["run", "Get-X"]).spawn().unwrap();
    let mut error = errors_of(&mut child);
    until(&mut error, "running");
    interrupt(&child);
    assert_eq!(rest(error), "");
    assert_eq!(ended(child).code, Some(130));
    assert_eq!(daemon.seen().invokes[1].message, Some(Message::Stop(true)));
}

#[test]
fn the_second_interrupt_returns_at_once() {
    let warning = |text| chunk(Stream::Warning, InformationalRecord::new(Level::Warning, text).write());
    let daemon = Daemon::playing(vec![started(), warning("running"), Step::Take, warning("stopping")]);
    let mut child = pslease(daemon.home(), &["run", "Get-X"]).spawn().unwrap();
    let mut error = errors_of(&mut child);
    until(&mut error, "running");
    interrupt(&child);
    until(&mut error, "stopping");
    interrupt(&child);
    assert_eq!(ended(child).code, Some(130));
}

#[test]
fn an_interrupt_while_waiting_leaves_the_queue() {
    let waiting = Waiting {
        position: 1,
        reason: "busy".into(),
        ..Waiting::default()
    };
    let daemon = Daemon::playing(vec![Step::Event(Event::Waiting(waiting)), Step::Take]);
    let mut child = pslease(daemon.home(), &["run", "Get-X"]).spawn().unwrap();
    let mut error = errors_of(&mut child);
    until(&mut error, "busy");
    interrupt(&child);
    assert_eq!(ended(child).code, Some(130));
    assert_eq!(daemon.seen().invokes.len(), 1, "there was nothing to stop");
}

#[test]
fn objects_are_seen_before_the_pipeline_ends() {
    use std::io::{BufRead as _, BufReader};
    let daemon = Daemon::playing(vec![
        started(),
        user("Ken Myer"),
        Step::Take,
        end(PipelineOutcome::Stopped, false),
    ]);
    for format in ["jsonl", "table", "csv", "list"] {
        let mut child = pslease(daemon.home(), &["run", "Get-X", "--output", format])
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("Ken Myer") {
            line.clear();
            assert_ne!(out.read_line(&mut line).unwrap(), 0, "{format}");
        }
        interrupt(&child);
        assert_eq!(ended(child).code, Some(130));
    }
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let mut steps = vec![started()];
    steps.extend((0..2000).map(|number| user(&format!("Ken Myer {number}"))));
    let daemon = Daemon::playing(steps);
    let mut child = pslease(daemon.home(), &["run", "Get-X", "--output", "jsonl"])
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let end = ended(child);
    assert_eq!((end.code, end.error.as_str()), (Some(0), ""));
}

#[test]
fn a_question_without_a_terminal_is_refused_and_not_left_open() {
    let call = HostCall {
        call: Some(3),
        method: RemoteHostMethodId::ReadLine.number(),
        parameters: clixml::write(&Value::list(Vec::<Value>::new())).into(),
        origin: "localhost".into(),
    };
    let daemon = Daemon::playing(vec![
        started(),
        Step::Event(Event::HostCall(call)),
        Step::Take,
        completed(),
    ]);
    assert_eq!(run(&daemon, &["run", "Read-Host"]).code, Some(0));
    let Some(Message::HostResponse(answer)) = daemon.seen().invokes.remove(1).message else {
        panic!("an answer")
    };
    assert_eq!((answer.call, answer.method), (3, 11));
    assert!(matches!(answer.answer, Some(host_response::Answer::Refused(_))));
}

#[test]
fn what_the_host_is_told_to_write_is_shown_beside_the_data() {
    let call = |method: RemoteHostMethodId, text: &str| {
        let parameters = clixml::write(&Value::list([text])).into();
        Step::Event(Event::HostCall(HostCall {
            call: None,
            method: method.number(),
            parameters,
            origin: String::new(),
        }))
    };
    let daemon = Daemon::playing(vec![
        started(),
        call(RemoteHostMethodId::WriteLine2, "What if: Performing the operation"),
        chunk(
            Stream::Warning,
            InformationalRecord::new(Level::Warning, "both ways").write(),
        ),
        call(RemoteHostMethodId::WriteWarningLine, "both ways"),
        completed(),
    ]);
    let end = run(&daemon, &["run", "Remove-X", "-WhatIf"]);
    assert_eq!((end.out.as_str(), end.code), ("", Some(0)));
    assert_eq!(end.error, "What if: Performing the operation\nWARNING: both ways\n");
}

#[test]
fn text_that_is_no_command_list_never_reaches_the_daemon() {
    let daemon = Daemon::playing(vec![completed()]);
    let end = run(&daemon, &["run", "Get-X $y"]);
    assert_eq!(end.code, Some(2));
    assert!(
        end.error.contains("hint: put PowerShell text in single quotes"),
        "{}",
        end.error
    );
    assert!(daemon.seen().invokes.is_empty());
}
