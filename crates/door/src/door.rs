//! The machine: what it begins with, what it knows, how its driver asks.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use moment::Moment;
use pipe::{Limits, Packet, Reader};
use psrp::Outgoing;
use psrp::server::{self, Pool};
use uuid::Uuid;

use crate::pipeline::{Pipeline, Stage};
use crate::{Action, Facts, Output, Run};

/// What holds for every door.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// How long after the capability the rest of the opening is answered: PowerShell's client loses a race against a quicker
    /// server (protocol.md 24).
    pub pause: Duration,
    /// How much input of one pipeline, in bytes, may wait for the remote before its packets go unacknowledged.
    pub ahead: usize,
    /// How much of it ends the session: a console that goes on sending without an acknowledgement breaks a rule.
    pub most: usize,
    /// Whether nobody else uses the session behind the door, so that the console may reset it.
    pub alone: bool,
    /// How many pipelines a console may have announced and not closed.
    pub pipelines: usize,
    /// The longest line, in bytes.
    pub line: usize,
    /// What is taken of one message.
    pub limits: psrp::Limits,
}

impl Default for Config {
    /// 20 ms, 1 MiB and 64 MiB, not alone, 256 pipelines, lines of 1 MiB, and PowerShell's own 10 MB an object.
    fn default() -> Self {
        Self {
            pause: Duration::from_millis(20),
            ahead: 1 << 20,
            most: 64 << 20,
            alone: false,
            pipelines: 256,
            line: Limits::default().line,
            limits: psrp::Limits::SERVER,
        }
    }
}

/// How far the PSSession has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    /// Nothing came.
    Fresh,
    /// The capability was answered; the rest is due at that moment, if the console has asked by then.
    Greeted { due: Moment, asked: bool },
    /// Pipelines may run.
    Opened,
    /// The console has closed the pool; what runs is being stopped.
    Closing,
    /// It was told that the pool is closed.
    Closed,
    /// It was told that the pool is broken.
    Broken,
    /// It has gone.
    Gone,
}

/// A door, without I/O.
///
/// After every call take [`poll_action`](Self::poll_action) and [`poll_output`](Self::poll_output) until they are empty, and
/// call [`handle_timeout`](Self::handle_timeout) at the moment that [`poll_timeout`](Self::poll_timeout) names. Output need
/// not be written at once: what waits is bounded, for each pipeline, by what the session gives before it is
/// [taken](Output::taken).
#[derive(Debug)]
pub struct Door {
    pub(crate) config: Config,
    pub(crate) facts: Facts,
    pub(crate) phase: Phase,
    pub(crate) reader: Reader,
    pub(crate) pool: Pool,
    /// By the console's ids.
    pub(crate) pipelines: BTreeMap<Uuid, Pipeline>,
    /// The console's ids, by ours.
    pub(crate) runs: HashMap<Run, Uuid>,
    /// Answers to public keys that came before the pool was open.
    pub(crate) early_keys: Vec<Bytes>,
    last_run: u64,
    outputs: VecDeque<Output>,
    /// The bytes in `outputs`.
    waiting: usize,
    actions: VecDeque<Action>,
}

impl Door {
    /// A door that nobody has come through, to a pool of which this is known.
    pub fn new(facts: Facts, config: Config) -> Self {
        let pool = Pool::new(server::Config {
            capability: facts.capability.clone(),
            limits: config.limits,
            first_object: 1,
        });
        Self {
            reader: Reader::new(Limits { line: config.line }),
            config,
            facts,
            phase: Phase::Fresh,
            pool,
            pipelines: BTreeMap::new(),
            runs: HashMap::new(),
            early_keys: Vec::new(),
            last_run: 0,
            outputs: VecDeque::new(),
            waiting: 0,
            actions: VecDeque::new(),
        }
    }

    /// What the console was told of the remote.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Whether the console may run pipelines.
    pub fn is_open(&self) -> bool {
        self.phase == Phase::Opened
    }

    /// Whether everything is over that may have been on a remote: the driver may let go.
    pub fn is_idle(&self) -> bool {
        !self.pipelines.values().any(Pipeline::is_there)
    }

    /// What the console wants, in order. Call until there is no more.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// What the console gets, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        let output = self.outputs.pop_front()?;
        self.waiting -= output.bytes.len();
        Some(output)
    }

    /// How many bytes of output were not polled yet.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due.
    pub fn poll_timeout(&self) -> Option<Moment> {
        match self.phase {
            Phase::Greeted { due, asked: true } => Some(due),
            _ => None,
        }
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Moment) {
        if let Phase::Greeted { due, asked: true } = self.phase
            && due <= now
        {
            self.phase = Phase::Opened;
            let private_data = self.pool.private_data(self.facts.private_data.clone());
            self.send(private_data);
            let opened = self.pool.opened();
            self.send(opened);
            self.act(Action::Opened);
            for body in std::mem::take(&mut self.early_keys) {
                self.session_key(body);
            }
        }
    }

    /// The console has gone: what it ran is stopped.
    pub fn hung_up(&mut self) {
        if self.phase == Phase::Gone {
            return;
        }
        self.phase = Phase::Gone;
        // Nobody reads it, but whose output it was is still told.
        self.outputs.retain_mut(|output| {
            output.bytes.clear();
            output.taken.is_some()
        });
        self.waiting = 0;
        self.stop_all();
    }

    pub(crate) fn act(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    pub(crate) fn next_run(&mut self) -> Run {
        self.last_run += 1;
        Run(self.last_run)
    }

    /// Every pipeline that may be on the remote is stopped.
    pub(crate) fn stop_all(&mut self) {
        let running: Vec<Uuid> = self.pipelines.keys().copied().collect();
        for id in running {
            self.stop(id);
        }
    }

    pub(crate) fn stop(&mut self, id: Uuid) {
        if let Some(pipeline) = self.pipelines.get_mut(&id)
            && pipeline.stage == Stage::Started
            && !std::mem::replace(&mut pipeline.stopping, true)
        {
            let run = pipeline.run;
            self.act(Action::Stop { run });
        }
    }

    /// A message of the door's own.
    pub(crate) fn send(&mut self, mut message: Outgoing) {
        let ps_guid = message.target().unwrap_or_default();
        while let Some(fragment) = message.fragment(pipe::BLOB) {
            self.packet(&Packet::data(ps_guid, fragment));
        }
    }

    pub(crate) fn packet(&mut self, packet: &Packet) {
        self.line(packet.to_bytes(), None);
    }

    pub(crate) fn line(&mut self, bytes: Bytes, taken: Option<(Run, usize)>) {
        match (self.phase, taken) {
            (Phase::Gone, None) => {}
            (Phase::Gone, taken) => self.outputs.push_back(Output {
                bytes: Bytes::new(),
                taken,
            }),
            (_, taken) => {
                self.waiting += bytes.len();
                self.outputs.push_back(Output { bytes, taken });
            }
        }
    }
}
