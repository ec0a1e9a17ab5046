//! What the server receives.

use bytes::Bytes;
use uuid::Uuid;

use super::pool::{Pool, Stage, State};
use super::request::Request;
use crate::body::{
    Body, ConnectRunspacePool, GetAvailableRunspaces, InitRunspacePool, PublicKey, ResetRunspaceState,
    SessionCapability, SetMaxRunspaces, SetMinRunspaces,
};
use crate::client::Ignored;
use crate::fragment::Reassembler;
use crate::{Destination, Direction, Error, Message, MessageType};

/// Which of a target's two streams.
#[derive(Clone, Copy)]
enum Stream {
    Default,
    Responses,
}

impl Pool {
    /// Takes what came on a stream: the pool's (`None`), or that of a pipeline that was announced. What it asks for comes from
    /// [`Pool::poll_request`](Pool::poll_request).
    ///
    /// # Errors
    /// Fragments in a wrong order or too large, another pool's id, and messages to the pool that cannot be read: on the pool's
    /// stream they end the pool, on a pipeline's that pipeline.
    pub fn receive(&mut self, target: Option<Uuid>, packet: Bytes) -> Result<(), Error> {
        self.receive_on(target, Stream::Default, packet)
    }

    /// The same for the target's stream of host responses (`pr`, `PromptResponse`): what comes there may stand between two
    /// fragments of an object of the other.
    ///
    /// # Errors
    /// As [`Pool::receive`].
    pub fn receive_response(&mut self, target: Option<Uuid>, packet: Bytes) -> Result<(), Error> {
        self.receive_on(target, Stream::Responses, packet)
    }

    fn receive_on(&mut self, target: Option<Uuid>, stream: Stream, packet: Bytes) -> Result<(), Error> {
        match self.reassembler_of(target, stream) {
            Some(reassembler) => reassembler.push(packet),
            None => self.ignore(target, None, Ignored::NoPipeline),
        }
        while let Some(reassembler) = self.reassembler_of(target, stream)
            && let Some(message) = reassembler.next()?
        {
            self.take(target, message)?;
        }
        Ok(())
    }

    fn reassembler_of(&mut self, target: Option<Uuid>, stream: Stream) -> Option<&mut Reassembler> {
        let (default, responses) = match target {
            None => (&mut self.reassembler, &mut self.responses),
            Some(id) => {
                let pipeline = self.pipelines.get_mut(&id)?;
                (&mut pipeline.reassembler, &mut pipeline.responses)
            }
        };
        Some(match stream {
            Stream::Default => default,
            Stream::Responses => responses,
        })
    }

    fn take(&mut self, target: Option<Uuid>, message: Message) -> Result<(), Error> {
        let kind = message.kind;
        if let Some(why) = self.misplaced(target, &message) {
            self.ignore(target, Some(kind), why);
            return Ok(());
        }
        match self.id {
            Some(id) if id != message.pool => {
                return Err(Error::OtherPool {
                    expected: id,
                    got: message.pool,
                });
            }
            Some(_) => {}
            None => self.id = Some(message.pool),
        }
        match target {
            None => self.take_for_pool(message),
            Some(pipeline) => {
                self.take_for_pipeline(pipeline, message);
                Ok(())
            }
        }
    }

    fn misplaced(&self, target: Option<Uuid>, message: &Message) -> Option<Ignored> {
        if matches!(message.kind, MessageType::Unknown(_)) {
            Some(Ignored::UnknownType)
        } else if message.destination != Destination::Server || message.kind.direction() == Direction::ToClient {
            Some(Ignored::WrongDirection)
        } else if message.kind.of_pipeline() != target.is_some() {
            Some(Ignored::OutOfPlace)
        } else if target.is_some() && message.pipeline != target {
            Some(Ignored::OtherPipeline)
        } else {
            None
        }
    }

    fn take_for_pool(&mut self, message: Message) -> Result<(), Error> {
        let body = &message.body;
        let request = match (message.kind, self.state) {
            (MessageType::SessionCapability, State::BeforeOpen | State::Disconnected) => {
                let theirs = SessionCapability::read(body)?;
                self.protocol = Some(SessionCapability::agree(self.ours.protocol, theirs.protocol)?);
                self.theirs = Some(theirs.clone());
                self.state = State::Negotiating;
                Request::Capability(theirs)
            }
            (MessageType::InitRunspacePool, State::Negotiating) => {
                let init = Box::new(InitRunspacePool::read(body)?);
                self.state = State::Opening;
                Request::Opening {
                    capability: self.theirs(),
                    init,
                }
            }
            (MessageType::ConnectRunspacePool, State::Negotiating) => {
                let connect = ConnectRunspacePool::read(body)?;
                self.state = State::Opening;
                Request::Connecting {
                    capability: self.theirs(),
                    connect,
                }
            }
            (MessageType::PublicKey, State::Opening | State::Opened) => Request::PublicKey {
                blob: PublicKey::read(body)?.blob.to_string(),
                body: message.body,
            },
            (MessageType::RunspacePoolHostResponse, State::Opening | State::Opened) => Request::HostResponse {
                pipeline: None,
                body: message.body,
            },
            (MessageType::SetMaxRunspaces, State::Opened) => {
                let SetMaxRunspaces { max_runspaces, ci } = SetMaxRunspaces::read(body)?;
                Request::SetMaxRunspaces { ci, max_runspaces }
            }
            (MessageType::SetMinRunspaces, State::Opened) => {
                let SetMinRunspaces { min_runspaces, ci } = SetMinRunspaces::read(body)?;
                Request::SetMinRunspaces { ci, min_runspaces }
            }
            (MessageType::GetAvailableRunspaces, State::Opened) => Request::GetAvailableRunspaces {
                ci: GetAvailableRunspaces::read(body)?.ci,
            },
            (MessageType::ResetRunspaceState, State::Opened) => Request::ResetRunspaceState {
                ci: ResetRunspaceState::read(body)?.ci,
            },
            (kind, _) => {
                self.ignore(None, Some(kind), Ignored::OutOfPlace);
                return Ok(());
            }
        };
        self.requests.push_back(request);
        Ok(())
    }

    fn take_for_pipeline(&mut self, id: Uuid, message: Message) {
        let Some(pipeline) = self.pipelines.get_mut(&id) else {
            return;
        };
        let Message { kind, body, .. } = message;
        let open = self.state == State::Opened;
        let request = match (pipeline.stage, kind) {
            (Stage::Announced, MessageType::CreatePipeline) if open => Request::CreatePipeline { pipeline: id, body },
            (Stage::Announced, MessageType::GetCommandMetadata) if open => {
                Request::GetCommandMetadata { pipeline: id, body }
            }
            (Stage::Running, MessageType::PipelineInput) => Request::Input { pipeline: id, body },
            (Stage::Running, MessageType::EndOfPipelineInput) => Request::EndOfInput { pipeline: id },
            (Stage::Running, MessageType::PipelineHostResponse) => Request::HostResponse {
                pipeline: Some(id),
                body,
            },
            (Stage::Ended, kind) => return self.ignore(Some(id), Some(kind), Ignored::PipelineEnded),
            (Stage::Announced | Stage::Running, kind) => {
                return self.ignore(Some(id), Some(kind), Ignored::OutOfPlace);
            }
        };
        if pipeline.stage == Stage::Announced {
            pipeline.stage = Stage::Running;
        }
        self.requests.push_back(request);
    }

    fn theirs(&self) -> SessionCapability {
        self.theirs.clone().unwrap_or_default()
    }

    fn ignore(&mut self, pipeline: Option<Uuid>, kind: Option<MessageType>, why: Ignored) {
        self.requests.push_back(Request::Ignored { pipeline, kind, why });
    }
}
