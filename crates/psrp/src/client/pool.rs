//! The client's pool: what it knows, and what its carrier tells it.

use std::collections::{BTreeMap, VecDeque};

use clixml::Version;
use uuid::Uuid;

use super::event::Event;
use super::pipeline::{Pipeline, Stage};
use super::state::{KeyExchange, State};
use crate::body::{SessionCapability, V2_4};
use crate::fragment::{Assembly, Fragmenter, PieceReader};
use crate::{Error, Limits, MessageType};

/// What a client's pool begins with.
#[derive(Clone, PartialEq, Debug)]
pub struct Config {
    /// The pool's id: over WS-Management also the shell's.
    pub pool: Uuid,
    /// What is offered: protocol 2.3 by default.
    pub capability: SessionCapability,
    /// What is taken from the server.
    pub limits: Limits,
    /// The first ObjectId: above all that were sent before, after a Reconnect.
    pub first_object: u64,
}

impl Config {
    /// The defaults for a pool of this id.
    pub fn new(pool: Uuid) -> Config {
        Config {
            pool,
            capability: SessionCapability::default(),
            limits: Limits::CLIENT,
            first_object: 1,
        }
    }
}

/// The client's end of a pool.
#[derive(Debug)]
pub struct Pool {
    pub(super) id: Uuid,
    pub(super) limits: Limits,
    pub(super) offered: SessionCapability,
    pub(super) protocol: Option<Version>,
    pub(super) state: State,
    pub(super) key: KeyExchange,
    pub(super) reader: PieceReader,
    pub(super) assembly: Assembly,
    pub(super) pipelines: BTreeMap<Uuid, Pipeline>,
    /// Requests about runspaces whose answer is due, by their `ci`.
    pub(super) asked: BTreeMap<i64, MessageType>,
    pub(super) events: VecDeque<Event>,
    /// Of a Connect: whether private data and limits have come. Both together open the pool.
    pub(super) attached: (bool, bool),
    pub(super) fragmenter: Fragmenter,
    pub(super) next_ci: i64,
}

impl Pool {
    /// A pool that is not open.
    pub fn new(config: Config) -> Pool {
        let Config {
            pool,
            capability,
            limits,
            first_object,
        } = config;
        Pool {
            id: pool,
            limits,
            offered: capability,
            protocol: None,
            state: State::BeforeOpen,
            key: KeyExchange::Idle,
            reader: PieceReader::new(limits),
            assembly: Assembly::new(limits.message),
            pipelines: BTreeMap::new(),
            asked: BTreeMap::new(),
            events: VecDeque::new(),
            attached: (false, false),
            fragmenter: Fragmenter::starting_at(first_object),
            next_ci: 1,
        }
    }

    /// A pool that an earlier life of this process opened and the carrier reconnected to: no message is exchanged.
    pub fn resumed(config: Config, protocol: Version) -> Pool {
        let mut pool = Pool::new(config);
        pool.state = State::Opened;
        pool.agree_on(protocol);
        pool.reader.resume();
        pool
    }

    /// Its id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Its state.
    pub fn state(&self) -> State {
        self.state
    }

    /// The protocol version that both ends speak, once the server's capability is here.
    pub fn protocol(&self) -> Option<Version> {
        self.protocol
    }

    /// How far the key exchange has come.
    pub fn key_exchange(&self) -> KeyExchange {
        self.key
    }

    /// How far a pipeline has come; `None` for one that is not, or no longer, known.
    pub fn stage(&self, pipeline: Uuid) -> Option<Stage> {
        self.pipelines.get(&pipeline).map(|pipeline| pipeline.stage)
    }

    /// The pipelines that are known, ended ones too until [`Pool::forget`].
    pub fn pipelines(&self) -> impl Iterator<Item = (Uuid, Stage)> {
        self.pipelines.iter().map(|(id, pipeline)| (*id, pipeline.stage))
    }

    /// The number that the next object gets: kept for a Reconnect.
    pub fn next_object(&self) -> u64 {
        self.fragmenter.next_object()
    }

    /// Takes up a pipeline that was found running after a Connect or Reconnect; its output begins at the next whole message.
    ///
    /// # Errors
    /// [`Error::PipelineExists`].
    pub fn adopt(&mut self, pipeline: Uuid) -> Result<(), Error> {
        if pipeline.is_nil() || self.pipelines.contains_key(&pipeline) {
            return Err(Error::PipelineExists(pipeline));
        }
        let mut adopted = Pipeline::new(self.limits);
        adopted.stage = Stage::InputEnded;
        adopted.reader.resume();
        self.pipelines.insert(pipeline, adopted);
        Ok(())
    }

    /// Notes that the carrier asks a pipeline to stop. It goes on until the server says how it ended.
    ///
    /// # Errors
    /// [`Error::UnknownPipeline`].
    pub fn stopping(&mut self, pipeline: Uuid) -> Result<(), Error> {
        let known = self
            .pipelines
            .get_mut(&pipeline)
            .ok_or(Error::UnknownPipeline(pipeline))?;
        if !known.stage.has_ended() {
            known.stage = Stage::Stopping;
        }
        Ok(())
    }

    /// Forgets a pipeline: the carrier has ended it for good. Its id may be used again.
    pub fn forget(&mut self, pipeline: Uuid) {
        self.pipelines.remove(&pipeline);
    }

    /// Notes that the carrier closes the pool.
    pub fn closing(&mut self) {
        if !self.state.is_final() {
            self.state = State::Closing;
        }
    }

    /// Notes that the carrier has closed the pool.
    pub fn closed(&mut self) {
        if self.state != State::Broken {
            self.state = State::Closed;
        }
    }

    /// Notes that the carrier lost the pool.
    pub fn broken(&mut self) {
        if self.state != State::Closed {
            self.state = State::Broken;
        }
    }

    /// Notes that the carrier asks the server to keep the pool.
    pub fn disconnecting(&mut self) {
        if self.state == State::Opened {
            self.state = State::Disconnecting;
        }
    }

    /// Notes that the pool is on the server and without us.
    pub fn disconnected(&mut self) {
        if matches!(self.state, State::Opened | State::Disconnecting) {
            self.state = State::Disconnected;
        }
    }

    /// Notes that the carrier is connected again (a Reconnect: no message is exchanged). What was under way is given up, the
    /// rest of it is skipped.
    pub fn reconnected(&mut self) {
        if matches!(self.state, State::Disconnecting | State::Disconnected) {
            self.state = State::Opened;
            self.reader.resume();
            for pipeline in self.pipelines.values_mut() {
                pipeline.reader.resume();
            }
        }
    }

    /// What came from the server, in order. Call until there is no more.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    pub(super) fn agree_on(&mut self, protocol: Version) {
        self.protocol = Some(protocol);
        if protocol >= V2_4 {
            self.key = KeyExchange::Needless;
        }
    }
}
