//! What the client sends.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use clixml::Version;
use uuid::Uuid;

use super::event::Event;
use super::pipeline::{Pipeline, Stage};
use super::state::{KeyExchange, State};
use crate::body::{
    Body, ConnectRunspacePool, GetAvailableRunspaces, InitRunspacePool, PublicKey, ResetRunspaceState,
    SessionCapability, SetMaxRunspaces, SetMinRunspaces, V2_3, V2_4,
};
use crate::fragment::{Assembly, Fragmenter, Outgoing, PieceReader};
use crate::{Destination, Error, Limits, Message, MessageType};

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
    fragmenter: Fragmenter,
    next_ci: i64,
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

    /// Opens the pool: SESSION_CAPABILITY and INIT_RUNSPACEPOOL, which travel together.
    ///
    /// # Errors
    /// [`Error::State`] unless nothing was sent before.
    pub fn open(&mut self, init: &InitRunspacePool) -> Result<[Outgoing; 2], Error> {
        self.state.check(MessageType::InitRunspacePool)?;
        Ok(self.begin(MessageType::InitRunspacePool, init.write(), State::Opening))
    }

    /// Attaches to a disconnected pool: SESSION_CAPABILITY and CONNECT_RUNSPACEPOOL, which travel together.
    ///
    /// # Errors
    /// [`Error::State`] unless nothing was sent before, or the pool is disconnected.
    pub fn connect(&mut self, connect: &ConnectRunspacePool) -> Result<[Outgoing; 2], Error> {
        self.state.check(MessageType::ConnectRunspacePool)?;
        self.attached = (false, false);
        self.reader.resume();
        Ok(self.begin(MessageType::ConnectRunspacePool, connect.write(), State::Connecting))
    }

    fn begin(&mut self, kind: MessageType, body: Bytes, state: State) -> [Outgoing; 2] {
        self.state = state;
        let capability = self.offered.write();
        [
            self.outgoing(MessageType::SessionCapability, None, capability),
            self.outgoing(kind, None, body),
        ]
    }

    /// Starts a pipeline: CREATE_PIPELINE or GET_COMMAND_METADATA with a body that is not looked at.
    ///
    /// # Errors
    /// [`Error::State`] unless the pool is open, or for another kind of message; [`Error::PipelineExists`].
    pub fn start(&mut self, pipeline: Uuid, kind: MessageType, body: Bytes) -> Result<Outgoing, Error> {
        self.state.check(kind)?;
        if !matches!(kind, MessageType::CreatePipeline | MessageType::GetCommandMetadata) {
            return Err(Error::State {
                what: kind,
                part: "pipeline",
                state: "not started",
            });
        }
        if pipeline.is_nil() || self.pipelines.contains_key(&pipeline) {
            return Err(Error::PipelineExists(pipeline));
        }
        self.pipelines.insert(pipeline, Pipeline::new(self.limits));
        Ok(self.outgoing(kind, Some(pipeline), body))
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

    /// One object for a pipeline to read.
    ///
    /// # Errors
    /// [`Error::UnknownPipeline`]; [`Error::State`] after the end of its input, and once it stops or has ended.
    pub fn input(&mut self, pipeline: Uuid, body: Bytes) -> Result<Outgoing, Error> {
        self.for_pipeline(pipeline, MessageType::PipelineInput, body)
    }

    /// No more input for a pipeline. One that was created with input waits for this.
    ///
    /// # Errors
    /// As [`Pool::input`].
    pub fn end_of_input(&mut self, pipeline: Uuid) -> Result<Outgoing, Error> {
        let outgoing = self.for_pipeline(pipeline, MessageType::EndOfPipelineInput, Bytes::new())?;
        if let Some(pipeline) = self.pipelines.get_mut(&pipeline) {
            pipeline.stage = Stage::InputEnded;
        }
        Ok(outgoing)
    }

    /// The answer to a host call of a pipeline, or of the pool. The body is not looked at.
    ///
    /// # Errors
    /// [`Error::UnknownPipeline`]; [`Error::State`] once the pipeline has ended.
    pub fn host_response(&mut self, pipeline: Option<Uuid>, body: Bytes) -> Result<Outgoing, Error> {
        match pipeline {
            Some(pipeline) => self.for_pipeline(pipeline, MessageType::PipelineHostResponse, body),
            None => {
                self.state.check(MessageType::RunspacePoolHostResponse)?;
                Ok(self.outgoing(MessageType::RunspacePoolHostResponse, None, body))
            }
        }
    }

    fn for_pipeline(&mut self, pipeline: Uuid, kind: MessageType, body: Bytes) -> Result<Outgoing, Error> {
        self.state.check(kind)?;
        self.pipelines
            .get(&pipeline)
            .ok_or(Error::UnknownPipeline(pipeline))?
            .check(kind)?;
        Ok(self.outgoing(kind, Some(pipeline), body))
    }

    /// Asks for another upper limit; the answer is an [`Event::Availability`] of the same number.
    ///
    /// # Errors
    /// [`Error::State`] unless the pool is open.
    pub fn set_max_runspaces(&mut self, max_runspaces: i32) -> Result<(i64, Outgoing), Error> {
        self.ask(MessageType::SetMaxRunspaces, |ci| {
            SetMaxRunspaces { max_runspaces, ci }.write()
        })
    }

    /// Asks for another lower limit; answered as [`Pool::set_max_runspaces`].
    ///
    /// # Errors
    /// As [`Pool::set_max_runspaces`].
    pub fn set_min_runspaces(&mut self, min_runspaces: i32) -> Result<(i64, Outgoing), Error> {
        self.ask(MessageType::SetMinRunspaces, |ci| {
            SetMinRunspaces { min_runspaces, ci }.write()
        })
    }

    /// Asks how many runspaces are free; answered as [`Pool::set_max_runspaces`].
    ///
    /// # Errors
    /// As [`Pool::set_max_runspaces`].
    pub fn get_available_runspaces(&mut self) -> Result<(i64, Outgoing), Error> {
        self.ask(MessageType::GetAvailableRunspaces, |ci| {
            GetAvailableRunspaces { ci }.write()
        })
    }

    /// Asks for the runspace to be set back to its beginning; answered as [`Pool::set_max_runspaces`].
    ///
    /// # Errors
    /// As [`Pool::set_max_runspaces`]; [`Error::Unsupported`] below protocol 2.3.
    pub fn reset_runspace_state(&mut self) -> Result<(i64, Outgoing), Error> {
        let what = MessageType::ResetRunspaceState;
        self.state.check(what)?;
        match self.protocol {
            Some(have) if have < V2_3 => Err(Error::Unsupported {
                what,
                needs: V2_3,
                have,
            }),
            _ => self.ask(what, |ci| ResetRunspaceState { ci }.write()),
        }
    }

    fn ask(&mut self, kind: MessageType, body: impl FnOnce(i64) -> Bytes) -> Result<(i64, Outgoing), Error> {
        self.state.check(kind)?;
        let ci = self.next_ci;
        self.next_ci += 1;
        self.asked.insert(ci, kind);
        Ok((ci, self.outgoing(kind, None, body(ci))))
    }

    /// Any other message to the pool, with a body that is not looked at; an answer to it comes out as pieces.
    ///
    /// # Errors
    /// [`Error::State`] unless the pool is open and `kind` is for pools.
    pub fn send(&mut self, kind: MessageType, body: Bytes) -> Result<Outgoing, Error> {
        self.state.check(kind)?;
        if kind.of_pipeline() {
            return Err(Error::State {
                what: kind,
                part: "runspace pool",
                state: "addressed instead of a pipeline",
            });
        }
        Ok(self.outgoing(kind, None, body))
    }

    /// Sends the public key: on [`Event::KeyRequested`], or before the first SecureString either way.
    ///
    /// # Errors
    /// [`Error::State`] if it was sent before, or is needless.
    pub fn public_key(&mut self, blob: &str) -> Result<Outgoing, Error> {
        let what = MessageType::PublicKey;
        self.state.check(what)?;
        match self.key {
            KeyExchange::Idle | KeyExchange::Requested => {}
            KeyExchange::Sent | KeyExchange::Done | KeyExchange::Needless => {
                return Err(Error::State {
                    what,
                    part: "runspace pool",
                    state: self.key.name(),
                });
            }
        }
        self.key = KeyExchange::Sent;
        Ok(self.outgoing(what, None, PublicKey { blob: blob.into() }.write()))
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

    fn outgoing(&mut self, kind: MessageType, pipeline: Option<Uuid>, body: Bytes) -> Outgoing {
        let message = Message {
            destination: Destination::Server,
            kind,
            pool: self.id,
            pipeline,
            body,
        };
        self.fragmenter.outgoing(&message)
    }
}
