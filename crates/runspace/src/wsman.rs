//! A pool over WS-Management: one shell, its requests, and what their answers mean.
//!
//! Three lanes at the least, since HTTP/1.1 has one request at a time on each connection: the pool's Receive stays parked
//! on one, each running pipeline's on another, and everything else goes one by one over the third, which is what keeps the
//! fragments of a target in order (protocol.md 7). Only what ends something may take a lane of its own, past a request that
//! hangs. `plan` looks what each free lane could carry; nothing is queued that
//! could be decided later, so a stop overtakes whatever has not been sent.

mod answer;
mod backoff;
mod ending;
mod flight;
mod judge;
mod listing;
mod notices;
mod plan;
mod strays;
mod uri;

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use moment::Moment;
use uuid::Uuid;
use wsman::{CommandId, Session, SessionId, ShellId};

use crate::ids::Ids;
use crate::machine::{Announce, Facts, Lifecycle, Machine, Phase};
use crate::{Cause, Event, Failed, Kept, Operation, Output, Pool, Response, Shell, Stage, Ticket, bodies};

use backoff::Backoff;
use flight::{Flight, Held, Job};
use notices::Silence;
use strays::Strays;

pub use listing::{Listed, Listing};

/// A pool over WS-Management, without I/O.
///
/// After every call take [`poll_output`](Self::poll_output) and [`poll_event`](Self::poll_event) until they are empty, and
/// call [`handle_timeout`](Self::handle_timeout) at the moment that [`poll_timeout`](Self::poll_timeout) names.
#[derive(Debug)]
pub struct Wsman {
    machine: Machine,
    shell: Shell,
    session: Session,
    ids: Ids,
    tickets: u64,
    flights: Vec<Flight>,
    /// Requests that are to be sent again, each on its lane; nothing overtakes them there.
    held: Vec<Held>,
    tasks: VecDeque<Task>,
    /// The fragments in creationXml: the same ones go to wherever a redirect leads.
    creation: Bytes,
    creating: Creating,
    redirects: u8,
    /// A CreateResponse was seen.
    created: bool,
    /// When the shell was last taken again.
    attached_at: Moment,
    /// How long the open, the ending of pipelines or the Delete may take yet.
    deadline: Option<Moment>,
    close: Close,
    control_backoff: Backoff,
    pool_backoff: Backoff,
    backoffs: HashMap<Uuid, Backoff>,
    commands: HashMap<Uuid, CommandId>,
    /// The log-on was refused: nothing is sent.
    paused: bool,
    silence: Silence,
    /// The shell is being taken again, and what an earlier process left in it is being ended.
    strays: Option<Strays>,
    outputs: VecDeque<Output>,
}

/// How far the Create is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Creating {
    /// No Create was sent that could have had effect.
    Never,
    /// One is under way.
    UnderWay,
    /// The endpoint redirects; the driver judges.
    Redirected,
    /// It may have had effect, and was not answered.
    Unknown,
    /// It was answered.
    Done,
}

/// How far the end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Close {
    /// Nobody asked.
    No,
    /// The Create under way is waited for.
    AfterCreate,
    /// Pipelines are being ended.
    Pipelines,
    /// Delete is to be sent, or was.
    Deleting,
    /// It did not prove anything; it may be asked for again.
    Failed,
}

/// What the control lane does besides what pipelines want.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Task {
    Create,
    Get,
    Disconnect(Option<std::time::Duration>),
    Reconnect,
    Connect,
    /// The commands of a shell that was taken again; `Some` is the next page.
    ListCommands(Option<String>),
    TakeStray,
    EndStray,
    Delete,
}

impl Task {
    const fn name(&self) -> &'static str {
        match self {
            Self::Create => "open",
            Self::Get => "get",
            Self::Disconnect(_) => "disconnect",
            Self::Reconnect => "reconnect",
            Self::Connect => "connect",
            Self::ListCommands(_) | Self::TakeStray | Self::EndStray => "look at what runs",
            Self::Delete => "close",
        }
    }
}

/// No chain of redirects is longer (protocol.md 19).
const MAX_REDIRECTS: u8 = 5;

impl Wsman {
    /// A pool that is to be opened.
    pub fn new(pool: Pool, shell: Shell) -> Self {
        let to = uri::connection(&shell, &shell.uri);
        let resource = wsman::resource_uri(&shell.configuration);
        let mut session = Session::new(to, resource, SessionId::from(shell.session), ShellId::from(pool.id));
        session.locale.clone_from(&shell.locale);
        session.data_locale.clone_from(&shell.data_locale);
        Self {
            ids: Ids::new(pool.seed),
            machine: Machine::new(pool),
            shell,
            session,
            tickets: 0,
            flights: Vec::new(),
            held: Vec::new(),
            tasks: VecDeque::new(),
            creation: Bytes::new(),
            creating: Creating::Never,
            redirects: 0,
            created: false,
            attached_at: Moment::START,
            deadline: None,
            close: Close::No,
            control_backoff: Backoff::default(),
            pool_backoff: Backoff::default(),
            backoffs: HashMap::new(),
            commands: HashMap::new(),
            paused: false,
            silence: Silence::default(),
            strays: None,
            outputs: VecDeque::new(),
        }
    }

    /// A shell that an earlier process left on the server. Only `Get`, `Disconnect`, `Reconnect`, `Connect` and `Close`
    /// make sense before it is taken again.
    pub fn attach(pool: Pool, shell: Shell, kept: Kept) -> Self {
        let mut this = Self::new(pool, shell);
        this.session.to.clone_from(&kept.uri);
        this.session.shell_id = ShellId::new(kept.shell_id.clone());
        this.session.resource_uri.clone_from(&kept.resource_uri);
        this.created = kept.created;
        this.creating = if kept.created {
            Creating::Done
        } else {
            Creating::Unknown
        };
        this.machine.phase = Phase::Disconnected;
        this.machine.protocol = kept.protocol.as_deref().and_then(bodies::protocol_of);
        this.machine.facts = Facts {
            kept: Some(kept),
            ..Facts::default()
        };
        this.adjust_envelope();
        this
    }

    /// What is asked of the pool.
    pub fn submit(&mut self, now: Moment, operation: Operation) {
        if let Operation::Stop { pipeline } = &operation {
            // If its announcement waits to be sent again, it provably never arrived, and there is nothing to stop.
            self.drop_held_if(|flight| flight.job == Job::Command(*pipeline));
        }
        if let Some(lifecycle) = self.machine.submit(now, operation) {
            self.lifecycle(now, lifecycle);
        }
        self.plan(now);
    }

    /// The answer to a request, of whatever status.
    pub fn respond(&mut self, now: Moment, ticket: Ticket, response: Response) {
        self.came(now, ticket, Ok(response));
    }

    /// No answer to a request.
    pub fn failed(&mut self, now: Moment, ticket: Ticket, failed: Failed) {
        self.came(now, ticket, Err(failed));
    }

    /// What the driver is to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        if self.machine.take_need_key() {
            return Some(Output::NeedKey);
        }
        self.outputs.pop_front()
    }

    /// What the driver is told.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.machine.poll_event()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due.
    pub fn poll_timeout(&self) -> Option<Moment> {
        if self.machine.phase == Phase::Closed {
            return None;
        }
        let flights = self
            .flights
            .iter()
            .filter_map(|flight| self.silence.due(flight, &self.shell));
        let retries = self
            .backoffs
            .values()
            .chain([&self.pool_backoff])
            .filter_map(Backoff::due)
            .chain(self.held.iter().map(|held| held.until))
            .filter(|_| !self.paused);
        let fixed = [self.machine.poll_timeout(), self.deadline];
        flights.chain(retries).chain(fixed.into_iter().flatten()).min()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Moment) {
        if self.machine.phase == Phase::Closed {
            return;
        }
        self.look_for_silence(now);
        for backoff in self.backoffs.values_mut().chain([&mut self.pool_backoff]) {
            backoff.wake(now);
        }
        let ladder = self.machine.handle_timeout(now);
        if let (Close::No, Err(cause)) = (self.close, ladder) {
            self.break_down(cause);
        }
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.deadline_passed(now);
        }
        self.finish_confirmed();
        self.plan(now);
    }

    fn lifecycle(&mut self, now: Moment, lifecycle: Lifecycle) {
        match (lifecycle, self.machine.phase) {
            (Lifecycle::Open, Phase::Fresh) => self.open(now),
            (Lifecycle::Open, _) => {
                let cause = self.machine.wrong_time("open");
                self.machine.tell(Event::Refused {
                    operation: "open",
                    cause,
                });
            }
            (Lifecycle::Follow(uri), Phase::Opening) if self.creating == Creating::Redirected => self.follow(&uri),
            (Lifecycle::Refuse(why), Phase::Opening) if self.creating == Creating::Redirected => {
                let (host, to) = (self.machine.host.clone(), String::from("another address"));
                self.creating = Creating::Never;
                self.break_down(Cause::Redirected {
                    host,
                    action: "Create",
                    to,
                    why,
                });
            }
            (Lifecycle::Follow(_) | Lifecycle::Refuse(_), _) => {}
            (Lifecycle::Resume, _) => self.paused = false,
            (Lifecycle::Close, _) => self.close(now),
            (Lifecycle::Get, Phase::Opened | Phase::Disconnected | Phase::Broken) => self.tasks.push_back(Task::Get),
            (Lifecycle::Disconnect(idle), Phase::Opened | Phase::Disconnected) if self.machine.pipelines.is_empty() => {
                self.tasks.push_back(Task::Disconnect(idle));
            }
            (Lifecycle::Reconnect, Phase::Disconnected) if self.is_being_taken() => {
                self.refuse_while_taken("reconnect");
            }
            (Lifecycle::Connect, Phase::Disconnected) if self.is_being_taken() => {
                self.refuse_while_taken("connect");
            }
            (Lifecycle::Reconnect, Phase::Disconnected) => self.tasks.push_back(Task::Reconnect),
            (Lifecycle::Connect, Phase::Disconnected) => self.tasks.push_back(Task::Connect),
            (Lifecycle::Get, _) => self.refuse("get"),
            (Lifecycle::Disconnect(_), _) => self.refuse("disconnect"),
            (Lifecycle::Reconnect, _) => self.refuse("reconnect"),
            (Lifecycle::Connect, _) => self.refuse("connect"),
        }
    }

    fn refuse(&mut self, operation: &'static str) {
        let cause = self.machine.wrong_time(operation);
        self.machine.tell(Event::Refused { operation, cause });
    }

    fn open(&mut self, now: Moment) {
        self.machine.open();
        let create = wsman::Create {
            creation: Bytes::new(),
            ..self.create()
        };
        let room = self.session.payload_budget(wsman::Operation::Create(create));
        self.creation = self.machine.outbox.cut(room).unwrap_or_default();
        self.deadline = Some(now + self.machine.config.open_timeout);
        self.tasks.push_back(Task::Create);
        let uri = self.session.to.clone();
        self.machine.tell(Event::Opening(Stage::Creating { uri }));
    }

    fn create(&self) -> wsman::Create {
        let mut create = wsman::Create::new(self.session.shell_id.clone(), self.creation.clone());
        create.name.clone_from(&self.shell.name);
        create.idle_timeout = self.shell.idle_timeout;
        create.no_profile = self.shell.no_profile;
        create
    }

    fn follow(&mut self, to: &str) {
        self.session.to = uri::connection(&self.shell, to);
        self.machine.host = uri::host(to);
        self.creating = Creating::Never;
        self.tasks.push_back(Task::Create);
        let uri = self.session.to.clone();
        self.machine.tell(Event::Opening(Stage::Creating { uri }));
    }

    /// Forgets what was to be sent again.
    fn drop_held(&mut self) {
        self.drop_held_if(|_| true);
    }

    /// An announcement among them never arrived.
    fn drop_held_if(&mut self, fits: impl Fn(&Flight) -> bool) {
        let (dropped, kept) = std::mem::take(&mut self.held)
            .into_iter()
            .partition(|held| fits(&held.flight));
        self.held = kept;
        let dropped: Vec<Held> = dropped;
        for held in dropped {
            if let Job::Command(pipeline) = held.flight.job
                && let Some(pipeline) = self.machine.pipeline(pipeline)
            {
                pipeline.announce = Announce::Waiting;
            }
        }
    }

    fn adjust_envelope(&mut self) {
        if self.machine.protocol.is_some_and(|protocol| protocol.large_envelopes) {
            self.session.max_envelope_size = wsman::MAX_ENVELOPE_SIZE;
        }
    }

    fn command_id(&self, pipeline: Uuid) -> CommandId {
        self.commands
            .get(&pipeline)
            .cloned()
            .unwrap_or_else(|| CommandId::from(pipeline))
    }

    /// Whether the pipeline may be received from.
    fn may_receive(&self, at: usize) -> bool {
        let pipeline = &self.machine.pipelines[at];
        matches!(pipeline.announce, Announce::Known | Announce::Looking)
            && !pipeline.quiet
            && !pipeline.is_damaged()
            && pipeline.closing == crate::machine::Closing::No
            && pipeline.ahead < self.machine.config.ahead
    }
}
