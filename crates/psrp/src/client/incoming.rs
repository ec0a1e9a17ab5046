//! What the client receives.

use bytes::Bytes;
use uuid::Uuid;

use super::event::{Event, Ignored};
use super::pool::Pool;
use super::state::{KeyExchange, State};
use crate::body::{
    Body, EncryptedSessionKey, PipelineState, RunspaceAvailability, RunspacePoolInitData, RunspacePoolState,
    RunspaceState, SessionCapability,
};
use crate::{Destination, Direction, Error, Message, MessageType, Piece};

impl Pool {
    /// Takes what came on a stream: the pool's (`None`), or a pipeline's. What it means comes from
    /// [`Pool::poll_event`](Pool::poll_event).
    ///
    /// # Errors
    /// Fragments in a wrong order or too large, and steering messages that cannot be read. The stream is of no use after that:
    /// for the pool's, the pool is; for a pipeline's, that pipeline is.
    pub fn receive(&mut self, target: Option<Uuid>, packet: Bytes) -> Result<(), Error> {
        match target {
            None => self.reader.push(packet),
            Some(id) => match self.pipelines.get_mut(&id) {
                Some(pipeline) => pipeline.reader.push(packet),
                None => {
                    self.ignore(target, None, Ignored::NoPipeline);
                    return Ok(());
                }
            },
        }
        while let Some(piece) = self.next_piece(target)? {
            self.take(target, piece)?;
        }
        Ok(())
    }

    fn next_piece(&mut self, target: Option<Uuid>) -> Result<Option<Piece>, Error> {
        match target {
            None => self.reader.next(),
            Some(id) => self
                .pipelines
                .get_mut(&id)
                .map_or(Ok(None), |pipeline| pipeline.reader.next()),
        }
    }

    fn take(&mut self, target: Option<Uuid>, piece: Piece) -> Result<(), Error> {
        if let Some(why) = self.misplaced(target, &piece) {
            if piece.first {
                self.ignore(target, Some(piece.kind), why);
            }
            return Ok(());
        }
        if !self.steers(piece.kind) {
            self.events.push_back(Event::Piece {
                pipeline: target,
                piece,
            });
            return Ok(());
        }
        let assembly = match target {
            None => &mut self.assembly,
            Some(id) => match self.pipelines.get_mut(&id) {
                Some(pipeline) => &mut pipeline.assembly,
                None => return Ok(()),
            },
        };
        match assembly.push(piece)? {
            Some(message) => self.steer(target, message),
            None => Ok(()),
        }
    }

    /// Whether a message is read here; all others are their owners'.
    fn steers(&self, kind: MessageType) -> bool {
        use MessageType as M;
        match kind {
            M::SessionCapability
            | M::EncryptedSessionKey
            | M::PublicKeyRequest
            | M::RunspacePoolState
            | M::ApplicationPrivateData
            | M::RunspacePoolInitData
            | M::PipelineState => true,
            // Without a question of ours it answers one that went through as bytes.
            M::RunspaceAvailability => !self.asked.is_empty(),
            _ => false,
        }
    }

    /// Why a message has no business on this stream.
    fn misplaced(&self, target: Option<Uuid>, piece: &Piece) -> Option<Ignored> {
        // PowerShell's server names no pool in messages of the session as such.
        let of_session = matches!(
            piece.kind,
            MessageType::SessionCapability | MessageType::PublicKeyRequest | MessageType::EncryptedSessionKey
        );
        if matches!(piece.kind, MessageType::Unknown(_)) {
            Some(Ignored::UnknownType)
        } else if piece.destination != Destination::Client || piece.kind.direction() == Direction::ToServer {
            Some(Ignored::WrongDirection)
        } else if piece.pool != self.id && !(of_session && piece.pool.is_nil()) {
            Some(Ignored::OtherPool)
        } else if piece.kind.of_pipeline() != target.is_some() {
            Some(Ignored::OutOfPlace)
        } else if target.is_some() && piece.pipeline != target {
            Some(Ignored::OtherPipeline)
        } else if target
            .and_then(|id| self.stage(id))
            .is_some_and(super::Stage::has_ended)
        {
            Some(Ignored::PipelineEnded)
        } else {
            None
        }
    }

    fn steer(&mut self, target: Option<Uuid>, message: Message) -> Result<(), Error> {
        let opening = matches!(self.state, State::Opening | State::Connecting);
        match message.kind {
            MessageType::SessionCapability if opening => {
                let theirs = SessionCapability::read(&message.body)?;
                match SessionCapability::agree(self.offered.protocol, theirs.protocol) {
                    Ok(protocol) => self.agree_on(protocol),
                    Err(error) => {
                        self.state = State::Broken;
                        return Err(error);
                    }
                }
                self.events.push_back(Event::Capability(theirs));
            }
            MessageType::ApplicationPrivateData => {
                self.events.push_back(Event::PrivateData(message.body));
                self.attached.0 = true;
                self.attach();
            }
            MessageType::RunspacePoolInitData => {
                self.events
                    .push_back(Event::InitData(RunspacePoolInitData::read(&message.body)?));
                self.attached.1 = true;
                self.attach();
            }
            MessageType::RunspacePoolState => self.pool_state(message.body)?,
            MessageType::PublicKeyRequest if self.key == KeyExchange::Idle => {
                self.key = KeyExchange::Requested;
                self.events.push_back(Event::KeyRequested);
            }
            MessageType::EncryptedSessionKey if self.key == KeyExchange::Sent => {
                let sealed = EncryptedSessionKey::read(&message.body)?.sealed.to_string();
                self.key = KeyExchange::Done;
                self.events.push_back(Event::SessionKey { sealed });
            }
            MessageType::RunspaceAvailability => {
                let RunspaceAvailability { answer, ci } = RunspaceAvailability::read(&message.body)?;
                match self.asked.remove(&ci) {
                    Some(request) => self.events.push_back(Event::Availability { ci, request, answer }),
                    None => self.events.push_back(Event::Piece {
                        pipeline: None,
                        piece: Piece::whole(message),
                    }),
                }
            }
            MessageType::PipelineState => {
                // `misplaced` lets messages of pipelines through on a pipeline's stream only.
                if let Some(id) = target {
                    let state = PipelineState::read(&message.body)?.state;
                    if let Some(pipeline) = self.pipelines.get_mut(&id) {
                        pipeline.moved_to(state);
                    }
                    self.events.push_back(Event::PipelineState {
                        pipeline: id,
                        state,
                        body: message.body,
                    });
                }
            }
            kind => self.ignore(target, Some(kind), Ignored::OutOfPlace),
        }
        Ok(())
    }

    fn pool_state(&mut self, body: Bytes) -> Result<(), Error> {
        let state = RunspacePoolState::read(&body)?.state;
        match state {
            RunspaceState::Opened => {
                if matches!(self.state, State::Opening | State::Connecting) {
                    self.state = State::Opened;
                    self.events.push_back(Event::Opened);
                }
                return Ok(());
            }
            RunspaceState::Closed => self.closed(),
            RunspaceState::Broken => self.broken(),
            RunspaceState::Closing => self.closing(),
            RunspaceState::BeforeOpen
            | RunspaceState::Opening
            | RunspaceState::Connecting
            | RunspaceState::Disconnecting
            | RunspaceState::Disconnected
            | RunspaceState::Other(_) => {}
        }
        self.events.push_back(Event::State { state, body });
        Ok(())
    }

    /// A Connect is answered by private data and limits, without a state.
    fn attach(&mut self) {
        if self.state == State::Connecting && self.attached == (true, true) {
            self.state = State::Opened;
            self.events.push_back(Event::Opened);
        }
    }

    fn ignore(&mut self, pipeline: Option<Uuid>, kind: Option<MessageType>, why: Ignored) {
        self.events.push_back(Event::Ignored { pipeline, kind, why });
    }
}
