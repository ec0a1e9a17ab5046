//! The machine, a service, and a network between them that loses things; time is a number.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use moment::Moment;
use psrp::Body as _;
use psrp::body::{Command, CreatePipeline};
use runspace::{
    Event, Failed, InvocationState, Lane, MessageType, Operation, Outcome, Output, Pool, Response, Shell, Ticket, Wsman,
};
use uuid::Uuid;

use crate::service::{self, Service};

/// What the network does to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It arrives, and so does the answer.
    Good,
    /// No connection: provably not sent.
    NotSent,
    /// Dropped on its way there; the client cannot know.
    LostThere,
    /// Arrives, but the answer does not.
    LostBack,
    /// Swallowed: no answer until the client's deadline.
    Swallowed,
    /// The answer is cut.
    Damaged,
    /// A front end answers 503.
    Busy,
}

struct Flight {
    ticket: Ticket,
    lane: Lane,
    body: Bytes,
    sent: Moment,
    deadline: Moment,
    stage: Stage,
    fate: Fate,
}

enum Stage {
    /// Arrives then.
    There(Moment),
    /// The service has it and keeps it until then.
    Parked(Moment, Moment),
    /// Comes back then.
    Back(Moment, Result<Response, Failed>),
    /// Never.
    Nowhere,
}

pub(crate) struct World {
    pub(crate) now: Moment,
    pub(crate) machine: Wsman,
    pub(crate) service: Service,
    pub(crate) events: Vec<Event>,
    /// What happens to the next requests of a verb, in order.
    pub(crate) fates: BTreeMap<&'static str, Vec<Fate>>,
    /// Out of a hundred requests so many have a fate that is not good.
    pub(crate) trouble: u64,
    pub(crate) uris: Vec<String>,
    /// Whether requests carry the session's own cookies.
    pub(crate) affinity: bool,
    /// Whether pieces are taken as they come.
    pub(crate) taking: bool,
    pub(crate) posted: BTreeMap<&'static str, usize>,
    flights: Vec<Flight>,
    random: u64,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self::made(seed, |_| {})
    }

    fn made(seed: u64, change: impl FnOnce(&mut Pool)) -> Self {
        let mut pool = Pool::new(Uuid::from_u128(0xA0), u128::from(seed) << 64 | 1, "server");
        change(&mut pool);
        let shell = Shell::new("https://server/powershell", "Microsoft.Exchange", Uuid::from_u128(0xB0));
        Self {
            now: Moment::START,
            machine: Wsman::new(pool, shell),
            service: Service::new(),
            events: Vec::new(),
            fates: BTreeMap::new(),
            trouble: 0,
            uris: Vec::new(),
            affinity: true,
            taking: true,
            posted: BTreeMap::new(),
            flights: Vec::new(),
            random: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
        }
    }

    pub(crate) fn opened() -> Self {
        Self::with(|_| {})
    }

    /// An open one, whose pool is another.
    pub(crate) fn with(change: impl FnOnce(&mut Pool)) -> Self {
        let mut world = Self::made(1, change);
        world.submit(Operation::Open);
        world.run_until(|event| matches!(event, Event::Opened(_)));
        world
    }

    pub(crate) fn roll(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % below
    }

    pub(crate) fn submit(&mut self, operation: Operation) {
        self.machine.submit(self.now, operation);
        self.drain();
    }

    pub(crate) fn start(&mut self, id: u128, command: &str, no_input: bool) -> Uuid {
        let pipeline = Uuid::from_u128(id);
        let create = CreatePipeline {
            no_input,
            ..CreatePipeline::new(vec![Command::new(command)])
        };
        self.submit(Operation::Start {
            pipeline,
            kind: MessageType::CreatePipeline,
            body: create.write(),
        });
        pipeline
    }

    pub(crate) fn fate(&mut self, verb: &'static str, fates: impl IntoIterator<Item = Fate>) {
        self.fates.entry(verb).or_default().extend(fates);
    }

    /// Takes what the machine wants done, and what it tells.
    fn drain(&mut self) {
        while let Some(output) = self.machine.poll_output() {
            let Output::Request { ticket, lane, request } = output else {
                panic!("{output:?}")
            };
            assert!(
                self.flights.iter().all(|flight| flight.lane != lane),
                "{lane:?} is taken"
            );
            *self.posted.entry(request.action).or_default() += 1;
            self.uris.push(request.uri.clone());
            let listed = self
                .fates
                .get_mut(request.action)
                .filter(|fates| !fates.is_empty())
                .map(|fates| fates.remove(0));
            let fate = match listed {
                Some(fate) => fate,
                None if self.roll(100) < self.trouble => {
                    let bad = [
                        Fate::NotSent,
                        Fate::LostThere,
                        Fate::LostBack,
                        Fate::Swallowed,
                        Fate::Damaged,
                        Fate::Busy,
                    ];
                    bad[self.roll(bad.len() as u64) as usize]
                }
                None => Fate::Good,
            };
            let delay = Duration::from_millis(1 + self.roll(20));
            let failed = |sent| {
                Err(Failed {
                    sent,
                    why: "the test says so".to_owned(),
                    timed_out: false,
                })
            };
            let busy = Response {
                status: 503,
                retry_after: Some(Duration::from_secs(1)),
                affinity: true,
                ..Response::default()
            };
            let stage = match fate {
                Fate::Good | Fate::LostBack | Fate::Damaged => Stage::There(self.now + delay),
                Fate::NotSent => Stage::Back(self.now + delay, failed(false)),
                Fate::LostThere => Stage::Back(self.now + delay, failed(true)),
                Fate::Busy => Stage::Back(self.now + delay, Ok(busy)),
                Fate::Swallowed => Stage::Nowhere,
            };
            let deadline = self.now + request.deadline;
            self.flights.push(Flight {
                ticket,
                lane,
                body: request.body,
                sent: self.now,
                deadline,
                stage,
                fate,
            });
        }
        while let Some(event) = self.machine.poll_event() {
            if let (
                true,
                Event::Piece {
                    pipeline: Some(pipeline),
                    piece,
                },
            ) = (self.taking, &event)
            {
                let (pipeline, bytes) = (*pipeline, piece.weight());
                self.events.push(event);
                self.machine.submit(self.now, Operation::Taken { pipeline, bytes });
                self.drain();
            } else {
                self.events.push(event);
            }
        }
    }

    fn due(flight: &Flight) -> Moment {
        match &flight.stage {
            Stage::There(at) | Stage::Parked(_, at) | Stage::Back(at, _) => (*at).min(flight.deadline),
            Stage::Nowhere => flight.deadline,
        }
    }

    /// Does the next thing; false when there is none.
    pub(crate) fn step(&mut self) -> bool {
        let flight = self.flights.iter().map(Self::due).min();
        let Some(next) = flight.into_iter().chain(self.machine.poll_timeout()).min() else {
            return false;
        };
        self.now = self.now.max(next);
        if let Some(at) = self.flights.iter().position(|flight| Self::due(flight) <= self.now) {
            self.advance(at);
        } else {
            self.machine.handle_timeout(self.now);
        }
        self.look_at_parked();
        self.drain();
        true
    }

    fn advance(&mut self, at: usize) {
        let mut flight = self.flights.remove(at);
        if flight.deadline <= self.now {
            let failed = Failed {
                sent: true,
                why: "deadline".to_owned(),
                timed_out: true,
            };
            return self.machine.failed(self.now, flight.ticket, failed);
        }
        match flight.stage {
            Stage::There(_) => self.serve(flight, self.now, true),
            Stage::Parked(arrived, _) => self.serve(flight, arrived, false),
            Stage::Back(_, Ok(response)) => self.machine.respond(self.now, flight.ticket, response),
            Stage::Back(_, Err(failed)) => self.machine.failed(self.now, flight.ticket, failed),
            Stage::Nowhere => {
                flight.stage = Stage::Nowhere;
                self.flights.push(flight);
            }
        }
    }

    fn serve(&mut self, mut flight: Flight, arrived: Moment, first: bool) {
        if let Some(location) = &self.service.redirect {
            let location = Some(location.clone());
            self.service.redirect = None;
            let response = Response {
                status: 302,
                location,
                affinity: true,
                ..Response::default()
            };
            flight.stage = Stage::Back(self.now + Duration::from_millis(1), Ok(response));
            return self.flights.push(flight);
        }
        let back = self.now + Duration::from_millis(1 + self.roll(20));
        flight.stage = match self.service.handle(self.now, arrived, &flight.body, first) {
            service::Outcome::Answer(status, mut body) => {
                if flight.fate == Fate::Damaged {
                    body.truncate(body.len() / 2);
                }
                let response = Response {
                    status,
                    body,
                    affinity: self.affinity,
                    ..Response::default()
                };
                match flight.fate {
                    Fate::LostBack => Stage::Back(
                        back,
                        Err(Failed {
                            sent: true,
                            why: "lost".to_owned(),
                            timed_out: false,
                        }),
                    ),
                    _ => Stage::Back(back, Ok(response)),
                }
            }
            service::Outcome::Park(until) => Stage::Parked(arrived, until),
            service::Outcome::Silence => Stage::Nowhere,
        };
        self.flights.push(flight);
    }

    /// Something may have happened that a parked Receive waits for.
    fn look_at_parked(&mut self) {
        let (parked, rest) = std::mem::take(&mut self.flights)
            .into_iter()
            .partition(|flight: &Flight| matches!(flight.stage, Stage::Parked(..)));
        self.flights = rest;
        for flight in parked {
            let Stage::Parked(arrived, _) = flight.stage else {
                unreachable!("they were picked")
            };
            self.serve(flight, arrived, false);
        }
    }

    /// Goes on until an event fits; gives its place.
    pub(crate) fn run_until(&mut self, fits: impl Fn(&Event) -> bool) -> usize {
        let mut from = 0;
        for _ in 0..1_000_000 {
            if let Some(at) = self.events[from..].iter().position(&fits) {
                return from + at;
            }
            from = self.events.len();
            assert!(self.step(), "nothing happens any more: {:?}", self.events.last());
        }
        panic!("it never ends: {:?}", self.events.last());
    }

    /// Lets so much time pass.
    pub(crate) fn run_for(&mut self, time: Duration) {
        let until = self.now + time;
        loop {
            let flight = self.flights.iter().map(Self::due).min();
            match flight.into_iter().chain(self.machine.poll_timeout()).min() {
                Some(next) if next <= until => {
                    self.step();
                }
                Some(_) | None => break,
            }
        }
        self.now = until;
    }

    pub(crate) fn ended(&mut self, id: Uuid) -> Outcome {
        let at = self.run_until(|event| matches!(event, Event::Ended { pipeline, .. } if *pipeline == id));
        let Event::Ended { outcome, .. } = &self.events[at] else {
            unreachable!("it was found")
        };
        outcome.clone()
    }

    /// What the pieces of a pipeline count for that came so far.
    pub(crate) fn held(&self, id: Uuid) -> usize {
        let pieces = self.events.iter().filter_map(|event| match event {
            Event::Piece { pipeline, piece } if *pipeline == Some(id) => Some(piece.weight()),
            _ => None,
        });
        pieces.sum()
    }

    /// The bodies of a pipeline's output, whole ones only.
    pub(crate) fn outputs(&self, id: Uuid) -> Vec<String> {
        let mut bodies = Vec::new();
        let mut body = Vec::new();
        for event in &self.events {
            let Event::Piece {
                pipeline: Some(pipeline),
                piece,
            } = event
            else {
                continue;
            };
            if *pipeline != id || piece.kind != MessageType::PipelineOutput {
                continue;
            }
            if piece.first {
                body.clear();
            }
            body.extend_from_slice(&piece.bytes);
            if piece.last {
                bodies.push(String::from_utf8(std::mem::take(&mut body)).unwrap());
            }
        }
        bodies
    }

    pub(crate) fn states(&self, id: Uuid) -> Vec<InvocationState> {
        let state = |event: &Event| match event {
            Event::State { pipeline, state, .. } if *pipeline == id => Some(*state),
            _ => None,
        };
        self.events.iter().filter_map(state).collect()
    }

    /// How long the oldest request under way has been.
    pub(crate) fn oldest(&self) -> Duration {
        self.flights
            .iter()
            .map(|flight| self.now.since(flight.sent))
            .max()
            .unwrap_or_default()
    }
}
