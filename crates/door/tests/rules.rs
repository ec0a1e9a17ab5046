//! What a door does where a console or a session does not do the usual.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::collections::VecDeque;

use bytes::Bytes;
use door::{Action, Config, Door, Ending, Facts, Run, words};
use moment::Moment;
use pipe::{Packet, Stream};
use psrp::body::{Availability, HostCall, RemoteHostMethodId};
use psrp::body::{
    Body, Command, CreatePipeline, GetAvailableRunspaces, HostInfo, InitRunspacePool, InvocationState, PipelineState,
    ResetRunspaceState, RunspaceAvailability, RunspacePoolState, RunspaceState, SessionCapability, SetMaxRunspaces,
    V2_3,
};
use psrp::{Destination, Fragmenter, Limits, Message, MessageType, Piece, Reassembler};
use uuid::Uuid;

const POOL: Uuid = Uuid::from_u128(0xabc);
const P: Uuid = Uuid::from_u128(1);
const Q: Uuid = Uuid::from_u128(2);

/// A console, and the door that it talks to.
struct Console {
    door: Door,
    fragmenter: Fragmenter,
    got: VecDeque<Packet>,
    taken: usize,
}

impl Console {
    fn new() -> Self {
        Self::with(Config::default())
    }

    fn with(config: Config) -> Self {
        let capability = SessionCapability::new(V2_3).write();
        let facts = Facts::new(&capability, None).unwrap();
        Self {
            door: Door::new(facts, config),
            fragmenter: Fragmenter::new(),
            got: VecDeque::new(),
            taken: 0,
        }
    }

    fn opened() -> Self {
        let mut console = Self::new();
        console.open();
        console
    }

    fn open(&mut self) {
        self.data(
            None,
            MessageType::SessionCapability,
            SessionCapability::new(V2_3).write(),
        );
        self.data(
            None,
            MessageType::InitRunspacePool,
            InitRunspacePool::new(HostInfo::none()).write(),
        );
        let due = self.door.poll_timeout().unwrap();
        self.door.handle_timeout(due);
        self.read();
        assert_eq!(self.door.poll_action(), Some(Action::Opened));
        self.got.clear();
    }

    fn says(&mut self, packet: &Packet) {
        self.door.bytes(Moment::START, &packet.to_bytes());
        self.read();
    }

    fn fragments(&mut self, target: Option<Uuid>, kind: MessageType, body: Bytes, blob: usize) -> Vec<Bytes> {
        let message = Message {
            destination: Destination::Server,
            kind,
            pool: POOL,
            pipeline: target,
            body,
        };
        self.fragmenter.split(&message, blob)
    }

    fn data(&mut self, target: Option<Uuid>, kind: MessageType, body: Bytes) {
        for fragment in self.fragments(target, kind, body, 32 << 10) {
            self.says(&Packet::data(target.unwrap_or_default(), fragment));
        }
    }

    /// Announces a pipeline and starts it.
    fn runs(&mut self, ps_guid: Uuid) -> Run {
        self.says(&Packet::Command { ps_guid });
        let body = CreatePipeline::new(vec![Command::new("Get-CsTenant")]).write();
        self.data(Some(ps_guid), MessageType::CreatePipeline, body.clone());
        match self.door.poll_action() {
            Some(Action::Start {
                run,
                kind: MessageType::CreatePipeline,
                body: passed,
                nested: false,
            }) if passed == body => run,
            other => panic!("it does not start: {other:?}"),
        }
    }

    fn read(&mut self) {
        while let Some(output) = self.door.poll_output() {
            self.taken += output.taken.map_or(0, |(_, weight)| weight);
            for line in output.bytes.split_inclusive(|byte| *byte == b'\n') {
                self.got
                    .push_back(Packet::read(line.strip_suffix(b"\n").unwrap()).unwrap());
            }
        }
    }

    fn names(&mut self) -> Vec<&'static str> {
        self.got.drain(..).map(|packet| packet.name()).collect()
    }

    /// The messages that came to a target since the last look, whole.
    fn messages(&mut self, ps_guid: Uuid) -> Vec<(MessageType, Bytes)> {
        let mut reader = Reassembler::new(Limits::CLIENT);
        for packet in self.got.drain(..) {
            match packet {
                Packet::Data {
                    ps_guid: of,
                    bytes,
                    stream: Stream::Default,
                } if of == ps_guid => {
                    reader.push(bytes);
                }
                _ => {}
            }
        }
        std::iter::from_fn(|| reader.next().unwrap())
            .map(|message| (message.kind, message.body))
            .collect()
    }
}

fn piece(kind: MessageType, body: impl Into<Bytes>) -> Piece {
    Piece::whole(Message {
        destination: Destination::Client,
        kind,
        pool: Uuid::from_u128(0x999),
        pipeline: Some(Uuid::from_u128(0x888)),
        body: body.into(),
    })
}

fn completed() -> Bytes {
    PipelineState::new(InvocationState::Completed).write()
}

#[test]
fn input_beyond_a_megabyte_waits_for_the_remote() {
    let mut console = Console::opened();
    let run = console.runs(P);
    console.got.clear();
    let object = Bytes::from(vec![b'x'; 30 << 10]);
    let mut sent = 0;
    while console.got.len() == sent {
        console.data(Some(P), MessageType::PipelineInput, object.clone());
        sent += 1;
        assert!(sent < 100, "it is never held up");
    }
    let waits = (sent - 1) * (object.len() + 40);
    assert!(
        (1 << 19..=1 << 20).contains(&waits),
        "{waits} bytes were taken in ahead"
    );
    let inputs = std::iter::from_fn(|| console.door.poll_action())
        .filter(|action| matches!(action, Action::Input { body, .. } if *body == object))
        .count();
    assert_eq!(inputs, sent);
    for _ in 0..sent {
        console.door.delivered(run, object.len() + 40);
    }
    console.read();
    assert_eq!(console.names(), vec!["DataAck"; sent], "then all are acknowledged");
}

#[test]
fn a_close_is_confirmed_when_the_remote_has_confirmed_it() {
    let mut console = Console::opened();
    let run = console.runs(P);
    console.got.clear();
    console.says(&Packet::Close { ps_guid: P });
    assert_eq!(console.door.poll_action(), Some(Action::Stop { run }));
    console
        .door
        .piece(run, &piece(MessageType::PipelineOutput, "<S>late</S>"));
    console
        .door
        .state(run, InvocationState::Stopped, PipelineState::stopped().write());
    console.read();
    assert!(console.names().is_empty(), "nobody hears it any more");
    assert!(console.taken > 256, "what nobody hears is taken all the same");
    console.door.ended(run, Ending::Confirmed);
    console.read();
    assert_eq!(console.names(), ["CloseAck"]);
    // The id may be used again.
    let next = console.runs(P);
    assert_ne!(next, run);
}

#[test]
fn a_stop_is_confirmed_after_the_state_even_where_it_never_ran() {
    let mut console = Console::opened();
    let run = console.runs(P);
    console.got.clear();
    console.says(&Packet::Signal { ps_guid: P });
    assert_eq!(console.door.poll_action(), Some(Action::Stop { run }));
    assert!(console.names().is_empty());
    console.door.ended(run, Ending::Stopped);
    console.read();
    assert_eq!(console.names(), ["Data", "SignalAck"]);
    console.says(&Packet::Close { ps_guid: P });
    console.says(&Packet::Signal { ps_guid: Q });
    console.says(&Packet::Close { ps_guid: Q });
    assert_eq!(
        console.names(),
        ["CloseAck", "SignalAck", "CloseAck"],
        "what is unknown is just acknowledged"
    );
}

#[test]
fn a_lost_session_is_told_to_each_pipeline_and_to_the_pool() {
    let mut console = Console::opened();
    let (first, second) = (console.runs(P), console.runs(Q));
    console.door.state(first, InvocationState::Completed, completed());
    console.read();
    console.got.clear();
    console.door.broken(words::lost(
        "the session was closed by pslease close",
        "pslease connect mail",
    ));
    console.read();
    let got = console.got.clone();
    let [(MessageType::PipelineState, state)] = &console.messages(Q)[..] else {
        panic!("one state");
    };
    let state = PipelineState::read(state).unwrap();
    assert_eq!(state.state, InvocationState::Failed);
    console.got = got.clone();
    assert!(console.messages(P).is_empty(), "it had completed");
    console.got = got;
    let [(MessageType::RunspacePoolState, broken)] = &console.messages(Uuid::nil())[..] else {
        panic!("one state");
    };
    let broken = RunspacePoolState::read(broken).unwrap();
    assert_eq!(broken.state, RunspaceState::Broken);
    let words = broken.error.unwrap().text.unwrap().to_string();
    assert_eq!(
        words,
        "the session was closed by pslease close. To go on: pslease connect mail"
    );
    // A console that goes on closing is answered to its end.
    console.says(&Packet::Command {
        ps_guid: Uuid::from_u128(3),
    });
    console.door.ended(first, Ending::Confirmed);
    console.door.ended(second, Ending::Confirmed);
    console.says(&Packet::Close { ps_guid: P });
    console.says(&Packet::Close { ps_guid: Q });
    console.says(&Packet::Close { ps_guid: Uuid::nil() });
    assert_eq!(console.names(), ["CommandAck", "CloseAck", "CloseAck", "CloseAck"]);
    assert!(console.door.is_idle());
}

#[test]
fn a_pool_is_closed_when_everything_in_it_is_over() {
    let mut console = Console::opened();
    let run = console.runs(P);
    console.got.clear();
    console.says(&Packet::Close { ps_guid: Uuid::nil() });
    assert_eq!(console.door.poll_action(), Some(Action::Stop { run }));
    assert!(console.names().is_empty());
    console
        .door
        .state(run, InvocationState::Stopped, PipelineState::stopped().write());
    console.door.ended(run, Ending::Confirmed);
    console.read();
    assert_eq!(console.names(), ["Data", "Data", "Data", "CloseAck"]);
    assert_eq!(console.door.poll_action(), Some(Action::Closed));
}

#[test]
fn a_console_that_goes_leaves_nothing_behind() {
    let mut console = Console::opened();
    let (first, second) = (console.runs(P), console.runs(Q));
    console.got.clear();
    let output = piece(MessageType::PipelineOutput, vec![b'x'; 100_000]);
    console.door.piece(first, &output);
    console.door.hung_up();
    console.door.piece(second, &output);
    console.read();
    assert!(console.got.is_empty());
    assert_eq!(
        console.taken,
        2 * output.weight(),
        "the remote is not held up by nobody"
    );
    let stops: Vec<Action> = std::iter::from_fn(|| console.door.poll_action()).collect();
    assert_eq!(stops, [Action::Stop { run: first }, Action::Stop { run: second }]);
    assert!(!console.door.is_idle());
    console.door.ended(first, Ending::Confirmed);
    console.door.ended(second, Ending::Stopped);
    assert!(console.door.is_idle());
}

#[test]
fn too_many_pipelines_are_too_many() {
    let mut console = Console::with(Config {
        pipelines: 3,
        ..Config::default()
    });
    console.open();
    for n in 1..=3 {
        console.says(&Packet::Command {
            ps_guid: Uuid::from_u128(n),
        });
    }
    assert_eq!(console.names(), ["CommandAck"; 3]);
    console.says(&Packet::Command {
        ps_guid: Uuid::from_u128(4),
    });
    assert_eq!(console.door.poll_action(), Some(Action::HangUp));
}

#[test]
fn fragments_out_of_order_fail_their_pipeline_and_no_other() {
    let mut console = Console::opened();
    let other = console.runs(Q);
    console.says(&Packet::Command { ps_guid: P });
    let body = CreatePipeline::new(vec![Command::new("Get-CsTenant")]).write();
    let fragments = console.fragments(Some(P), MessageType::CreatePipeline, body, 100);
    console.says(&Packet::data(P, fragments[0].clone()));
    console.got.clear();
    console.says(&Packet::data(P, fragments[2].clone()));
    let got = console.got.clone();
    let [(MessageType::PipelineState, state)] = &console.messages(P)[..] else {
        panic!("one state");
    };
    assert_eq!(PipelineState::read(state).unwrap().state, InvocationState::Failed);
    console.got = got;
    assert_eq!(console.names(), ["Data", "DataAck"]);
    console.door.state(other, InvocationState::Completed, completed());
    console.read();
    assert_eq!(console.messages(Q).len(), 1);
    console.says(&Packet::Close { ps_guid: P });
    assert_eq!(console.names(), ["CloseAck"]);
}

#[test]
fn what_is_no_packet_ends_the_session_with_words() {
    let nil = Uuid::nil();
    for line in [
        "hello\n".to_owned(),
        "\n".to_owned(),
        format!("<DataAck PSGuid='{nil}' />\n"),
    ] {
        let mut console = Console::opened();
        let run = console.runs(P);
        console.got.clear();
        console.door.bytes(Moment::START, line.as_bytes());
        console.read();
        let [(MessageType::RunspacePoolState, broken)] = &console.messages(nil)[..] else {
            panic!("one state");
        };
        assert_eq!(
            RunspacePoolState::read(broken).unwrap().state,
            RunspaceState::Broken,
            "{line}"
        );
        let actions: Vec<Action> = std::iter::from_fn(|| console.door.poll_action()).collect();
        assert_eq!(actions, [Action::Stop { run }, Action::HangUp], "{line}");
    }
}

#[test]
fn runspaces_are_counted_here() {
    let mut console = Console::opened();
    let ask = |console: &mut Console, kind, body| {
        console.data(None, kind, body);
        let [(MessageType::RunspaceAvailability, answer)] = &console.messages(Uuid::nil())[..] else {
            panic!("one answer to {kind}");
        };
        RunspaceAvailability::read(answer).unwrap()
    };
    let count = GetAvailableRunspaces { ci: 7 }.write();
    let answer = ask(&mut console, MessageType::GetAvailableRunspaces, count.clone());
    assert_eq!((answer.answer, answer.ci), (Availability::Count(1), 7));
    console.runs(P);
    console.got.clear();
    let answer = ask(&mut console, MessageType::GetAvailableRunspaces, count);
    assert_eq!(answer.answer, Availability::Count(0));
    for (max_runspaces, done) in [(1, true), (5, false)] {
        let body = SetMaxRunspaces { max_runspaces, ci: 8 }.write();
        let answer = ask(&mut console, MessageType::SetMaxRunspaces, body);
        assert_eq!(answer.answer, Availability::Done(done));
    }
    let answer = ask(
        &mut console,
        MessageType::ResetRunspaceState,
        ResetRunspaceState { ci: 9 }.write(),
    );
    assert_eq!((answer.answer, answer.ci), (Availability::Done(false), 9));
    assert_eq!(console.door.poll_action(), None, "the remote hears nothing of it");
}

#[test]
fn a_question_is_told_from_a_line_of_text() {
    let mut console = Console::opened();
    let run = console.runs(P);
    let line = HostCall::void(RemoteHostMethodId::WriteLine2, [clixml::Value::from("x")]);
    let mut question = line.clone();
    (question.ci, question.method) = (1, RemoteHostMethodId::ReadLine);
    let (line, question) = (line.write(), question.write());
    console.door.piece(run, &piece(MessageType::PipelineHostCall, line));
    assert_eq!(console.door.poll_action(), None);
    console.door.piece(run, &piece(MessageType::PipelineHostCall, question));
    assert_eq!(console.door.poll_action(), Some(Action::Asked { run }));
}

#[test]
fn nothing_is_run_before_the_pool_is_open_and_nothing_hangs_for_it() {
    let mut console = Console::new();
    console.says(&Packet::Command { ps_guid: P });
    let body = CreatePipeline::new(vec![Command::new("Get-CsTenant")]).write();
    console.data(Some(P), MessageType::CreatePipeline, body);
    console.says(&Packet::Close { ps_guid: P });
    assert_eq!(console.names(), ["CommandAck", "DataAck", "CloseAck"]);
    assert_eq!(console.door.poll_action(), None);
}
