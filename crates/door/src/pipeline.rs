//! How far one of the console's pipelines has come.

use psrp::body::ErrorRecord;

use crate::Run;

/// Where it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    /// The console has announced it; the message that starts it has not come.
    Announced,
    /// The session was asked to run it.
    Started,
    /// The console was told its final state; on the remote it is not closed yet.
    Finished,
    /// Nothing of it is left on the remote.
    Over,
}

/// A pipeline that the console has not closed, or whose close is not confirmed.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) run: Run,
    pub(crate) stage: Stage,
    /// SignalAcks that are owed, once it has stopped.
    pub(crate) signals: usize,
    /// A CloseAck is owed, once it is over.
    pub(crate) closing: bool,
    /// The session was told to stop it.
    pub(crate) stopping: bool,
    /// Input, in bytes, that the remote has not taken.
    pub(crate) undelivered: usize,
    /// DataAcks that are withheld until it has.
    pub(crate) owed: usize,
    /// Why somebody else stops it: told instead of the remote's own final state, which knows nothing of that.
    pub(crate) doom: Option<Box<ErrorRecord>>,
}

impl Pipeline {
    pub(crate) fn new(run: Run) -> Self {
        Self {
            run,
            stage: Stage::Announced,
            signals: 0,
            closing: false,
            stopping: false,
            undelivered: 0,
            owed: 0,
            doom: None,
        }
    }

    /// Whether the console still hears of it.
    pub(crate) fn is_heard(&self) -> bool {
        match self.stage {
            Stage::Announced | Stage::Started => !self.closing,
            Stage::Finished | Stage::Over => false,
        }
    }

    /// Whether something of it may be on the remote.
    pub(crate) fn is_there(&self) -> bool {
        match self.stage {
            Stage::Started | Stage::Finished => true,
            Stage::Announced | Stage::Over => false,
        }
    }
}
