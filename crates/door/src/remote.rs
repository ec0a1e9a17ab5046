//! What the session says.

use bytes::Bytes;
use pipe::Packet;
use psrp::body::{Availability, ErrorRecord, InvocationState, PipelineState};
use psrp::{MessageType, Piece};
use uuid::Uuid;

use crate::door::Phase;
use crate::pipeline::{Pipeline, Stage};
use crate::{Action, Door, Ending, Run};

/// What a host call says that nobody waits for: `ci` is -100 (protocol.md 16).
const VOID: &[u8] = b"N=\"ci\">-100<";

impl Door {
    /// Part of what a pipeline puts out. One that the console does not hear of is taken at once.
    pub fn piece(&mut self, run: Run, piece: &Piece) {
        let weight = piece.weight();
        let heard = self
            .runs
            .get(&run)
            .copied()
            .filter(|of| self.pipelines.get(of).is_some_and(Pipeline::is_heard));
        let fragments = match heard {
            Some(of) => self
                .pool
                .relay(Some(of), piece, pipe::BLOB)
                .map(|fragments| (of, fragments)),
            None => Ok((Uuid::nil(), Vec::new())),
        };
        // What a server may not send to a pipeline is passed over.
        let (of, fragments) = fragments.unwrap_or_default();
        if piece.kind == MessageType::PipelineHostCall
            && piece.first
            && !fragments.is_empty()
            && !piece.bytes.windows(VOID.len()).any(|window| window == VOID)
        {
            self.act(Action::Asked { run });
        }
        let last = fragments.len().saturating_sub(1);
        if fragments.is_empty() {
            self.line(Bytes::new(), Some((run, weight)));
        }
        for (at, fragment) in fragments.into_iter().enumerate() {
            let line = Packet::data(of, fragment).to_bytes();
            self.line(line, (at == last).then_some((run, weight)));
        }
    }

    /// The remote's PIPELINE_STATE, with its body as it came.
    pub fn state(&mut self, run: Run, state: InvocationState, body: Bytes) {
        let Some(&of) = self.runs.get(&run) else { return };
        let Some(pipeline) = self.pipelines.get_mut(&of) else {
            return;
        };
        let heard = pipeline.is_heard();
        if state.is_final() && pipeline.stage == Stage::Started {
            pipeline.stage = Stage::Finished;
        }
        let doom = pipeline.doom.take_if(|_| state.is_final());
        if heard {
            let message = match doom {
                Some(error) => self.pool.pipeline_state(of, &PipelineState::failed(*error)),
                None => self.pool.pipeline_state_body(of, body, state.is_final()),
            };
            if let Ok(message) = message {
                self.send(message);
            }
        }
        if state.is_final() {
            self.finished(of);
        }
    }

    /// Somebody else stops the pipeline. Its final state will be Failed, for this reason.
    pub fn doom(&mut self, run: Run, error: ErrorRecord) {
        if let Some(of) = self.runs.get(&run)
            && let Some(pipeline) = self.pipelines.get_mut(of)
        {
            pipeline.doom.get_or_insert(Box::new(error));
        }
    }

    /// Nothing of the pipeline is left on the remote, or ever was.
    pub fn ended(&mut self, run: Run, ending: Ending) {
        let Some(&of) = self.runs.get(&run) else { return };
        let Some(pipeline) = self.pipelines.get_mut(&of) else {
            return;
        };
        if pipeline.stage == Stage::Started {
            let state = match (pipeline.doom.take(), ending) {
                (Some(error), _) | (None, Ending::Failed(error)) => PipelineState::failed(*error),
                // Without a final state no end is confirmed: whoever says so has missed it.
                (None, Ending::Stopped | Ending::Confirmed) => PipelineState::stopped(),
            };
            self.finish(of, &state);
        }
        let Some(pipeline) = self.pipelines.get_mut(&of) else {
            return;
        };
        pipeline.stage = Stage::Over;
        if pipeline.closing {
            self.forget(of);
            self.packet(&Packet::CloseAck { ps_guid: of });
        }
        self.close_if_over();
    }

    /// So much of the pipeline's input has left for the remote, in bytes: each object's body and 40 for its header.
    pub fn delivered(&mut self, run: Run, bytes: usize) {
        let Some(&of) = self.runs.get(&run) else { return };
        let Some(pipeline) = self.pipelines.get_mut(&of) else {
            return;
        };
        pipeline.undelivered = pipeline.undelivered.saturating_sub(bytes);
        if pipeline.undelivered <= self.config.ahead {
            self.acknowledge(of);
        }
    }

    /// A message of the remote pool's own: a user event, a host call.
    pub fn pool_piece(&mut self, piece: &Piece) {
        if self.phase != Phase::Opened {
            return;
        }
        let fragments = self.pool.relay(None, piece, pipe::BLOB).unwrap_or_default();
        for fragment in fragments {
            self.packet(&Packet::data(Uuid::nil(), fragment));
        }
    }

    /// The answer to the console's public key: the body of the remote's ENCRYPTED_SESSION_KEY. Where the opening is still
    /// being answered, it waits for that.
    pub fn session_key(&mut self, body: Bytes) {
        match self.phase {
            Phase::Opened => {
                let message = self.pool.session_key_body(body);
                self.send(message);
            }
            Phase::Fresh | Phase::Greeted { .. } => self.early_keys.push(body),
            Phase::Closing | Phase::Closed | Phase::Broken | Phase::Gone => {}
        }
    }

    /// The remote needs the session key exchanged (PUBLIC_KEY_REQUEST), for something that this console runs.
    pub fn key_requested(&mut self) {
        if self.phase == Phase::Opened {
            let message = self.pool.public_key_request();
            self.send(message);
        }
    }

    /// The answer to [`Action::Reset`]: whether the remote has reset its state.
    pub fn reset(&mut self, ci: i64, done: bool) {
        if self.phase == Phase::Opened {
            self.available(ci, Availability::Done(done));
        }
    }

    /// There is no session any more, and cannot be another: what runs fails, the pool is Broken, and the reason is told with
    /// both.
    pub fn broken(&mut self, error: ErrorRecord) {
        self.break_with(error);
    }
}
