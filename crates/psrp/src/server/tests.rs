//! What the server makes of a client's messages, in and out of order.

use bytes::Bytes;
use uuid::Uuid;

use super::*;
use crate::body::{
    Availability, Body, Command, CreatePipeline, HostInfo, InitRunspacePool, InvocationState, PipelineState,
    SessionCapability, SetMaxRunspaces, V2_1, V2_3, V2_4,
};
use crate::client::Ignored;
use crate::fragment::Assembly;
use crate::{Destination, Error, Fragmenter, Limits, Message, MessageType, Piece, Reassembler};

const POOL: Uuid = Uuid::from_u128(0xA);
const PIPELINE: Uuid = Uuid::from_u128(0xB);

struct World {
    pool: Pool,
    client: Fragmenter,
}

impl World {
    fn new() -> World {
        World {
            pool: Pool::new(Config::default()),
            client: Fragmenter::new(),
        }
    }

    fn opened() -> World {
        let mut world = World::new();
        world
            .send(
                None,
                MessageType::SessionCapability,
                SessionCapability::default().write(),
            )
            .unwrap();
        world
            .send(
                None,
                MessageType::InitRunspacePool,
                InitRunspacePool::new(HostInfo::none()).write(),
            )
            .unwrap();
        let _ = (world.pool.capability(), world.pool.opened());
        world.requests();
        world
    }

    fn running() -> World {
        let mut world = World::opened();
        world.pool.announce(PIPELINE).unwrap();
        let body = CreatePipeline::new(vec![Command::new("x")]).write();
        world.send(Some(PIPELINE), MessageType::CreatePipeline, body).unwrap();
        assert!(matches!(
            world.requests()[..],
            [Request::CreatePipeline { pipeline: PIPELINE, .. }]
        ));
        world
    }

    fn send(&mut self, pipeline: Option<Uuid>, kind: MessageType, body: Bytes) -> Result<(), Error> {
        self.send_to(POOL, pipeline, kind, body)
    }

    fn send_to(&mut self, pool: Uuid, pipeline: Option<Uuid>, kind: MessageType, body: Bytes) -> Result<(), Error> {
        let message = Message {
            destination: Destination::Server,
            kind,
            pool,
            pipeline,
            body,
        };
        for packet in self.client.split(&message, 50) {
            self.pool.receive(pipeline, packet)?;
        }
        Ok(())
    }

    fn requests(&mut self) -> Vec<Request> {
        std::iter::from_fn(|| self.pool.poll_request()).collect()
    }
}

#[test]
fn capability_comes_before_the_opening() {
    let mut world = World::new();
    world
        .send(
            None,
            MessageType::SessionCapability,
            SessionCapability::new(V2_1).write(),
        )
        .unwrap();
    assert!(matches!(&world.requests()[..], [Request::Capability(theirs)] if theirs.protocol == V2_1));
    assert_eq!((world.pool.id(), world.pool.protocol()), (Some(POOL), Some(V2_1)));
    let init = InitRunspacePool::new(HostInfo::none());
    world.send(None, MessageType::InitRunspacePool, init.write()).unwrap();
    assert!(matches!(&world.requests()[..], [Request::Opening { init: got, .. }] if **got == init));
    let mut answer = world.pool.capability();
    let mut reassembler = Reassembler::new(Limits::CLIENT);
    reassembler.push(answer.fragment(10_000).unwrap());
    let message = reassembler.next().unwrap().unwrap();
    assert!(message.pool.is_nil(), "as PowerShell's server has it");
    assert_eq!(
        SessionCapability::read(&message.body).unwrap().protocol,
        V2_1,
        "never more than the client speaks"
    );
}

#[test]
fn an_opening_without_a_capability_or_unreadable_is_refused() {
    let mut world = World::new();
    world
        .send(None, MessageType::InitRunspacePool, Bytes::from_static(b"<S />"))
        .unwrap();
    assert!(matches!(
        world.requests()[..],
        [Request::Ignored {
            why: Ignored::OutOfPlace,
            ..
        }]
    ));
    world
        .send(
            None,
            MessageType::SessionCapability,
            SessionCapability::new(V2_4).write(),
        )
        .unwrap();
    let error = world
        .send(
            None,
            MessageType::InitRunspacePool,
            Bytes::from_static(b"<Obj RefId='0' />"),
        )
        .unwrap_err();
    assert!(matches!(
        error,
        Error::Missing {
            member: "MinRunspaces",
            ..
        }
    ));
    let mut world = World::new();
    let version = SessionCapability::new(clixml::Version::new(1, 9)).write();
    assert!(matches!(
        world.send(None, MessageType::SessionCapability, version),
        Err(Error::Version { .. })
    ));
}

#[test]
fn a_pipeline_is_announced_then_created_then_fed() {
    let mut world = World::running();
    world
        .send(
            Some(PIPELINE),
            MessageType::PipelineInput,
            Bytes::from_static(b"<I32>1</I32>"),
        )
        .unwrap();
    world
        .send(Some(PIPELINE), MessageType::EndOfPipelineInput, Bytes::new())
        .unwrap();
    world
        .send(
            Some(PIPELINE),
            MessageType::PipelineHostResponse,
            Bytes::from_static(b"h"),
        )
        .unwrap();
    assert!(matches!(
        &world.requests()[..],
        [
            Request::Input { pipeline: PIPELINE, .. },
            Request::EndOfInput { pipeline: PIPELINE },
            Request::HostResponse {
                pipeline: Some(PIPELINE),
                ..
            }
        ]
    ));
    assert!(matches!(world.pool.announce(PIPELINE), Err(Error::PipelineExists(_))));
    let _ = world
        .pool
        .pipeline_state(PIPELINE, &PipelineState::new(InvocationState::Completed))
        .unwrap();
    world
        .send(Some(PIPELINE), MessageType::PipelineInput, Bytes::new())
        .unwrap();
    assert!(matches!(
        world.requests()[..],
        [Request::Ignored {
            why: Ignored::PipelineEnded,
            ..
        }]
    ));
    assert!(matches!(
        world
            .pool
            .message(Some(PIPELINE), MessageType::PipelineOutput, Bytes::new()),
        Err(Error::State { .. })
    ));
    world.pool.close_pipeline(PIPELINE);
    assert!(
        world.pool.announce(PIPELINE).is_ok(),
        "a console may use an id again at once"
    );
}

#[test]
fn messages_out_of_place_are_passed_over() {
    let mut world = World::running();
    let unknown = Uuid::from_u128(5);
    for (pipeline, kind, why) in [
        (Some(unknown), MessageType::PipelineInput, Ignored::NoPipeline),
        (Some(PIPELINE), MessageType::CreatePipeline, Ignored::OutOfPlace),
        (Some(PIPELINE), MessageType::SetMaxRunspaces, Ignored::OutOfPlace),
        (None, MessageType::PipelineInput, Ignored::OutOfPlace),
        (None, MessageType::InitRunspacePool, Ignored::OutOfPlace),
        (None, MessageType::RunspacePoolState, Ignored::WrongDirection),
        (None, MessageType::Unknown(3), Ignored::UnknownType),
    ] {
        world.send(pipeline, kind, Bytes::new()).unwrap();
        let requests = world.requests();
        assert!(
            matches!(requests[..], [Request::Ignored { why: got, .. }] if got == why),
            "{kind}: {requests:?}"
        );
    }
    let error = world
        .send_to(unknown, None, MessageType::GetAvailableRunspaces, Bytes::new())
        .unwrap_err();
    assert!(matches!(error, Error::OtherPool { expected: POOL, .. }));
}

#[test]
fn requests_about_runspaces_carry_their_number() {
    let mut world = World::opened();
    let body = SetMaxRunspaces {
        max_runspaces: 3,
        ci: 9,
    }
    .write();
    world.send(None, MessageType::SetMaxRunspaces, body).unwrap();
    assert_eq!(
        world.requests(),
        [Request::SetMaxRunspaces {
            ci: 9,
            max_runspaces: 3
        }]
    );
    assert_eq!(
        world.pool.availability(9, Availability::Done(true)).kind(),
        MessageType::RunspaceAvailability
    );
}

#[test]
fn messages_of_a_remote_pass_under_our_ids() {
    let mut world = World::running();
    let piece = |first, last, bytes: &'static [u8]| Piece {
        destination: Destination::Client,
        kind: MessageType::PipelineOutput,
        pool: Uuid::from_u128(77),
        pipeline: Some(Uuid::from_u128(78)),
        first,
        last,
        bytes: Bytes::from_static(bytes),
    };
    let mut reassembler = Reassembler::new(Limits::CLIENT);
    let relay = |world: &mut World, piece: Piece, into: &mut Reassembler| {
        for fragment in world.pool.relay(Some(PIPELINE), &piece, 7).unwrap() {
            into.push(fragment);
        }
    };
    relay(&mut world, piece(true, false, b"given "), &mut reassembler);
    // Another start: the client gives the first one up, too.
    relay(&mut world, piece(true, false, b"one "), &mut reassembler);
    relay(&mut world, piece(false, false, b""), &mut reassembler);
    relay(&mut world, piece(false, true, b"two"), &mut reassembler);
    let message = reassembler.next().unwrap().unwrap();
    assert_eq!(
        (message.pool, message.pipeline, &message.body[..]),
        (POOL, Some(PIPELINE), &b"one two"[..])
    );
    // A message of our own in the middle of one that passes ends that one; its rest goes nowhere.
    relay(&mut world, piece(true, false, b"cut"), &mut reassembler);
    let mut state = world.pool.pipeline_state(PIPELINE, &PipelineState::stopped()).unwrap();
    while let Some(fragment) = state.fragment(100) {
        reassembler.push(fragment);
    }
    assert_eq!(reassembler.next().unwrap().unwrap().kind, MessageType::PipelineState);
    assert!(
        world
            .pool
            .relay(Some(PIPELINE), &piece(false, true, b"rest"), 7)
            .is_err()
    );
    assert!(matches!(
        world.pool.relay(None, &piece(true, true, b"x"), 7),
        Err(Error::State { part: "stream", .. })
    ));
}

#[test]
fn a_client_that_sends_too_much_is_stopped() {
    let mut world = World::new();
    world.pool = Pool::new(Config {
        limits: Limits {
            fragment: 100,
            message: 200,
        },
        ..Config::default()
    });
    let error = world
        .send(None, MessageType::SessionCapability, Bytes::from(vec![0; 300]))
        .unwrap_err();
    assert!(matches!(error, Error::MessageTooLarge { limit: 200 }));
}

#[test]
fn a_close_is_said_twice_as_powershell_does() {
    let mut world = World::opened();
    let mut reassembler = Reassembler::new(Limits::CLIENT);
    let mut assembly = Assembly::new(1000);
    for mut outgoing in world.pool.closed() {
        reassembler.push(outgoing.fragment(1000).unwrap());
    }
    let mut states = Vec::new();
    while let Some(message) = reassembler.next().unwrap() {
        let message = assembly.push(Piece::whole(message)).unwrap().unwrap();
        states.push(
            crate::body::RunspacePoolState::read(&message.body)
                .unwrap()
                .state
                .number(),
        );
    }
    assert_eq!(states, [4, 3]);
    assert_eq!(world.pool.state(), State::Closed);
    assert_eq!(world.pool.protocol(), Some(V2_3));
}

#[test]
fn an_answer_may_come_between_two_parts_of_an_object() {
    let mut world = World::running();
    let mut message = Message {
        destination: Destination::Server,
        kind: MessageType::PipelineInput,
        pool: POOL,
        pipeline: Some(PIPELINE),
        body: Bytes::from(vec![b'x'; 200]),
    };
    let input = world.client.split(&message, 100);
    (message.kind, message.body) = (MessageType::PipelineHostResponse, Bytes::from_static(b"answer"));
    let [answer] = &world.client.split(&message, 100)[..] else {
        panic!("it fits into one")
    };
    world.pool.receive(Some(PIPELINE), input[0].clone()).unwrap();
    world.pool.receive_response(Some(PIPELINE), answer.clone()).unwrap();
    assert!(matches!(&world.requests()[..], [Request::HostResponse { body, .. }] if body == "answer"));
    for rest in &input[1..] {
        world.pool.receive(Some(PIPELINE), rest.clone()).unwrap();
    }
    assert!(matches!(&world.requests()[..], [Request::Input { body, .. }] if body.len() == 200));
}
