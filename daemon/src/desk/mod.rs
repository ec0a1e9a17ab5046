//! The one task that owns the broker: what anybody wants goes through here as an event, and what the broker decides is
//! carried out from here.
//!
//! - [`Handle`]: how the rest of the daemon asks. - [`Answer`]: what comes back, once for each request.
//! - `books`: the rows of the ledger. - `drive`: the loop.

mod books;
mod drive;
mod journal;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use broker::{
    EndCause, Event, Fence, LeaseId, Refusal, RequestId, RestoredLease, SessionId, Snapshot, StopCause, TurnOutcome,
    Waiting,
};
use ledger::{Affinity, Facts, LeaseRow, Past, Row};
use moment::Moment;
use runspace::Kept;
use tokio::sync::{mpsc, oneshot, watch};

pub(crate) use books::{Books, age, hold_back};
pub(crate) use drive::{Desk, Parts};
pub(crate) use journal::{Happening, Journal};

/// Questions that may wait for the desk.
const QUEUE: usize = 1024;

/// What anybody may say to the desk.
pub(crate) enum Ask {
    /// Something happened; nobody waits for an answer.
    Tell(Event),
    /// A request, whose answer somebody waits for.
    Request {
        id: RequestId,
        event: Event,
        waiting: watch::Sender<Option<Waiting>>,
        answer: oneshot::Sender<Answer>,
    },
    /// Who holds what.
    Snapshot(oneshot::Sender<Snapshot>),
    /// The endpoint sends an open elsewhere: durable before anything is sent there.
    Hop {
        session: SessionId,
        uri: String,
        done: oneshot::Sender<bool>,
    },
    /// What finds the session's shell again.
    Kept { session: SessionId, found: Box<Found> },
    /// The endpoint has set a cookie for a session that had none so far.
    LeftOut(SessionId),
    /// A session of an earlier run is about to be taken again; answered with its row once that is durable.
    TakeUp {
        session: SessionId,
        row: oneshot::Sender<Option<Box<Row>>>,
    },
    /// A lease of an earlier run that its holder may come back for.
    RestoreLease {
        lease: RestoredLease,
        news: oneshot::Sender<watch::Receiver<News>>,
    },
    /// Write this lease down, so that its holder finds it after a restart.
    KeepLease(Box<LeaseRow>),
    /// A lease of an earlier run that nobody will come back for.
    DropLease(LeaseId),
    /// The rows, and the shells that were gone when last heard of.
    Books(oneshot::Sender<(Vec<Row>, Vec<Past>)>),
    /// The books' row of a session whose end is not proven; `None` for any other.
    Unconfirmed {
        session: SessionId,
        row: oneshot::Sender<Option<Box<Row>>>,
    },
    /// Begin nothing more, close everything; answered with what was left.
    Shutdown {
        deadline: Moment,
        /// What may be left on its server is, for the next daemon.
        leave: bool,
        done: oneshot::Sender<Left>,
    },
}

/// What an open has brought to light of a shell, for whoever has to find it again.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) kept: Kept,
    /// After which the server ends it.
    pub(crate) idle: Option<Duration>,
    pub(crate) affinity: Affinity,
    pub(crate) facts: Option<Facts>,
}

/// What a shutdown left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) closed: u32,
    /// Left on their servers on purpose.
    pub(crate) kept: u32,
    /// A sentence each.
    pub(crate) unconfirmed: Vec<String>,
}

/// The final answer to a request.
#[derive(Debug)]
pub(crate) enum Answer {
    Granted {
        lease: LeaseId,
        fence: Fence,
        session: Option<SessionId>,
        ttl: Option<Duration>,
        news: watch::Receiver<News>,
    },
    Turn {
        session: SessionId,
        stop: watch::Receiver<Option<StopCause>>,
    },
    Connected {
        session: SessionId,
        reused: bool,
    },
    Renewed {
        ttl: Option<Duration>,
    },
    Done,
    Drained {
        left: Vec<SessionId>,
    },
    Refused(Refusal),
}

/// What a lease's holder is told after the grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum News {
    #[default]
    Lives,
    /// It keeps a session to itself and has run nothing for so long.
    Unused(Duration),
    /// It will end then, for this.
    Ending(EndCause, Moment),
    Ended(EndCause),
}

/// How the rest of the daemon speaks to the desk.
#[derive(Debug, Clone)]
pub(crate) struct Handle {
    asks: mpsc::Sender<Ask>,
    next: Arc<AtomicU64>,
    /// Counts what has happened, for whoever watches.
    changes: watch::Receiver<u64>,
    journal: Journal,
}

impl Handle {
    /// A handle, and the desk's end of it.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Ask>, watch::Sender<u64>) {
        let (asks, asked) = mpsc::channel(QUEUE);
        let (changed, changes) = watch::channel(0);
        (
            Self {
                asks,
                next: Arc::new(AtomicU64::new(1)),
                changes,
                journal: Journal::default(),
            },
            asked,
            changed,
        )
    }

    /// A number for a request that was never used before.
    pub(crate) fn request_id(&self) -> RequestId {
        RequestId(self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// Makes a request of the event that `with` builds for its number.
    pub(crate) async fn request(&self, with: impl FnOnce(RequestId) -> Event) -> Pending {
        let id = self.request_id();
        let (waiting, waits) = watch::channel(None);
        let (answer, answered) = oneshot::channel();
        let ask = Ask::Request {
            id,
            event: with(id),
            waiting,
            answer,
        };
        // A desk that has ended drops the ask, and with it the answer's sender: the request is then refused.
        let _ = self.asks.send(ask).await;
        Pending {
            id,
            waits,
            answered: Some(answered),
            desk: self.clone(),
        }
    }

    /// Says that something happened. Never waits; where the queue is full, a task does.
    pub(crate) fn tell(&self, event: Event) {
        if let Err(mpsc::error::TrySendError::Full(ask)) = self.asks.try_send(Ask::Tell(event)) {
            let asks = self.asks.clone();
            tokio::spawn(async move { asks.send(ask).await.is_ok() });
        }
    }

    /// Says that something happened, in order after whatever was said before.
    pub(crate) async fn say(&self, event: Event) {
        let _ = self.asks.send(Ask::Tell(event)).await;
    }

    pub(crate) async fn snapshot(&self) -> Snapshot {
        let (answer, answered) = oneshot::channel();
        let _ = self.asks.send(Ask::Snapshot(answer)).await;
        answered.await.unwrap_or_default()
    }

    /// True once the hop is in the books.
    pub(crate) async fn hop(&self, session: SessionId, uri: String) -> bool {
        let (done, recorded) = oneshot::channel();
        let _ = self.asks.send(Ask::Hop { session, uri, done }).await;
        recorded.await.unwrap_or(false)
    }

    pub(crate) async fn kept(&self, session: SessionId, found: Found) {
        let found = Box::new(found);
        let _ = self.asks.send(Ask::Kept { session, found }).await;
    }

    pub(crate) async fn left_out(&self, session: SessionId) {
        let _ = self.asks.send(Ask::LeftOut(session)).await;
    }

    /// The session's row with its next epoch, once that is durable; `None` if it is not.
    pub(crate) async fn take_up(&self, session: SessionId) -> Option<Row> {
        let (row, found) = oneshot::channel();
        let _ = self.asks.send(Ask::TakeUp { session, row }).await;
        found.await.ok().flatten().map(|row| *row)
    }

    pub(crate) async fn restore_lease(&self, lease: RestoredLease) -> Option<watch::Receiver<News>> {
        let (news, heard) = oneshot::channel();
        let _ = self.asks.send(Ask::RestoreLease { lease, news }).await;
        heard.await.ok()
    }

    pub(crate) async fn keep_lease(&self, lease: LeaseRow) {
        let _ = self.asks.send(Ask::KeepLease(Box::new(lease))).await;
    }

    pub(crate) async fn drop_lease(&self, lease: LeaseId) {
        let _ = self.asks.send(Ask::DropLease(lease)).await;
    }

    /// The rows, and the shells that were gone when last heard of.
    pub(crate) async fn books(&self) -> (Vec<Row>, Vec<Past>) {
        let (books, found) = oneshot::channel();
        let _ = self.asks.send(Ask::Books(books)).await;
        found.await.unwrap_or_default()
    }

    /// The row of a session, if its end is still to be proven.
    pub(crate) async fn unconfirmed(&self, session: SessionId) -> Option<Row> {
        let (row, found) = oneshot::channel();
        let _ = self.asks.send(Ask::Unconfirmed { session, row }).await;
        found.await.ok().flatten().map(|row| *row)
    }

    pub(crate) async fn shutdown(&self, deadline: Moment, leave: bool) -> Left {
        let (done, left) = oneshot::channel();
        let _ = self.asks.send(Ask::Shutdown { deadline, leave, done }).await;
        left.await.unwrap_or_default()
    }

    /// What happens, one thing after the other.
    pub(crate) fn journal(&self) -> Journal {
        self.journal.clone()
    }

    /// Changes whenever something has happened.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.clone()
    }
}

/// A request that waits. Dropped before its answer was heard, it is taken back, and so is what was granted meanwhile.
#[derive(Debug)]
pub(crate) struct Pending {
    id: RequestId,
    waits: watch::Receiver<Option<Waiting>>,
    answered: Option<oneshot::Receiver<Answer>>,
    desk: Handle,
}

/// What a waiting request hears next.
#[derive(Debug)]
pub(crate) enum Heard {
    Waiting(Waiting),
    Answer(Answer),
}

impl Pending {
    pub(crate) const fn id(&self) -> RequestId {
        self.id
    }

    /// What comes next: any number of reasons to wait, then the answer. May be cancelled and called again.
    pub(crate) async fn next(&mut self) -> Heard {
        loop {
            let Some(answered) = &mut self.answered else {
                return Heard::Answer(Answer::Refused(Refusal::Cancelled));
            };
            tokio::select! {
                biased;
                answer = answered => {
                    self.answered = None;
                    return Heard::Answer(answer.unwrap_or(Answer::Refused(Refusal::Stopping)));
                }
                Ok(()) = self.waits.changed() => {
                    if let Some(waiting) = self.waits.borrow_and_update().clone() {
                        return Heard::Waiting(waiting);
                    }
                }
            }
        }
    }

    /// The request's answer, to be kept until it has somebody to go to.
    pub(crate) fn keep(&self, answer: Answer) -> Given {
        Given {
            id: self.id,
            answer: Some(answer),
            desk: self.desk.clone(),
        }
    }

    /// The answer, whatever was waited for.
    pub(crate) async fn answer(mut self) -> Answer {
        loop {
            match self.next().await {
                Heard::Waiting(_) => {}
                Heard::Answer(answer) => return answer,
            }
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        let Some(mut answered) = self.answered.take() else {
            return;
        };
        // From here on the desk finds nobody to answer. What it has answered already, nobody has heard.
        answered.close();
        match answered.try_recv() {
            Ok(answer) => drop(self.keep(answer)),
            Err(_) => self.desk.tell(Event::Cancel { request: self.id }),
        }
    }
}

/// An answer on its way to whoever asked. Dropped before it is taken, it gives back what was granted: nobody else knows of
/// it.
#[derive(Debug)]
pub(crate) struct Given {
    id: RequestId,
    answer: Option<Answer>,
    desk: Handle,
}

impl Given {
    /// The answer. What was granted is the caller's to end now.
    pub(crate) fn take(mut self) -> Answer {
        // INVARIANT: only this and the drop empty it, so it is there.
        self.answer.take().unwrap_or(Answer::Refused(Refusal::Cancelled))
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        let event = match self.answer.take() {
            Some(Answer::Granted { lease, .. }) => Event::End {
                lease,
                cause: EndCause::Stream,
            },
            Some(Answer::Turn { .. }) => Event::TurnDone {
                turn: self.id,
                outcome: TurnOutcome::Clean,
            },
            Some(
                Answer::Connected { .. }
                | Answer::Renewed { .. }
                | Answer::Done
                | Answer::Drained { .. }
                | Answer::Refused(_),
            )
            | None => return,
        };
        self.desk.tell(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted() -> Answer {
        Answer::Granted {
            lease: LeaseId(7),
            fence: Fence(1),
            session: None,
            ttl: None,
            news: watch::channel(News::Lives).1,
        }
    }

    fn turn() -> Answer {
        let (session, stop) = (SessionId(3), watch::channel(None).1);
        Answer::Turn { session, stop }
    }

    /// What the desk is told when a request goes away in the way of `leave`.
    async fn told(answer: Option<Answer>, leave: impl AsyncFnOnce(Pending)) -> Event {
        let (handle, mut asked, _changed) = Handle::new();
        let event = |request| Event::Renew {
            request,
            lease: LeaseId(7),
            fence: Fence(1),
            ttl: None,
        };
        let pending = handle.request(event).await;
        let Some(Ask::Request { answer: sender, .. }) = asked.recv().await else {
            panic!("a request")
        };
        if let Some(answer) = answer {
            sender.send(answer).unwrap();
        }
        leave(pending).await;
        match asked.recv().await {
            Some(Ask::Tell(event)) => event,
            _ => panic!("the desk is told nothing"),
        }
    }

    #[tokio::test]
    async fn a_request_that_nobody_waits_for_is_taken_back() {
        let event = told(None, async |pending| drop(pending)).await;
        assert!(matches!(event, Event::Cancel { .. }), "{event:?}");
    }

    /// The answer and the end of whoever asked may meet.
    #[tokio::test]
    async fn what_was_granted_to_nobody_is_given_back() {
        let event = told(Some(granted()), async |pending| drop(pending)).await;
        assert!(matches!(event, Event::End { lease: LeaseId(7), .. }), "{event:?}");
        let event = told(Some(turn()), async |pending| drop(pending)).await;
        assert!(matches!(event, Event::TurnDone { .. }), "{event:?}");
    }

    #[tokio::test]
    async fn an_answer_that_was_heard_and_not_passed_on_is_given_back() {
        let event = told(Some(turn()), async |mut pending| {
            let Heard::Answer(answer) = pending.next().await else {
                panic!("the answer")
            };
            drop(pending.keep(answer));
        })
        .await;
        assert!(matches!(event, Event::TurnDone { .. }), "{event:?}");
    }
}
