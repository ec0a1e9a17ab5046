//! Both roles against each other, over streams that cut packets anywhere.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use clixml::Value;
use psrp::body::{
    self, ApplicationPrivateData, Availability, Body, Command, ConnectRunspacePool, CreatePipeline, ErrorCategory,
    ErrorRecord, GetCommandMetadata, HostCall, HostDefaultData, HostInfo, HostOutcome, HostRequest, HostResponse,
    InformationalRecord, InitRunspacePool, InvocationState, Level, PipelineState, RemoteHostMethodId,
};
use psrp::client::{self, Event};
use psrp::server::{self, Request};
use psrp::{Assembly, MessageType, Outgoing};
use uuid::Uuid;

const POOL: Uuid = Uuid::from_u128(0x1111);
const FIRST: Uuid = Uuid::from_u128(0x2222);
const SECOND: Uuid = Uuid::from_u128(0x3333);

/// A client and a server with nothing but bytes between them.
struct Pair {
    client: client::Pool,
    server: server::Pool,
    /// The size of blobs and of packets changes with every one.
    turn: usize,
    assembly: std::collections::BTreeMap<Option<Uuid>, Assembly>,
    /// What the client saw, whole messages.
    seen: VecDeque<(Option<Uuid>, MessageType, Bytes)>,
    events: VecDeque<Event>,
    requests: VecDeque<Request>,
}

impl Pair {
    fn new() -> Pair {
        Pair {
            client: client::Pool::new(client::Config::new(POOL)),
            server: server::Pool::new(server::Config::default()),
            turn: 0,
            assembly: Default::default(),
            seen: VecDeque::new(),
            events: VecDeque::new(),
            requests: VecDeque::new(),
        }
    }

    fn opened() -> Pair {
        let mut pair = Pair::new();
        let init = InitRunspacePool::new(HostInfo::console(HostDefaultData::terminal(80, 25)));
        let opening = pair.client.open(&init).unwrap();
        for message in opening {
            pair.client_sends(message);
        }
        assert!(matches!(pair.request(), Request::Capability(_)));
        let Request::Opening { init: got, .. } = pair.request() else {
            panic!("an opening")
        };
        assert_eq!(*got, init);
        let data = ApplicationPrivateData::with_version_table([("PSVersion", "7.6.5")]);
        let answers = [
            pair.server.capability(),
            pair.server.private_data_of(&data),
            pair.server.opened(),
        ];
        for message in answers {
            pair.server_sends(message);
        }
        assert!(matches!(pair.event(), Event::Capability(_)));
        let Event::PrivateData(body) = pair.event() else {
            panic!("private data")
        };
        let version = ApplicationPrivateData::read(&body).unwrap();
        assert_eq!(
            version.version_table().unwrap().entry("PSVersion").unwrap().as_str(),
            Some("7.6.5")
        );
        assert_eq!(pair.event(), Event::Opened);
        pair
    }

    fn cut(&mut self, mut message: Outgoing) -> Vec<Bytes> {
        let mut bytes = BytesMut::new();
        while let Some(fragment) = message.fragment(1 + self.turn % 97) {
            bytes.extend_from_slice(&fragment);
            self.turn += 31;
        }
        let mut packets = Vec::new();
        while !bytes.is_empty() {
            self.turn += 17;
            let size = bytes.len().min(1 + self.turn % 211);
            packets.push(bytes.split_to(size).freeze());
        }
        packets
    }

    fn client_sends(&mut self, message: Outgoing) {
        let target = message.target();
        for packet in self.cut(message) {
            self.server.receive(target, packet).unwrap();
        }
        while let Some(request) = self.server.poll_request() {
            self.requests.push_back(request);
        }
    }

    fn server_sends(&mut self, message: Outgoing) {
        let target = message.target();
        for packet in self.cut(message) {
            self.client.receive(target, packet).unwrap();
        }
        while let Some(event) = self.client.poll_event() {
            match event {
                Event::Piece { pipeline, piece } => {
                    let assembly = self.assembly.entry(pipeline).or_insert_with(|| Assembly::new(1 << 20));
                    if let Some(message) = assembly.push(piece).unwrap() {
                        self.seen.push_back((pipeline, message.kind, message.body));
                    }
                }
                other => self.events.push_back(other),
            }
        }
    }

    fn request(&mut self) -> Request {
        self.requests.pop_front().expect("a request")
    }

    fn event(&mut self) -> Event {
        self.events.pop_front().expect("an event")
    }

    fn start(&mut self, id: Uuid, pipeline: &CreatePipeline) {
        let message = self
            .client
            .start(id, MessageType::CreatePipeline, pipeline.write())
            .unwrap();
        self.server.announce(id).unwrap();
        self.client_sends(message);
        let Request::CreatePipeline { pipeline: got, body } = self.request() else {
            panic!("a pipeline")
        };
        assert_eq!(got, id);
        assert_eq!(CreatePipeline::read(&body).unwrap(), *pipeline);
    }

    fn end(&mut self, id: Uuid, state: &PipelineState) {
        let message = self.server.pipeline_state(id, state).unwrap();
        self.server_sends(message);
        let Event::PipelineState {
            pipeline,
            state: got,
            body,
        } = self.event()
        else {
            panic!("a state")
        };
        assert_eq!((pipeline, got), (id, state.state));
        assert_eq!(PipelineState::read(&body).unwrap(), *state);
        self.client.forget(id);
        self.server.close_pipeline(id);
    }
}

#[test]
fn objects_and_records_of_two_pipelines_reach_their_owners() {
    let mut pair = Pair::opened();
    let pipeline = CreatePipeline::new(vec![Command::new("Get-CsOnlineUser")]);
    pair.start(FIRST, &pipeline);
    pair.start(
        SECOND,
        &CreatePipeline {
            is_nested: true,
            ..pipeline
        },
    );
    for number in 0..20 {
        for id in [FIRST, SECOND] {
            let output = pair.server.output(id, &Value::Int32(number)).unwrap();
            pair.server_sends(output);
        }
    }
    let warning = InformationalRecord::new(Level::Warning, "slow");
    let message = pair
        .server
        .message(Some(SECOND), MessageType::WarningRecord, warning.write())
        .unwrap();
    pair.server_sends(message);
    let null = pair.server.output(FIRST, &Value::Null).unwrap();
    pair.server_sends(null);
    let of = |id| {
        let own = pair
            .seen
            .iter()
            .filter(move |(pipeline, kind, _)| *pipeline == Some(id) && *kind == MessageType::PipelineOutput);
        own.map(|(_, _, body)| body::read_object(body).unwrap())
            .collect::<Vec<_>>()
    };
    let numbers: Vec<Value> = (0..20).map(Value::Int32).collect();
    assert_eq!(of(SECOND), numbers);
    assert_eq!(of(FIRST)[..20], numbers);
    assert_eq!(of(FIRST)[20], Value::Null);
    let (pipeline, kind, body) = pair.seen.iter().rev().nth(1).unwrap();
    assert_eq!((*pipeline, *kind), (Some(SECOND), MessageType::WarningRecord));
    assert_eq!(InformationalRecord::read(body).unwrap(), warning);
    pair.end(SECOND, &PipelineState::new(InvocationState::Completed));
    let error = ErrorRecord::new(
        "System.Exception",
        "no such tenant",
        "NotFound",
        ErrorCategory::ObjectNotFound,
    );
    pair.end(FIRST, &PipelineState::failed(error));
}

#[test]
fn what_is_piped_in_arrives_in_order_and_ends() {
    let mut pair = Pair::opened();
    let pipeline = CreatePipeline {
        no_input: false,
        ..CreatePipeline::new(vec![Command::script("process { $_ }")])
    };
    pair.start(FIRST, &pipeline);
    for number in 0..5 {
        let message = pair
            .client
            .input(FIRST, body::write_object(&Value::Int32(number)))
            .unwrap();
        pair.client_sends(message);
    }
    let message = pair.client.end_of_input(FIRST).unwrap();
    pair.client_sends(message);
    for number in 0..5 {
        let Request::Input { pipeline: FIRST, body } = pair.request() else {
            panic!("input")
        };
        assert_eq!(body::read_object(&body).unwrap(), Value::Int32(number));
    }
    assert_eq!(pair.request(), Request::EndOfInput { pipeline: FIRST });
    pair.end(FIRST, &PipelineState::new(InvocationState::Completed));
}

#[test]
fn a_question_is_asked_and_answered() {
    let mut pair = Pair::opened();
    pair.start(FIRST, &CreatePipeline::new(vec![Command::new("Remove-CsUser")]));
    let call = HostCall {
        ci: 1,
        method: RemoteHostMethodId::ReadLine,
        parameters: Vec::new(),
    };
    let message = pair
        .server
        .message(Some(FIRST), MessageType::PipelineHostCall, call.write())
        .unwrap();
    pair.server_sends(message);
    let (pipeline, _, body) = pair.seen.pop_front().unwrap();
    let asked = HostCall::read(&body).unwrap();
    assert_eq!(asked.request(), HostRequest::ReadLine);
    let answer = asked.answer("yes").unwrap();
    let message = pair.client.host_response(pipeline, answer.write()).unwrap();
    assert!(message.is_host_response());
    pair.client_sends(message);
    let Request::HostResponse {
        pipeline: Some(FIRST),
        body,
    } = pair.request()
    else {
        panic!("an answer")
    };
    assert_eq!(
        HostResponse::read(&body).unwrap().outcome,
        HostOutcome::Value("yes".into())
    );

    let message = pair
        .server
        .message(None, MessageType::RunspacePoolHostCall, call.write())
        .unwrap();
    pair.server_sends(message);
    assert_eq!(pair.seen.pop_front().unwrap().0, None);
    let message = pair.client.host_response(None, answer.write()).unwrap();
    pair.client_sends(message);
    assert!(matches!(pair.request(), Request::HostResponse { pipeline: None, .. }));
}

#[test]
fn a_stop_is_confirmed_by_the_state() {
    let mut pair = Pair::opened();
    pair.start(FIRST, &CreatePipeline::new(vec![Command::new("Start-Sleep")]));
    pair.client.stopping(FIRST).unwrap();
    pair.end(FIRST, &PipelineState::stopped());
    pair.start(FIRST, &CreatePipeline::new(vec![Command::new("Get-Date")]));
}

#[test]
fn limits_of_the_pool_are_asked_and_told() {
    let mut pair = Pair::opened();
    let (max, message) = pair.client.set_max_runspaces(5).unwrap();
    pair.client_sends(message);
    assert_eq!(
        pair.request(),
        Request::SetMaxRunspaces {
            ci: max,
            max_runspaces: 5
        }
    );
    let (free, message) = pair.client.get_available_runspaces().unwrap();
    pair.client_sends(message);
    assert_eq!(pair.request(), Request::GetAvailableRunspaces { ci: free });
    let (reset, message) = pair.client.reset_runspace_state().unwrap();
    pair.client_sends(message);
    assert_eq!(pair.request(), Request::ResetRunspaceState { ci: reset });
    for (ci, answer) in [
        (max, Availability::Done(true)),
        (free, Availability::Count(4)),
        (reset, Availability::Done(true)),
    ] {
        let message = pair.server.availability(ci, answer);
        pair.server_sends(message);
        assert!(
            matches!(pair.event(), Event::Availability { ci: got, answer: told, .. } if got == ci && told == answer)
        );
    }
}

#[test]
fn metadata_is_a_pipeline_of_its_own() {
    let mut pair = Pair::opened();
    let question = GetCommandMetadata::new(["Get-*"]);
    let message = pair
        .client
        .start(FIRST, MessageType::GetCommandMetadata, question.write())
        .unwrap();
    pair.server.announce(FIRST).unwrap();
    pair.client_sends(message);
    let Request::GetCommandMetadata { pipeline: FIRST, body } = pair.request() else {
        panic!("metadata")
    };
    assert_eq!(GetCommandMetadata::read(&body).unwrap(), question);
    pair.end(FIRST, &PipelineState::new(InvocationState::Completed));
}

#[test]
fn another_client_attaches_and_the_first_one_closes() {
    let mut pair = Pair::opened();
    pair.client.disconnecting();
    pair.client.disconnected();
    pair.server.disconnected();
    let attaching = pair.client.connect(&ConnectRunspacePool::default()).unwrap();
    for message in attaching {
        pair.client_sends(message);
    }
    assert!(matches!(pair.request(), Request::Capability(_)));
    assert!(matches!(pair.request(), Request::Connecting { .. }));
    let data = ApplicationPrivateData { data: Value::Null };
    let answers = [
        pair.server.capability(),
        pair.server.init_data(1, 2),
        pair.server.private_data_of(&data),
    ];
    for message in answers {
        pair.server_sends(message);
    }
    assert!(matches!(pair.event(), Event::Capability(_)));
    assert!(matches!(pair.event(), Event::InitData(limits) if limits.max_runspaces == 2));
    assert!(matches!(pair.event(), Event::PrivateData(_)));
    assert_eq!(pair.event(), Event::Opened);
    pair.client.closing();
    let farewell = pair.server.closed();
    for message in farewell {
        pair.server_sends(message);
    }
    assert_eq!(pair.client.state(), client::State::Closed);
}

mod hostile {
    use proptest::prelude::*;
    use psrp::{Destination, Fragmenter, Message};

    use super::*;

    fn message() -> impl Strategy<Value = (Option<Uuid>, Message)> {
        let ids = [None, Some(FIRST), Some(SECOND), Some(POOL)];
        let bodies = [
            Bytes::new(),
            Bytes::from_static(b"<S />"),
            Bytes::from_static(b"<Obj"),
            body::SessionCapability::default().write(),
            InitRunspacePool::new(HostInfo::none()).write(),
            CreatePipeline::new(vec![Command::new("x")]).write(),
            PipelineState::stopped().write(),
            body::RunspacePoolState::new(body::RunspaceState::Opened).write(),
            body::RunspaceAvailability {
                answer: Availability::Count(1),
                ci: 1,
            }
            .write(),
        ];
        let kind = prop::sample::select(MessageType::ALL.to_vec());
        let destination = prop::sample::select(vec![Destination::Client, Destination::Server]);
        let id = || prop::sample::select(ids.to_vec());
        let pool = prop::sample::select(vec![POOL, FIRST, Uuid::nil()]);
        (
            destination,
            kind,
            pool,
            id(),
            id(),
            prop::sample::select(bodies.to_vec()),
        )
            .prop_map(|(destination, kind, pool, pipeline, target, body)| {
                (
                    target,
                    Message {
                        destination,
                        kind,
                        pool,
                        pipeline,
                        body,
                    },
                )
            })
    }

    proptest! {
        #[test]
        fn no_order_of_messages_makes_a_role_panic(messages in prop::collection::vec(message(), 0..40), open in any::<bool>()) {
            let mut pair = if open { Pair::opened() } else { Pair::new() };
            let _ = pair.client.start(FIRST, MessageType::CreatePipeline, Bytes::new());
            let _ = pair.client.get_available_runspaces();
            pair.server.announce(FIRST).unwrap();
            let mut fragmenter = Fragmenter::new();
            for (target, message) in messages {
                for packet in fragmenter.split(&message, 100) {
                    let _ = pair.client.receive(target, packet.clone());
                    let _ = pair.server.receive(target, packet);
                }
                while pair.client.poll_event().is_some() {}
                while let Some(request) = pair.server.poll_request() {
                    if matches!(request, Request::Opening { .. }) {
                        let _ = pair.server.opened();
                    }
                }
            }
        }
    }
}

#[cfg(feature = "session-key")]
#[test]
fn a_secret_goes_both_ways_under_the_session_key() {
    use psrp::{KeyPair, Secrets, SessionKey};

    let mut seed = 1u64;
    let mut fill = |buffer: &mut [u8]| {
        for byte in buffer {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            *byte = (seed >> 56) as u8;
        }
    };
    let mut pair = Pair::opened();
    let message = pair.server.public_key_request();
    pair.server_sends(message);
    assert_eq!(pair.event(), Event::KeyRequested);
    let keys = KeyPair::generate(&mut fill).unwrap();
    let message = pair.client.public_key(&keys.public_blob()).unwrap();
    pair.client_sends(message);
    let Request::PublicKey { blob, .. } = pair.request() else {
        panic!("a key")
    };
    let server_key = SessionKey::new([0x5A; 32]);
    let sealed = server_key.seal(&blob, &mut fill).unwrap();
    let message = pair.server.session_key(&sealed);
    pair.server_sends(message);
    let Event::SessionKey { sealed } = pair.event() else {
        panic!("a session key")
    };
    let (ours, theirs) = (Secrets::Key(keys.open(&sealed).unwrap()), Secrets::Key(server_key));
    assert_eq!(*theirs.read(&ours.write("Pa$$wörd")).unwrap(), "Pa$$wörd");
    assert_eq!(*ours.read(&theirs.write("")).unwrap(), "");
}
