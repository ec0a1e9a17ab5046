//! A broker on a bench: records are durable at once and shells close at once, unless a test says otherwise.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use moment::Moment;

use crate::{
    Action, BlockedBy, Broker, CloseCause, EndCause, Entry, Event, Failure, FailureKind, Fate, Fence, Holder,
    IdleLease, LeaseId, Lifetimes, Limits, Mode, OpenRate, Priority, Profile, Refusal, RequestId, Scopes, Seq,
    SessionId, Settings, Sharing, Start, StopCause, TurnOutcome, Waiting,
};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// A profile of an admin: `admin@organization`, three and nine.
pub(crate) fn profile(name: &str, admin: &str, organization: Option<&str>) -> Profile {
    Profile {
        name: name.into(),
        scopes: Scopes {
            service: "demo".to_owned(),
            admin: admin.to_owned(),
            organization: organization.map(str::to_owned),
        },
        identity: "https://demo/".to_owned(),
        limits: Limits {
            admin: 3,
            organization: organization.map(|_| 9),
            opens: None,
            commands: None,
            reserve_interactive: 0,
        },
        lifetimes: Lifetimes::default(),
        sharing: Sharing::default(),
        idle_lease: IdleLease {
            after: None,
            reclaim: false,
        },
    }
}

pub(crate) fn limited(mut profile: Profile, admin: u32, organization: u32) -> Profile {
    profile.limits.admin = admin;
    profile.limits.organization = profile.scopes.organization.as_ref().map(|_| organization);
    profile
}

pub(crate) fn rated(mut profile: Profile, opens: u32, period: Duration) -> Profile {
    profile.limits.opens = Some(OpenRate { opens, period });
    profile
}

pub(crate) fn holder(command: &str) -> Arc<Holder> {
    Arc::new(Holder {
        command: command.to_owned(),
        pid: 4711,
        tty: "pts/3".to_owned(),
        ..Holder::default()
    })
}

pub(crate) struct Bench {
    pub(crate) broker: Broker,
    pub(crate) now: Moment,
    /// Everything that was wanted, in order, with its time.
    pub(crate) log: Vec<(Moment, Action)>,
    pub(crate) records_hang: bool,
    pub(crate) opens_hang: bool,
    pub(crate) closes_hang: bool,
    pub(crate) leaves_hang: bool,
    requests: u64,
    pub(crate) unconfirmed_records: VecDeque<(Seq, Entry)>,
}

impl Bench {
    pub(crate) fn new(profiles: Vec<Profile>) -> Self {
        let mut bench = Self::empty();
        bench.send(Event::Configured {
            profiles,
            settings: Settings::default(),
        });
        bench
    }

    fn empty() -> Self {
        Self {
            broker: Broker::new(Start {
                seed: 1,
                ..Start::default()
            }),
            now: Moment::from_epoch(Duration::from_secs(1000)),
            log: Vec::new(),
            records_hang: false,
            opens_hang: false,
            closes_hang: false,
            leaves_hang: false,
            requests: 0,
            unconfirmed_records: VecDeque::new(),
        }
    }

    /// One profile `p` of one admin with this limit.
    pub(crate) fn alone(limit: u32) -> Self {
        Self::new(vec![limited(profile("p", "kenmyer@litwareinc.com", None), limit, 0)])
    }

    /// As [`alone`](Self::alone), where the first block of fences is not written yet.
    pub(crate) fn just_started(limit: u32) -> Self {
        let mut bench = Self::empty();
        bench.records_hang = true;
        bench.send(Event::Configured {
            profiles: vec![limited(profile("p", "kenmyer@litwareinc.com", None), limit, 0)],
            settings: Settings::default(),
        });
        bench
    }

    pub(crate) fn send(&mut self, event: Event) {
        self.broker.handle(self.now, event);
        self.work();
    }

    /// Does what the broker wants, as far as the bench does it by itself.
    fn work(&mut self) {
        while let Some(action) = self.broker.poll_action() {
            self.log.push((self.now, action.clone()));
            let answer = match action {
                Action::Record { seq, entry } => {
                    if self.records_hang && entry.is_awaited() {
                        self.unconfirmed_records.push_back((seq, entry));
                        None
                    } else {
                        Some(Event::Recorded { seq })
                    }
                }
                Action::Open { session, .. } if !self.opens_hang => Some(Event::Opened { session, idle: None }),
                Action::Close { session, .. } if !self.closes_hang => Some(Event::Closed { session }),
                Action::Leave { session } if !self.leaves_hang => Some(Event::Left {
                    session,
                    confirmed: true,
                }),
                _ => None,
            };
            if let Some(answer) = answer {
                self.broker.handle(self.now, answer);
            }
        }
    }

    /// Lets time pass, and everything happen at its time.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.broker.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.broker.handle_timeout(self.now);
            self.work();
        }
        self.now = end;
    }

    pub(crate) fn next_request(&mut self) -> RequestId {
        self.requests += 1;
        RequestId(self.requests)
    }

    pub(crate) fn acquire(&mut self, profile: &str, mode: Mode) -> RequestId {
        self.acquire_as(profile, mode, Priority::Interactive, None)
    }

    pub(crate) fn acquire_as(
        &mut self,
        profile: &str,
        mode: Mode,
        priority: Priority,
        wait: Option<Duration>,
    ) -> RequestId {
        let request = self.next_request();
        let deadline = wait.map(|wait| self.now + wait);
        let holder = holder(&format!("client {request}"));
        let profile = profile.into();
        self.send(Event::Acquire {
            request,
            profile,
            mode,
            priority,
            deadline,
            ttl: None,
            holder,
        });
        request
    }

    /// A lease that must be granted at once.
    pub(crate) fn hold(&mut self, profile: &str, mode: Mode) -> Held {
        let request = self.acquire(profile, mode);
        self.granted(request)
            .unwrap_or_else(|| panic!("{request} was not granted: {:?}", self.answers(request)))
    }

    pub(crate) fn shared(&mut self, profile: &str) -> Held {
        self.hold(profile, Mode::Shared)
    }

    pub(crate) fn exclusive(&mut self, profile: &str) -> Held {
        self.hold(profile, Mode::Exclusive)
    }

    pub(crate) fn turn(&mut self, held: Held) -> RequestId {
        self.turn_as(held, None, false)
    }

    pub(crate) fn turn_as(&mut self, held: Held, wait: Option<Duration>, nested: bool) -> RequestId {
        self.turn_on(held, wait, nested, None)
    }

    pub(crate) fn turn_on(
        &mut self,
        held: Held,
        wait: Option<Duration>,
        nested: bool,
        only: Option<SessionId>,
    ) -> RequestId {
        let turn = self.next_request();
        let deadline = wait.map(|wait| self.now + wait);
        let holder = holder(&format!("Get-Thing{turn}"));
        self.send(Event::Turn {
            turn,
            lease: held.lease,
            fence: held.fence,
            deadline,
            holder,
            nested,
            only,
        });
        turn
    }

    pub(crate) fn connect(&mut self, profile: &str) -> RequestId {
        let request = self.next_request();
        self.send(Event::Connect {
            request,
            profile: profile.into(),
            priority: Priority::Interactive,
            deadline: None,
            holder: holder("pslease connect"),
        });
        request
    }

    pub(crate) fn done(&mut self, turn: RequestId) {
        self.send(Event::TurnDone {
            turn,
            outcome: TurnOutcome::Clean,
        });
    }

    pub(crate) fn release(&mut self, held: Held) -> RequestId {
        let request = self.next_request();
        self.send(Event::Release {
            request,
            lease: held.lease,
            fence: held.fence,
        });
        request
    }

    pub(crate) fn opened(&mut self, session: SessionId) {
        self.send(Event::Opened { session, idle: None });
    }

    pub(crate) fn open_failed(&mut self, session: SessionId, kind: FailureKind, retry_after: Option<Duration>) {
        let failure = Failure {
            kind,
            message: "the server said no".into(),
        };
        self.send(Event::OpenFailed {
            session,
            fate: Fate::Gone,
            failure,
            retry_after,
        });
    }

    pub(crate) fn closed(&mut self, session: SessionId) {
        self.send(Event::Closed { session });
    }

    // What came of it.

    pub(crate) fn answers(&self, request: RequestId) -> Vec<&Action> {
        self.log
            .iter()
            .map(|(_, action)| action)
            .filter(|action| answered(action) == Some(request))
            .collect()
    }

    pub(crate) fn granted(&self, request: RequestId) -> Option<Held> {
        self.answers(request).into_iter().find_map(|action| match action {
            Action::Granted {
                lease, fence, session, ..
            } => Some(Held {
                lease: *lease,
                fence: *fence,
                session: *session,
            }),
            _ => None,
        })
    }

    pub(crate) fn runs_on(&self, turn: RequestId) -> Option<SessionId> {
        self.answers(turn).into_iter().find_map(|action| match action {
            Action::TurnGranted { session, .. } => Some(*session),
            _ => None,
        })
    }

    pub(crate) fn refusal(&self, request: RequestId) -> Option<Refusal> {
        self.answers(request).into_iter().find_map(|action| match action {
            Action::Refused { refusal, .. } => Some(refusal.clone()),
            _ => None,
        })
    }

    pub(crate) fn is_done(&self, request: RequestId) -> bool {
        self.answers(request)
            .into_iter()
            .any(|action| matches!(action, Action::Done { .. }))
    }

    /// What a request was last told.
    pub(crate) fn told(&self, request: RequestId) -> Waiting {
        self.log
            .iter()
            .rev()
            .find_map(|(_, action)| match action {
                Action::Waiting {
                    request: other,
                    waiting,
                } if *other == request => Some(waiting.clone()),
                _ => None,
            })
            .unwrap_or_else(|| panic!("{request} was told nothing: {:?}", self.answers(request)))
    }

    pub(crate) fn blocked_by(&self, request: RequestId) -> BlockedBy {
        self.told(request).blocked_by
    }

    pub(crate) fn opens(&self) -> Vec<SessionId> {
        let open = |action: &Action| match action {
            Action::Open { session, .. } => Some(*session),
            _ => None,
        };
        self.log.iter().filter_map(|(_, action)| open(action)).collect()
    }

    pub(crate) fn closes(&self) -> Vec<(SessionId, CloseCause)> {
        let close = |action: &Action| match action {
            Action::Close { session, cause } => Some((*session, *cause)),
            _ => None,
        };
        self.log.iter().filter_map(|(_, action)| close(action)).collect()
    }

    pub(crate) fn stops(&self) -> Vec<(RequestId, StopCause)> {
        let stop = |action: &Action| match action {
            Action::StopTurn { turn, why } => Some((*turn, *why)),
            _ => None,
        };
        self.log.iter().filter_map(|(_, action)| stop(action)).collect()
    }

    pub(crate) fn ended(&self, lease: LeaseId) -> Option<EndCause> {
        self.log.iter().find_map(|(_, action)| match action {
            Action::LeaseEnded { lease: other, cause } if *other == lease => Some(*cause),
            _ => None,
        })
    }

    pub(crate) fn used(&self) -> usize {
        self.broker.snapshot(self.now).sessions.len()
    }
}

/// A lease as its holder knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) lease: LeaseId,
    pub(crate) fence: Fence,
    pub(crate) session: Option<SessionId>,
}

/// The request that an action answers for good.
pub(crate) fn answered(action: &Action) -> Option<RequestId> {
    match action {
        Action::Granted { request, .. }
        | Action::Connected { request, .. }
        | Action::Renewed { request, .. }
        | Action::Done { request }
        | Action::Drained { request, .. }
        | Action::Refused { request, .. } => Some(*request),
        Action::TurnGranted { turn, .. } => Some(*turn),
        Action::Record { .. }
        | Action::Open { .. }
        | Action::Close { .. }
        | Action::Leave { .. }
        | Action::Waiting { .. }
        | Action::StopTurn { .. }
        | Action::LeaseEnded { .. }
        | Action::Ending { .. }
        | Action::Unused { .. }
        | Action::ShutdownDone { .. } => None,
    }
}
