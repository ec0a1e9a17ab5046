//! Every reachable state of small worlds: whatever may happen next does, in logical time, until nothing new is found.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use moment::Moment;

use super::bench::{answered, limited, profile};
use super::canonical::{NEVER, NOW, Names};
use super::checks::assert_nobody_is_stuck;
use crate::{
    Action, Broker, Entry, Event, Failure, FailureKind, Fate, Fence, LeaseId, Lifetimes, Mode, Priority, Profile,
    RequestId, Seq, SessionId, Settings, Start, TurnOutcome,
};

/// All times of a small world are one or two of these, so that few distances between moments occur.
const UNIT: Duration = Duration::from_secs(10);

/// What a client does, over and over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Habit {
    profile: usize,
    mode: Mode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Client {
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
enum Turn {
    None,
    Waiting,
    Running { stopped: bool },
}

/// What may go wrong.
#[derive(Clone, Copy, Debug)]
struct Faults {
    opens: bool,
    closes: bool,
    records: bool,
    cancels: bool,
}

#[derive(Clone)]
struct World {
    broker: Broker,
    clients: Vec<Client>,
    records: VecDeque<(Seq, Entry)>,
    opening: BTreeSet<SessionId>,
    closing: BTreeSet<SessionId>,
    /// Shells that the server may have, by admin.
    server: BTreeMap<SessionId, usize>,
}

struct Search {
    habits: Vec<Habit>,
    profiles: Vec<Profile>,
    limits: (usize, usize),
    faults: Faults,
    /// How long anything that takes time takes; never, in worlds where only the order counts.
    unit: Duration,
}

/// One thing that may happen next.
#[derive(Clone, Copy, Debug)]
enum Step {
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
    fn new(habits: &[(usize, Mode)], admin: u32, organization: u32, faults: Faults, unit: Duration) -> Self {
        let lifetimes = Lifetimes {
            idle: 2 * unit,
            idle_margin: Duration::ZERO,
            linger: unit,
            max_age: None,
            max_commands: None,
        };
        let profiles = ["a", "b", "c"].map(|name| Profile {
            lifetimes,
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

    fn begin(&self) -> World {
        let mut world = World {
            broker: Broker::new(Start::default()),
            clients: vec![Client::Idle; self.habits.len()],
            records: VecDeque::new(),
            opening: BTreeSet::new(),
            closing: BTreeSet::new(),
            server: BTreeMap::new(),
        };
        let settings = Settings {
            spread_after: self.unit,
            claim_after: self.unit,
            stall_after: self.unit,
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

    fn send(&self, world: &mut World, now: Moment, event: Event) {
        world.broker.handle(now, event);
        self.work(world, now);
    }

    fn work(&self, world: &mut World, now: Moment) {
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
    fn answer(&self, world: &mut World, request: RequestId, action: &Action) {
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

    fn steps(&self, world: &World) -> Vec<Step> {
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

    fn take(&self, world: &mut World, step: Step) -> Moment {
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

    fn check(&self, world: &World, now: Moment) {
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

    fn canonical(&self, world: &mut World, now: Moment) {
        let names = Names::of(
            &world.broker,
            now,
            if self.unit < NEVER {
                2 * self.unit
            } else {
                Duration::ZERO
            },
        );
        for client in &mut world.clients {
            if let Client::Holding { lease, fence, .. } = client {
                names.lease(lease);
                names.fence(fence);
            }
        }
        for (seq, entry) in &mut world.records {
            names.seq(seq);
            // What it says follows from what the broker awaits.
            *entry = Entry::Gone { session: SessionId(0) };
        }
        let rename = |session: &SessionId| {
            let mut session = *session;
            names.session(&mut session);
            session
        };
        world.opening = world.opening.iter().map(rename).collect();
        world.closing = world.closing.iter().map(rename).collect();
        world.server = world
            .server
            .iter()
            .map(|(session, admin)| (rename(session), *admin))
            .collect();
        names.broker(&mut world.broker);
    }

    /// Visits every state once. Returns how many there are.
    fn all(&self) -> usize {
        let mut seen: HashSet<u64> = HashSet::new();
        let mut border = VecDeque::from([self.begin()]);
        while let Some(world) = border.pop_front() {
            for step in self.steps(&world) {
                let mut next = world.clone();
                let now = self.take(&mut next, step);
                self.check(&next, now);
                self.canonical(&mut next, now);
                if seen.insert(digest(&next)) {
                    border.push_back(next);
                }
            }
            assert!(seen.len() < 1_000_000, "this world is not small");
        }
        seen.len()
    }
}

/// Of all that changes; names and settings do not.
fn digest(world: &World) -> u64 {
    let mut hasher = DefaultHasher::new();
    (
        &world.clients,
        world.records.len(),
        &world.opening,
        &world.closing,
        &world.server,
    )
        .hash(&mut hasher);
    let broker = &world.broker;
    (
        &broker.sessions,
        &broker.leases,
        &broker.requests,
        &broker.turns,
        &broker.books,
        &broker.timers,
    )
        .hash(&mut hasher);
    for (_, row) in broker.roster.scopes.iter() {
        (&row.idle, &row.hungry, &row.claimants, &row.spreading).hash(&mut hasher);
    }
    for (_, row) in broker.roster.parties.iter() {
        (row.served, row.claim).hash(&mut hasher);
    }
    for (_, row) in broker.roster.pools.iter() {
        (&row.hold, row.spread_from, &row.overdue).hash(&mut hasher);
    }
    hasher.finish()
}

const A: usize = 0;
const B: usize = 1;
const C: usize = 2;

const EVERYTHING_FAILS: Faults = Faults {
    opens: true,
    closes: true,
    records: true,
    cancels: true,
};
const SERVER_FAILS: Faults = Faults {
    opens: true,
    closes: true,
    records: false,
    cancels: false,
};
const NOTHING_FAILS: Faults = Faults {
    opens: false,
    closes: false,
    records: false,
    cancels: false,
};

/// Visits all states and says how many they were: fewer than that, and the world has lost something.
fn search(habits: &[(usize, Mode)], limits: (u32, u32), faults: Faults, unit: Duration, at_least: usize) {
    let states = Search::new(habits, limits.0, limits.1, faults, unit).all();
    println!("{states} states");
    assert!(states >= at_least, "{states} states");
}

#[test]
fn four_exclusive_leases_of_three_admins_on_three_slots() {
    let habits = [
        (A, Mode::Exclusive),
        (A, Mode::Exclusive),
        (B, Mode::Exclusive),
        (C, Mode::Exclusive),
    ];
    search(&habits, (2, 3), NOTHING_FAILS, NEVER, 200_000);
}

#[test]
fn every_mode_of_three_admins_on_two_slots() {
    let habits = [
        (A, Mode::Shared),
        (A, Mode::Exclusive),
        (B, Mode::Shared),
        (C, Mode::Fresh),
    ];
    search(&habits, (2, 2), NOTHING_FAILS, NEVER, 20_000);
}

#[test]
fn two_admins_on_one_slot_and_everything_fails() {
    let habits = [(A, Mode::Exclusive), (B, Mode::Exclusive)];
    search(&habits, (1, 1), EVERYTHING_FAILS, NEVER, 10_000);
}

#[test]
fn a_claim_on_a_shared_session_and_the_server_fails() {
    let habits = [(A, Mode::Shared), (A, Mode::Exclusive)];
    search(&habits, (1, 1), SERVER_FAILS, UNIT, 2_000);
}

#[test]
fn turns_that_spread_and_are_claimed_by_another_admin() {
    let habits = [(A, Mode::Shared), (A, Mode::Shared), (B, Mode::Exclusive)];
    search(&habits, (2, 2), NOTHING_FAILS, UNIT, 80_000);
}

#[test]
fn turns_that_are_claimed_by_their_own_admin() {
    let habits = [(A, Mode::Shared), (A, Mode::Shared), (A, Mode::Exclusive)];
    search(&habits, (1, 1), NOTHING_FAILS, UNIT, 4_000);
}
