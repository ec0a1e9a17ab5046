//! The daemon dies and begins again from what was durable; the machine sleeps; somebody else holds slots.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use moment::Moment;

use super::server::SERVER_IDLE;
use super::world::{Deed, Remote, World};
use crate::session::State;
use crate::{
    Broker, Entry, Event, Failure, FailureKind, Fate, Fence, Holder, LeaseId, Mode, Priority, RestoredLease, ScopeKind,
    SessionId, ShellId, Start,
};

const SLOWEST_DISK: Duration = Duration::from_millis(50);

/// The books as a crash would leave them.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) rows: BTreeMap<SessionId, Row>,
    /// Written behind, and when: any number of the last ones may be lost.
    behind: VecDeque<(Moment, Entry)>,
    pub(super) fences: u64,
    last_session: u64,
    last_lease: u64,
}

#[derive(Clone)]
pub(super) struct Row {
    profile: usize,
    /// The answer to its Create was seen.
    seen: bool,
    bound: Option<Bound>,
    /// It was about to be deleted: recovery does that, and nothing else.
    closing: bool,
}

#[derive(Clone)]
struct Bound {
    lease: LeaseId,
    fence: Fence,
    mode: Mode,
    priority: Priority,
    ttl: Option<Duration>,
    holder: Arc<Holder>,
}

impl Ledger {
    /// An entry that nobody waits for.
    pub(super) fn write_behind(&mut self, now: Moment, entry: Entry) {
        if let Entry::Bound { lease, .. } = &entry {
            self.last_lease = self.last_lease.max(lease.0);
        }
        self.behind.push_back((now, entry));
    }

    /// An entry is durable, and with it everything before it.
    pub(super) fn durable(&mut self, entry: &Entry, profile: impl Fn(&crate::ProfileName) -> usize) {
        self.flush(usize::MAX);
        match entry {
            Entry::Fences { end } => self.fences = end.0,
            Entry::Intent {
                session, profile: name, ..
            } => {
                self.last_session = self.last_session.max(session.0);
                let row = Row {
                    profile: profile(name),
                    seen: false,
                    bound: None,
                    closing: false,
                };
                self.rows.insert(*session, row);
            }
            Entry::Closing { session, .. } => {
                if let Some(row) = self.rows.get_mut(session) {
                    row.closing = true;
                }
            }
            _ => {}
        }
    }

    pub(super) fn lease(&mut self, lease: LeaseId) {
        self.last_lease = self.last_lease.max(lease.0);
    }

    /// The first so many of what was written behind have reached the disk.
    fn flush(&mut self, most: usize) {
        for _ in 0..most {
            let Some((_, entry)) = self.behind.pop_front() else {
                return;
            };
            match entry {
                Entry::Opened { session } => {
                    if let Some(row) = self.rows.get_mut(&session) {
                        row.seen = true;
                    }
                }
                Entry::Bound {
                    session,
                    lease,
                    fence,
                    mode,
                    priority,
                    ttl,
                    holder,
                } => {
                    if let Some(row) = self.rows.get_mut(&session) {
                        row.bound = Some(Bound {
                            lease,
                            fence,
                            mode,
                            priority,
                            ttl,
                            holder,
                        });
                    }
                }
                Entry::Unbound { session, .. } => {
                    if let Some(row) = self.rows.get_mut(&session) {
                        row.bound = None;
                    }
                }
                Entry::Gone { session } => {
                    self.rows.remove(&session);
                }
                Entry::Fences { .. }
                | Entry::Intent { .. }
                | Entry::Left { .. }
                | Entry::Closing { .. }
                | Entry::Unconfirmed { .. } => {}
            }
        }
    }
}

impl World {
    /// SIGKILL, and the next daemon. What the server was sent it goes on with.
    pub(super) fn crash(&mut self) {
        self.seen.insert("crash".to_owned());
        self.trace_line("crash");
        self.upgrading = false;
        self.shutdown_done = None;
        // The disk is not slower than this.
        let written = self
            .ledger
            .behind
            .iter()
            .filter(|(at, _)| *at + SLOWEST_DISK < self.now)
            .count();
        self.ledger.flush(written);
        // A record that was on its way is durable, or not; in order.
        let kept = self.dice.below(self.ledger.behind.len() + 1);
        self.ledger.flush(kept);
        let pending = std::mem::take(&mut self.entries);
        if kept >= self.ledger.behind.len() && self.ledger.behind.is_empty() {
            let kept = self.dice.below(pending.len() + 1);
            for entry in pending.into_values().take(kept) {
                self.make_durable(&entry);
            }
        }
        self.ledger.behind.clear();
        for answered in self.requests.values_mut() {
            *answered = true;
        }
        self.running.clear();
        self.reclaims.clear();
        self.only.clear();
        // The windows of rates are not in the books: what was opened and closed before is forgotten.
        self.begun.clear();
        self.server.arrivals.clear();
        let deeds = std::mem::take(&mut self.deeds);
        for (at, deed) in deeds {
            let deed = match deed {
                Deed::DeleteArrives(session) => Deed::DeleteUnheard(session),
                Deed::Event(_) | Deed::DeleteAnswered { .. } | Deed::TurnEnds(_) | Deed::Reattach(_) => continue,
                other => other,
            };
            self.deeds.insert(at, deed);
        }
        let rows: Vec<(SessionId, Row)> = self.ledger.rows.iter().map(|(id, row)| (*id, row.clone())).collect();
        for client in &mut self.clients {
            client.wants = None;
            client.turns.clear();
            let key = client.holds;
            let restored = rows
                .iter()
                .filter_map(|(_, row)| row.bound.as_ref())
                .any(|bound| key == Some((bound.lease, bound.fence)));
            if !restored {
                client.holds = None;
            }
        }
        self.recorded = rows.iter().map(|(id, _)| *id).collect();
        self.closing_recorded = self.recorded.clone();
        self.durable_fences = self.ledger.fences;
        self.broker = Broker::new(Start {
            fence: Fence(self.ledger.fences.max(1)),
            session: SessionId(self.ledger.last_session + 1),
            lease: LeaseId(self.ledger.last_lease + 1),
            seed: self.dice.between(0, 1_000_000).as_millis(),
        });
        self.send(Event::Configured {
            profiles: self.profiles.clone(),
            settings: self.settings,
        });
        for (session, row) in rows {
            let profile = self.profiles[row.profile].clone();
            let remote = Remote {
                sent: self.now,
                seen: row.seen,
                fails: true,
                abandoned: true,
            };
            self.remotes.insert(session, remote);
            self.send(Event::Restored {
                session,
                shell: ShellId(session.0.into()),
                profile: profile.name.clone(),
                scopes: profile.scopes.clone(),
                identity: profile.identity.clone(),
                dirty: row.bound.is_some(),
                age: Duration::ZERO,
                commands: 0,
            });
            if let Some(bound) = row.bound {
                self.send(Event::RestoredLease(RestoredLease {
                    lease: bound.lease,
                    fence: bound.fence,
                    session: Some(session),
                    profile: profile.name,
                    mode: bound.mode,
                    priority: bound.priority,
                    ttl: bound.ttl,
                    holder: bound.holder,
                }));
            }
            if row.seen && !row.closing && self.server.shells.contains_key(&session) && self.dice.percent(60) {
                self.after(100, 5_000, Deed::Reattach(session));
            } else {
                self.after(10, 5_000, Deed::DeleteArrives(session));
            }
        }
    }

    /// The daemon has ended as it should, and everything of it is in the books. The next one begins.
    pub(super) fn replace(&mut self) {
        self.seen.insert("replaced".to_owned());
        let named = self.shutdown_done.take().unwrap_or_default();
        for (session, _) in self.server.possible() {
            assert!(named.contains(&session), "{session} is still there and not named");
        }
        self.ledger.flush(usize::MAX);
        self.crash();
    }

    /// Somebody wants a shell left: that is so, or nobody knows whether it is, or the server will not.
    pub(super) fn leave(&mut self, session: SessionId) {
        if let Some(shell) = self.server.shells.get(&session) {
            assert_eq!(shell.running, 0, "session {session} is left while something runs in it");
        }
        self.seen.insert("left".to_owned());
        let answer = match self.dice.below(6) {
            0 if !self.calm => Event::NotLeft { session },
            way => Event::Left {
                session,
                confirmed: way > 1,
            },
        };
        self.after(10, 2_000, Deed::Event(answer));
    }

    /// Recovery takes the shell up again, and stops what ran in it.
    pub(super) fn reattach(&mut self, session: SessionId) {
        match self.server.shells.get_mut(&session) {
            Some(shell) => {
                shell.running = 0;
                shell.used = self.now;
                self.seen.insert("reattached".to_owned());
                self.send(Event::Opened { session, idle: None });
            }
            None => self.send(Event::Closed { session }),
        }
    }

    /// The lid is closed for an hour or three: time passes for everybody, and only the server does anything.
    pub(super) fn sleep(&mut self) {
        self.seen.insert("slept".to_owned());
        self.trace_line("sleep");
        let woken = self.now + self.dice.between(600_000, 10_000_000);
        for ((at, order), deed) in std::mem::take(&mut self.deeds) {
            match deed {
                Deed::CreateArrives(session) if at <= woken => self.server.create(at, session),
                Deed::CreateLost(session) if at <= woken => {
                    self.server.coming.remove(&session);
                }
                Deed::DeleteUnheard(session) if at <= woken => {
                    self.server.delete(session);
                }
                Deed::DeleteArrives(session) if at <= woken => {
                    let found = self.server.delete(session);
                    self.deeds
                        .insert((woken, order), Deed::DeleteAnswered { session, found });
                }
                later => {
                    self.deeds.insert((at, order), later);
                }
            }
        }
        self.now = woken;
        self.overslept = true;
        for session in self.server.expire(woken) {
            let open = |row: &crate::session::Session| row.state == State::Open;
            if self.broker.sessions.get(&session).is_some_and(open) {
                self.gone_in_sleep(session);
            }
        }
        self.broker.handle_timeout(woken);
        self.work();
    }

    /// The server ended shells while we slept: whoever uses them next learns it.
    pub(super) fn gone_in_sleep(&mut self, session: SessionId) {
        self.after(
            0,
            60_000,
            Deed::Event(Event::SessionLost {
                session,
                fate: Fate::Gone,
            }),
        );
    }

    /// Somebody without a daemon opens or closes consoles.
    pub(super) fn meddle_outside(&mut self) {
        let admin = self.dice.pick(&["ann", "bob", "cat", "dan"]).unwrap_or("ann");
        let held = if self.calm { 0 } else { self.dice.below(3) as u32 };
        self.server.outside.insert(admin.to_owned(), held);
    }

    /// A Create reaches a server that counts more than we hold. True if it is refused.
    pub(super) fn refuse_over_quota(&mut self, session: SessionId) -> bool {
        let Some(profile) = self.server.coming.get(&session).copied() else {
            return false;
        };
        let account = |profile: usize| self.profiles[profile].scopes.admin.to_lowercase();
        let admin = account(profile);
        let outside = self.server.outside.get(&admin).copied().unwrap_or(0);
        let ours = self
            .server
            .shells
            .values()
            .filter(|shell| account(shell.profile) == admin)
            .count() as u32;
        if outside == 0 || ours + outside < self.real_limit {
            return false;
        }
        self.server.coming.remove(&session);
        self.seen.insert("refused over quota".to_owned());
        let Some(remote) = self
            .remotes
            .get_mut(&session)
            .filter(|remote| !remote.abandoned && !remote.fails)
        else {
            return true;
        };
        remote.fails = true;
        let told = Event::Told {
            profile: self.profiles[profile].name.clone(),
            scope: ScopeKind::Admin,
            used: Some(ours + outside),
            limit: self.dice.percent(50).then_some(self.real_limit),
        };
        if self.dice.percent(40) {
            self.send(told);
        }
        let retry_after = Some(self.dice.between(1_000, 20_000));
        self.after(
            10,
            200,
            Deed::Event(Event::OpenFailed {
                session,
                fate: Fate::Gone,
                failure: Failure {
                    kind: FailureKind::AdminQuota,
                    message: "too many".into(),
                },
                retry_after,
            }),
        );
        true
    }

    /// An answer that was under way while we slept, from a shell that is gone since.
    pub(super) fn late_answer(&mut self, session: SessionId) -> Option<Event> {
        self.overslept.then(|| Event::OpenFailed {
            session,
            fate: Fate::MayExist {
                until: Some(self.now + SERVER_IDLE),
            },
            failure: Failure {
                kind: FailureKind::Endpoint,
                message: "the connection is gone".into(),
            },
            retry_after: Some(Duration::from_secs(1)),
        })
    }

    /// No more pipelines begin in a period than the account may.
    pub(super) fn check_pace(&mut self, session: SessionId, nested: bool) {
        let Some(shell) = self.server.shells.get(&session) else {
            return;
        };
        let Some(rate) = self.profiles[shell.profile].limits.commands.filter(|_| !self.calm) else {
            return;
        };
        let admin = self.profiles[shell.profile].scopes.admin.to_lowercase();
        let begun: &mut Vec<Moment> = self.begun.entry(admin).or_default();
        begun.retain(|at| *at + rate.period > self.now);
        begun.push(self.now);
        assert!(
            nested || begun.len() <= rate.commands as usize,
            "{} pipelines of an account that may run {}",
            begun.len(),
            rate.commands
        );
    }
}
