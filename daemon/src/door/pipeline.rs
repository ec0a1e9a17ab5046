//! One pipeline of a console's: it waits for a turn, runs, and ends. A task of its own, so that it is stopped and drained
//! in peace where the console has gone, and the session stays.

use std::collections::VecDeque;
use std::sync::Arc;

use broker::{Event, Fence, Holder, LeaseId, Refusal, RequestId, SessionId, StopCause, TurnOutcome};
use bytes::Bytes;
use clixml::Version;
use door::Run;
use psrp::MessageType;
use runspace::Outcome;
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use crate::desk::{Answer, Heard};
use crate::hub::Hub;
use crate::session::{Item, Order, Tray};
use crate::turn::Turn;

/// A pipeline that provably never ran is given another session so many times.
const TRIES: u32 = 3;

/// What is to run, and under what.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) run: Run,
    pub(super) kind: MessageType,
    pub(super) body: Bytes,
    pub(super) nested: bool,
    pub(super) lease: LeaseId,
    pub(super) fence: Fence,
    pub(super) holder: Arc<Holder>,
    /// What the console was told that the remote speaks.
    pub(super) protocol: Option<Version>,
    /// The only session that will do.
    pub(super) only: Option<SessionId>,
    pub(super) pool: Attention,
}

/// What becomes of messages that belong to no pipeline.
#[derive(Debug, Clone)]
pub(super) enum Attention {
    /// They are nobody's.
    None,
    /// They are for the door; where they come already, if they do.
    Door(Option<(SessionId, Arc<Tray>)>),
}

/// What the door is told.
#[derive(Debug)]
pub(super) enum Told {
    /// The remote has it: from now on it takes orders.
    Begun { run: Run, begun: Begun },
    /// What came, in order.
    Items { run: Run, items: VecDeque<Item> },
    /// Somebody else stops it.
    Stopping { run: Run, cause: StopCause },
    /// Nothing of it is left.
    Ended { run: Run, ended: Ended },
}

/// Where a pipeline runs.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) turn: RequestId,
    pub(super) session: SessionId,
    pub(super) pipeline: Uuid,
    pub(super) orders: mpsc::Sender<Order>,
    /// Where messages come from now on that belong to no pipeline, if that is another place than before.
    pub(super) pool: Option<Arc<Tray>>,
}

/// How it came to an end.
#[derive(Debug)]
pub(super) enum Ended {
    Outcome(Outcome),
    /// It was stopped before it ran.
    NeverRan,
    Refused(Refusal),
    /// The session's task went away.
    Lost,
    /// The only session that would do is gone, or another speaks another protocol version.
    Unfit(String),
}

/// Runs it to its end. `stop` is the console's; if `told` is closed, the console has gone.
pub(super) async fn run(hub: Arc<Hub>, asked: Asked, mut stop: watch::Receiver<bool>, told: mpsc::Sender<Told>) {
    let run = asked.run;
    let mut tries = 1;
    let ended = loop {
        let turn = match turn(&hub, &asked, &mut stop, &told).await {
            Ok(turn) => turn,
            Err(ended) => break ended,
        };
        let mut running = Running::begin(&hub, &asked, turn, &told);
        running.start(&asked).await;
        let outcome = running.run(&mut stop).await;
        let Running { turn, unsent, .. } = running;
        let (done, again) = match &outcome {
            Some(Outcome::Completed | Outcome::Failed | Outcome::Stopped | Outcome::Incomplete(_)) => {
                (TurnOutcome::Clean, false)
            }
            Some(Outcome::NotStarted(_)) => (TurnOutcome::Clean, tries < TRIES && !*stop.borrow()),
            Some(Outcome::Unknown(_)) | None => (TurnOutcome::Dirty, false),
        };
        turn.done(done);
        if again && asked.only.is_none() {
            tries += 1;
            continue;
        }
        for said in unsent {
            if told.send(said).await.is_err() {
                return;
            }
        }
        break outcome.map_or(Ended::Lost, Ended::Outcome);
    };
    let _ = told.send(Told::Ended { run, ended }).await;
}

/// A turn on a session that will do.
async fn turn(
    hub: &Arc<Hub>,
    asked: &Asked,
    stop: &mut watch::Receiver<bool>,
    told: &mpsc::Sender<Told>,
) -> Result<Turn, Ended> {
    let turn = any_turn(hub, asked, stop, told).await?;
    match unlike(hub, asked, turn.session) {
        None => Ok(turn),
        Some(why) => {
            turn.done(TurnOutcome::Clean);
            Err(Ended::Unfit(why))
        }
    }
}

/// Ends once it is set, or nobody is left who could.
async fn is_set(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Why the session cannot stand in for the one that the console was told of.
fn unlike(hub: &Hub, asked: &Asked, session: SessionId) -> Option<String> {
    let told = asked.protocol?;
    let opened = hub.sessions.opened(session)?;
    let facts = door::Facts::new(&opened.capability, None).ok()?;
    let speaks = facts.protocol();
    (speaks != told).then(|| format!("its session was replaced by one that speaks protocol {speaks} instead of {told}"))
}

async fn any_turn(
    hub: &Arc<Hub>,
    asked: &Asked,
    stop: &mut watch::Receiver<bool>,
    told: &mpsc::Sender<Told>,
) -> Result<Turn, Ended> {
    let (lease, fence, holder, nested) = (asked.lease, asked.fence, asked.holder.clone(), asked.nested);
    let only = asked.only;
    let mut pending = hub
        .desk
        .request(|turn| Event::Turn {
            turn,
            lease,
            fence,
            deadline: None,
            holder,
            nested,
            only,
        })
        .await;
    let id = pending.id();
    loop {
        // Dropping what is pending takes the request back.
        let heard = tokio::select! {
            biased;
            heard = pending.next() => heard,
            () = told.closed() => return Err(Ended::NeverRan),
            () = is_set(stop) => return Err(Ended::NeverRan),
        };
        return match heard {
            Heard::Waiting(_) => continue,
            Heard::Answer(Answer::Turn { session, stop }) => Ok(Turn::new(id, session, stop, hub.desk.clone())),
            Heard::Answer(Answer::Refused(Refusal::UnknownSession(_))) => Err(Ended::Unfit(
                "the session that it exchanged a key with is gone".to_owned(),
            )),
            Heard::Answer(Answer::Refused(refusal)) => Err(Ended::Refused(refusal)),
            Heard::Answer(_) => Err(Ended::Lost),
        };
    }
}

/// A pipeline on a session.
struct Running<'p> {
    run: Run,
    turn: Turn,
    pipeline: Uuid,
    orders: Option<mpsc::Sender<Order>>,
    tray: Option<Arc<Tray>>,
    pool: Option<Arc<Tray>>,
    told: &'p mpsc::Sender<Told>,
    /// What the door was not told yet. No more than the session gives ahead.
    unsent: VecDeque<Told>,
    stopping: bool,
    /// The console has gone: what still comes is nobody's.
    gone: bool,
}

impl<'p> Running<'p> {
    fn begin(hub: &Hub, asked: &Asked, turn: Turn, told: &'p mpsc::Sender<Told>) -> Self {
        Self {
            run: asked.run,
            orders: hub.sessions.orders(turn.session),
            turn,
            pipeline: Uuid::new_v4(),
            tray: None,
            pool: None,
            told,
            unsent: VecDeque::new(),
            stopping: false,
            gone: false,
        }
    }

    async fn start(&mut self, asked: &Asked) {
        // Before it runs: what it has the server say to nobody in particular comes here.
        let attends = match &asked.pool {
            Attention::None => false,
            Attention::Door(Some((session, tray))) => *session != self.turn.session || !tray.is_open(),
            Attention::Door(None) => true,
        };
        if attends {
            let (feed, tray) = Tray::new();
            self.order(Order::Attend { feed }).await;
            self.pool = Some(tray);
        }
        let (feed, tray) = Tray::new();
        self.tray = Some(tray);
        self.order(Order::Start {
            pipeline: self.pipeline,
            kind: asked.kind,
            body: asked.body.clone(),
            feed,
            attended: matches!(asked.pool, Attention::Door(_)),
        })
        .await;
    }

    /// An order that is lost has no session to go to: the tray says so.
    async fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            let _ = orders.send(order).await;
        }
    }

    async fn stop(&mut self) {
        if !std::mem::replace(&mut self.stopping, true) {
            let pipeline = self.pipeline;
            self.order(Order::Stop { pipeline }).await;
        }
    }

    /// `None` where the session's task went away in the middle.
    async fn run(&mut self, stop: &mut watch::Receiver<bool>) -> Option<Outcome> {
        let tray = self.tray.clone()?;
        let (mut hears, mut turned) = (true, true);
        loop {
            let told = self.told;
            tokio::select! {
                biased;
                permit = told.reserve(), if !self.unsent.is_empty() && !self.gone => match permit {
                    Ok(permit) => if let Some(said) = self.unsent.pop_front() {
                        permit.send(said);
                    },
                    Err(_) => self.left().await,
                },
                () = told.closed(), if !self.gone => self.left().await,
                () = is_set(stop), if hears => {
                    hears = false;
                    self.stop().await;
                }
                changed = self.turn.stop.changed(), if turned => match changed {
                    Ok(()) => {
                        let cause = *self.turn.stop.borrow_and_update();
                        if let Some(cause) = cause {
                            self.say(Told::Stopping { run: self.run, cause });
                            self.stop().await;
                        }
                    }
                    // The desk has ended the turn by itself: what comes from the session still counts.
                    Err(_) => turned = false,
                },
                items = tray.take() => {
                    if let Some(outcome) = self.items(items?).await {
                        return Some(outcome);
                    }
                }
            }
        }
    }

    async fn items(&mut self, items: VecDeque<Item>) -> Option<Outcome> {
        let mut batch = VecDeque::with_capacity(items.len());
        let mut outcome = None;
        for item in items {
            match item {
                Item::Started => {
                    if let Some(orders) = self.orders.clone() {
                        let begun = Begun {
                            turn: self.turn.id,
                            session: self.turn.session,
                            pipeline: self.pipeline,
                            orders,
                            pool: self.pool.take(),
                        };
                        self.say(Told::Begun { run: self.run, begun });
                    }
                }
                Item::Ended(ended) => outcome = Some(ended),
                other => batch.push_back(other),
            }
        }
        if self.gone {
            let weight = weight(&batch);
            self.take(weight).await;
        } else if !batch.is_empty() {
            self.say(Told::Items {
                run: self.run,
                items: batch,
            });
        }
        outcome
    }

    fn say(&mut self, said: Told) {
        if !self.gone {
            self.unsent.push_back(said);
        }
    }

    /// The console has gone: it is stopped, and what comes is taken, so that its end comes soon.
    async fn left(&mut self) {
        self.gone = true;
        let weight = self
            .unsent
            .drain(..)
            .map(|said| match said {
                Told::Items { items, .. } => weight(&items),
                Told::Begun { .. } | Told::Stopping { .. } | Told::Ended { .. } => 0,
            })
            .sum();
        self.take(weight).await;
        self.stop().await;
    }

    async fn take(&self, bytes: usize) {
        if bytes > 0 {
            let pipeline = self.pipeline;
            self.order(Order::Taken { pipeline, bytes }).await;
        }
    }
}

fn weight(items: &VecDeque<Item>) -> usize {
    items
        .iter()
        .map(|item| match item {
            Item::Piece(piece) => piece.weight(),
            _ => 0,
        })
        .sum()
}
