//! What the client sends.

use bytes::Bytes;
use uuid::Uuid;

use super::pipeline::{Pipeline, Stage};
use super::pool::Pool;
use super::state::{KeyExchange, State};
use crate::body::{
    Body, ConnectRunspacePool, GetAvailableRunspaces, InitRunspacePool, PublicKey, ResetRunspaceState, SetMaxRunspaces,
    SetMinRunspaces, V2_3,
};
use crate::fragment::Outgoing;
use crate::{Destination, Error, Message, MessageType};

impl Pool {
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

    /// Asks for another upper limit; the answer is an [`Event::Availability`](super::Event::Availability) of the same number.
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

    /// Sends the public key: on [`Event::KeyRequested`](super::Event::KeyRequested), or before the first SecureString either way.
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
