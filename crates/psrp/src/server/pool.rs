//! The server's pool and what it knows.

use std::collections::{BTreeMap, VecDeque};

use clixml::Version;
use uuid::Uuid;

use super::request::Request;
use crate::body::SessionCapability;
use crate::fragment::{Fragmenter, Reassembler, Relay};
use crate::{Error, Limits};

/// What a server's pool begins with.
#[derive(Clone, PartialEq, Debug)]
pub struct Config {
    /// What is answered: never more than the client offered.
    pub capability: SessionCapability,
    /// What is taken from the client.
    pub limits: Limits,
    /// The first ObjectId.
    pub first_object: u64,
}

impl Default for Config {
    /// Protocol 2.3 and PowerShell's own limits.
    fn default() -> Config {
        Config {
            capability: SessionCapability::default(),
            limits: Limits::SERVER,
            first_object: 1,
        }
    }
}

/// The state of a pool (MS-PSRP 3.2.1.2.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Nothing came.
    BeforeOpen,
    /// The client's capability came.
    Negotiating,
    /// INIT_RUNSPACEPOOL or CONNECT_RUNSPACEPOOL came, the answer is the owner's.
    Opening,
    /// Pipelines may run.
    Opened,
    /// The client is away.
    Disconnected,
    /// It is being closed.
    Closing,
    /// It is over.
    Closed,
    /// It is over, and not as anybody wanted.
    Broken,
}

impl State {
    /// In a word, for errors.
    pub const fn name(self) -> &'static str {
        match self {
            State::BeforeOpen => "BeforeOpen",
            State::Negotiating => "NegotiationSent",
            State::Opening => "Opening",
            State::Opened => "Opened",
            State::Disconnected => "Disconnected",
            State::Closing => "Closing",
            State::Closed => "Closed",
            State::Broken => "Broken",
        }
    }
}

/// How far a pipeline has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// The carrier announced it, its message has not come.
    Announced,
    /// It was handed to the owner.
    Running,
    /// Its final state was sent.
    Ended,
}

#[derive(Debug)]
pub(super) struct Pipeline {
    pub(super) stage: Stage,
    pub(super) reassembler: Reassembler,
    pub(super) responses: Reassembler,
    pub(super) relay: Option<Relay>,
}

/// The server's end of a pool.
#[derive(Debug)]
pub struct Pool {
    pub(super) id: Option<Uuid>,
    pub(super) limits: Limits,
    pub(super) ours: SessionCapability,
    pub(super) theirs: Option<SessionCapability>,
    pub(super) protocol: Option<Version>,
    pub(super) state: State,
    pub(super) reassembler: Reassembler,
    /// What comes on the stream of host responses, which overtakes what is under way on the other.
    pub(super) responses: Reassembler,
    pub(super) relay: Option<Relay>,
    pub(super) pipelines: BTreeMap<Uuid, Pipeline>,
    pub(super) requests: VecDeque<Request>,
    pub(super) fragmenter: Fragmenter,
}

impl Pool {
    /// A pool that nobody has opened. Its id is what the client's first message says.
    pub fn new(config: Config) -> Pool {
        let Config {
            capability,
            limits,
            first_object,
        } = config;
        Pool {
            id: None,
            limits,
            ours: capability,
            theirs: None,
            protocol: None,
            state: State::BeforeOpen,
            reassembler: Reassembler::new(limits),
            responses: Reassembler::new(limits),
            relay: None,
            pipelines: BTreeMap::new(),
            requests: VecDeque::new(),
            fragmenter: Fragmenter::starting_at(first_object),
        }
    }

    /// Its id, once a message has come.
    pub fn id(&self) -> Option<Uuid> {
        self.id
    }

    /// Its state.
    pub fn state(&self) -> State {
        self.state
    }

    /// The protocol version that both ends speak, once the client's capability is here.
    pub fn protocol(&self) -> Option<Version> {
        self.protocol
    }

    /// Whether a pipeline was announced and not closed yet.
    pub fn has(&self, pipeline: Uuid) -> bool {
        self.pipelines.contains_key(&pipeline)
    }

    /// The pipelines that were announced and not closed yet.
    pub fn pipelines(&self) -> impl Iterator<Item = Uuid> {
        self.pipelines.keys().copied()
    }

    /// The number that the next object gets.
    pub fn next_object(&self) -> u64 {
        self.fragmenter.next_object()
    }

    /// Takes the id that the carrier gives the pool, where it names one before any message: a ShellId.
    pub fn named(&mut self, pool: Uuid) {
        self.id = Some(pool);
    }

    /// Another capability to answer with, as a door has it from its remote. Counts until the client's has come.
    pub fn offer(&mut self, capability: SessionCapability) {
        self.ours = capability;
    }

    /// Makes room for a pipeline: the carrier says that one of this id begins.
    ///
    /// # Errors
    /// [`Error::PipelineExists`].
    pub fn announce(&mut self, pipeline: Uuid) -> Result<(), Error> {
        if pipeline.is_nil() || self.pipelines.contains_key(&pipeline) {
            return Err(Error::PipelineExists(pipeline));
        }
        let [reassembler, responses] = [(); 2].map(|()| Reassembler::new(self.limits));
        self.pipelines.insert(
            pipeline,
            Pipeline {
                stage: Stage::Announced,
                reassembler,
                responses,
                relay: None,
            },
        );
        Ok(())
    }

    /// Forgets a pipeline: the carrier has closed it. Its id may be used again.
    pub fn close_pipeline(&mut self, pipeline: Uuid) {
        self.pipelines.remove(&pipeline);
    }

    /// Notes that the client is away.
    pub fn disconnected(&mut self) {
        if self.state == State::Opened {
            self.state = State::Disconnected;
        }
    }

    /// Notes that the client is back without a message (a Reconnect).
    pub fn reconnected(&mut self) {
        if self.state == State::Disconnected {
            self.state = State::Opened;
        }
        self.resume();
    }

    /// Gives up what was under way from the client on every stream.
    pub(super) fn resume(&mut self) {
        self.reassembler.resume();
        self.responses.resume();
        for pipeline in self.pipelines.values_mut() {
            pipeline.reassembler.resume();
            pipeline.responses.resume();
        }
    }

    /// What the client wants, in order. Call until there is no more.
    pub fn poll_request(&mut self) -> Option<Request> {
        self.requests.pop_front()
    }
}
