//! Memory: a million objects pass through in a fixed budget, and a reader that reads nothing holds up only itself.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use client::{Client, Dial};
use place::Place;
use proto::v1::invoke_event::Event;
use proto::v1::invoke_request::Message;
use proto::v1::{Input, InvokeRequest, PipelineOutcome, StopRequest, input};
use pslease_tests::{Endpoint, Home, eventually};
use serde_json::json;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::cases::input::{measure, stands};

/// The most that either program may have resident at any time, in bytes. Unoptimized, the daemon takes up to 42 MiB
/// and the client 16, however many objects there are.
const BUDGET: u64 = 64 << 20;

/// Forty seconds of an unoptimized build, if nothing else runs.
const OBJECTS: u64 = 1_000_000;

/// A `pslease run` whose output is read when the test reads it, and not before. Dropping it kills it.
struct Slow {
    child: Child,
    output: BufReader<ChildStdout>,
    line: String,
}

impl Slow {
    fn run(home: &Home, words: &[&str]) -> Self {
        let mut command = home.pslease(&["run", "--output", "jsonl", "--"]);
        command
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().expect("pslease starts");
        let output = BufReader::new(child.stdout.take().expect("it was piped"));
        Self {
            child,
            output,
            line: String::new(),
        }
    }

    /// The next line of its output; empty at the end.
    fn line(&mut self) -> &str {
        self.line.clear();
        self.output.read_line(&mut self.line).expect("text");
        &self.line
    }

    fn peak(&self) -> u64 {
        peak(self.child.id()).expect("it runs")
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The most that a process has had resident so far, in bytes; nothing once it has ended.
fn peak(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = peak.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes << 10)
}

fn daemons_peak(home: &Home) -> u64 {
    peak(home.daemon().expect("a daemon")).expect("it runs")
}

fn blob(number: u64) -> String {
    format!("{{\"Number\":{number},\"Data\":\"")
}

#[test]
fn a_million_objects_pass_through_in_a_fixed_budget() {
    let endpoint = Endpoint::tenant();
    let home = Home::with_admins(&endpoint, "skype", &["kenmyer"], "");
    let count = OBJECTS.to_string();
    let mut run = Slow::run(&home, &["Get-TenantBlob", "-Bytes", "8", "-Count", &count]);
    for number in 1..=OBJECTS {
        let expected = blob(number);
        let line = run.line();
        assert!(line.starts_with(&expected), "{line:?} is not number {number}");
        // It may end as soon as it has written the last.
        if number % (OBJECTS / 10) == OBJECTS / 10 - 1 {
            let peak = run.peak();
            assert!(peak < BUDGET, "the client had {peak} bytes at object {number}");
        }
    }
    assert_eq!(run.line(), "", "there is no further object");
    assert!(run.child.wait().expect("a child ends").success());
    let peak = daemons_peak(&home);
    assert!(peak < BUDGET, "the daemon had {peak} bytes");
}

#[test]
fn a_reader_that_reads_nothing_holds_up_its_own_pipeline_only() {
    let endpoint = Endpoint::tenant();
    let home = Home::with_admins(&endpoint, "skype", &["kenmyer"], "");
    // Far more than the budget, in large objects and in tiny ones.
    let mut large = Slow::run(&home, &["Get-TenantBlob", "-Bytes", "4096", "-Count", "1000000"]);
    let numbers = "Get-TenantBlob -Bytes 0 -Count 10000000 | Select-Object -ExpandProperty Number";
    let mut tiny = Slow::run(&home, &[numbers]);
    eventually("both run", || {
        let status = home.status();
        let sessions = status["sessions"].as_array().expect("a list");
        sessions.len() == 2 && sessions.iter().all(|session| session["availability"] == "Busy")
    });
    // Meanwhile the tenant could have written more than the budget for either of them.
    let mut read = Slow::run(&home, &["Get-TenantBlob", "-Bytes", "8", "-Count", "50000"]);
    for number in 1..=50_000 {
        let expected = blob(number);
        let line = read.line();
        assert!(line.starts_with(&expected), "{line:?} is not number {number}");
    }
    assert_eq!(read.line(), "", "there is no further object");
    assert!(read.child.wait().expect("a child ends").success());
    assert_eq!(endpoint.truth().live, 3, "each had a session of the same admin");
    for (who, peak) in [
        ("daemon", daemons_peak(&home)),
        ("client of the large ones", large.peak()),
        ("client of the tiny ones", tiny.peak()),
    ] {
        assert!(peak < BUDGET, "the {who} had {peak} bytes");
    }
    // Nothing was lost while nobody read.
    for number in 1..=5_000 {
        let expected = blob(number);
        let line = large.line();
        assert!(line.starts_with(&expected), "not number {number}: {:.40}", line);
        assert_eq!(tiny.line(), format!("{number}\n"));
    }
    assert!(daemons_peak(&home) < BUDGET);
}

/// Whoever calls the contract may send as much as it likes, and pay no heed.
#[test]
fn a_caller_that_sends_more_than_is_taken_is_held_up() {
    let endpoint = Endpoint::tenant();
    let home = Home::with_admins(&endpoint, "skype", &["kenmyer"], "");
    let hold = |hold: bool| endpoint.control("POST", "/control/input", Some(&json!({ "hold": hold })));
    hold(true);
    let object = input::Object::Clixml(format!("<S>{}</S>", "x".repeat(256 << 10)).into());
    let message = Message::Input(Input { object: Some(object) });
    let request = InvokeRequest { message: Some(message) };
    let given = Arc::new(AtomicUsize::new(0));
    let count = given.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let (client, mut events, pipeline) = runtime.block_on(async {
        let client = Client::connect(&Dial::at(Place::under(home.path())))
            .await
            .expect("the daemon runs");
        let (requests, outgoing) = mpsc::channel(1);
        requests.send(measure()).await.expect("room for the first");
        let outgoing = ReceiverStream::new(outgoing);
        let mut events = client.pipelines().invoke(outgoing).await.expect("a call").into_inner();
        let pipeline = loop {
            let event = events.message().await.expect("an event").expect("not the end");
            if let Some(Event::Started(started)) = event.event {
                break started.pipeline;
            }
        };
        tokio::spawn(async move {
            // Twice the budget. It ends when the call does.
            for _ in 0..512 {
                if requests.send(request.clone()).await.is_err() {
                    return;
                }
                count.fetch_add(256 << 10, Ordering::Relaxed);
            }
        });
        (client, events, pipeline)
    });
    eventually("no more is taken", stands(&given));
    let taken = given.load(Ordering::Relaxed);
    assert!(taken < 8 << 20, "{taken} bytes were taken");
    let peak = daemons_peak(&home);
    assert!(peak < BUDGET, "the daemon had {peak} bytes");
    // A stop among the messages would wait behind them; this one does not.
    let outcome = runtime.block_on(async {
        let stop = |pipeline: &str| StopRequest {
            pipeline: pipeline.to_owned(),
        };
        let mut pipelines = client.pipelines();
        assert!(
            pipelines
                .stop(stop(&pipeline))
                .await
                .expect("an answer")
                .into_inner()
                .found
        );
        let outcome = loop {
            let event = events.message().await.expect("an event").expect("not the end");
            if let Some(Event::End(end)) = event.event {
                break end.outcome();
            }
        };
        assert!(
            !pipelines
                .stop(stop(&pipeline))
                .await
                .expect("an answer")
                .into_inner()
                .found
        );
        outcome
    });
    assert_eq!(outcome, PipelineOutcome::Stopped);
    hold(false);
    assert_eq!(home.run(&["run", "Get-CsTenant"]).code, 0);
}
