//! The loop: events in, actions out, one at a time and in order.

use std::collections::HashMap;
use std::sync::Arc;

use broker::{Action, Broker, Entry, Event, Fence, LeaseId, RequestId, Seq, SessionId, Start, StopCause, Waiting};
use ledger::{Ledger, Row, Stage};
use tokio::sync::{mpsc, oneshot, watch};

use super::journal::{self, Happening, Journal, Who};
use super::{Answer, Ask, Books, Left, News};
use crate::clock::Clock;
use crate::config::Source;
use crate::crash;
use crate::session::Sessions;

/// Confirmations of the ledger that may wait for the desk. More than the ledger's own queue can have under way.
const RECORDS: usize = 8192;

/// What the desk is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) clock: Clock,
    pub(crate) config: Arc<Source>,
    pub(crate) ledger: Ledger,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) books: Books,
    pub(crate) fences: u64,
    pub(crate) seed: u128,
}

/// The desk. Runs until every handle is gone.
#[derive(Debug)]
pub(crate) struct Desk {
    broker: Broker,
    parts: Parts,
    records: mpsc::Sender<Recorded>,
    waiting: HashMap<RequestId, Waiter>,
    turns: HashMap<RequestId, (SessionId, watch::Sender<Option<StopCause>>)>,
    leases: HashMap<LeaseId, (watch::Sender<News>, Who)>,
    shutdown: Vec<oneshot::Sender<Left>>,
    /// What is open from now on is the next daemon's: the end of a stream is only our own.
    over: bool,
    changed: watch::Sender<u64>,
    journal: Journal,
}

#[derive(Debug)]
struct Waiter {
    waiting: watch::Sender<Option<Waiting>>,
    answer: oneshot::Sender<Answer>,
    who: Who,
}

/// What the ledger said.
#[derive(Debug)]
enum Recorded {
    Entry(Seq, bool),
    Hop(oneshot::Sender<bool>, bool),
    TakenUp(oneshot::Sender<Option<Box<Row>>>, SessionId, bool),
}

impl Desk {
    /// Runs the desk. `restored` are events that come before all others.
    pub(crate) async fn run(parts: Parts, mut asked: mpsc::Receiver<Ask>, changed: watch::Sender<u64>) {
        let (records, mut recorded) = mpsc::channel(RECORDS);
        let start = Start {
            fence: Fence(parts.fences.max(1)),
            seed: parts.seed,
            ..Start::default()
        };
        let parts_journal = parts.sessions.desk.journal();
        let mut desk = Self {
            broker: Broker::new(start),
            parts,
            records,
            waiting: HashMap::new(),
            turns: HashMap::new(),
            leases: HashMap::new(),
            shutdown: Vec::new(),
            over: false,
            journal: parts_journal,
            changed,
        };
        loop {
            desk.act();
            let due = desk.broker.poll_timeout();
            tokio::select! {
                biased;
                Some(record) = recorded.recv() => desk.recorded(record),
                ask = asked.recv() => match ask {
                    Some(ask) => desk.asked(ask),
                    None => return,
                },
                () = desk.parts.clock.reach(due) => {
                    let now = desk.parts.clock.now();
                    desk.broker.handle_timeout(now);
                }
            }
        }
    }

    fn handle(&mut self, event: Event) {
        tracing::trace!(?event, "desk");
        self.tell(journal::of_event(&event));
        self.broker.handle(self.parts.clock.now(), event);
    }

    fn asked(&mut self, ask: Ask) {
        match ask {
            Ask::Tell(Event::End { .. }) if self.over => {}
            Ask::Tell(event) => {
                if let Event::TurnDone { turn, .. } = &event {
                    self.turn_over(*turn);
                }
                self.handle(event);
            }
            Ask::Request {
                id,
                event,
                waiting,
                answer,
            } => {
                let who = journal::who(&event);
                self.waiting.insert(id, Waiter { waiting, answer, who });
                self.handle(event);
            }
            Ask::Snapshot(answer) => {
                let _ = answer.send(self.broker.snapshot(self.parts.clock.now()));
            }
            Ask::Hop { session, uri, done } => match self.parts.books.hop(session, &uri) {
                Some(entry) => {
                    let records = self.records.clone();
                    self.parts.ledger.write(vec![entry], move |result| {
                        crash::point("hop", "durable");
                        let _ = records.blocking_send(Recorded::Hop(done, result.is_ok()));
                    });
                }
                None => {
                    let _ = done.send(false);
                }
            },
            Ask::Kept { session, found } => self.parts.books.kept(session, *found),
            Ask::LeftOut(session) => self.write_behind(|books| books.left_out(session)),
            Ask::TakeUp { session, row } => match self.parts.books.take_up(session) {
                Some(entry) => {
                    let records = self.records.clone();
                    self.parts.ledger.write(vec![entry], move |result| {
                        let _ = records.blocking_send(Recorded::TakenUp(row, session, result.is_ok()));
                    });
                }
                None => drop(row.send(None)),
            },
            Ask::RestoreLease { lease, news } => {
                let (sender, heard) = watch::channel(News::Lives);
                let who = Who {
                    profile: lease.profile.to_string(),
                    holder: Some(Arc::clone(&lease.holder)),
                };
                self.leases.insert(lease.lease, (sender, who));
                self.handle(Event::RestoredLease(lease));
                let _ = news.send(heard);
            }
            Ask::KeepLease(lease) => {
                if self.leases.contains_key(&LeaseId(lease.lease)) {
                    self.write_behind(|books| Some(books.lease(lease)));
                }
            }
            Ask::DropLease(lease) => self.write_behind(|books| books.lease_over(lease)),
            Ask::Books(answer) => drop(answer.send(self.parts.books.all())),
            Ask::Unconfirmed { session, row } => {
                let found = self
                    .parts
                    .books
                    .row(session)
                    .filter(|row| row.stage == Stage::Unconfirmed);
                let _ = row.send(found.cloned().map(Box::new));
            }
            Ask::Shutdown { deadline, leave, done } => {
                self.shutdown.push(done);
                if leave {
                    self.end_unwritten_leases();
                }
                self.handle(Event::Shutdown { deadline, leave });
            }
        }
    }

    fn recorded(&mut self, record: Recorded) {
        match record {
            Recorded::Entry(seq, true) => self.handle(Event::Recorded { seq }),
            Recorded::Entry(seq, false) => self.handle(Event::RecordFailed { seq }),
            Recorded::Hop(done, ok) => {
                let _ = done.send(ok);
            }
            Recorded::TakenUp(done, session, ok) => {
                let row = self.parts.books.row(session).filter(|_| ok);
                let _ = done.send(row.cloned().map(Box::new));
            }
        }
    }

    /// Carries out what the broker wants.
    fn act(&mut self) {
        let mut any = false;
        while let Some(action) = self.broker.poll_action() {
            any = true;
            tracing::trace!(?action, "desk");
            self.carry_out(action);
        }
        if any {
            self.changed.send_modify(|count| *count += 1);
        }
    }

    /// Puts a thing that happened into the journal, with what is known of its session and its lease.
    fn tell(&self, happening: Option<Happening>) {
        let Some(mut happening) = happening.filter(|_| self.journal.is_read()) else {
            return;
        };
        if let Some((_, who)) = happening.lease.and_then(|lease| self.leases.get(&lease)) {
            happening.who.clone_from(&who.holder);
            happening.profile.get_or_insert_with(|| who.profile.clone());
        }
        if let Some(row) = happening.session.and_then(|session| self.parts.books.row(session)) {
            happening.profile.get_or_insert_with(|| row.profile.clone());
        }
        self.journal.write(happening);
    }

    fn carry_out(&mut self, action: Action) {
        self.tell(journal::of_action(&action));
        match action {
            Action::Record { seq, entry } => self.record(seq, entry),
            Action::Open {
                session,
                shell,
                profile,
            } => {
                tracing::info!(%session, %shell, %profile, "open");
                crash::point("open", "decided");
                let row = self.parts.books.row(session).cloned();
                self.parts.sessions.open(session, &profile, row);
            }
            Action::Close { session, cause } => {
                tracing::info!(%session, ?cause, "close");
                crash::point("close", "decided");
                let row = self.parts.books.row(session).cloned();
                self.parts.sessions.close(session, row);
            }
            Action::Leave { session } => {
                tracing::info!(%session, "leave");
                crash::point("leave", "decided");
                self.parts.sessions.leave(session);
            }
            Action::Granted {
                request,
                lease,
                fence,
                session,
                ttl,
            } => {
                tracing::info!(%lease, ?session, "lease granted");
                crash::point("lease", "granted");
                let who = self
                    .waiting
                    .get(&request)
                    .map(|waiter| waiter.who.clone())
                    .unwrap_or_default();
                // One that is reclaimed has its news already.
                let (news, _) = self
                    .leases
                    .entry(lease)
                    .or_insert_with(|| (watch::channel(News::Lives).0, who));
                let news = news.subscribe();
                self.tell(Some(journal::granted(lease, session)));
                let answer = Answer::Granted {
                    lease,
                    fence,
                    session,
                    ttl,
                    news,
                };
                if !self.answer(request, answer) {
                    // Whoever asked is gone: nobody will ever use it.
                    self.handle(Event::End {
                        lease,
                        cause: broker::EndCause::Stream,
                    });
                }
            }
            Action::TurnGranted { turn, session } => {
                crash::point("turn", "granted");
                let (sender, stop) = watch::channel(None);
                self.turns.insert(turn, (session, sender));
                self.write_behind(|books| books.running(session, true));
                if !self.answer(turn, Answer::Turn { session, stop }) {
                    self.turn_over(turn);
                    self.handle(Event::TurnDone {
                        turn,
                        outcome: broker::TurnOutcome::Clean,
                    });
                }
            }
            Action::Connected {
                request,
                session,
                reused,
            } => {
                self.answer(request, Answer::Connected { session, reused });
            }
            Action::Renewed { request, ttl } => {
                self.answer(request, Answer::Renewed { ttl });
            }
            Action::Done { request } => {
                self.answer(request, Answer::Done);
            }
            Action::Refused { request, refusal } => {
                self.answer(request, Answer::Refused(refusal));
            }
            Action::Waiting { request, waiting } => {
                if let Some(waiter) = self.waiting.get(&request) {
                    waiter.waiting.send_replace(Some(waiting));
                }
            }
            Action::StopTurn { turn, why } => {
                if let Some((_, stop)) = self.turns.get(&turn) {
                    stop.send_replace(Some(why));
                }
            }
            Action::LeaseEnded { lease, cause } => {
                tracing::info!(%lease, ?cause, "lease ended");
                crash::point("lease", "ended");
                self.write_behind(|books| books.lease_over(lease));
                if let Some((news, _)) = self.leases.remove(&lease) {
                    news.send_replace(News::Ended(cause));
                }
            }
            Action::Unused { lease, idle } => {
                tracing::warn!(%lease, seconds = idle.as_secs(), "a lease keeps a session and runs nothing");
                if let Some((news, _)) = self.leases.get(&lease) {
                    news.send_replace(News::Unused(idle));
                }
            }
            Action::Drained { request, left } => {
                self.answer(request, Answer::Drained { left });
            }
            Action::Ending { lease, cause, at } => {
                if let Some((news, _)) = self.leases.get(&lease) {
                    news.send_replace(News::Ending(cause, at));
                }
            }
            Action::ShutdownDone { closed, kept, left } => {
                self.over = true;
                let left = Left {
                    closed,
                    kept: u32::try_from(kept.len()).unwrap_or(u32::MAX),
                    unconfirmed: left.iter().map(|session| self.left(*session)).collect(),
                };
                let asked = std::mem::take(&mut self.shutdown);
                // Behind everything that is still to be written.
                self.parts.ledger.write(Vec::new(), move |_| {
                    for done in asked {
                        let _ = done.send(left.clone());
                    }
                });
            }
        }
    }

    /// What the next daemon does not know of, nobody can have there: doors, and what was granted just now.
    fn end_unwritten_leases(&mut self) {
        let unwritten = |lease: &LeaseId| !self.parts.books.has_lease(*lease);
        let leases: Vec<LeaseId> = self.leases.keys().copied().filter(unwritten).collect();
        for lease in leases {
            let cause = broker::EndCause::Shutdown;
            self.handle(Event::End { lease, cause });
        }
    }

    fn left(&self, session: SessionId) -> String {
        match self.parts.books.row(session) {
            Some(row) => format!(
                "session {session} of {} on {} is not confirmed as closed; the next psleased tries again",
                row.admin, row.service
            ),
            None => format!("session {session} is not confirmed as closed"),
        }
    }

    /// False if nobody waits for it any more.
    fn answer(&mut self, request: RequestId, answer: Answer) -> bool {
        self.waiting
            .remove(&request)
            .is_some_and(|waiter| waiter.answer.send(answer).is_ok())
    }

    fn turn_over(&mut self, turn: RequestId) {
        if let Some((session, _)) = self.turns.remove(&turn)
            && !self.turns.values().any(|(other, _)| *other == session)
        {
            self.write_behind(|books| books.running(session, false));
        }
    }

    fn record(&mut self, seq: Seq, entry: Entry) {
        let name = name(&entry);
        crash::point(name, "written");
        let books = &mut self.parts.books;
        let entry = match entry {
            Entry::Fences { end } => Some(ledger::Entry::Fences(end.0)),
            Entry::Intent {
                session,
                shell,
                profile,
                ..
            } => {
                match self.parts.config.last().find(profile.as_str()) {
                    Some(profile) => Some(books.intent(session, shell, profile)),
                    None => {
                        // Taken out of the configuration this instant: nothing may be opened for it.
                        self.handle(Event::RecordFailed { seq });
                        return;
                    }
                }
            }
            Entry::Opened { session } => books.opened(session),
            Entry::Bound { session, .. } => books.bound(session, true),
            Entry::Unbound { session, .. } => books.bound(session, false),
            Entry::Left { session } => books.stage(session, Stage::Disconnected),
            Entry::Closing { session, .. } => books.stage(session, Stage::Closing),
            Entry::Unconfirmed { session, .. } => {
                self.parts.sessions.try_again(session);
                books.stage(session, Stage::Unconfirmed)
            }
            Entry::Gone { session } => {
                self.parts.sessions.forget_why(session);
                books.gone(session)
            }
        };
        let records = self.records.clone();
        self.parts.ledger.write(entry.into_iter().collect(), move |result| {
            if let Err(error) = &result {
                tracing::error!(%error, "the books");
            }
            crash::point(name, "durable");
            let _ = records.blocking_send(Recorded::Entry(seq, result.is_ok()));
        });
    }

    fn write_behind(&mut self, entry: impl FnOnce(&mut Books) -> Option<ledger::Entry>) {
        if let Some(entry) = entry(&mut self.parts.books) {
            self.parts.ledger.write(vec![entry], |result| {
                if let Err(error) = result {
                    tracing::error!(%error, "the books");
                }
            });
        }
    }
}

/// What tests call an entry.
const fn name(entry: &Entry) -> &'static str {
    match entry {
        Entry::Fences { .. } => "fences",
        Entry::Intent { .. } => "intent",
        Entry::Opened { .. } => "opened",
        Entry::Bound { .. } => "bound",
        Entry::Unbound { .. } => "unbound",
        Entry::Left { .. } => "left",
        Entry::Closing { .. } => "closing",
        Entry::Unconfirmed { .. } => "unconfirmed",
        Entry::Gone { .. } => "gone",
    }
}
