//! What the server sent, and what it means.

use bytes::Bytes;
use moment::Moment;
use psrp::body::RunspaceState;
use psrp::{Message, MessageType, Piece};
use uuid::Uuid;

use super::{Key, Machine, Phase, Whose};
use crate::{Cause, Event, Opened, Stage, bodies};

impl Machine {
    /// Bytes of a stream: the pool's, or a pipeline's.
    ///
    /// # Errors
    /// What makes the pool useless. Trouble of one pipeline stays with it.
    pub(crate) fn received(&mut self, now: Moment, target: Option<Uuid>, bytes: Bytes) -> Result<(), Cause> {
        match target {
            None => self.pool_received(bytes),
            Some(id) => {
                let cause = match self.pipeline_received(id, bytes) {
                    Ok(Ok(())) => return Ok(()),
                    Ok(Err(cause)) => cause,
                    Err(error) => self.protocol_error(error),
                };
                if let Some(pipeline) = self.pipeline(id) {
                    pipeline.damage();
                }
                self.fail_pipeline(now, id, cause);
                Ok(())
            }
        }
    }

    fn pipeline_received(&mut self, id: Uuid, bytes: Bytes) -> Result<Result<(), Cause>, psrp::Error> {
        let Some(at) = self.pipelines.iter().position(|pipeline| pipeline.id == id) else {
            return Ok(Ok(()));
        };
        if self.pipelines[at].is_damaged() {
            return Ok(Ok(()));
        }
        self.pipelines[at].incoming().push(bytes, &mut self.seen)?;
        while let Some(piece) = self.pipelines[at].incoming().next()? {
            if piece.kind != MessageType::PipelineState {
                if let Err(cause) = self.pipelines[at].take(&piece, &self.config) {
                    return Ok(Err(cause));
                }
                self.pipelines[at].ahead += piece.weight();
                self.tell(Event::Piece {
                    pipeline: Some(id),
                    piece,
                });
                continue;
            }
            let Some(body) = self.pipelines[at].gather_state(piece)? else {
                continue;
            };
            let state = bodies::read_pipeline_state(&body)?;
            if state.is_final() {
                self.pipelines[at].finish(state);
            }
            self.tell(Event::State {
                pipeline: id,
                state,
                body,
            });
        }
        Ok(Ok(()))
    }

    fn pool_received(&mut self, bytes: Bytes) -> Result<(), Cause> {
        if let Err(error) = self.incoming.push(bytes, &mut self.seen) {
            return Err(self.protocol_error(error));
        }
        loop {
            let message = match self.incoming.next() {
                Ok(Some(piece)) => self.assembly.push(piece),
                Ok(None) => return Ok(()),
                Err(error) => Err(error),
            };
            match message {
                Ok(Some(message)) => self.pool_message(message)?,
                Ok(None) => {}
                Err(error) => return Err(self.protocol_error(error)),
            }
        }
    }

    fn pool_message(&mut self, message: Message) -> Result<(), Cause> {
        match message.kind {
            MessageType::SessionCapability => self.capability_came(message.body),
            MessageType::ApplicationPrivateData if self.phase == Phase::Opening => {
                self.private_data = Some(message.body);
                Ok(())
            }
            // The limits of a pool that was taken again: those that it was opened with.
            MessageType::RunspacePoolInitData => Ok(()),
            MessageType::RunspacePoolState => self.state_came(message.body),
            MessageType::PublicKeyRequest => {
                self.tell(Event::KeyRequested);
                Ok(())
            }
            MessageType::EncryptedSessionKey if self.keys.pop_front() == Some(Whose::Somebodys) => {
                self.tell(Event::Piece {
                    pipeline: None,
                    piece: Piece::whole(message),
                });
                Ok(())
            }
            MessageType::EncryptedSessionKey => self.key_came(&message.body),
            _ => {
                self.tell(Event::Piece {
                    pipeline: None,
                    piece: Piece::whole(message),
                });
                Ok(())
            }
        }
    }

    fn capability_came(&mut self, body: Bytes) -> Result<(), Cause> {
        let (version, protocol) = match bodies::read_capability(&body) {
            Ok(read) => read,
            Err(psrp::Error::Version { theirs, .. }) => {
                return Err(Cause::Version {
                    host: self.host.clone(),
                    server: theirs.to_string(),
                });
            }
            Err(error) => return Err(self.protocol_error(error)),
        };
        self.protocol = Some(protocol);
        if let Some(kept) = &mut self.facts.kept {
            kept.protocol = Some(version.clone());
        }
        self.capability = body;
        if self.phase == Phase::Opening {
            self.tell(Event::Opening(Stage::Negotiated {
                protocol: version.clone(),
            }));
        }
        self.version = version;
        Ok(())
    }

    fn state_came(&mut self, body: Bytes) -> Result<(), Cause> {
        let (state, error) = bodies::read_pool_state(&body).map_err(|error| self.protocol_error(error))?;
        let name = match state {
            RunspaceState::Opened if self.phase == Phase::Opening => {
                self.phase = Phase::Opened;
                let opened = Opened {
                    protocol: self.version.clone(),
                    capability: self.capability.clone(),
                    private_data: self.private_data.take(),
                    idle_timeout: self.facts.idle_timeout,
                    max_idle_timeout: self.facts.max_idle_timeout,
                    kept: self.facts.kept.clone(),
                };
                self.tell(Event::Opened(Box::new(opened)));
                return Ok(());
            }
            RunspaceState::Broken => "broken",
            RunspaceState::Closed => "closed",
            RunspaceState::BeforeOpen
            | RunspaceState::Opening
            | RunspaceState::Opened
            | RunspaceState::Closing
            | RunspaceState::Disconnecting
            | RunspaceState::Disconnected
            | RunspaceState::Connecting
            | RunspaceState::Other(_) => return Ok(()),
        };
        match self.phase {
            // What we asked for.
            Phase::Closing | Phase::Closed => Ok(()),
            Phase::Fresh | Phase::Opening | Phase::Opened | Phase::Disconnected | Phase::Broken => {
                Err(Cause::PoolState {
                    host: self.host.clone(),
                    state: name,
                    error,
                    body,
                })
            }
        }
    }

    fn key_came(&mut self, body: &[u8]) -> Result<(), Cause> {
        let Key::Sent(pair, _) = &self.key else { return Ok(()) };
        let key = bodies::session_key(body, pair).map_err(|error| self.protocol_error(error))?;
        self.key = Key::Here(key.clone());
        self.tell(Event::KeyReady(key));
        Ok(())
    }
}
