//! A small world: what may happen next in it, and what then has.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use moment::Moment;

use super::super::bench::{answered, limited, profile};
use super::super::canonical::{NEVER, NOW};
use super::super::checks::assert_nobody_is_stuck;
use crate::{
    Action, Broker, Entry, Event, Failure, FailureKind, Fate, Fence, LeaseId, Lifetimes, Mode, Priority, Profile,
    RequestId, Seq, SessionId, Settings, Sharing, Start, TurnOutcome,
};

/// All times of a small world are one or two of these, so that few distances between moments occur.
pub(super) const UNIT: Duration = Duration::from_secs(10);

/// What a client does, over and over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Habit {
    pub(super) profile: usize,
    pub(super) mode: Mode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Client {
    Idle,
    Waiting,
    Holding {
        lease: LeaseId,
        fence: Fence,
        turn: Turn,
        ran: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Turn {
    None,
    Waiting,
    Running { stopped: bool },
}

/// What may go wrong.
#[derive(Clone, Copy, Debug)]
pub(super) struct Faults {
    pub(super) opens: bool,
    pub(super) closes: bool,
    pub(super) records: bool,
    pub(super) cancels: bool,
}

#[derive(Clone)]
pub(super) struct World {
    pub(super) broker: Broker,
    pub(super) clients: Vec<Client>,
    pub(super) records: VecDeque<(Seq, Entry)>,
    pub(super) opening: BTreeSet<SessionId>,
    pub(super) closing: BTreeSet<SessionId>,
    /// Shells that the server may have, by admin.
    pub(super) server: BTreeMap<SessionId, usize>,
}

pub(super) struct Search {
    pub(super) habits: Vec<Habit>,
    pub(super) profiles: Vec<Profile>,
    pub(super) limits: (usize, usize),
    pub(super) faults: Faults,
    /// How long anything that takes time takes; never, in worlds where only the order counts.
    pub(super) unit: Duration,
}

/// One thing that may happen next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Ask(usize),
    Cancel(usize),
    Turn(usize),
    /// A turn from its begin to its end.
    Run(usize),
    TurnDone(usize),
    Release(usize),
    Record {
        ok: bool,
    },
    Opened(SessionId),
    OpenFailed {
        session: SessionId,
        may_exist: bool,
    },
    Closed(SessionId),
    CloseUnproven(SessionId),
    Time,
}

impl Search {
    pub(super) fn new(habits: &[(usize, Mode)], admin: u32, organization: u32, faults: Faults, unit: Duration) -> Self {
        let lifetimes = Lifetimes {
            idle: 2 * unit,
            idle_margin: Duration::ZERO,
            linger: unit,
            max_age: None,
            max_commands: None,
            keep_warm: false,
            leave: false,
        };
        let sharing = Sharing {
            spread_after: unit,
            stall_after: unit,
        };
        let profiles = ["a", "b", "c"].map(|name| Profile {
            lifetimes,
            sharing,
            ..limited(profile(name, name, Some("o")), admin, organization)
        });
        Self {
            habits: habits
                .iter()
                .map(|(profile, mode)| Habit {
                    profile: *profile,
                    mode: *mode,
                })
                .collect(),
            profiles: profiles.to_vec(),
            limits: (admin as usize, organization as usize),
            faults,
            unit,
        }
    }

    pub(super) fn begin(&self) -> World {
        let mut world = World {
            broker: Broker::new(Start::default()),
            clients: vec![Client::Idle; self.habits.len()],
            records: VecDeque::new(),
            opening: BTreeSet::new(),
            closing: BTreeSet::new(),
            server: BTreeMap::new(),
        };
        let settings = Settings {
            claim_after: self.unit,
            announce: Duration::ZERO,
            books_retry: UNIT,
            fence_block: 1 << 40,
            ..Settings::default()
        };
        let event = Event::Configured {
            profiles: self.profiles.clone(),
            settings,
        };
        self.send(&mut world, NOW, event);
        // The first block of fences is small, because it was asked for before the settings were known.
        while let Some((seq, _)) = world.records.pop_front() {
            self.send(&mut world, NOW, Event::Recorded { seq });
        }
        world.broker.books.durable = 1 << 40;
        world.broker.books.asked = 1 << 40;
        world
    }

    pub(super) fn send(&self, world: &mut World, now: Moment, event: Event) {
        world.broker.handle(now, event);
        self.work(world, now);
    }

    pub(super) fn work(&self, world: &mut World, now: Moment) {
        while let Some(action) = world.broker.poll_action() {
            if let Some(request) = answered(&action) {
                self.answer(world, request, &action);
            }
            match action {
                Action::Record { seq, entry } if entry.is_awaited() => {
                    if self.faults.records {
                        world.records.push_back((seq, entry));
                    } else {
                        world.broker.handle(now, Event::Recorded { seq });
                    }
                }
                Action::Open { session, profile, .. } => {
                    let admin = self.profiles.iter().position(|other| other.name == profile).unwrap();
                    world.server.insert(session, admin);
                    assert!(world.opening.insert(session), "session {session} is opened twice");
                    let of_admin = world.server.values().filter(|other| **other == admin).count();
                    assert!(
                        of_admin <= self.limits.0 && world.server.len() <= self.limits.1,
                        "above a limit"
                    );
                }
                Action::Close { session, .. } => {
                    assert!(
                        world.closing.insert(session),
                        "session {session} is closed twice at a time"
                    );
                    world.opening.remove(&session);
                }
                Action::StopTurn { turn, .. } => match &mut world.clients[turn.0 as usize / 10] {
                    Client::Holding {
                        turn: Turn::Running { stopped },
                        ..
                    } => *stopped = true,
                    other => panic!("{turn} is stopped, and is {other:?}"),
                },
                Action::LeaseEnded { lease, .. } => {
                    for client in &mut world.clients {
                        if matches!(client, Client::Holding { lease: held, .. } if *held == lease) {
                            *client = Client::Idle;
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Requests ending in 0 are for leases, in 1 for turns, others are answered in the same breath.
    pub(super) fn answer(&self, world: &mut World, request: RequestId, action: &Action) {
        let client = &mut world.clients[request.0 as usize / 10];
        match (request.0 % 10, action) {
            (0, Action::Granted { lease, fence, .. }) => {
                assert_eq!(*client, Client::Waiting, "granted without having asked");
                *client = Client::Holding {
                    lease: *lease,
                    fence: *fence,
                    turn: Turn::None,
                    ran: false,
                };
            }
            (0, Action::Refused { .. }) => {
                assert_eq!(*client, Client::Waiting, "refused without having asked");
                *client = Client::Idle;
            }
            (1, answer) => {
                let Client::Holding { turn, ran, .. } = client else {
                    panic!("an answer to {client:?}")
                };
                assert_eq!(*turn, Turn::Waiting, "{answer:?} without having asked");
                let granted = matches!(answer, Action::TurnGranted { .. });
                *turn = if granted {
                    Turn::Running { stopped: false }
                } else {
                    Turn::None
                };
                *ran |= granted;
            }
            (_, _) => {}
        }
    }

    pub(super) fn steps(&self, world: &World) -> Vec<Step> {
        let mut steps = Vec::new();
        for (at, client) in world.clients.iter().enumerate() {
            match client {
                Client::Idle => steps.push(Step::Ask(at)),
                Client::Waiting if self.faults.cancels => steps.push(Step::Cancel(at)),
                Client::Waiting
                | Client::Holding {
                    turn: Turn::Waiting, ..
                } => {}
                Client::Holding {
                    turn: Turn::Running { .. },
                    ..
                } => steps.push(Step::TurnDone(at)),
                Client::Holding {
                    turn: Turn::None, ran, ..
                } => {
                    // A shared lease takes turn after turn; one that is alone runs at most one thing.
                    if self.habits[at].mode == Mode::Shared {
                        steps.push(Step::Turn(at));
                    } else {
                        steps.push(Step::Release(at));
                        if !ran {
                            steps.push(Step::Run(at));
                        }
                    }
                }
            }
        }
        if !world.records.is_empty() {
            steps.push(Step::Record { ok: true });
            steps.extend(self.faults.records.then_some(Step::Record { ok: false }));
        }
        for session in &world.opening {
            steps.push(Step::Opened(*session));
            if self.faults.opens {
                steps.push(Step::OpenFailed {
                    session: *session,
                    may_exist: false,
                });
                steps.push(Step::OpenFailed {
                    session: *session,
                    may_exist: true,
                });
            }
        }
        for session in &world.closing {
            steps.push(Step::Closed(*session));
            steps.extend(self.faults.closes.then_some(Step::CloseUnproven(*session)));
        }
        if world.broker.poll_timeout().is_some_and(|next| next < NOW + NEVER) {
            steps.push(Step::Time);
        }
        steps
    }

    pub(super) fn take(&self, world: &mut World, step: Step) -> Moment {
        let mut now = NOW;
        match step {
            Step::Ask(at) => {
                world.clients[at] = Client::Waiting;
                let Habit { profile, mode } = self.habits[at];
                let event = Event::Acquire {
                    request: RequestId(at as u64 * 10),
                    profile: self.profiles[profile].name.clone(),
                    mode,
                    priority: Priority::Interactive,
                    deadline: None,
                    ttl: None,
                    holder: Arc::default(),
                };
                self.send(world, now, event);
            }
            Step::Cancel(at) => self.send(
                world,
                now,
                Event::Cancel {
                    request: RequestId(at as u64 * 10),
                },
            ),
            Step::Turn(at) => {
                let Client::Holding { lease, fence, turn, .. } = &mut world.clients[at] else {
                    return now;
                };
                *turn = Turn::Waiting;
                let (lease, fence, turn) = (*lease, *fence, RequestId(at as u64 * 10 + 1));
                let event = Event::Turn {
                    turn,
                    lease,
                    fence,
                    deadline: None,
                    holder: Arc::default(),
                    nested: false,
                    only: None,
                };
                self.send(world, now, event);
            }
            Step::Run(at) => {
                self.take(world, Step::Turn(at));
                self.take(world, Step::TurnDone(at));
            }
            Step::TurnDone(at) => {
                if let Client::Holding { turn, .. } = &mut world.clients[at] {
                    *turn = Turn::None;
                }
                let turn = RequestId(at as u64 * 10 + 1);
                self.send(
                    world,
                    now,
                    Event::TurnDone {
                        turn,
                        outcome: TurnOutcome::Clean,
                    },
                );
            }
            Step::Release(at) => {
                let Client::Holding { lease, fence, .. } = world.clients[at] else {
                    return now;
                };
                self.send(
                    world,
                    now,
                    Event::Release {
                        request: RequestId(at as u64 * 10 + 2),
                        lease,
                        fence,
                    },
                );
            }
            Step::Record { ok } => {
                let Some((seq, _)) = world.records.pop_front() else {
                    return now;
                };
                self.send(
                    world,
                    now,
                    if ok {
                        Event::Recorded { seq }
                    } else {
                        Event::RecordFailed { seq }
                    },
                );
            }
            Step::Opened(session) => {
                world.opening.remove(&session);
                self.send(world, now, Event::Opened { session, idle: None });
            }
            Step::OpenFailed { session, may_exist } => {
                world.opening.remove(&session);
                let fate = if may_exist {
                    Fate::MayExist {
                        until: Some(now + 2 * UNIT),
                    }
                } else {
                    world.server.remove(&session);
                    Fate::Gone
                };
                let failure = Failure {
                    kind: FailureKind::Endpoint,
                    message: "no".into(),
                };
                self.send(
                    world,
                    now,
                    Event::OpenFailed {
                        session,
                        fate,
                        failure,
                        retry_after: Some(UNIT),
                    },
                );
            }
            Step::Closed(session) => {
                world.closing.remove(&session);
                world.server.remove(&session);
                self.send(world, now, Event::Closed { session });
            }
            Step::CloseUnproven(session) => {
                world.closing.remove(&session);
                self.send(
                    world,
                    now,
                    Event::CloseUnproven {
                        session,
                        until: Some(now + 2 * UNIT),
                    },
                );
            }
            Step::Time => {
                now = world.broker.poll_timeout().unwrap_or(now).max(now);
                world.broker.handle_timeout(now);
                // The end of a hold-back is the end of the shell.
                let books = &world.broker.sessions;
                world.server.retain(|session, _| books.contains_key(session));
                world.closing.retain(|session| books.contains_key(session));
                self.work(world, now);
            }
        }
        now
    }

    pub(super) fn check(&self, world: &World, now: Moment) {
        assert!(
            world
                .server
                .keys()
                .all(|session| world.broker.sessions.contains_key(session)),
            "a shell unknown"
        );
        assert_nobody_is_stuck(&world.broker, now);
        for (at, client) in world.clients.iter().enumerate() {
            let asks = world.broker.requests.contains_key(&RequestId(at as u64 * 10));
            assert_eq!(asks, *client == Client::Waiting, "client {at} was forgotten");
        }
    }
}
