//! One pipeline from its wait to its end: the queue, the turn, the streams both ways, and exactly one `end`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use broker::{EndCause, Event, Fence, LeaseId, StopCause, TurnOutcome};
use proto::v1;
use proto::v1::invoke_event::{Event as Said, Notice};
use proto::v1::invoke_request::Message;
use psrp::MessageType;
use runspace::Outcome;
use tokio::sync::mpsc;
use tonic::{Status, Streaming};
use uuid::Uuid;

use super::acquire::refuse;
use super::output::{Output, end, host_response, secret_response};
use super::pipeline::{Plan, Under};
use super::wait::{Out, Told as _, wait};
use super::{error, value};
use crate::desk::{Answer, Handle};
use crate::hub::Hub;
use crate::session::{Feed, Item, Order, Tray};
use crate::turn::Turn;

/// A message that its reader leaves for so long means that the reader is not reading.
const UNREAD: Duration = Duration::from_secs(1);
/// A pipeline that provably never ran is given another session so many times.
const TRIES: u32 = 3;
/// So much of a pipeline's input may be on its way before no more is read from its caller, in bytes.
const INPUT_AHEAD: usize = 1 << 20;
/// What a message's header adds to each object (MS-PSRP 2.2.1).
const MESSAGE_HEADER: usize = 40;

/// A lease that was taken for one pipeline: it goes with this value.
struct Taken {
    lease: LeaseId,
    desk: Handle,
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.desk.tell(Event::End {
            lease: self.lease,
            cause: EndCause::Released,
        });
    }
}

pub(super) fn said(event: Said) -> v1::InvokeEvent {
    v1::InvokeEvent { event: Some(event) }
}

/// Runs the plan and says how it ended.
pub(super) async fn invoke(
    hub: Arc<Hub>,
    plan: Plan,
    mut messages: Streaming<v1::InvokeRequest>,
    out: Out<v1::InvokeEvent>,
) {
    if let Some(notice) = plan
        .bad
        .clone()
        .and_then(|bad| v1::InvokeEvent::notice(bad, String::new()))
    {
        let _ = out.send(Ok(notice)).await;
    }
    match run(&hub, &plan, &mut messages, &out).await {
        Ok(rest) => flush(rest, &out).await,
        Err(status) => refuse(&out, status).await,
    }
}

/// What is left to say when the turn is over. The caller may read it as slowly as it likes.
async fn flush(rest: VecDeque<v1::InvokeEvent>, out: &Out<v1::InvokeEvent>) {
    for event in rest {
        if out.send(Ok(event)).await.is_err() {
            return;
        }
    }
}

/// `Err(None)` where the caller has gone before anything ran.
async fn run(
    hub: &Arc<Hub>,
    plan: &Plan,
    messages: &mut Streaming<v1::InvokeRequest>,
    out: &Out<v1::InvokeEvent>,
) -> Result<VecDeque<v1::InvokeEvent>, Option<Status>> {
    let (lease, fence, profile, _taken) = match &plan.under {
        Under::Lease(lease, fence) => (*lease, *fence, String::new(), None),
        Under::Profile(profile, mode) => {
            let (lease, fence) = acquire(hub, plan, &profile.name, *mode, messages, out).await?;
            let taken = Taken {
                lease,
                desk: hub.desk.clone(),
            };
            (lease, fence, profile.name.clone(), Some(taken))
        }
    };
    let mut tries = 0;
    loop {
        tries += 1;
        let turn = turn(hub, plan, lease, fence, &profile, messages, out).await?;
        let session = turn.session;
        let mut running = Running::new(hub, plan, lease, turn, out);
        let ended = running.run(messages).await;
        let Running {
            turn,
            output,
            mut unsent,
            ..
        } = running;
        let (outcome, again) = match &ended.outcome {
            Some(Outcome::Completed | Outcome::Failed | Outcome::Stopped | Outcome::Incomplete(_)) => {
                (TurnOutcome::Clean, false)
            }
            // Provably: then another session may run it, unless this lease is bound to the one.
            Some(Outcome::NotStarted(_)) => (TurnOutcome::Clean, ended.why.is_none() && tries < TRIES && !ended.gone),
            Some(Outcome::Unknown(_)) | None => (TurnOutcome::Dirty, false),
        };
        turn.done(outcome);
        if again && matches!(plan.under, Under::Profile(..)) {
            tracing::info!(%session, "the pipeline never ran; it is given another session");
            continue;
        }
        if ended.gone {
            return Err(None);
        }
        unsent.push_back(said(Said::End(end(
            &ended.outcome,
            ended.why.as_ref(),
            output,
            &profile,
        ))));
        return Ok(unsent);
    }
}

/// A lease for this pipeline alone.
async fn acquire(
    hub: &Arc<Hub>,
    plan: &Plan,
    profile: &str,
    mode: broker::Mode,
    messages: &mut Streaming<v1::InvokeRequest>,
    out: &Out<v1::InvokeEvent>,
) -> Result<(LeaseId, Fence), Option<Status>> {
    let (name, holder) = (profile.into(), plan.holder.clone());
    let (priority, deadline) = (plan.priority, plan.deadline);
    let event = |request| Event::Acquire {
        request,
        profile: name,
        mode,
        priority,
        deadline,
        ttl: None,
        holder,
    };
    let granted = tokio::select! {
        granted = super::acquire::acquire(hub, profile, event, out) => granted?,
        () = stopped(messages), if !plan.has_input => return Err(Some(cancelled())),
    };
    Ok((granted.lease, granted.fence))
}

async fn turn(
    hub: &Arc<Hub>,
    plan: &Plan,
    lease: LeaseId,
    fence: Fence,
    profile: &str,
    messages: &mut Streaming<v1::InvokeRequest>,
    out: &Out<v1::InvokeEvent>,
) -> Result<Turn, Option<Status>> {
    let mut news = hub.sessions.news();
    let (holder, deadline, nested) = (plan.holder.clone(), plan.deadline, plan.nested);
    let pending = hub
        .desk
        .request(|turn| Event::Turn {
            turn,
            lease,
            fence,
            deadline,
            holder,
            nested,
            only: None,
        })
        .await;
    let id = pending.id();
    let answer = tokio::select! {
        answer = wait(pending, profile, &mut news, out) => answer.ok_or(None)?,
        () = stopped(messages), if !plan.has_input => return Err(Some(cancelled())),
    };
    match answer {
        Answer::Turn { session, stop } => Ok(Turn::new(id, session, stop, hub.desk.clone())),
        Answer::Refused(refusal) => Err(Some(error::refused(hub, &refusal, profile))),
        _ => Err(Some(error::internal("a turn was asked for, and something else came"))),
    }
}

fn cancelled() -> Status {
    error::status(v1::ErrorKind::Cancelled, "stopped before it ran", "")
}

/// Ends when the caller says `stop` while it waits. A caller that sends nothing any more waits on.
async fn stopped(messages: &mut Streaming<v1::InvokeRequest>) {
    loop {
        match messages.message().await {
            Ok(Some(v1::InvokeRequest {
                message: Some(Message::Stop(true)),
            })) => return,
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => return std::future::pending().await,
        }
    }
}

/// Why a pipeline was stopped, if not by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why {
    /// The caller asked.
    Asked,
    /// The caller has gone.
    Gone,
    TimedOut(Duration),
    Told(StopCause),
}

/// How it came to an end.
struct Ended {
    /// `None` where the session's task went away in the middle.
    outcome: Option<Outcome>,
    why: Option<Why>,
    gone: bool,
}

/// A pipeline on a session.
struct Running<'p> {
    hub: &'p Arc<Hub>,
    plan: &'p Plan,
    lease: LeaseId,
    turn: Turn,
    pipeline: Uuid,
    orders: Option<mpsc::Sender<Order>>,
    tray: Arc<Tray>,
    out: &'p Out<v1::InvokeEvent>,
    output: Output,
    /// Said, and not yet taken by the reader; with the weight of the piece that it was.
    unsent: VecDeque<v1::InvokeEvent>,
    bytes: VecDeque<usize>,
    why: Option<Why>,
    gone: bool,
    stalled: bool,
    /// Questions that the caller has not answered.
    questions: usize,
    /// Bytes of input on their way to the server.
    input: usize,
    outcome: Option<Outcome>,
}

impl<'p> Running<'p> {
    fn new(hub: &'p Arc<Hub>, plan: &'p Plan, lease: LeaseId, turn: Turn, out: &'p Out<v1::InvokeEvent>) -> Self {
        let (feed, tray) = Tray::new();
        let pipeline = Uuid::new_v4();
        let orders = hub.sessions.orders(turn.session);
        let origin = hub.sessions.host_of(turn.session);
        let mut this = Self {
            hub,
            plan,
            lease,
            turn,
            pipeline,
            orders,
            tray,
            out,
            output: Output::new(plan.encoding, origin),
            unsent: VecDeque::new(),
            bytes: VecDeque::new(),
            why: None,
            gone: false,
            stalled: false,
            questions: 0,
            input: 0,
            outcome: None,
        };
        this.start(feed);
        this
    }

    fn start(&mut self, feed: Feed) {
        let (pipeline, body) = (self.pipeline, self.plan.body.clone());
        self.order(Order::Start {
            pipeline,
            kind: MessageType::CreatePipeline,
            body,
            feed,
            attended: false,
        });
    }

    /// An order that is lost has no session to go to: the tray says so.
    fn order(&self, order: Order) {
        if let Some(orders) = &self.orders
            && let Err(mpsc::error::TrySendError::Full(order)) = orders.try_send(order)
        {
            let orders = orders.clone();
            tokio::spawn(async move { orders.send(order).await.is_ok() });
        }
    }

    fn stop(&mut self, why: Why) {
        if self.why.is_none() {
            self.order(Order::Stop {
                pipeline: self.pipeline,
            });
            self.why = Some(why);
        }
    }

    async fn run(&mut self, messages: &mut Streaming<v1::InvokeRequest>) -> Ended {
        let timeout = async {
            match self.plan.timeout {
                Some(timeout) => tokio::time::sleep(timeout).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(timeout);
        let peer = self.plan.peer.clone();
        let process = peer.ended();
        tokio::pin!(process);
        let (mut timed_out, mut ended, mut hears, mut turned) = (false, false, true, true);
        let out = self.out;
        let stoppable = self.hub.stops.enter(self.pipeline);
        while self.outcome.is_none() {
            tokio::select! {
                biased;
                permit = out.reserve(), if !self.unsent.is_empty() && !self.gone => match permit {
                    Ok(permit) => {
                        if let Some(event) = self.unsent.pop_front() {
                            permit.send(Ok(event));
                        }
                        let bytes = self.bytes.pop_front().unwrap_or(0);
                        self.taken(bytes);
                    }
                    Err(_) => self.left(),
                },
                () = out.closed(), if !self.gone => self.left(),
                () = &mut process, if !ended => {
                    ended = true;
                    self.left();
                }
                () = stoppable.asked() => self.stop(Why::Asked),
                changed = self.turn.stop.changed(), if turned => match changed {
                    Ok(()) => {
                        let told = *self.turn.stop.borrow_and_update();
                        if let Some(cause) = told {
                            self.stop(Why::Told(cause));
                        }
                    }
                    // The desk has ended the turn by itself: what comes from the session still counts.
                    Err(_) => turned = false,
                },
                items = self.tray.take(), if self.unsent.is_empty() || self.why.is_some() => match items {
                    Some(items) => self.items(items),
                    None => break,
                },
                message = messages.message(), if hears && self.input < INPUT_AHEAD => match message {
                    Ok(Some(request)) => self.message(request).await,
                    Ok(None) | Err(_) => hears = false,
                },
                () = &mut timeout, if !timed_out => {
                    timed_out = true;
                    self.stop(Why::TimedOut(self.plan.timeout.unwrap_or_default()));
                }
                () = tokio::time::sleep(UNREAD), if !self.unsent.is_empty() && !self.stalled && !self.gone => self.stalls(),
            }
        }
        Ended {
            outcome: self.outcome.take(),
            why: self.why.clone(),
            gone: self.gone,
        }
    }

    /// The caller has gone: what still comes is nobody's.
    fn left(&mut self) {
        self.gone = true;
        self.unsent.clear();
        let bytes = self.bytes.drain(..).sum();
        self.taken(bytes);
        self.stop(Why::Gone);
    }

    fn taken(&mut self, bytes: usize) {
        if bytes > 0 {
            self.order(Order::Taken {
                pipeline: self.pipeline,
                bytes,
            });
        }
        if self.questions == 0 {
            self.flows();
        }
    }

    fn stalls(&mut self) {
        if !self.stalled {
            self.stalled = true;
            self.hub.desk.tell(Event::Stalled { turn: self.turn.id });
        }
    }

    fn flows(&mut self) {
        if self.stalled {
            self.stalled = false;
            self.hub.desk.tell(Event::Flowing { turn: self.turn.id });
        }
    }

    fn items(&mut self, items: VecDeque<Item>) {
        for item in items {
            match item {
                Item::Started => self.say(
                    Said::Started(v1::Started {
                        session: self.turn.session.0,
                        lease: self.lease.0,
                        pipeline: self.pipeline.to_string().to_uppercase(),
                        endpoint: self.output.origin().to_owned(),
                    }),
                    0,
                ),
                // Nobody reads what was written before: the rest of what was stopped is not kept for that.
                Item::Piece(piece) if self.is_unread() => self.taken(piece.weight()),
                Item::Piece(piece) => {
                    let bytes = piece.weight();
                    let mut said = self.output.piece(piece);
                    let last = said.pop();
                    for event in said {
                        self.asked(&event);
                        self.say(event, 0);
                    }
                    match last {
                        Some(event) => {
                            self.asked(&event);
                            self.say(event, bytes);
                        }
                        // Part of what is put together first.
                        None => self.taken(bytes),
                    }
                }
                Item::State(_, body) => self.output.state(&body),
                Item::Forwarded(bytes) => self.input = self.input.saturating_sub(bytes),
                Item::KeyRequested => {}
                Item::Notice(message) => {
                    self.say(
                        Said::Notice(Notice {
                            message,
                            hint: String::new(),
                        }),
                        0,
                    );
                }
                Item::Ended(outcome) => self.outcome = Some(outcome),
            }
        }
    }

    fn is_unread(&self) -> bool {
        matches!(self.why, Some(Why::Told(_))) && !self.unsent.is_empty()
    }

    /// A question that goes unanswered holds the session up as much as output that nobody reads.
    fn asked(&mut self, event: &Said) {
        if let Said::HostCall(v1::HostCall { call: Some(_), .. }) = event {
            self.questions += 1;
            self.stalls();
        }
    }

    fn say(&mut self, event: Said, bytes: usize) {
        if self.gone {
            self.taken(bytes);
            return;
        }
        self.unsent.push_back(said(event));
        self.bytes.push_back(bytes);
    }

    async fn message(&mut self, request: v1::InvokeRequest) {
        let pipeline = self.pipeline;
        let order = match request.message {
            Some(Message::Input(input)) => match input_body(input) {
                Ok(body) => {
                    self.input += body.len() + MESSAGE_HEADER;
                    Order::Input { pipeline, body }
                }
                Err(message) => {
                    tracing::debug!(message, "input");
                    return self.say(
                        Said::Notice(Notice {
                            message,
                            hint: String::new(),
                        }),
                        0,
                    );
                }
            },
            Some(Message::EndOfInput(true)) => Order::EndInput { pipeline },
            Some(Message::HostResponse(response)) => {
                self.questions = self.questions.saturating_sub(1);
                if self.questions == 0 && self.unsent.is_empty() {
                    self.flows();
                }
                if response.secrets.is_empty() {
                    Order::HostResponse {
                        pipeline,
                        body: host_response(response),
                    }
                } else {
                    Order::SecretResponse(secret_response(pipeline, response))
                }
            }
            Some(Message::Stop(true)) => return self.stop(Why::Asked),
            Some(Message::Begin(_) | Message::EndOfInput(false) | Message::Stop(false)) | None => return,
        };
        // Held up while the session is: so is whoever sends input faster than it is taken.
        if let Some(orders) = &self.orders {
            let _ = orders.send(order).await;
        }
    }
}

fn input_body(input: v1::Input) -> Result<bytes::Bytes, String> {
    match input.object {
        Some(v1::input::Object::Clixml(body)) => Ok(body.into()),
        Some(v1::input::Object::Value(given)) => {
            value::to_clixml(given).map(|object| psrp::body::write_object(&object))
        }
        None => Ok(psrp::body::write_object(&clixml::Value::Null)),
    }
}
