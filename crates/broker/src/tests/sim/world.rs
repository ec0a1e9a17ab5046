//! The world: what was wanted is done after a while, or not. Over 600 lines, because every event of it may meet every
//! other: taken apart, its state would be passed around whole.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use moment::Moment;

use super::super::bench::{answered, limited, profile, rated};
use super::super::dice::Dice;
use super::checks::Fairness;
use super::clients::{Client, Running};
use super::ruin::Ledger;
use super::server::{OPEN_DEADLINE, SERVER_IDLE, Server};
use crate::session::State;
use crate::{
    Action, Broker, CommandRate, Entry, Event, Failure, FailureKind, Fate, IdleLease, Profile, RequestId, Seq,
    SessionId, Settings, Start, TurnOutcome,
};

/// So many opens in so much time, in worlds that have such a limit.
pub(super) const RATE: (u32, Duration) = (3, Duration::from_secs(30));

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weather {
    Fair,
    Endpoint,
    People,
    Storm,
    /// All of that, and the daemon dies, the machine sleeps, and somebody else holds slots.
    Ruin,
    /// The same, and the daemon is replaced by another that leaves sessions where they are.
    Replaced,
}

impl Weather {
    pub(super) fn has_failing_endpoint(self) -> bool {
        matches!(self, Self::Endpoint | Self::Storm | Self::Ruin | Self::Replaced)
    }

    pub(super) fn has_people(self) -> bool {
        matches!(self, Self::People | Self::Storm | Self::Ruin | Self::Replaced)
    }
}

/// What the profiles of a world say beyond their limits.
#[derive(Clone, Copy)]
pub(super) struct Care {
    max_age: Option<Duration>,
    keep_warm: bool,
    commands: Option<CommandRate>,
    reserve: u32,
    idle_lease: IdleLease,
}

impl Default for Care {
    fn default() -> Self {
        Self {
            max_age: None,
            keep_warm: false,
            commands: None,
            reserve: 0,
            idle_lease: IdleLease {
                after: None,
                reclaim: false,
            },
        }
    }
}

/// Something that will happen.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Event(Event),
    CreateArrives(SessionId),
    /// It will not arrive any more.
    CreateLost(SessionId),
    DeleteArrives(SessionId),
    /// The same, of a daemon that is dead.
    DeleteUnheard(SessionId),
    /// The answer to a delete: proof, or not.
    DeleteAnswered {
        session: SessionId,
        found: bool,
    },
    TurnEnds(RequestId),
    Client(usize),
    People,
    Breaks,
    Crash,
    Upgrade,
    Sleep,
    Outside,
    /// Recovery finds the shell again, or not.
    Reattach(SessionId),
    /// What could not be proven is, at last.
    Proof(SessionId),
}

/// How the remote side sees a session.
#[derive(Default)]
pub(super) struct Remote {
    pub(super) sent: Moment,
    /// The Create was answered.
    pub(super) seen: bool,
    /// It will not be, or not well.
    pub(super) fails: bool,
    /// The driver gave the open up: its answer goes nowhere.
    pub(super) abandoned: bool,
}

pub(super) struct World {
    pub(super) dice: Dice,
    pub(super) weather: Weather,
    pub(super) broker: Broker,
    pub(super) now: Moment,
    pub(super) deeds: BTreeMap<(Moment, u64), Deed>,
    deeds_so_far: u64,
    pub(super) server: Server,
    pub(super) remotes: BTreeMap<SessionId, Remote>,
    pub(super) profiles: Vec<Profile>,
    pub(super) limits: (u32, u32),
    pub(super) clients: Vec<Client>,
    pub(super) running: BTreeMap<RequestId, Running>,
    /// Every request, and whether it was answered.
    pub(super) requests: BTreeMap<RequestId, bool>,
    pub(super) recorded: BTreeSet<SessionId>,
    pub(super) closing_recorded: BTreeSet<SessionId>,
    pub(super) entries: BTreeMap<Seq, Entry>,
    pub(super) durable_fences: u64,
    pub(super) ledger: Ledger,
    /// Turns for which one session alone will do.
    pub(super) only: BTreeMap<RequestId, SessionId>,
    /// Requests of holders that came back: their fences are old ones.
    pub(super) reclaims: BTreeSet<RequestId>,
    /// It slept: shells may be gone that nobody here knows of.
    pub(super) overslept: bool,
    /// What the server really allows an account.
    pub(super) real_limit: u32,
    /// When pipelines began, by account.
    pub(super) begun: BTreeMap<String, Vec<Moment>>,
    pub(super) settings: Settings,
    /// What profiles of this world say of age, warmth, pace and leases.
    pub(super) care: Care,
    last_fence: u64,
    fairness: Fairness,
    /// From now on nothing goes wrong any more.
    pub(super) calm: bool,
    pub(super) shutdown_done: Option<Vec<SessionId>>,
    /// It is being replaced.
    pub(super) upgrading: bool,
    /// The rate of opens, while it was never changed.
    pub(super) rated: bool,
    /// How slow everybody is: in some worlds slower than a session may idle.
    pub(super) pace: u64,
    /// What has happened so far, by name.
    pub(super) seen: BTreeSet<String>,
    trace: bool,
}

impl World {
    pub(super) fn new(seed: u64, weather: Weather) -> Self {
        let mut dice = Dice::new(seed);
        let limits = (1 + dice.below(3) as u32, 1 + dice.below(4) as u32);
        let mut world = Self {
            weather,
            broker: Broker::new(Start {
                seed: seed.into(),
                ..Start::default()
            }),
            now: Moment::from_epoch(Duration::from_secs(10_000)),
            deeds: BTreeMap::new(),
            deeds_so_far: 0,
            server: Server::default(),
            remotes: BTreeMap::new(),
            profiles: Vec::new(),
            limits,
            clients: (0..3 + dice.below(5)).map(|_| Client::default()).collect(),
            running: BTreeMap::new(),
            requests: BTreeMap::new(),
            recorded: BTreeSet::new(),
            closing_recorded: BTreeSet::new(),
            entries: BTreeMap::new(),
            durable_fences: 0,
            ledger: Ledger::default(),
            only: BTreeMap::new(),
            reclaims: BTreeSet::new(),
            overslept: false,
            real_limit: limits.0,
            begun: BTreeMap::new(),
            settings: Settings {
                fence_block: 16,
                ..Settings::default()
            },
            care: Care::default(),
            last_fence: 0,
            fairness: Fairness::default(),
            calm: false,
            shutdown_done: None,
            upgrading: false,
            rated: false,
            pace: dice.pick(&[1, 1, 10, 100]).unwrap(),
            seen: BTreeSet::new(),
            trace: std::env::var_os("BROKER_SEED").is_some(),
            dice,
        };
        if matches!(weather, Weather::Ruin | Weather::Replaced) {
            world.care = Care {
                max_age: world.dice.percent(30).then(|| Duration::from_secs(600)),
                keep_warm: world.dice.percent(20),
                commands: world.dice.percent(30).then_some(CommandRate {
                    commands: 3,
                    period: Duration::from_secs(20),
                }),
                reserve: world.dice.below(2) as u32,
                idle_lease: IdleLease {
                    after: world.dice.percent(50).then(|| Duration::from_secs(60)),
                    reclaim: world.dice.percent(50),
                },
            };
            world.after(5_000, 200_000, Deed::Crash);
            world.after(5_000, 400_000, Deed::Sleep);
            world.after(1_000, 60_000, Deed::Outside);
        }
        if weather == Weather::Replaced {
            world.after(5_000, 200_000, Deed::Upgrade);
        }
        let rate = world.dice.percent(25);
        world.configure(rate);
        world.rated = rate;
        for client in 0..world.clients.len() {
            world.after(0, 3_000, Deed::Client(client));
        }
        if weather.has_people() {
            world.after(1_000, 20_000, Deed::People);
        }
        if weather.has_failing_endpoint() {
            world.after(1_000, 60_000, Deed::Breaks);
        }
        world
    }

    /// Three admins of one organization and one of none; the first has two profiles with different options.
    pub(super) fn configure(&mut self, rate: bool) {
        let (admin, organization) = self.limits;
        let names = [
            ("a", "ann", Some("o")),
            ("a2", "ANN", Some("O")),
            ("b", "bob", Some("o")),
            ("c", "cat", Some("o")),
            ("d", "dan", None),
        ];
        self.profiles = names
            .into_iter()
            .map(|(name, account, tenant)| {
                let mut profile = limited(profile(name, account, tenant), admin, organization);
                if name == "a2" {
                    profile.identity = "https://elsewhere/".to_owned();
                }
                let care = if self.calm { Care::default() } else { self.care };
                profile.lifetimes.max_age = care.max_age;
                profile.lifetimes.keep_warm = care.keep_warm;
                profile.lifetimes.leave = self.weather == Weather::Replaced && name != "c";
                profile.limits.commands = care.commands;
                profile.limits.reserve_interactive = care.reserve;
                profile.idle_lease = care.idle_lease;
                if rate { rated(profile, RATE.0, RATE.1) } else { profile }
            })
            .collect();
        let settings = self.settings;
        self.send(Event::Configured {
            profiles: self.profiles.clone(),
            settings,
        });
    }

    pub(super) fn after(&mut self, least: u64, most: u64, deed: Deed) {
        let at = self.now + self.dice.between(least, most);
        self.at(at, deed);
    }

    pub(super) fn at(&mut self, at: Moment, deed: Deed) {
        self.deeds_so_far += 1;
        self.deeds.insert((at.max(self.now), self.deeds_so_far), deed);
    }

    /// A wild time, then a calm one in which everybody must get an answer, then the end.
    pub(super) fn live(mut self) -> BTreeSet<String> {
        for _ in 0..200 {
            if !self.step(Moment::from_epoch(Duration::MAX)) {
                break;
            }
        }
        self.calm_down();
        let end = self.now + Duration::from_secs(20_000);
        while self.requests.values().any(|answered| !answered) {
            assert!(self.step(end), "nobody answers {:?}", self.unanswered());
        }
        while self.upgrading {
            assert!(self.step(end), "the upgrade does not end");
        }
        let deadline = self.now + Duration::from_secs(30);
        self.send(Event::Shutdown { deadline, leave: false });
        while self.shutdown_done.is_none() {
            assert!(self.step(deadline), "the shutdown does not end");
        }
        let left = self.shutdown_done.take().unwrap_or_default();
        for (session, _) in self.server.possible() {
            assert!(left.contains(&session), "{session} is still there and not named");
        }
        self.seen
    }

    fn calm_down(&mut self) {
        self.calm = true;
        self.rated = false;
        self.limits = (self.limits.0.max(1), self.limits.1.max(1));
        self.server.outside.clear();
        self.configure(false);
        for profile in self.profiles.clone() {
            self.send(Event::Resume {
                profile: profile.name.clone(),
            });
            self.send(Event::AuthOk { profile: profile.name });
        }
        for client in 0..self.clients.len() {
            self.after(0, 1_000, Deed::Client(client));
        }
    }

    fn unanswered(&self) -> Vec<String> {
        let waiters = self.broker.snapshot(self.now).waiters;
        waiters
            .into_iter()
            .map(|waiter| format!("{} {:?} {:?}", waiter.request, waiter.wish, waiter.waiting))
            .collect()
    }

    /// The next thing happens; false if that is not before `end`.
    fn step(&mut self, end: Moment) -> bool {
        let timer = self.broker.poll_timeout();
        let deed = self.deeds.first_key_value().map(|((at, _), _)| *at);
        let Some(next) = timer.into_iter().chain(deed).min() else {
            return false;
        };
        if next > end {
            return false;
        }
        self.now = self.now.max(next);
        for session in self.server.expire(self.now) {
            let open = self
                .broker
                .sessions
                .get(&session)
                .is_some_and(|row| row.state == State::Open);
            assert!(!open, "the server ended session {session} before we did");
        }
        if timer.is_some_and(|timer| timer <= self.now) {
            self.broker.handle_timeout(self.now);
            self.work();
        } else if let Some((_, deed)) = self.deeds.pop_first() {
            self.happen(deed);
        }
        if self.upgrading && self.shutdown_done.is_some() {
            self.replace();
        }
        self.check();
        self.watch_fairness();
        true
    }

    fn watch_fairness(&mut self) {
        self.fairness.watch(&self.broker, self.now);
    }

    pub(super) fn send(&mut self, event: Event) {
        if self.trace {
            eprintln!("{} {event:?}", self.now);
        }
        self.broker.handle(self.now, event);
        self.work();
    }

    pub(super) fn work(&mut self) {
        while let Some(action) = self.broker.poll_action() {
            if self.trace {
                eprintln!("    {action:?}");
            }
            if let Some(request) = answered(&action) {
                let before = self.requests.insert(request, true);
                assert_eq!(before, Some(false), "{request} was answered before");
            }
            self.note(&action);
            self.obey(action);
        }
    }

    fn note(&mut self, action: &Action) {
        let name = match action {
            Action::Close { cause, .. } => format!("close {cause:?}"),
            Action::StopTurn { why, .. } => format!("stop {why:?}"),
            Action::Waiting { waiting, .. } => format!("waiting {:?}", waiting.blocked_by),
            Action::LeaseEnded { cause, .. } => format!("ended {cause:?}"),
            Action::Refused { refusal, .. } => {
                let name = format!("{refusal:?}");
                format!("refused {}", name.split(['(', ' ', '{']).next().unwrap_or_default())
            }
            Action::Ending { .. } => "ending".to_owned(),
            Action::Unused { .. } => "unused".to_owned(),
            Action::Drained { .. } => "drained".to_owned(),
            _ => return,
        };
        self.seen.insert(name);
    }

    fn obey(&mut self, action: Action) {
        match action {
            Action::Record { seq, entry } => self.write(seq, entry),
            Action::Open { session, profile, .. } => {
                let at = self.profiles.iter().position(|other| other.name == profile).unwrap();
                self.open(session, at);
            }
            Action::Close { session, .. } => self.close(session),
            Action::Leave { session } => self.leave(session),
            Action::Granted {
                request, lease, fence, ..
            } => {
                if self.reclaims.remove(&request) {
                    self.seen.insert("reclaimed".to_owned());
                    return;
                }
                assert!(fence.0 > self.last_fence, "fence {fence} after {}", self.last_fence);
                assert!(fence.0 < self.durable_fences, "fence {fence} is not durable");
                self.last_fence = fence.0;
                self.ledger.lease(lease);
                self.lease_granted(request, lease, fence);
            }
            Action::TurnGranted { turn, session } => self.turn_granted(turn, session),
            Action::StopTurn { turn, .. } => {
                assert!(self.running.contains_key(&turn), "{turn} does not run");
                self.after(0, 10_000, Deed::TurnEnds(turn));
            }
            Action::LeaseEnded { lease, .. } => self.lease_ended(lease),
            Action::Refused { request, .. } => self.turned_away(request),
            Action::ShutdownDone { kept, left, .. } => self.shutdown_done = Some([kept, left].concat()),
            Action::Connected { session, .. } => assert!(self.overslept || self.server.shells.contains_key(&session)),
            Action::Renewed { .. } | Action::Done { .. } | Action::Waiting { .. } | Action::Ending { .. } => {}
            Action::Drained { .. } | Action::Unused { .. } => {}
        }
    }

    pub(super) fn make_durable(&mut self, entry: &Entry) {
        match entry {
            Entry::Fences { end } => self.durable_fences = end.0,
            Entry::Intent { session, .. } => {
                self.recorded.insert(*session);
            }
            Entry::Closing { session, .. } => {
                self.closing_recorded.insert(*session);
            }
            _ => {}
        }
        let profiles = &self.profiles;
        let at = |name: &crate::ProfileName| profiles.iter().position(|profile| profile.name == *name).unwrap();
        self.ledger.durable(entry, at);
    }

    pub(super) fn trace_line(&self, what: &str) {
        if self.trace {
            eprintln!("{} --- {what}", self.now);
        }
    }

    fn write(&mut self, seq: Seq, entry: Entry) {
        let fails = !self.calm
            && matches!(self.weather, Weather::Storm | Weather::Ruin | Weather::Replaced)
            && self.dice.percent(3);
        let awaited = entry.is_awaited();
        if !awaited {
            self.ledger.write_behind(self.now, entry);
            return;
        }
        self.entries.insert(seq, entry);
        if awaited {
            let event = if fails {
                Event::RecordFailed { seq }
            } else {
                Event::Recorded { seq }
            };
            self.after(0, 30, Deed::Event(event));
        }
    }

    fn open(&mut self, session: SessionId, profile: usize) {
        assert!(
            self.recorded.contains(&session),
            "session {session} is opened without a record"
        );
        self.server.coming.insert(session, profile);
        self.check_limits(profile);
        self.check_tries(session);
        let fails = !self.calm && self.weather.has_failing_endpoint() && self.dice.percent(35);
        let remote = Remote {
            sent: self.now,
            fails,
            ..Remote::default()
        };
        assert!(
            self.remotes.insert(session, remote).is_none(),
            "session {session} is opened twice"
        );
        if !fails {
            self.after(200, 4_000, Deed::CreateArrives(session));
            self.at_least(session, 4_000, 6_000, Event::Opened { session, idle: None });
            return;
        }
        let until = self.now + OPEN_DEADLINE + SERVER_IDLE;
        let may_exist = Fate::MayExist { until: Some(until) };
        let fate = match self.dice.below(4) {
            0 => {
                self.server.coming.remove(&session);
                Fate::Gone
            }
            // The answer is lost.
            1 => {
                self.after(200, 2_000, Deed::CreateArrives(session));
                may_exist
            }
            // It hangs, and is there in the end; or never comes.
            2 => {
                self.after(2_000, 179_000, Deed::CreateArrives(session));
                may_exist
            }
            _ => may_exist,
        };
        let kinds = [
            FailureKind::Endpoint,
            FailureKind::Refused,
            FailureKind::AdminQuota,
            FailureKind::OrganizationQuota,
            FailureKind::Rate,
            FailureKind::Auth,
        ];
        let kind = self.dice.pick(&kinds).unwrap();
        let retry_after = self.dice.percent(60).then(|| self.dice.between(0, 20_000));
        let failure = Failure {
            kind,
            message: "no".into(),
        };
        let slow = if self.dice.percent(30) { 180_000 } else { 2_000 };
        self.at_least(
            session,
            1_000,
            slow,
            Event::OpenFailed {
                session,
                fate,
                failure,
                retry_after,
            },
        );
        if let Some(profile) = self.profiles.get(profile)
            && kind == FailureKind::Auth
        {
            let event = Event::AuthOk {
                profile: profile.name.clone(),
            };
            self.after(slow, slow + 60_000, Deed::Event(event));
        }
        self.at(self.now + OPEN_DEADLINE, Deed::CreateLost(session));
    }

    fn at_least(&mut self, _session: SessionId, least: u64, most: u64, event: Event) {
        self.after(least, most.max(least), Deed::Event(event));
    }

    fn close(&mut self, session: SessionId) {
        assert!(
            self.closing_recorded.contains(&session),
            "session {session} is closed without a record"
        );
        let remote = self.remotes.get_mut(&session).unwrap();
        remote.abandoned = true;
        self.after(10, 2_000, Deed::DeleteArrives(session));
    }

    fn happen(&mut self, deed: Deed) {
        match deed {
            Deed::Event(event) => self.deliver(event),
            Deed::CreateArrives(session) if self.refuse_over_quota(session) => {}
            Deed::CreateArrives(session) => {
                self.server.create(self.now, session);
                let answered = self
                    .remotes
                    .get(&session)
                    .is_some_and(|remote| !remote.abandoned && !remote.fails);
                if let Some(shell) = self.server.shells.get(&session)
                    && answered
                {
                    self.server.arrivals.push((self.now, shell.profile));
                    self.check_rate(session);
                }
            }
            Deed::CreateLost(session) => {
                self.server.coming.remove(&session);
            }
            Deed::DeleteArrives(session) => {
                let lost = !self.calm && self.weather.has_failing_endpoint() && self.dice.percent(20);
                let found = !lost && self.server.delete(session);
                self.after(10, 500, Deed::DeleteAnswered { session, found });
            }
            Deed::DeleteAnswered { session, found } => self.delete_answered(session, found),
            Deed::TurnEnds(turn) => self.turn_ends(turn),
            Deed::Client(client) => self.act(client),
            Deed::People if !self.calm => {
                self.meddle();
                self.after(1_000, 30_000 * self.pace, Deed::People);
            }
            Deed::Breaks if !self.calm => {
                self.break_one();
                self.after(1_000, 120_000 * self.pace, Deed::Breaks);
            }
            Deed::Crash if !self.calm => {
                self.crash();
                self.after(5_000, 300_000 * self.pace, Deed::Crash);
            }
            Deed::Sleep if !self.calm => {
                self.sleep();
                self.after(5_000, 600_000 * self.pace, Deed::Sleep);
            }
            Deed::Outside if !self.calm => {
                self.meddle_outside();
                self.after(5_000, 60_000 * self.pace, Deed::Outside);
            }
            Deed::Upgrade if !self.calm => {
                let deadline = self.now + Duration::from_secs(30);
                self.upgrading = true;
                self.send(Event::Shutdown { deadline, leave: true });
                self.after(60_000, 300_000 * self.pace, Deed::Upgrade);
            }
            Deed::People | Deed::Breaks | Deed::Crash | Deed::Upgrade | Deed::Sleep | Deed::Outside => {}
            Deed::DeleteUnheard(session) => {
                let open = |row: &crate::session::Session| row.state == State::Open;
                if self.server.delete(session) && self.broker.sessions.get(&session).is_some_and(open) {
                    self.lost(session, Fate::Gone);
                }
            }
            Deed::Reattach(session) => self.reattach(session),
            Deed::Proof(session) => {
                self.server.delete(session);
                self.server.coming.remove(&session);
                self.send(Event::Closed { session });
            }
        }
    }

    fn deliver(&mut self, event: Event) {
        match &event {
            Event::Recorded { seq } => {
                if let Some(entry) = self.entries.remove(seq) {
                    self.make_durable(&entry);
                }
            }
            Event::RecordFailed { seq } => {
                if let Some(Entry::Closing { session, .. }) = self.entries.remove(seq) {
                    self.closing_recorded.insert(session);
                }
            }
            Event::Opened { session, .. } => {
                // An answer and a close may cross: then the driver does not tell, or tells too late.
                if self.remotes[session].abandoned && self.dice.percent(50) {
                    return;
                }
                if !self.server.shells.contains_key(session) {
                    let remote = &self.remotes[session];
                    if !remote.fails
                        && !remote.abandoned
                        && let Some(late) = self.late_answer(*session)
                    {
                        self.send(late);
                    }
                    return;
                }
                self.remotes.get_mut(session).unwrap().seen = true;
            }
            Event::SessionLost { session, .. } => self.running.retain(|_, running| running.session != *session),
            Event::OpenFailed { session, fate, .. } => {
                let remote = &self.remotes[session];
                if remote.abandoned && *fate != Fate::Gone {
                    return;
                }
            }
            _ => {}
        }
        self.send(event);
    }

    /// InvalidSelectors proves something only for a shell whose Create was answered.
    fn delete_answered(&mut self, session: SessionId, found: bool) {
        let remote = &self.remotes[&session];
        let (sent, seen) = (remote.sent, remote.seen);
        if found || (seen && !self.server.shells.contains_key(&session)) {
            self.send(Event::Closed { session });
            return;
        }
        let busy = self.server.shells.get(&session).is_some_and(|shell| shell.running > 0);
        let until = if busy {
            None
        } else if !seen {
            Some(sent + OPEN_DEADLINE + SERVER_IDLE)
        } else {
            Some(self.now + SERVER_IDLE)
        };
        if until.is_none() {
            self.after(100_000, 1_000_000, Deed::Proof(session));
        }
        self.send(Event::CloseUnproven { session, until });
    }

    /// A session breaks: the shell dies, or only the way to it.
    fn break_one(&mut self) {
        let open: Vec<SessionId> = self
            .broker
            .sessions
            .values()
            .filter(|row| row.state == State::Open)
            .map(|row| row.id)
            .collect();
        let Some(session) = self.dice.pick(&open) else { return };
        let runs = self.running.values().any(|running| running.session == session);
        let fate = if self.dice.percent(50) {
            self.server.delete(session);
            Fate::Gone
        } else {
            Fate::MayExist {
                until: (!runs).then_some(self.now + SERVER_IDLE),
            }
        };
        self.lost(session, fate);
    }

    /// The broker hears that a session is lost, with all that ran in it.
    fn lost(&mut self, session: SessionId, fate: Fate) {
        self.running.retain(|_, running| running.session != session);
        self.send(Event::SessionLost { session, fate });
    }

    pub(super) fn outcome(&mut self) -> TurnOutcome {
        if self.dice.percent(5) {
            TurnOutcome::Dirty
        } else {
            TurnOutcome::Clean
        }
    }
}
