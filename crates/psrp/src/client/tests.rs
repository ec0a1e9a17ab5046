//! What the client may send when, and what it makes of messages that a server should not send.

use bytes::Bytes;
use uuid::Uuid;

use super::*;
use crate::body::{
    Availability, Body, ConnectRunspacePool, EncryptedSessionKey, HostInfo, InitRunspacePool, InvocationState,
    PipelineState, PublicKeyRequest, RunspaceAvailability, RunspacePoolInitData, RunspacePoolState, RunspaceState,
    SessionCapability, V2_2, V2_3, V2_4,
};
use crate::{Destination, Error, Fragmenter, Message, MessageType};

const POOL: Uuid = Uuid::from_u128(0xA);
const PIPELINE: Uuid = Uuid::from_u128(0xB);

/// A client, and a server that sends whatever a test wants.
struct World {
    pool: Pool,
    server: Fragmenter,
}

impl World {
    fn new() -> World {
        World {
            pool: Pool::new(Config::new(POOL)),
            server: Fragmenter::new(),
        }
    }

    fn opened_at(version: clixml::Version) -> World {
        let mut world = World::new();
        let _ = world.pool.open(&InitRunspacePool::new(HostInfo::none())).unwrap();
        world.pool_sends(MessageType::SessionCapability, SessionCapability::new(version).write());
        world.pool_sends(
            MessageType::RunspacePoolState,
            RunspacePoolState::new(RunspaceState::Opened).write(),
        );
        while world.pool.poll_event().is_some() {}
        assert_eq!(world.pool.state(), State::Opened);
        world
    }

    fn running() -> World {
        let mut world = World::opened_at(V2_3);
        let _ = world
            .pool
            .start(PIPELINE, MessageType::CreatePipeline, Bytes::from_static(b"<S />"))
            .unwrap();
        world
    }

    fn send(&mut self, target: Option<Uuid>, message: &Message) -> Result<(), Error> {
        let packet: Vec<u8> = self.server.split(message, 30).into_iter().flatten().collect();
        self.pool.receive(target, packet.into())
    }

    fn pool_sends(&mut self, kind: MessageType, body: Bytes) {
        let message = Message {
            destination: Destination::Client,
            kind,
            pool: POOL,
            pipeline: None,
            body,
        };
        self.send(None, &message).unwrap();
    }

    fn pipeline_sends(&mut self, kind: MessageType, body: Bytes) {
        let message = Message {
            destination: Destination::Client,
            kind,
            pool: POOL,
            pipeline: Some(PIPELINE),
            body,
        };
        self.send(Some(PIPELINE), &message).unwrap();
    }

    fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.pool.poll_event()).collect()
    }

    fn ignored(&mut self) -> Vec<Ignored> {
        let events = self.events().into_iter();
        events
            .map(|event| match event {
                Event::Ignored { why, .. } => why,
                other => panic!("{other:?}"),
            })
            .collect()
    }
}

#[test]
fn an_opening_goes_from_capability_to_opened() {
    let mut world = World::new();
    let [capability, init] = world.pool.open(&InitRunspacePool::new(HostInfo::none())).unwrap();
    assert_eq!(
        (capability.kind(), capability.object()),
        (MessageType::SessionCapability, 1)
    );
    assert_eq!((init.kind(), init.object()), (MessageType::InitRunspacePool, 2));
    // A server names no pool in its capability.
    let nameless = Message {
        destination: Destination::Client,
        kind: MessageType::SessionCapability,
        pool: Uuid::nil(),
        pipeline: None,
        body: SessionCapability::new(V2_4).write(),
    };
    world.send(None, &nameless).unwrap();
    assert_eq!(world.pool.protocol(), Some(V2_3), "offered 2.3, so 2.3 it is");
    world.pool_sends(MessageType::ApplicationPrivateData, Bytes::from_static(b"<opaque>"));
    world.pool_sends(
        MessageType::RunspacePoolState,
        RunspacePoolState::new(RunspaceState::Opened).write(),
    );
    let events = world.events();
    assert!(
        matches!(&events[..], [Event::Capability(_), Event::PrivateData(data), Event::Opened] if data == "<opaque>")
    );
    assert!(matches!(
        world.pool.open(&InitRunspacePool::new(HostInfo::none())),
        Err(Error::State { .. })
    ));
}

#[test]
fn a_connect_is_done_when_limits_and_private_data_are_there_in_any_order() {
    for swap in [false, true] {
        let mut world = World::new();
        let _ = world.pool.connect(&ConnectRunspacePool::default()).unwrap();
        world.pool_sends(MessageType::SessionCapability, SessionCapability::default().write());
        let mut rest = [
            (
                MessageType::RunspacePoolInitData,
                RunspacePoolInitData {
                    min_runspaces: 1,
                    max_runspaces: 3,
                }
                .write(),
            ),
            (MessageType::ApplicationPrivateData, Bytes::from_static(b"<S />")),
        ];
        if swap {
            rest.reverse();
        }
        for (kind, body) in rest {
            assert_eq!(world.pool.state(), State::Connecting);
            world.pool_sends(kind, body);
        }
        assert_eq!(world.pool.state(), State::Opened);
        assert_eq!(world.events().last(), Some(&Event::Opened));
    }
}

#[test]
fn nothing_but_an_opening_is_sent_before_the_pool_is_open() {
    let mut world = World::new();
    let start = |pool: &mut Pool| {
        pool.start(PIPELINE, MessageType::CreatePipeline, Bytes::new())
            .map(drop)
    };
    assert!(matches!(
        start(&mut world.pool),
        Err(Error::State {
            state: "BeforeOpen",
            ..
        })
    ));
    assert!(world.pool.get_available_runspaces().is_err());
    assert!(world.pool.public_key("x").is_err());
    let _ = world.pool.open(&InitRunspacePool::new(HostInfo::none())).unwrap();
    assert!(matches!(
        start(&mut world.pool),
        Err(Error::State { state: "Opening", .. })
    ));
    assert!(
        world.pool.host_response(None, Bytes::new()).is_ok(),
        "a profile may ask"
    );
}

#[test]
fn a_server_of_another_world_breaks_the_pool() {
    let mut world = World::new();
    let _ = world.pool.open(&InitRunspacePool::new(HostInfo::none())).unwrap();
    let body = SessionCapability::new(clixml::Version::new(3, 0)).write();
    let message = Message {
        destination: Destination::Client,
        kind: MessageType::SessionCapability,
        pool: POOL,
        pipeline: None,
        body,
    };
    assert!(matches!(world.send(None, &message), Err(Error::Version { .. })));
    assert_eq!(world.pool.state(), State::Broken);
}

#[test]
fn a_pipeline_takes_input_until_its_end() {
    let mut world = World::running();
    assert!(matches!(
        world.pool.start(PIPELINE, MessageType::CreatePipeline, Bytes::new()),
        Err(Error::PipelineExists(PIPELINE))
    ));
    assert!(world.pool.input(PIPELINE, Bytes::new()).is_ok());
    let end = world.pool.end_of_input(PIPELINE).unwrap();
    assert_eq!(
        (end.kind(), end.target(), end.remaining()),
        (MessageType::EndOfPipelineInput, Some(PIPELINE), 40)
    );
    assert!(matches!(
        world.pool.input(PIPELINE, Bytes::new()),
        Err(Error::State { .. })
    ));
    assert!(world.pool.end_of_input(PIPELINE).is_err());
    let answer = world.pool.host_response(Some(PIPELINE), Bytes::new()).unwrap();
    assert!(answer.is_host_response());
    let unknown = Uuid::from_u128(99);
    assert!(matches!(world.pool.input(unknown, Bytes::new()), Err(Error::UnknownPipeline(id)) if id == unknown));
}

#[test]
fn output_comes_in_pieces_and_the_state_whole() {
    let mut world = World::running();
    let body = Bytes::from(vec![b'x'; 100]);
    world.pipeline_sends(MessageType::PipelineOutput, body.clone());
    world.pipeline_sends(
        MessageType::PipelineState,
        PipelineState::new(InvocationState::Completed).write(),
    );
    let mut events = world.events();
    let last = events.pop().unwrap();
    assert!(matches!(
        last,
        Event::PipelineState {
            pipeline: PIPELINE,
            state: InvocationState::Completed,
            ..
        }
    ));
    let mut got = Vec::new();
    for (index, event) in events.iter().enumerate() {
        let Event::Piece {
            pipeline: Some(PIPELINE),
            piece,
        } = event
        else {
            panic!("{event:?}")
        };
        assert_eq!((piece.kind, piece.first), (MessageType::PipelineOutput, index == 0));
        got.extend_from_slice(&piece.bytes);
    }
    assert_eq!(got, body);
    assert!(events.len() > 2);
    assert!(world.pool.stage(PIPELINE).unwrap().has_ended());
    assert!(world.pool.input(PIPELINE, Bytes::new()).is_err());
    world.pipeline_sends(MessageType::PipelineOutput, body);
    assert_eq!(world.ignored(), [Ignored::PipelineEnded]);
    world.pool.forget(PIPELINE);
    assert!(
        world
            .pool
            .start(PIPELINE, MessageType::GetCommandMetadata, Bytes::new())
            .is_ok(),
        "an id may come again"
    );
}

#[test]
fn a_pipeline_that_stops_says_how_it_ended() {
    let mut world = World::running();
    world.pool.stopping(PIPELINE).unwrap();
    assert_eq!(world.pool.stage(PIPELINE), Some(Stage::Stopping));
    assert!(world.pool.input(PIPELINE, Bytes::new()).is_err());
    world.pipeline_sends(MessageType::PipelineState, PipelineState::stopped().write());
    assert_eq!(world.pool.stage(PIPELINE), Some(Stage::Ended(InvocationState::Stopped)));
    world.pool.stopping(PIPELINE).unwrap();
    assert!(
        world.pool.stage(PIPELINE).unwrap().has_ended(),
        "a late stop changes nothing"
    );
}

#[test]
fn what_has_no_business_here_is_passed_over_and_said() {
    let mut world = World::running();
    let message = |kind, pipeline| Message {
        destination: Destination::Client,
        kind,
        pool: POOL,
        pipeline,
        body: Bytes::new(),
    };
    let cases = [
        (None, message(MessageType::Unknown(0x99), None), Ignored::UnknownType),
        (
            None,
            message(MessageType::CreatePipeline, None),
            Ignored::WrongDirection,
        ),
        (
            None,
            message(MessageType::PipelineOutput, Some(PIPELINE)),
            Ignored::OutOfPlace,
        ),
        (
            Some(PIPELINE),
            message(MessageType::RunspacePoolState, None),
            Ignored::OutOfPlace,
        ),
        (
            Some(PIPELINE),
            message(MessageType::PipelineOutput, Some(POOL)),
            Ignored::OtherPipeline,
        ),
        (
            Some(Uuid::from_u128(5)),
            message(MessageType::PipelineOutput, None),
            Ignored::NoPipeline,
        ),
        (None, message(MessageType::SessionCapability, None), Ignored::OutOfPlace),
        (
            None,
            message(MessageType::EncryptedSessionKey, None),
            Ignored::OutOfPlace,
        ),
        (
            None,
            Message {
                pool: PIPELINE,
                ..message(MessageType::UserEvent, None)
            },
            Ignored::OtherPool,
        ),
        (
            Some(PIPELINE),
            Message {
                destination: Destination::Server,
                ..message(MessageType::PipelineOutput, Some(PIPELINE))
            },
            Ignored::WrongDirection,
        ),
    ];
    for (target, message, why) in cases {
        world.send(target, &message).unwrap();
        assert_eq!(world.ignored(), [why], "{message:?}");
    }
    assert_eq!(world.pool.state(), State::Opened);
}

#[test]
fn questions_about_runspaces_find_their_answers() {
    let mut world = World::opened_at(V2_3);
    let (first, _) = world.pool.set_max_runspaces(4).unwrap();
    let (second, _) = world.pool.get_available_runspaces().unwrap();
    let (third, _) = world.pool.reset_runspace_state().unwrap();
    for (ci, answer) in [
        (second, Availability::Count(2)),
        (first, Availability::Done(true)),
        (third, Availability::Done(false)),
    ] {
        world.pool_sends(
            MessageType::RunspaceAvailability,
            RunspaceAvailability { answer, ci }.write(),
        );
    }
    let answers: Vec<(i64, MessageType)> = world
        .events()
        .into_iter()
        .map(|event| match event {
            Event::Availability { ci, request, .. } => (ci, request),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        answers,
        [
            (second, MessageType::GetAvailableRunspaces),
            (first, MessageType::SetMaxRunspaces),
            (third, MessageType::ResetRunspaceState)
        ]
    );
    // Asked by somebody else, through `send`: theirs to read.
    let _ = world
        .pool
        .send(MessageType::GetAvailableRunspaces, Bytes::from_static(b"<S />"))
        .unwrap();
    world.pool_sends(MessageType::RunspaceAvailability, Bytes::from_static(b"unread"));
    assert!(matches!(&world.events()[0], Event::Piece { pipeline: None, .. }));
    assert!(world.pool.send(MessageType::PipelineInput, Bytes::new()).is_err());
}

#[test]
fn an_old_server_is_not_asked_for_what_it_does_not_know() {
    let mut world = World::opened_at(V2_2);
    assert!(matches!(
        world.pool.reset_runspace_state(),
        Err(Error::Unsupported { .. })
    ));
}

#[test]
fn the_key_is_exchanged_once() {
    let mut world = World::opened_at(V2_3);
    assert_eq!(world.pool.key_exchange(), KeyExchange::Idle);
    world.pool_sends(MessageType::PublicKeyRequest, PublicKeyRequest.write());
    assert_eq!(world.events(), [Event::KeyRequested]);
    assert_eq!(world.pool.public_key("blob").unwrap().kind(), MessageType::PublicKey);
    assert!(world.pool.public_key("blob").is_err(), "once");
    world.pool_sends(
        MessageType::EncryptedSessionKey,
        EncryptedSessionKey {
            sealed: "sealed".into(),
        }
        .write(),
    );
    assert_eq!(
        world.events(),
        [Event::SessionKey {
            sealed: "sealed".into()
        }]
    );
    assert_eq!(world.pool.key_exchange(), KeyExchange::Done);
    assert!(world.pool.public_key("blob").is_err());
}

#[test]
fn two_ends_of_2_4_need_no_key() {
    let capability = SessionCapability::new(V2_4);
    let mut pool = Pool::new(Config {
        capability: capability.clone(),
        ..Config::new(POOL)
    });
    let _ = pool.open(&InitRunspacePool::new(HostInfo::none())).unwrap();
    let mut world = World {
        pool,
        server: Fragmenter::new(),
    };
    world.pool_sends(MessageType::SessionCapability, capability.write());
    assert_eq!(world.pool.key_exchange(), KeyExchange::Needless);
    assert!(world.pool.public_key("blob").is_err());
}

#[test]
fn the_servers_last_words_end_the_pool() {
    let mut world = World::running();
    world.pool_sends(
        MessageType::RunspacePoolState,
        RunspacePoolState::new(RunspaceState::Closing).write(),
    );
    assert_eq!(world.pool.state(), State::Closing);
    world.pool_sends(
        MessageType::RunspacePoolState,
        RunspacePoolState::new(RunspaceState::Closed).write(),
    );
    assert_eq!(world.pool.state(), State::Closed);
    assert!(world.pool.input(PIPELINE, Bytes::new()).is_err());
    world.pool.broken();
    assert_eq!(world.pool.state(), State::Closed, "closed is not broken afterwards");
}

#[test]
fn after_a_reconnect_pipelines_go_on_at_the_next_message() {
    let mut world = World::running();
    let message = Message {
        destination: Destination::Client,
        kind: MessageType::PipelineOutput,
        pool: POOL,
        pipeline: Some(PIPELINE),
        body: Bytes::from(vec![b'x'; 100]),
    };
    let cut = world.server.split(&message, 60);
    world.pool.receive(Some(PIPELINE), cut[0].clone()).unwrap();
    world.pool.disconnecting();
    world.pool.disconnected();
    assert!(world.pool.input(PIPELINE, Bytes::new()).is_err());
    world.pool.reconnected();
    world.events();
    world.pool.receive(Some(PIPELINE), cut[1].clone()).unwrap();
    assert!(world.events().is_empty(), "the rest of what was cut");
    world.pipeline_sends(MessageType::PipelineOutput, Bytes::from_static(b"y"));
    assert!(!world.events().is_empty());
}

#[test]
fn a_pool_of_an_earlier_life_goes_on() {
    let mut pool = Pool::resumed(
        Config {
            first_object: 1 << 32,
            ..Config::new(POOL)
        },
        V2_3,
    );
    assert_eq!((pool.state(), pool.next_object()), (State::Opened, 1 << 32));
    pool.adopt(PIPELINE).unwrap();
    assert!(pool.input(PIPELINE, Bytes::new()).is_err(), "its input is not ours");
    let mut world = World {
        pool,
        server: Fragmenter::new(),
    };
    world.pipeline_sends(MessageType::PipelineState, PipelineState::stopped().write());
    assert!(world.pool.stage(PIPELINE).unwrap().has_ended());
}

#[test]
fn a_broken_stream_says_so_and_leaves_the_others_alone() {
    let mut world = World::running();
    let garbage = Bytes::from_static(&[0; 21]);
    assert!(matches!(
        world.pool.receive(Some(PIPELINE), garbage),
        Err(Error::ObjectId(0))
    ));
    world.pool_sends(MessageType::UserEvent, Bytes::from_static(b"e"));
    assert!(matches!(world.events()[0], Event::Piece { pipeline: None, .. }));
}
