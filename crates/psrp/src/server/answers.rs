//! What the server sends.

use bytes::Bytes;
use uuid::Uuid;

use super::pool::{Pool, Stage, State};
use crate::body::{
    ApplicationPrivateData, Availability, Body, EncryptedSessionKey, ErrorRecord, PipelineState, PublicKeyRequest,
    RunspaceAvailability, RunspacePoolInitData, RunspacePoolState, RunspaceState, SessionCapability, write_object,
};
use crate::fragment::Outgoing;
use crate::message::Header;
use crate::{Destination, Direction, Error, Message, MessageType, Piece};

impl Pool {
    /// SESSION_CAPABILITY, the first answer: the version that was agreed on.
    pub fn capability(&mut self) -> Outgoing {
        let protocol = self.protocol.unwrap_or(self.ours.protocol);
        let capability = SessionCapability {
            protocol,
            time_zone: None,
            ..self.ours.clone()
        };
        self.of_session(MessageType::SessionCapability, capability.write())
    }

    /// APPLICATION_PRIVATE_DATA, with a body of ours or as a remote gave it.
    pub fn private_data(&mut self, body: Bytes) -> Outgoing {
        self.for_pool(MessageType::ApplicationPrivateData, body)
    }

    /// APPLICATION_PRIVATE_DATA of these values.
    pub fn private_data_of(&mut self, data: &ApplicationPrivateData) -> Outgoing {
        self.private_data(data.write())
    }

    /// RUNSPACEPOOL_STATE Opened: pipelines may come.
    pub fn opened(&mut self) -> Outgoing {
        self.state = State::Opened;
        self.pool_state(&RunspacePoolState::new(RunspaceState::Opened))
    }

    /// RUNSPACEPOOL_INIT_DATA: the answer to a Connect, with private data behind it. Pipelines may come.
    pub fn init_data(&mut self, min_runspaces: i32, max_runspaces: i32) -> Outgoing {
        self.state = State::Opened;
        let body = RunspacePoolInitData {
            min_runspaces,
            max_runspaces,
        }
        .write();
        self.for_pool(MessageType::RunspacePoolInitData, body)
    }

    /// RUNSPACEPOOL_STATE Closing and Closed, as PowerShell answers a Close.
    pub fn closed(&mut self) -> [Outgoing; 2] {
        self.state = State::Closed;
        [RunspaceState::Closing, RunspaceState::Closed].map(|state| self.pool_state(&RunspacePoolState::new(state)))
    }

    /// RUNSPACEPOOL_STATE Broken, and why.
    pub fn broken(&mut self, error: ErrorRecord) -> Outgoing {
        self.state = State::Broken;
        self.pool_state(&RunspacePoolState {
            state: RunspaceState::Broken,
            error: Some(error),
        })
    }

    fn pool_state(&mut self, state: &RunspacePoolState) -> Outgoing {
        self.for_pool(MessageType::RunspacePoolState, state.write())
    }

    /// PIPELINE_STATE. After a final one nothing can be sent to that pipeline.
    ///
    /// # Errors
    /// [`Error::UnknownPipeline`] for one that is closed; [`Error::State`] for one that has ended.
    pub fn pipeline_state(&mut self, pipeline: Uuid, state: &PipelineState) -> Result<Outgoing, Error> {
        let outgoing = self.message(Some(pipeline), MessageType::PipelineState, state.write())?;
        if state.state.is_final() {
            self.ended(pipeline);
        }
        Ok(outgoing)
    }

    /// PIPELINE_STATE as a remote gave it; `is_final` says whether the pipeline ends with it.
    ///
    /// # Errors
    /// As [`Pool::pipeline_state`].
    pub fn pipeline_state_body(&mut self, pipeline: Uuid, body: Bytes, is_final: bool) -> Result<Outgoing, Error> {
        let outgoing = self.message(Some(pipeline), MessageType::PipelineState, body)?;
        if is_final {
            self.ended(pipeline);
        }
        Ok(outgoing)
    }

    fn ended(&mut self, pipeline: Uuid) {
        if let Some(pipeline) = self.pipelines.get_mut(&pipeline) {
            pipeline.stage = Stage::Ended;
            pipeline.relay = None;
        }
    }

    /// PIPELINE_OUTPUT: one object.
    ///
    /// # Errors
    /// As [`Pool::pipeline_state`].
    pub fn output(&mut self, pipeline: Uuid, value: &clixml::Value) -> Result<Outgoing, Error> {
        self.message(Some(pipeline), MessageType::PipelineOutput, write_object(value))
    }

    /// RUNSPACE_AVAILABILITY: the answer to whatever carried `ci`.
    pub fn availability(&mut self, ci: i64, answer: Availability) -> Outgoing {
        self.for_pool(
            MessageType::RunspaceAvailability,
            RunspaceAvailability { answer, ci }.write(),
        )
    }

    /// PUBLIC_KEY_REQUEST.
    pub fn public_key_request(&mut self) -> Outgoing {
        self.of_session(MessageType::PublicKeyRequest, PublicKeyRequest.write())
    }

    /// ENCRYPTED_SESSION_KEY: the answer to PUBLIC_KEY.
    pub fn session_key(&mut self, sealed: &str) -> Outgoing {
        self.session_key_body(EncryptedSessionKey { sealed: sealed.into() }.write())
    }

    /// ENCRYPTED_SESSION_KEY as a remote gave it.
    pub fn session_key_body(&mut self, body: Bytes) -> Outgoing {
        self.of_session(MessageType::EncryptedSessionKey, body)
    }

    /// Any message to the client, with a body that is not looked at: records, host calls, user events.
    ///
    /// A message that was under way to the same stream through [`Pool::relay`] is given up, as the client will see.
    ///
    /// # Errors
    /// [`Error::UnknownPipeline`] for a pipeline that is closed; [`Error::State`] for one that has ended, and for a kind that
    /// goes the other way or to the other kind of stream.
    pub fn message(&mut self, pipeline: Option<Uuid>, kind: MessageType, body: Bytes) -> Result<Outgoing, Error> {
        let header = self.header(pipeline, kind)?;
        match pipeline {
            None => self.relay = None,
            Some(id) => {
                if let Some(pipeline) = self.pipelines.get_mut(&id) {
                    pipeline.relay = None;
                }
            }
        }
        Ok(self.fragmenter.outgoing(&Message::new(header, body)))
    }

    /// The next part of a message from somewhere else, under this pool's and this pipeline's ids: fragments with blobs of at
    /// most `blob` bytes.
    ///
    /// # Errors
    /// As [`Pool::message`].
    pub fn relay(&mut self, pipeline: Option<Uuid>, piece: &Piece, blob: usize) -> Result<Vec<Bytes>, Error> {
        let header = self.header(pipeline, piece.kind)?;
        let Pool {
            relay,
            pipelines,
            fragmenter,
            ..
        } = self;
        let relay = match pipeline {
            None => relay,
            Some(id) => match pipelines.get_mut(&id) {
                Some(pipeline) => &mut pipeline.relay,
                None => return Err(Error::UnknownPipeline(id)),
            },
        };
        if piece.first {
            *relay = Some(fragmenter.relay(header));
        }
        // The rest of a message that was given up has nothing to follow.
        let Some(under_way) = relay else { return Ok(Vec::new()) };
        let fragments = under_way.write(piece.bytes.clone(), piece.last, blob);
        if piece.last {
            *relay = None;
        }
        Ok(fragments)
    }

    fn header(&self, pipeline: Option<Uuid>, kind: MessageType) -> Result<Header, Error> {
        let wrong = |state| {
            Err(Error::State {
                what: kind,
                part: "stream",
                state,
            })
        };
        if kind.direction() == Direction::ToServer {
            return wrong("the client's, not the server's");
        }
        match pipeline {
            None if kind.of_pipeline() => return wrong("the pool's"),
            Some(_) if !kind.of_pipeline() => return wrong("a pipeline's"),
            None => {}
            Some(id) => match self.pipelines.get(&id).map(|pipeline| pipeline.stage) {
                None => return Err(Error::UnknownPipeline(id)),
                Some(Stage::Ended) => {
                    return Err(Error::State {
                        what: kind,
                        part: "pipeline",
                        state: "ended",
                    });
                }
                Some(Stage::Announced | Stage::Running) => {}
            },
        }
        Ok(Header {
            destination: Destination::Client,
            kind,
            pool: self.id.unwrap_or_default(),
            pipeline,
        })
    }

    /// PowerShell's server names no pool in messages of the session as such.
    fn of_session(&mut self, kind: MessageType, body: Bytes) -> Outgoing {
        self.relay = None;
        let pool = Uuid::nil();
        self.fragmenter.outgoing(&Message {
            destination: Destination::Client,
            kind,
            pool,
            pipeline: None,
            body,
        })
    }

    fn for_pool(&mut self, kind: MessageType, body: Bytes) -> Outgoing {
        self.relay = None;
        let pool = self.id.unwrap_or_default();
        self.fragmenter.outgoing(&Message {
            destination: Destination::Client,
            kind,
            pool,
            pipeline: None,
            body,
        })
    }
}
