//! A pipeline's right to a session, as a value.

use broker::{Event, RequestId, SessionId, StopCause, TurnOutcome};
use tokio::sync::watch;

use crate::desk::Handle;

/// A granted turn: if it is dropped before it was given back, its session is not fit for others.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) id: RequestId,
    pub(crate) session: SessionId,
    /// Says when, and why, the turn is to be stopped.
    pub(crate) stop: watch::Receiver<Option<StopCause>>,
    desk: Handle,
    over: bool,
}

impl Turn {
    pub(crate) fn new(
        id: RequestId,
        session: SessionId,
        stop: watch::Receiver<Option<StopCause>>,
        desk: Handle,
    ) -> Self {
        Self {
            id,
            session,
            stop,
            desk,
            over: false,
        }
    }

    pub(crate) fn done(mut self, outcome: TurnOutcome) {
        self.over = true;
        self.desk.tell(Event::TurnDone { turn: self.id, outcome });
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.over {
            self.desk.tell(Event::TurnDone {
                turn: self.id,
                outcome: TurnOutcome::Dirty,
            });
        }
    }
}
