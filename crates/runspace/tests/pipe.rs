//! A pool over a pipe whose other end is slow, or silent. Time is a number.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use bytes::Bytes;
use moment::Moment;
use pipe::{Packet, Stream};
use psrp::Outgoing;
use psrp::server::{Config, Request};
use runspace::{Cause, Event, MessageType, Notice, Operation, Output, Pipe, Pool};
use uuid::Uuid;

const POOL: Uuid = Uuid::from_u128(1);
const PIPELINE: Uuid = Uuid::from_u128(7);

struct World {
    now: Moment,
    machine: Pipe,
    server: psrp::server::Pool,
    /// What our end wrote and the other end has not acknowledged.
    written: Vec<Packet>,
    events: Vec<Event>,
    key_wanted: bool,
}

impl World {
    fn new() -> Self {
        let mut server = psrp::server::Pool::new(Config::default());
        server.named(POOL);
        let mut world = Self {
            now: Moment::START,
            machine: Pipe::new(Pool::new(POOL, 1, "pwsh")),
            server,
            written: Vec::new(),
            events: Vec::new(),
            key_wanted: false,
        };
        world.submit(Operation::Open);
        world
    }

    fn opened() -> Self {
        let mut world = Self::new();
        for packet in world.written.clone() {
            if let Packet::Data { bytes, .. } = packet {
                world.server.receive(None, bytes).unwrap();
            }
        }
        while let Some(wanted) = world.server.poll_request() {
            let answers = match wanted {
                Request::Capability(_) => vec![world.server.capability()],
                Request::Opening { .. } => {
                    let data = world
                        .server
                        .private_data(Bytes::from_static(b"<Obj RefId=\"0\"><MS /></Obj>"));
                    vec![data, world.server.opened()]
                }
                other => panic!("{other:?}"),
            };
            answers.into_iter().for_each(|answer| world.say(answer));
        }
        world.acknowledge();
        assert!(world.events.iter().any(|event| matches!(event, Event::Opened(_))));
        world
    }

    fn submit(&mut self, operation: Operation) {
        self.machine.submit(self.now, operation);
        self.drain();
    }

    fn say(&mut self, mut message: Outgoing) {
        while let Some(bytes) = message.fragment(32 * 1024) {
            let data = Packet::Data {
                stream: Stream::Default,
                ps_guid: message.target().unwrap_or_default(),
                bytes,
            };
            self.machine.bytes(self.now, &data.to_bytes());
        }
        self.drain();
    }

    /// Acknowledges everything that was written, and what is written then.
    fn acknowledge(&mut self) {
        while !self.written.is_empty() {
            for packet in std::mem::take(&mut self.written) {
                let answer = packet.acknowledgement().unwrap();
                self.machine.bytes(self.now, &answer.to_bytes());
            }
            self.drain();
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.machine.poll_output() {
            match output {
                Output::Bytes(bytes) => self.written.extend(
                    bytes
                        .split(|byte| *byte == b'\n')
                        .filter(|line| !line.is_empty())
                        .map(|line| Packet::read(line).unwrap()),
                ),
                Output::NeedKey => self.key_wanted = true,
                other => panic!("{other:?}"),
            }
        }
        self.events.extend(std::iter::from_fn(|| self.machine.poll_event()));
    }

    /// So much time passes; the machine is woken when it wants to be.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(due) = self.machine.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.machine.handle_timeout(self.now);
            self.drain();
        }
        self.now = until;
    }

    fn start(&mut self) {
        self.submit(Operation::Start {
            pipeline: PIPELINE,
            kind: MessageType::CreatePipeline,
            body: Bytes::from_static(b"<Obj RefId=\"0\" />"),
        });
    }

    fn notices(&self) -> Vec<&Notice> {
        self.events
            .iter()
            .filter_map(|event| match event {
                Event::Notice(notice) => Some(notice),
                _ => None,
            })
            .collect()
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn an_other_end_that_says_nothing_while_the_pool_is_opened_is_told() {
    let mut world = World::new();
    world.pass(seconds(14));
    assert!(world.notices().is_empty());
    world.pass(seconds(60));
    assert!(
        matches!(world.notices()[..], [Notice::NoAnswer { host, waited }] if host == "pwsh" && *waited == seconds(15)),
        "{:?}",
        world.notices()
    );
}

#[test]
fn what_is_not_acknowledged_for_fifteen_seconds_is_told_once_and_its_end_too() {
    let mut world = World::opened();
    world.start();
    world.pass(seconds(14));
    assert!(world.notices().is_empty());
    world.pass(seconds(120));
    assert!(
        matches!(world.notices()[..], [Notice::NoAnswer { .. }]),
        "{:?}",
        world.notices()
    );
    world.acknowledge();
    assert!(
        matches!(world.notices()[..], [Notice::NoAnswer { .. }, Notice::Answers { .. }]),
        "{:?}",
        world.notices()
    );
}

#[test]
fn a_pipeline_that_runs_for_hours_and_says_nothing_is_no_silence() {
    let mut world = World::opened();
    world.start();
    world.acknowledge();
    world.pass(seconds(6 * 3600));
    assert!(world.notices().is_empty(), "{:?}", world.notices());
}

#[test]
fn a_key_exchange_without_an_answer_ends_after_a_minute_and_may_be_tried_again() {
    let mut world = World::new();
    world.submit(Operation::ExchangeKey);
    let refused = |event: Option<&Event>| {
        let Some(Event::Refused {
            operation: "key exchange",
            cause,
        }) = event
        else {
            panic!("{event:?}")
        };
        cause.clone()
    };
    assert!(
        matches!(refused(world.events.last()), Cause::WrongTime { .. }),
        "there is no pool yet"
    );

    let mut world = World::opened();
    for _ in 0..2 {
        world.key_wanted = false;
        world.submit(Operation::ExchangeKey);
        assert!(world.key_wanted);
        let pair = runspace::KeyPair::from_primes(&[0xe1; 128], &[0xe3; 128]);
        let Ok(pair) = pair else {
            panic!("two numbers will do for a pair that nobody uses")
        };
        world.submit(Operation::Key(Box::new(pair)));
        world.acknowledge();
        world.events.clear();
        world.pass(seconds(59));
        assert!(world.events.is_empty(), "{:?}", world.events);
        world.pass(seconds(1));
        assert!(matches!(refused(world.events.last()), Cause::NoAnswer { .. }));
    }
    world.start();
    world.acknowledge();
    assert!(
        world.events.iter().any(|event| matches!(event, Event::Started { .. })),
        "what needs no key goes on"
    );
}

#[test]
fn input_is_told_when_it_has_left_or_goes_nowhere() {
    let mut world = World::opened();
    world.start();
    world.acknowledge();
    let input = |size: usize| Operation::Input {
        pipeline: PIPELINE,
        body: Bytes::from(vec![b'x'; size]),
    };
    let forwarded = |world: &World| -> usize {
        let bytes = |event: &Event| match event {
            Event::Forwarded { pipeline, bytes } if *pipeline == PIPELINE => *bytes,
            _ => 0,
        };
        world.events.iter().map(bytes).sum()
    };
    for _ in 0..10 {
        world.submit(input(30_000));
    }
    let first = forwarded(&world);
    assert!(first <= 32 * 1024, "one packet waits for its acknowledgement: {first}");
    world.acknowledge();
    assert_eq!(forwarded(&world), 10 * 30_040);
    // What a stopped pipeline does not take makes room as well.
    for _ in 0..10 {
        world.submit(input(30_000));
    }
    world.submit(Operation::Stop { pipeline: PIPELINE });
    world.submit(input(30_000));
    assert_eq!(forwarded(&world), 21 * 30_040);
}
