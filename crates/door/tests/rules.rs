//! What a door does where a console or a session does not do the usual.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::collections::VecDeque;

use bytes::Bytes;
use door::{Action, Config, Door, Ending, Facts, Run, words};
use moment::Moment;
use pipe::{Packet, Stream};
use psrp::body::{Availability, HostCall, RemoteHostMethodId};
use psrp::body::{
    Body, Command, ConnectRunspacePool, CreatePipeline, GetAvailableRunspaces, HostInfo, InitRunspacePool,
    InvocationState, PipelineState, PublicKey, PublicKeyRequest, ResetRunspaceState, RunspaceAvailability,
    RunspacePoolState, RunspaceState, SessionCapability, SetMaxRunspaces, V2_1, V2_2, V2_3, V2_4,
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
fn a_session_that_is_the_consoles_alone_is_reset_by_the_remote() {
    let mut console = Console::with(Config {
        alone: true,
        ..Config::default()
    });
    console.open();
    for (ci, done) in [(9, true), (10, false)] {
        console.data(None, MessageType::ResetRunspaceState, ResetRunspaceState { ci }.write());
        assert_eq!(console.door.poll_action(), Some(Action::Reset { ci }));
        assert!(
            console.messages(Uuid::nil()).is_empty(),
            "nothing is said before the remote has"
        );
        console.door.reset(ci, done);
        console.read();
        let [(MessageType::RunspaceAvailability, answer)] = &console.messages(Uuid::nil())[..] else {
            panic!("one answer");
        };
        let answer = RunspaceAvailability::read(answer).unwrap();
        assert_eq!((answer.answer, answer.ci), (Availability::Done(done), ci));
    }
}

#[test]
fn an_answer_to_a_question_overtakes_input_that_is_under_way() {
    let mut console = Console::opened();
    let run = console.runs(P);
    let object = Bytes::from(vec![b'x'; 100 << 10]);
    let parts = console.fragments(Some(P), MessageType::PipelineInput, object.clone(), 32 << 10);
    assert!(parts.len() > 3);
    console.says(&Packet::data(P, parts[0].clone()));
    console.says(&Packet::data(P, parts[1].clone()));
    let answer = console.fragments(
        Some(P),
        MessageType::PipelineHostResponse,
        Bytes::from_static(b"<yes/>"),
        32 << 10,
    );
    console.says(&Packet::Data {
        stream: Stream::PromptResponse,
        ps_guid: P,
        bytes: answer[0].clone(),
    });
    let response = Action::HostResponse {
        run: Some(run),
        body: Bytes::from_static(b"<yes/>"),
    };
    assert_eq!(console.door.poll_action(), Some(response));
    for part in &parts[2..] {
        console.says(&Packet::data(P, part.clone()));
    }
    assert_eq!(console.door.poll_action(), Some(Action::Input { run, body: object }));
    assert_eq!(console.door.poll_action(), None);
}

#[test]
fn a_console_that_never_waits_is_told_so() {
    let mut console = Console::with(Config {
        most: 2 << 20,
        ..Config::default()
    });
    console.open();
    let run = console.runs(P);
    let object = Bytes::from(vec![b'x'; 30 << 10]);
    for _ in 0..100 {
        console.data(Some(P), MessageType::PipelineInput, object.clone());
    }
    let actions: Vec<Action> = std::iter::from_fn(|| console.door.poll_action()).collect();
    assert!(actions.len() < 75, "{}", actions.len());
    assert!(actions.ends_with(&[Action::Stop { run }, Action::HangUp]));
}

#[test]
fn an_object_above_the_limit_fails_its_pipeline_alone() {
    let mut console = Console::opened();
    let (big, other) = (console.runs(P), console.runs(Q));
    console.got.clear();
    let object = Bytes::from(vec![b'x'; 11 << 20]);
    console.data(Some(P), MessageType::PipelineInput, object);
    let got = console.got.clone();
    let [(MessageType::PipelineState, state)] = &console.messages(P)[..] else {
        panic!("one state");
    };
    assert_eq!(PipelineState::read(state).unwrap().state, InvocationState::Failed);
    console.got = got;
    let acknowledged = console.names().iter().filter(|name| **name == "DataAck").count();
    assert_eq!(
        acknowledged,
        (11 << 20) / (32 << 10) + 1,
        "each packet, so that the client goes on"
    );
    assert_eq!(console.door.poll_action(), Some(Action::Stop { run: big }));
    assert_eq!(console.door.poll_action(), None);
    console.door.state(other, InvocationState::Completed, completed());
    console.read();
    assert_eq!(console.messages(Q).len(), 1);
}

#[test]
fn more_than_a_megabyte_comes_to_the_console_byte_for_byte() {
    let mut console = Console::opened();
    let run = console.runs(P);
    console.got.clear();
    let body: Bytes = (0..3_000_000_u32).map(|n| n as u8).collect();
    let whole = piece(MessageType::PipelineOutput, body.clone());
    // In parts that know nothing of the console's fragments.
    let mut parts: Vec<Piece> = body
        .chunks(50_000)
        .map(|bytes| Piece {
            bytes: body.slice_ref(bytes),
            first: false,
            last: false,
            ..whole.clone()
        })
        .collect();
    parts.first_mut().unwrap().first = true;
    parts.last_mut().unwrap().last = true;
    for part in &parts {
        console.door.piece(run, part);
    }
    console.read();
    assert_eq!(console.taken, parts.iter().map(Piece::weight).sum::<usize>());
    let longest = console.got.iter().map(|packet| packet.to_bytes().len()).max();
    assert!(longest <= Some(43_768 + 1), "no longer than PowerShell's: {longest:?}");
    let mut got = console.messages(P);
    assert_eq!(got.pop(), Some((MessageType::PipelineOutput, body)));
    assert!(got.is_empty());
}

#[test]
fn a_public_key_may_come_before_the_pool_is_open() {
    let mut console = Console::new();
    console.data(
        None,
        MessageType::SessionCapability,
        SessionCapability::new(V2_3).write(),
    );
    console.data(
        None,
        MessageType::InitRunspacePool,
        InitRunspacePool::new(HostInfo::none()).write(),
    );
    let key = PublicKey { blob: "BgI=".into() }.write();
    console.data(None, MessageType::PublicKey, key.clone());
    assert_eq!(
        console.door.poll_action(),
        Some(Action::PublicKey { body: key.clone() })
    );
    console.door.session_key(Bytes::from_static(b"sealed"));
    let due = console.door.poll_timeout().unwrap();
    console.door.handle_timeout(due);
    console.read();
    let kinds: Vec<MessageType> = console
        .messages(Uuid::nil())
        .into_iter()
        .map(|(kind, _)| kind)
        .collect();
    assert_eq!(
        kinds,
        [
            MessageType::SessionCapability,
            MessageType::ApplicationPrivateData,
            MessageType::RunspacePoolState,
            MessageType::EncryptedSessionKey
        ]
    );
    // And again, as often as the console likes; the remote may ask for it, too.
    console.door.key_requested();
    console.read();
    assert_eq!(
        console.messages(Uuid::nil())[..],
        [(MessageType::PublicKeyRequest, PublicKeyRequest.write())]
    );
    console.data(None, MessageType::PublicKey, key.clone());
    assert_eq!(console.door.poll_action(), Some(Action::Opened));
    assert_eq!(console.door.poll_action(), Some(Action::PublicKey { body: key }));
}

#[test]
fn a_console_is_answered_in_the_version_that_both_speak() {
    for (theirs, spoken) in [(V2_1, V2_1), (V2_2, V2_2), (V2_3, V2_3), (V2_4, V2_3)] {
        let mut console = Console::new();
        console.data(
            None,
            MessageType::SessionCapability,
            SessionCapability::new(theirs).write(),
        );
        let [(MessageType::SessionCapability, answer)] = &console.messages(Uuid::nil())[..] else {
            panic!("one answer");
        };
        assert_eq!(SessionCapability::read(answer).unwrap().protocol, spoken);
        assert_eq!(console.door.poll_timeout(), None, "it has not asked for the pool yet");
    }
    let future = SessionCapability::new("3.0".parse().unwrap());
    let mut console = Console::new();
    console.data(None, MessageType::SessionCapability, future.write());
    let kinds: Vec<MessageType> = console
        .messages(Uuid::nil())
        .into_iter()
        .map(|(kind, _)| kind)
        .collect();
    assert_eq!(kinds, [MessageType::SessionCapability, MessageType::RunspacePoolState]);
    assert_eq!(console.door.poll_action(), Some(Action::HangUp));
}

#[test]
fn there_is_no_pool_to_connect_to() {
    let mut console = Console::new();
    console.data(
        None,
        MessageType::SessionCapability,
        SessionCapability::new(V2_3).write(),
    );
    console.data(
        None,
        MessageType::ConnectRunspacePool,
        ConnectRunspacePool::default().write(),
    );
    let messages = console.messages(Uuid::nil());
    let Some((MessageType::RunspacePoolState, broken)) = messages.last() else {
        panic!("a state");
    };
    let broken = RunspacePoolState::read(broken).unwrap();
    assert_eq!(broken.state, RunspaceState::Broken);
    assert!(broken.error.unwrap().text.unwrap().to_string().contains("opened anew"));
    assert_eq!(console.door.poll_action(), Some(Action::HangUp));
}

#[test]
fn what_has_no_meaning_is_acknowledged_and_forgotten() {
    let mut console = Console::opened();
    let run = console.runs(P);
    console.got.clear();
    let nothing = Bytes::new();
    // A kind that nobody knows, one of the server's, a pipeline's on the pool's stream, a second start, another pipeline's.
    console.data(None, MessageType::Unknown(0x0002_ffff), nothing.clone());
    console.data(Some(P), MessageType::PipelineOutput, nothing.clone());
    console.data(None, MessageType::PipelineInput, nothing.clone());
    console.data(Some(P), MessageType::GetCommandMetadata, nothing.clone());
    console.data(
        None,
        MessageType::SessionCapability,
        SessionCapability::new(V2_3).write(),
    );
    let other = console.fragments(Some(Q), MessageType::PipelineInput, nothing.clone(), 1 << 10);
    console.says(&Packet::data(P, other[0].clone()));
    // Of pipelines that nobody announced, or of no pipeline.
    console.data(Some(Q), MessageType::PipelineInput, nothing);
    console.says(&Packet::Signal { ps_guid: Q });
    console.says(&Packet::Close { ps_guid: Q });
    console.says(&Packet::Signal { ps_guid: Uuid::nil() });
    console.says(&Packet::Command { ps_guid: P });
    assert_eq!(
        console.names(),
        [
            "DataAck",
            "DataAck",
            "DataAck",
            "DataAck",
            "DataAck",
            "DataAck",
            "DataAck",
            "SignalAck",
            "CloseAck",
            "SignalAck",
            "CommandAck"
        ]
    );
    assert_eq!(console.door.poll_action(), None, "the session hears nothing of it");
    console.door.state(run, InvocationState::Completed, completed());
    console.read();
    assert_eq!(console.messages(P).len(), 1, "and the pipeline goes on");
}

#[test]
fn pipelines_come_and_go_in_any_order() {
    let mut console = Console::opened();
    // Announced and closed at once; stopped before it was said what it is; both, and then begun after all.
    console.says(&Packet::Command { ps_guid: P });
    console.says(&Packet::Close { ps_guid: P });
    console.says(&Packet::Command { ps_guid: P });
    console.says(&Packet::Signal { ps_guid: P });
    console.says(&Packet::Close { ps_guid: P });
    assert_eq!(
        console.names(),
        ["CommandAck", "CloseAck", "CommandAck", "SignalAck", "CloseAck"]
    );
    assert_eq!(console.door.poll_action(), None);
    // Two at once, and the second one ends first; a stop after the end, and a second stop.
    let (first, second) = (console.runs(P), console.runs(Q));
    console.got.clear();
    console.door.state(second, InvocationState::Completed, completed());
    console.read();
    console.says(&Packet::Signal { ps_guid: Q });
    console.says(&Packet::Close { ps_guid: Q });
    assert_eq!(console.names(), ["Data", "SignalAck"]);
    assert_eq!(console.door.poll_action(), None, "it has ended by itself");
    console.says(&Packet::Signal { ps_guid: P });
    console.says(&Packet::Signal { ps_guid: P });
    assert_eq!(console.door.poll_action(), Some(Action::Stop { run: first }));
    assert_eq!(console.door.poll_action(), None, "a stop is asked for once");
    console.door.ended(second, Ending::Confirmed);
    console
        .door
        .state(first, InvocationState::Stopped, PipelineState::stopped().write());
    console.door.ended(first, Ending::Confirmed);
    console.read();
    console.says(&Packet::Close { ps_guid: P });
    let names = console.names();
    let acknowledged = |what: &str| names.iter().filter(|name| **name == what).count();
    let acknowledged = ["CloseAck", "Data", "SignalAck"].map(acknowledged);
    assert_eq!(acknowledged, [2, 1, 2], "{names:?}");
    assert!(console.door.is_idle());
}

#[test]
fn a_session_may_be_removed_in_the_middle_of_everything() {
    // Remove-PSSession: a Close for what runs, then one for the pool, and no answer is waited for in between.
    let mut console = Console::opened();
    let (first, second) = (console.runs(P), console.runs(Q));
    console.got.clear();
    console.says(&Packet::Close { ps_guid: P });
    console.says(&Packet::Close { ps_guid: Uuid::nil() });
    console.says(&Packet::Close { ps_guid: Q });
    console.says(&Packet::Close { ps_guid: Uuid::nil() });
    assert!(console.names().is_empty(), "nothing is over yet");
    let actions: Vec<Action> = std::iter::from_fn(|| console.door.poll_action()).collect();
    assert_eq!(actions, [Action::Stop { run: first }, Action::Stop { run: second }]);
    console
        .door
        .piece(first, &piece(MessageType::PipelineOutput, "<S>late</S>"));
    console.door.ended(second, Ending::Confirmed);
    console.read();
    assert_eq!(console.names(), ["CloseAck"]);
    console
        .door
        .ended(first, Ending::Failed(Box::new(words::failed("it would not stop", ""))));
    console.read();
    assert_eq!(console.names(), ["CloseAck", "Data", "Data", "CloseAck"]);
    assert_eq!(console.door.poll_action(), Some(Action::Closed));
}

#[test]
fn a_line_may_be_written_as_xml_may_be() {
    let mut console = Console::opened();
    let id = P.hyphenated().to_string().to_uppercase();
    let lines = format!("<Command PSGuid=\"{id}\"/>\r\n  <Close  PSGuid = '{{{id}}}' ></Close>\r\n");
    console.door.bytes(Moment::START, lines.as_bytes());
    console.read();
    assert_eq!(console.names(), ["CommandAck", "CloseAck"]);
}

#[test]
fn object_zero_and_another_pools_id_are_told_apart() {
    // An object 0 spoils its stream; another pool's id the session, as PowerShell has it.
    let mut console = Console::opened();
    console.says(&Packet::Command { ps_guid: P });
    let body = CreatePipeline::new(vec![Command::new("Get-CsTenant")]).write();
    let mut zero = console.fragments(Some(P), MessageType::CreatePipeline, body.clone(), 32 << 10)[0].to_vec();
    zero[..8].fill(0);
    console.got.clear();
    console.says(&Packet::data(P, zero.into()));
    assert_eq!(console.names(), ["Data", "DataAck"]);
    assert!(console.door.is_open());
    let mut foreign = console.fragments(Some(Q), MessageType::CreatePipeline, body, 32 << 10)[0].to_vec();
    foreign[21 + 8..21 + 24].fill(7);
    console.says(&Packet::Command { ps_guid: Q });
    console.says(&Packet::data(Q, foreign.into()));
    assert!(!console.door.is_open());
    assert_eq!(console.door.poll_action(), Some(Action::HangUp));
}

#[test]
fn what_runs_within_another_says_so() {
    let mut console = Console::opened();
    console.runs(P);
    console.says(&Packet::Command { ps_guid: Q });
    let mut within = CreatePipeline::new(vec![Command::new("Set-CsUser")]);
    within.is_nested = true;
    within.no_input = false;
    console.data(Some(Q), MessageType::CreatePipeline, within.write());
    let Some(Action::Start { run, nested: true, .. }) = console.door.poll_action() else {
        panic!("it starts, and says what it is");
    };
    console.data(Some(Q), MessageType::PipelineInput, Bytes::from_static(b"<I32>1</I32>"));
    console.data(Some(Q), MessageType::EndOfPipelineInput, Bytes::new());
    assert!(matches!(console.door.poll_action(), Some(Action::Input { run: of, .. }) if of == run));
    assert_eq!(console.door.poll_action(), Some(Action::EndInput { run }));
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
