//! What a pool is, whatever carries it: its phase, its pipelines, what is to be sent and what has come.
//!
//! The carrier asks what is to be sent (the outboxes, and what each pipeline wants: to be announced, signalled, closed)
//! and tells what happened. Everything here is either said by the server or asked by the driver; nothing is guessed.

mod input;
mod outbox;
mod pipeline;

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use moment::Moment;
use psrp::{Destination, Fragmenter, KeyPair, Message, MessageType, SessionKey};
use uuid::Uuid;

pub(crate) use outbox::Outbox;
pub(crate) use pipeline::{Announce, Closing, Pipeline, Signal};

use crate::bodies::{self, Protocol};
use crate::incoming::Incoming;
use crate::seen::Seen;
use crate::{Cause, Event, Kept, Notice, Operation, Outcome, Pool, Remains};

/// Where the pool stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing was asked yet.
    Fresh,
    /// On its way to `Opened`.
    Opening,
    /// Pipelines may run.
    Opened,
    /// Left on the server, by us or by an earlier process.
    Disconnected,
    /// Pipelines are being ended, then the shell is.
    Closing,
    /// Proven gone.
    Closed,
    /// Of no use but for a Close.
    Broken,
}

impl Phase {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Fresh => "not opened",
            Self::Opening => "being opened",
            Self::Opened => "open",
            Self::Disconnected => "disconnected",
            Self::Closing => "being closed",
            Self::Closed => "closed",
            Self::Broken => "broken",
        }
    }
}

/// What an operation asks of the carrier itself.
#[derive(Debug)]
pub(crate) enum Lifecycle {
    Open,
    Follow(String),
    Refuse(String),
    Resume,
    Get,
    Disconnect(Option<Duration>),
    Reconnect,
    Connect,
    Close,
}

/// What the carrier knows and `Opened` tells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) max_idle_timeout: Option<Duration>,
    pub(crate) kept: Option<Kept>,
}

#[derive(Debug)]
enum Key {
    None,
    Asked,
    /// Until then the answer is waited for.
    Sent(Box<KeyPair>, Moment),
    Here(SessionKey),
}

/// Who has the private half of a public key that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Ours,
    Somebodys,
}

#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) config: Pool,
    /// Who is at the other end, for messages: changes with a redirect.
    pub(crate) host: String,
    pub(crate) phase: Phase,
    /// The pool's own.
    pub(crate) outbox: Outbox,
    /// In the order of their start.
    pub(crate) pipelines: Vec<Pipeline>,
    pub(crate) facts: Facts,
    pub(crate) protocol: Option<Protocol>,
    fragmenter: Fragmenter,
    incoming: Incoming,
    assembly: psrp::Assembly,
    seen: Seen,
    version: String,
    capability: Bytes,
    private_data: Option<Bytes>,
    key: Key,
    need_key: bool,
    /// Public keys that are not answered, in order.
    keys: VecDeque<Whose>,
    events: VecDeque<Event>,
}

/// How long a server may take to answer PUBLIC_KEY.
const KEY_ANSWER: Duration = Duration::from_secs(60);
const KEY_EXCHANGE: &str = "key exchange";
/// The bytes of a message's header (MS-PSRP 2.2.1).
const MESSAGE_HEADER: usize = 40;

/// No message of the pool's is longer: they are states, events and answers.
const POOL_MESSAGE: usize = 16 << 20;

impl Machine {
    pub(crate) fn new(config: Pool) -> Self {
        Self {
            host: config.host.clone(),
            phase: Phase::Fresh,
            outbox: Outbox::default(),
            pipelines: Vec::new(),
            facts: Facts::default(),
            protocol: None,
            fragmenter: Fragmenter::starting_at(config.objects_after.saturating_add(1)),
            incoming: Incoming::new(psrp::Limits::CLIENT),
            assembly: psrp::Assembly::new(POOL_MESSAGE),
            seen: Seen::default(),
            version: String::new(),
            capability: Bytes::new(),
            private_data: None,
            key: Key::None,
            need_key: false,
            keys: VecDeque::new(),
            events: VecDeque::new(),
            config,
        }
    }

    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    pub(crate) fn tell(&mut self, event: Event) {
        self.events.push_back(event);
    }

    pub(crate) fn notice(&mut self, notice: Notice) {
        self.tell(Event::Notice(notice));
    }

    /// Whether the driver is to make an RSA pair; said once.
    pub(crate) fn take_need_key(&mut self) -> bool {
        std::mem::take(&mut self.need_key)
    }

    pub(crate) fn pipeline(&mut self, id: Uuid) -> Option<&mut Pipeline> {
        self.pipelines.iter_mut().find(|pipeline| pipeline.id == id)
    }

    pub(crate) fn protocol_error(&self, why: impl ToString) -> Cause {
        Cause::Protocol {
            host: self.host.clone(),
            why: why.to_string(),
        }
    }

    pub(crate) fn wrong_time(&self, operation: &'static str) -> Cause {
        Cause::WrongTime {
            operation,
            state: self.phase.name(),
        }
    }

    /// Begins the negotiation: what goes first to the server is in the outbox after this.
    pub(crate) fn open(&mut self) {
        debug_assert_eq!(self.phase, Phase::Fresh);
        self.phase = Phase::Opening;
        self.queue(MessageType::SessionCapability, None, bodies::capability());
        self.queue(
            MessageType::InitRunspacePool,
            None,
            bodies::init(&self.config.application_arguments),
        );
    }

    /// The same for a pool that exists: SESSION_CAPABILITY and CONNECT_RUNSPACEPOOL.
    pub(crate) fn connect(&mut self) {
        self.outbox.clear();
        self.queue(MessageType::SessionCapability, None, bodies::capability());
        self.queue(MessageType::ConnectRunspacePool, None, bodies::connect());
    }

    /// Does what needs no carrier; the rest is the carrier's.
    pub(crate) fn submit(&mut self, now: Moment, operation: Operation) -> Option<Lifecycle> {
        match operation {
            Operation::Open => return Some(Lifecycle::Open),
            Operation::Follow { uri } => return Some(Lifecycle::Follow(uri)),
            Operation::Refuse { why } => return Some(Lifecycle::Refuse(why)),
            Operation::Resume => return Some(Lifecycle::Resume),
            Operation::Get => return Some(Lifecycle::Get),
            Operation::Disconnect { idle_timeout } => return Some(Lifecycle::Disconnect(idle_timeout)),
            Operation::Reconnect => return Some(Lifecycle::Reconnect),
            Operation::Connect => return Some(Lifecycle::Connect),
            Operation::Close => return Some(Lifecycle::Close),
            Operation::Start { pipeline, kind, body } => self.start(pipeline, kind, body),
            Operation::Input { pipeline, body } => {
                self.pipeline_message(pipeline, MessageType::PipelineInput, body);
            }
            Operation::EndInput { pipeline } => {
                self.pipeline_message(pipeline, MessageType::EndOfPipelineInput, Bytes::new());
            }
            Operation::HostResponse {
                pipeline: Some(pipeline),
                body,
            } => {
                self.pipeline_message(pipeline, MessageType::PipelineHostResponse, body);
            }
            Operation::HostResponse { pipeline: None, body } => {
                if self.phase == Phase::Opened {
                    self.queue(MessageType::RunspacePoolHostResponse, None, body);
                }
            }
            Operation::Pool { kind, body } => {
                if self.phase == Phase::Opened {
                    if kind == MessageType::PublicKey {
                        self.keys.push_back(Whose::Somebodys);
                    }
                    self.queue(kind, None, body);
                } else {
                    let cause = self.wrong_time("pool message");
                    self.tell(Event::Refused {
                        operation: "pool message",
                        cause,
                    });
                }
            }
            Operation::Stop { pipeline } => self.stop(now, pipeline),
            Operation::Taken { pipeline, bytes } => {
                if let Some(pipeline) = self.pipeline(pipeline) {
                    pipeline.ahead = pipeline.ahead.saturating_sub(bytes);
                }
            }
            Operation::ExchangeKey => self.exchange_key(),
            Operation::Key(pair) => {
                if matches!(self.key, Key::Asked) && self.phase == Phase::Opened {
                    self.queue(MessageType::PublicKey, None, bodies::public_key(&pair));
                    self.key = Key::Sent(pair, now + KEY_ANSWER);
                    self.keys.push_back(Whose::Ours);
                }
            }
        }
        None
    }

    fn start(&mut self, id: Uuid, kind: MessageType, body: Bytes) {
        let refusal = if self.phase != Phase::Opened {
            Some(self.wrong_time("start"))
        } else if self.pipeline(id).is_some() || id.is_nil() {
            Some(Cause::WrongTime {
                operation: "start",
                state: "running a pipeline of that id",
            })
        } else {
            None
        };
        if let Some(cause) = refusal {
            return self.tell(Event::Ended {
                pipeline: id,
                outcome: Outcome::NotStarted(cause),
            });
        }
        self.pipelines.push(Pipeline::new(id));
        self.pipeline_message(id, kind, body);
    }

    /// A message to a pipeline that has ended goes nowhere: its `Ended` was the answer.
    fn pipeline_message(&mut self, id: Uuid, kind: MessageType, body: Bytes) {
        match self.pipeline(id) {
            Some(pipeline) if pipeline.takes_messages(kind) => self.queue(kind, Some(id), body),
            // Its room is free again at once.
            Some(_) if kind == MessageType::PipelineInput => {
                let bytes = body.len() + MESSAGE_HEADER;
                self.tell(Event::Forwarded { pipeline: id, bytes });
            }
            Some(_) | None => {}
        }
    }

    fn queue(&mut self, kind: MessageType, pipeline: Option<Uuid>, body: Bytes) {
        let message = Message {
            destination: Destination::Server,
            kind,
            pool: self.config.id,
            pipeline,
            body,
        };
        let outgoing = self.fragmenter.outgoing(&message);
        match pipeline {
            None => self.outbox.push(outgoing),
            Some(id) => {
                if let Some(pipeline) = self.pipeline(id) {
                    pipeline.outbox.push(outgoing);
                }
            }
        }
    }

    fn stop(&mut self, now: Moment, id: Uuid) {
        let deadline = now + self.config.stop_step;
        let Some(pipeline) = self.pipeline(id) else { return };
        match pipeline.announce {
            Announce::Waiting => self.remove(id, Outcome::Stopped),
            Announce::UnderWay | Announce::Looking | Announce::Known => pipeline.stop(deadline),
        }
    }

    fn exchange_key(&mut self) {
        match &self.key {
            Key::None if self.phase == Phase::Opened => {
                self.key = Key::Asked;
                self.need_key = true;
            }
            Key::None => {
                let cause = self.wrong_time(KEY_EXCHANGE);
                self.tell(Event::Refused {
                    operation: KEY_EXCHANGE,
                    cause,
                });
            }
            Key::Asked | Key::Sent(..) => {}
            Key::Here(key) => {
                let key = key.clone();
                self.tell(Event::KeyReady(key));
            }
        }
    }

    /// A server that does not answer the exchange is of use for everything that needs no key; the next asker tries again.
    fn look_for_key(&mut self, now: Moment) {
        if matches!(&self.key, Key::Sent(_, until) if *until <= now) {
            self.key = Key::None;
            let cause = Cause::NoAnswer {
                host: self.host.clone(),
                action: "the exchange of session keys",
                waited: KEY_ANSWER,
                sent: true,
            };
            self.tell(Event::Refused {
                operation: KEY_EXCHANGE,
                cause,
            });
        }
    }

    /// Tells how much input has left for the server, so that whoever gives it may give more.
    pub(crate) fn tell_forwarded(&mut self) {
        for pipeline in &mut self.pipelines {
            let bytes = pipeline.outbox.take_forwarded();
            if bytes > 0 {
                let pipeline = pipeline.id;
                self.events.push_back(Event::Forwarded { pipeline, bytes });
            }
        }
    }

    // -- what the carrier tells

    /// The server has taken the pipeline in.
    pub(crate) fn started(&mut self, id: Uuid) {
        let Some(pipeline) = self.pipeline(id) else { return };
        if pipeline.announce != Announce::Known {
            pipeline.announce = Announce::Known;
            self.tell(Event::Started { pipeline: id });
        }
    }

    /// Whether the server has taken the pipeline in is not known; the carrier looks.
    pub(crate) fn doubt(&mut self, id: Uuid, cause: Cause) {
        if let Some(pipeline) = self.pipeline(id) {
            pipeline.doubt(cause);
        }
    }

    /// No more comes from the pipeline: its command is to be closed.
    pub(crate) fn quiet(&mut self, now: Moment, id: Uuid) {
        let deadline = now + self.config.close_timeout;
        if let Some(pipeline) = self.pipeline(id) {
            pipeline.quiet = true;
            pipeline.want_close(deadline);
        }
    }

    /// Something went wrong with this pipeline only: it is to be closed, and its outcome is not the usual one.
    pub(crate) fn fail_pipeline(&mut self, now: Moment, id: Uuid, cause: Cause) {
        let deadline = now + self.config.close_timeout;
        if let Some(pipeline) = self.pipeline(id) {
            pipeline.fail(cause);
            pipeline.want_close(deadline);
        }
    }

    /// The pipeline's command is closed on the server, or provably not there.
    pub(crate) fn closed(&mut self, id: Uuid) {
        let holes = self.seen.holes();
        let host = self.host.clone();
        if let Some(pipeline) = self.pipeline(id) {
            let outcome = pipeline.outcome(holes, &host);
            self.remove(id, outcome);
        }
    }

    /// The pipeline provably never began.
    pub(crate) fn not_started(&mut self, id: Uuid, cause: Cause) {
        self.remove(id, Outcome::NotStarted(cause));
    }

    fn remove(&mut self, id: Uuid, outcome: Outcome) {
        let before = self.pipelines.len();
        self.pipelines.retain(|pipeline| pipeline.id != id);
        if self.pipelines.len() < before {
            self.tell(Event::Ended { pipeline: id, outcome });
        }
    }

    /// An answer that may have held this stream's data was lost.
    pub(crate) fn suspect(&mut self, target: Option<Uuid>) {
        let holes = self.seen.holes();
        if let Some(pipeline) = target.and_then(|id| self.pipeline(id)) {
            pipeline.suspect.get_or_insert(holes);
        }
    }

    /// The pool is of no use any more.
    pub(crate) fn break_down(&mut self, cause: Cause, shell: Remains) {
        if matches!(self.phase, Phase::Closed | Phase::Broken) {
            return;
        }
        self.end_all(&cause);
        let opening = self.phase == Phase::Opening;
        self.phase = Phase::Broken;
        self.tell(if opening {
            Event::OpenFailed { cause, shell }
        } else {
            Event::Broken { cause, shell }
        });
    }

    /// Ends every pipeline as far as it is known.
    pub(crate) fn end_all(&mut self, cause: &Cause) {
        let holes = self.seen.holes();
        for mut pipeline in std::mem::take(&mut self.pipelines) {
            let outcome = if pipeline.announce == Announce::Waiting {
                Outcome::NotStarted(cause.clone())
            } else {
                pipeline.fail(cause.clone());
                pipeline.outcome(holes, &self.host)
            };
            self.tell(Event::Ended {
                pipeline: pipeline.id,
                outcome,
            });
        }
        self.outbox.clear();
    }

    /// Begins the end: what has not begun never will, what runs is terminated.
    pub(crate) fn begin_close(&mut self, now: Moment) {
        self.phase = Phase::Closing;
        let deadline = now + self.config.stop_step;
        let waiting: Vec<Uuid> = self
            .pipelines
            .iter()
            .filter(|p| p.announce == Announce::Waiting)
            .map(|p| p.id)
            .collect();
        for id in waiting {
            self.not_started(id, Cause::Closed);
        }
        for pipeline in &mut self.pipelines {
            pipeline.fail(Cause::Closed);
            pipeline.want_close(deadline);
        }
    }

    /// Whether a pipeline may be running on the server.
    pub(crate) fn may_run(&self) -> bool {
        self.pipelines
            .iter()
            .any(|pipeline| pipeline.announce != Announce::Waiting && pipeline.finished.is_none())
    }

    pub(crate) fn poll_timeout(&self) -> Option<Moment> {
        let pipelines = self.pipelines.iter().filter_map(Pipeline::deadline);
        let key = match &self.key {
            Key::Sent(_, until) => Some(*until),
            Key::None | Key::Asked | Key::Here(_) => None,
        };
        pipelines.chain(key).min()
    }

    /// Climbs the ladders whose step is over. An error is the top of one: the pool is to be given up.
    pub(crate) fn handle_timeout(&mut self, now: Moment) -> Result<(), Cause> {
        self.look_for_key(now);
        let step = self.config.stop_step;
        let mut terminating = Vec::new();
        let mut over = Vec::new();
        let mut stuck = false;
        for pipeline in &mut self.pipelines {
            match pipeline.climb(now, step) {
                pipeline::Climb::Stay => {}
                pipeline::Climb::Terminate => terminating.push(pipeline.id),
                pipeline::Climb::Over => over.push(pipeline.id),
                // The Delete that is due next ends it with everything else.
                pipeline::Climb::Top if self.phase == Phase::Closing => over.push(pipeline.id),
                pipeline::Climb::Top => stuck = true,
            }
        }
        for pipeline in terminating {
            self.notice(Notice::Terminating { pipeline });
        }
        for pipeline in over {
            self.closed(pipeline);
        }
        if stuck {
            Err(Cause::WouldNotStop {
                host: self.host.clone(),
            })
        } else {
            Ok(())
        }
    }

    /// The pool was taken again, by Reconnect or Connect.
    pub(crate) fn reattached(&mut self, connected: bool, ended: Option<usize>) {
        self.phase = Phase::Opened;
        self.tell(Event::Reattached { connected, ended });
    }

    /// What was under way when the pool was left is not to be waited for.
    pub(crate) fn resume_streams(&mut self) {
        self.incoming.resume(psrp::Limits::CLIENT);
    }
}
