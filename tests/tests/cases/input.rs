//! `pslease run --input`: what a pipeline is given on standard input.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use client::{Client, Dial};
use place::Place;
use proto::v1::invoke_event::Event;
use proto::v1::invoke_request::Message;
use proto::v1::{Begin, Command, CommandList, Encoding, Input, InvokeRequest, LeaseMode, Statement, begin, input};
use pslease_tests::{Console, Endpoint, Home, Person, eventually, finish};
use rustix::process::Signal;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

pub(crate) fn input_is_given_line_by_line_as_json_and_as_clixml(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    let run = |text: &str| {
        let finished = finish(home.script("sh", text));
        assert_eq!(finished.code, 0, "{finished:?}");
        finished.stdout
    };
    let lines = run("printf 'first\\r\\nsecond\\n\\nlast' | pslease run --input Write-Output --output jsonl");
    assert_eq!(lines, "\"first\"\n\"second\"\n\"\"\n\"last\"\n");
    let names = run("printf '{\"Name\":\"a\",\"Size\":1}\\n{\"Name\":\"b\",\"Size\":2}\\n' \
         | pslease run --input-format jsonl 'Select-Object Name' --output jsonl");
    assert_eq!(names, "{\"Name\":\"a\"}\n{\"Name\":\"b\"}\n");
    // What was printed losslessly is input again.
    let again = run(
        "pslease run Get-CsTenant --output clixml | pslease run --input-format clixml 'Select-Object DisplayName' --output jsonl",
    );
    assert!(again.to_lowercase().contains("litware"), "{again}");
}

pub(crate) fn more_input_than_is_ever_on_its_way_comes_through_whole(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    let counted = finish(home.script("sh", "seq 200000 | pslease run --input Measure-Object --output jsonl"));
    assert_eq!(counted.code, 0, "{counted:?}");
    let measured: serde_json::Value = serde_json::from_str(&counted.stdout).expect("one object");
    assert_eq!(measured["Count"], 200_000, "{counted:?}");
}

pub(crate) fn input_that_cannot_be_read_ends_the_run_and_its_lease(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    let finished = finish(home.script(
        "sh",
        "printf '1\\n{\\n2\\n' | pslease run --input-format jsonl Write-Output --output jsonl",
    ));
    assert_eq!(finished.code, 2, "{finished:?}");
    assert!(
        finished.stderr.contains("line 2 of the input is not JSON"),
        "{finished:?}"
    );
    eventually("its lease has ended", || leases(&home) == 0);
}

/// A caller of the contract need not put small objects together: each may be a message, sent by itself.
pub(crate) fn small_messages_do_not_end_the_connection_and_a_lost_call_ends_its_lease(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let client = runtime.block_on(async {
        let client = Client::connect(&Dial::at(Place::under(home.path())))
            .await
            .expect("the daemon runs");
        let (requests, outgoing) = mpsc::channel(1);
        requests.send(measure()).await.expect("room for the first");
        let mut events = client
            .pipelines()
            .invoke(ReceiverStream::new(outgoing))
            .await
            .expect("a call")
            .into_inner();
        loop {
            let event = events.message().await.expect("an event").expect("not the end");
            if let Some(Event::Started(_)) = event.event {
                break;
            }
        }
        for number in 0..20_000 {
            let object = input::Object::Clixml(format!("<I32>{number}</I32>").into());
            let message = Message::Input(Input { object: Some(object) });
            let request = InvokeRequest { message: Some(message) };
            requests.send(request).await.expect("the call goes on");
        }
        // The same connection serves other calls, and the pipeline is still there.
        let status = client.admin().status(proto::v1::StatusRequest {}).await;
        assert_eq!(status.expect("a status").into_inner().leases.len(), 1);
        client
    });
    // The call is gone; its process, and its connection, are not.
    eventually("its lease has ended", || leases(&home) == 0);
    drop(client);
}

/// The stop overtakes what waits: nothing reads as far as a stop behind it.
#[test]
fn ctrl_c_stops_a_pipeline_whose_input_is_held_back() {
    let endpoint = Endpoint::tenant();
    let home = Home::with_admins(&endpoint, "skype", &["kenmyer"], "");
    let hold = |hold: bool| endpoint.control("POST", "/control/input", Some(&serde_json::json!({ "hold": hold })));
    hold(true);
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    let given = Arc::new(AtomicUsize::new(0));
    let count = given.clone();
    // It ends when nobody reads any more.
    let typist = std::thread::spawn(move || {
        let line = format!("{}\n", "x".repeat(4096));
        while let Ok(()) = writer.write_all(line.as_bytes()) {
            count.fetch_add(line.len(), Ordering::Relaxed);
        }
    });
    let mut run = Console::with_input(home.pslease(&["run", "--input", "Measure-Object"]), reader);
    eventually("the input is held back", stands(&given));
    run.signal(Signal::INT);
    let stopped = run.finish();
    assert_eq!(stopped.code, 130, "{stopped:?}");
    drop(run);
    typist.join().expect("it found nobody to read");
    eventually("its lease has ended", || leases(&home) == 0);
    hold(false);
    assert_eq!(home.run(&["run", "Get-CsTenant"]).code, 0);
}

/// Whether more than a megabyte was given, and no more is taken. Asked too early, on a machine that does something else, it
/// says so where that is not so: what follows is then proven of less input.
pub(crate) fn stands(given: &AtomicUsize) -> impl FnMut() -> bool {
    let (mut last, mut same) = (0, 0);
    move || {
        let now = given.load(Ordering::Relaxed);
        same = if now == last && now > 1 << 20 { same + 1 } else { 0 };
        last = now;
        same == 50
    }
}

/// The tenant asks for nothing that is secret: a peer does, and it has the other end of the session's key.
pub(crate) fn a_password_that_a_command_asks_for_is_typed_unseen_and_sent_sealed() {
    let Some(endpoint) = Endpoint::peer() else { return };
    let home = Home::with_admins(&endpoint, "skype", &["kenmyer"], "max_concurrency = 1");
    let asked = |password: &str| {
        let mut person = Person::runs(&home, &["run", "Read-Host -AsSecureString", "--output", "clixml"]);
        person.sees("asks]");
        eventually("what is typed is not shown", || !person.echoes());
        person.types(&format!("{password}\n"));
        let (code, output) = person.finish();
        assert_eq!(code, 0, "{output}");
        assert!(!output.contains(password), "{output}");
        let (_, sealed) = output.split_once("<SS>").expect("a SecureString");
        sealed.split("</SS>").next().unwrap_or_default().to_owned()
    };
    // One session, one key, and so the same for the same. Each is whole blocks of UTF-16, as base64.
    let (first, second, again) = (asked("sesame seed"), asked("poppy"), asked("sesame seed"));
    assert!(first == again && first != second, "{first} {second} {again}");
    assert_eq!((first.len(), second.len()), (44, 24), "{first} {second}");
    let logs: String = std::fs::read_dir(home.path().join("logs"))
        .expect("the daemon's logs")
        .map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).expect("a log"))
        .collect();
    assert!(
        !logs.contains("sesame") && !logs.contains("poppy"),
        "no secret in a log"
    );
}

/// `Measure-Object`, with input.
pub(crate) fn measure() -> InvokeRequest {
    let command = Command {
        name: "Measure-Object".to_owned(),
        ..Command::default()
    };
    let statement = Statement {
        commands: vec![command],
    };
    let commands = CommandList {
        statements: vec![statement],
    };
    let begin = Begin {
        with: Some(begin::With::Profile("kenmyer".to_owned())),
        mode: LeaseMode::Shared.into(),
        encoding: Encoding::Clixml.into(),
        has_input: true,
        what: Some(begin::What::Commands(commands)),
        ..Begin::default()
    };
    InvokeRequest {
        message: Some(Message::Begin(begin)),
    }
}

fn leases(home: &Home) -> usize {
    home.status()["leases"].as_array().map_or(0, Vec::len)
}
