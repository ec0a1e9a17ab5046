//! One pipeline as the client sees it.

use crate::body::InvocationState;
use crate::fragment::{Assembly, PieceReader};
use crate::{Error, Limits, MessageType};

/// How far a pipeline has come (MS-PSRP 3.1.1.3.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Started, and takes input until its end was sent.
    Running,
    /// Started, and its input has ended.
    InputEnded,
    /// It was asked to stop.
    Stopping,
    /// The server said how it ended.
    Ended(InvocationState),
}

impl Stage {
    /// In a word, for errors.
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Running => "running",
            Stage::InputEnded => "running without further input",
            Stage::Stopping => "stopping",
            Stage::Ended(InvocationState::Completed) => "completed",
            Stage::Ended(InvocationState::Stopped) => "stopped",
            Stage::Ended(InvocationState::Failed) => "failed",
            Stage::Ended(_) => "ended",
        }
    }

    /// Whether nothing more comes.
    pub const fn has_ended(self) -> bool {
        matches!(self, Stage::Ended(_))
    }
}

#[derive(Debug)]
pub(super) struct Pipeline {
    pub(super) stage: Stage,
    pub(super) reader: PieceReader,
    pub(super) assembly: Assembly,
}

impl Pipeline {
    pub(super) fn new(limits: Limits) -> Pipeline {
        Pipeline {
            stage: Stage::Running,
            reader: PieceReader::new(limits),
            assembly: Assembly::new(limits.message),
        }
    }

    /// Whether `kind` may be sent to it now.
    pub(super) fn check(&self, kind: MessageType) -> Result<(), Error> {
        let may = match self.stage {
            Stage::Running => true,
            Stage::InputEnded | Stage::Stopping => kind == MessageType::PipelineHostResponse,
            Stage::Ended(_) => false,
        };
        if may {
            Ok(())
        } else {
            Err(Error::State {
                what: kind,
                part: "pipeline",
                state: self.stage.name(),
            })
        }
    }

    /// What the server says of it.
    pub(super) fn moved_to(&mut self, state: InvocationState) {
        if state.is_final() {
            self.stage = Stage::Ended(state);
        } else if state == InvocationState::Stopping {
            self.stage = Stage::Stopping;
        }
    }
}
