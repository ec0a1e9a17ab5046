//! People and scripts: they ask, wait, hold, run, renew, forget, die; and people who meddle.

use std::time::Duration;

use super::super::bench::holder;
use super::world::{Deed, World};
use crate::session::State;
use crate::{EndCause, Event, Fence, Holder, LeaseId, Mode, Priority, RequestId, SessionId, TurnOutcome};

#[derive(Default)]
pub(super) struct Client {
    pub(super) wants: Option<RequestId>,
    pub(super) holds: Option<(LeaseId, Fence)>,
    /// Turns that wait or run.
    pub(super) turns: Vec<RequestId>,
}

pub(super) struct Running {
    pub(super) session: SessionId,
    pub(super) client: usize,
}

impl World {
    fn ask(&mut self) -> RequestId {
        let request = RequestId(self.requests.len() as u64 + 1);
        self.requests.insert(request, false);
        request
    }

    fn deadline(&mut self) -> Option<moment::Moment> {
        match self.dice.below(4) {
            0 => Some(self.now),
            1 => Some(self.now + self.dice.between(0, 30_000)),
            _ => None,
        }
    }

    /// A client does the next thing.
    pub(super) fn act(&mut self, at: usize) {
        let client = &self.clients[at];
        match (client.wants, client.holds) {
            (Some(request), _) => {
                if !self.requests[&request] && self.dice.percent(if self.calm { 0 } else { 20 }) {
                    self.send(Event::Cancel { request });
                }
            }
            (None, None) if self.calm => return,
            (None, None) => self.want(at),
            (None, Some((lease, fence))) => self.use_lease(at, lease, fence),
        }
        if !self.calm {
            self.after(10, 12_000 * self.pace, Deed::Client(at));
        }
    }

    fn want(&mut self, at: usize) {
        let request = self.ask();
        let Some(profile) = self
            .dice
            .pick(&[0, 1, 2, 3, 4])
            .map(|at: usize| self.profiles[at].name.clone())
        else {
            return;
        };
        let priority = if self.dice.percent(60) {
            Priority::Interactive
        } else {
            Priority::Batch
        };
        let deadline = self.deadline();
        let interactive = priority == Priority::Interactive;
        let holder = Holder {
            interactive,
            ..Holder::clone(&holder("client"))
        }
        .into();
        if self.dice.percent(10) {
            self.send(Event::Connect {
                request,
                profile,
                priority,
                deadline,
                holder,
            });
            return;
        }
        let mode = match self.dice.below(6) {
            0..3 => Mode::Shared,
            3..5 => Mode::Exclusive,
            _ => Mode::Fresh,
        };
        let ttl = self.dice.percent(30).then(|| self.dice.between(1_000, 60_000));
        self.clients[at].wants = Some(request);
        self.send(Event::Acquire {
            request,
            profile,
            mode,
            priority,
            deadline,
            ttl,
            holder,
        });
    }

    fn use_lease(&mut self, at: usize, lease: LeaseId, fence: Fence) {
        let busy = !self.clients[at].turns.is_empty();
        let dies = self.weather.has_people();
        match self.dice.below(13) {
            12 if !self.calm => {
                let request = self.ask();
                self.reclaims.insert(request);
                self.send(Event::Reclaim { request, lease, fence });
                self.reclaims.remove(&request);
            }
            _ if self.calm => self.let_go(at, lease, fence),
            0..6 if !busy => self.start(at, lease, fence, false),
            0..2 => self.start(at, lease, fence, true),
            6 => {
                let request = self.ask();
                self.send(Event::Renew {
                    request,
                    lease,
                    fence,
                    ttl: Some(Duration::from_secs(30)),
                });
            }
            7 => {
                // Somebody with an old key.
                let request = self.ask();
                self.send(Event::Release {
                    request,
                    lease,
                    fence: Fence(fence.0 - 1),
                });
                assert!(self.broker.leases.contains_key(&lease), "an old fence was accepted");
            }
            8 if dies => {
                let cause = if self.dice.percent(50) {
                    EndCause::Process
                } else {
                    EndCause::Stream
                };
                self.send(Event::End { lease, cause });
            }
            9 if busy => {
                let turns = self.clients[at].turns.clone();
                if let Some(turn) = self.dice.pick(&turns) {
                    let stalls = self.dice.percent(70);
                    self.send(if stalls {
                        Event::Stalled { turn }
                    } else {
                        Event::Flowing { turn }
                    });
                }
            }
            10 => {
                let turns = self.clients[at].turns.clone();
                if let Some(request) = self.dice.pick(&turns) {
                    self.send(Event::Cancel { request });
                }
            }
            _ => self.let_go(at, lease, fence),
        }
    }

    fn let_go(&mut self, _at: usize, lease: LeaseId, fence: Fence) {
        let request = self.ask();
        self.send(Event::Release { request, lease, fence });
    }

    fn start(&mut self, at: usize, lease: LeaseId, fence: Fence, nested: bool) {
        let turn = self.ask();
        let deadline = self.deadline();
        self.clients[at].turns.push(turn);
        let sessions: Vec<SessionId> = self.broker.sessions.keys().copied().collect();
        let only = match nested || self.dice.percent(80) {
            true => None,
            false => self.dice.pick(&sessions),
        };
        if let (Some(only), None) = (only, self.broker.leases[&lease].session) {
            self.only.insert(turn, only);
        }
        self.send(Event::Turn {
            turn,
            lease,
            fence,
            deadline,
            holder: holder("Get-Thing"),
            nested,
            only,
        });
    }

    pub(super) fn lease_granted(&mut self, request: RequestId, lease: LeaseId, fence: Fence) {
        let Some(at) = self.clients.iter().position(|client| client.wants == Some(request)) else {
            return;
        };
        self.clients[at].wants = None;
        self.clients[at].holds = Some((lease, fence));
        if self.calm {
            self.after(0, 2_000, Deed::Client(at));
        }
    }

    pub(super) fn lease_ended(&mut self, lease: LeaseId) {
        for client in &mut self.clients {
            if client.holds.is_some_and(|(held, _)| held == lease) {
                client.holds = None;
            }
        }
    }

    pub(super) fn turned_away(&mut self, request: RequestId) {
        for client in &mut self.clients {
            client.turns.retain(|turn| *turn != request);
            if client.wants == Some(request) {
                client.wants = None;
            }
        }
    }

    pub(super) fn turn_granted(&mut self, turn: RequestId, session: SessionId) {
        let client = self
            .clients
            .iter()
            .position(|client| client.turns.contains(&turn))
            .unwrap();
        for other in self.running.values().filter(|other| other.session == session) {
            assert_eq!(other.client, client, "two clients run something in session {session}");
        }
        if !self.server.shells.contains_key(&session) {
            assert!(self.overslept, "session {session} is not there");
            self.running.insert(turn, Running { session, client });
            self.gone_in_sleep(session);
            return;
        }
        assert!(
            self.only.get(&turn).is_none_or(|only| *only == session),
            "{turn} runs in session {session}"
        );
        let nested = self.running.values().any(|other| other.session == session);
        self.check_pace(session, nested);
        self.running.insert(turn, Running { session, client });
        self.server.run(self.now, session, true);
        // Most are short, some long, and some end only because their reader went away and they are stopped.
        match self.dice.below(20) {
            0 if !self.calm => self.after(0, 5_000, Deed::Event(Event::Stalled { turn })),
            1 | 2 => self.after(1, 200_000, Deed::TurnEnds(turn)),
            _ => self.after(1, 5_000, Deed::TurnEnds(turn)),
        }
    }

    pub(super) fn turn_ends(&mut self, turn: RequestId) {
        for client in &mut self.clients {
            client.turns.retain(|other| *other != turn);
        }
        let Some(running) = self.running.remove(&turn) else {
            return;
        };
        self.server.run(self.now, running.session, false);
        let outcome = if self.calm { TurnOutcome::Clean } else { self.outcome() };
        self.send(Event::TurnDone { turn, outcome });
        if self.calm {
            self.after(0, 1_000, Deed::Client(running.client));
        }
    }

    /// Somebody pauses, kills, closes, forgets, logs out or edits the configuration.
    pub(super) fn meddle(&mut self) {
        let at = self.dice.below(self.profiles.len());
        let profile = self.profiles[at].name.clone();
        let sessions: Vec<SessionId> = self.broker.sessions.keys().copied().collect();
        match self.dice.below(9) {
            8 => {
                let request = self.ask();
                let deadline = self.now + self.dice.between(0, 30_000);
                self.send(Event::Drain {
                    request,
                    profile: profile.clone(),
                    deadline,
                    leave: false,
                });
                self.after(1_000, 60_000, Deed::Event(Event::Resume { profile }));
            }
            0 => {
                self.send(Event::Pause {
                    profile: profile.clone(),
                });
                self.after(1_000, 30_000, Deed::Event(Event::Resume { profile }));
            }
            1 => {
                self.send(Event::AuthNeeded {
                    profile: profile.clone(),
                    message: "log in".into(),
                });
                self.after(1_000, 30_000, Deed::Event(Event::AuthOk { profile }));
            }
            2 | 3 => {
                self.rated = false;
                self.limits = (self.dice.below(4) as u32, self.dice.below(5) as u32);
                let rate = self.dice.percent(25);
                self.configure(rate);
            }
            4 => {
                if let Some(session) = self.dice.pick(&sessions) {
                    let request = self.ask();
                    self.send(Event::CloseSession { request, session });
                }
            }
            5 => {
                let leases: Vec<LeaseId> = self.broker.leases.keys().copied().collect();
                if let Some(lease) = self.dice.pick(&leases) {
                    let request = self.ask();
                    self.send(Event::Kill { request, lease });
                }
            }
            6 => {
                let gone = |session: &SessionId| {
                    let state = self.broker.sessions.get(session).map(|row| row.state);
                    matches!(state, Some(State::Unconfirmed { .. }))
                        && self.server.possible().all(|(other, _)| other != *session)
                };
                let gone: Vec<SessionId> = sessions.into_iter().filter(gone).collect();
                if let Some(session) = self.dice.pick(&gone) {
                    let request = self.ask();
                    self.send(Event::Forget { request, session });
                }
            }
            _ => {
                let idle = |session: &&SessionId| {
                    self.broker
                        .sessions
                        .get(session)
                        .is_some_and(|row| row.turns.is_empty())
                };
                let idle: Vec<SessionId> = sessions.iter().filter(idle).copied().collect();
                if let Some(session) = self.dice.pick(&idle) {
                    self.send(Event::Reset { session });
                }
            }
        }
    }
}
