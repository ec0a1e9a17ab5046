//! One pipeline: how far it is on its way to the server, through it, and out of it again.

use bytes::Bytes;
use moment::Moment;
use psrp::body::InvocationState;
use psrp::{Assembly, Limits, MessageType, Piece};
use std::time::Duration;
use uuid::Uuid;

use super::Outbox;
use crate::incoming::Incoming;
use crate::{Cause, Outcome, Pool};

/// Whether the server knows the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Announce {
    /// Nothing was sent: it provably does not run.
    Waiting,
    /// The announcement is under way: nothing else may be sent for it.
    UnderWay,
    /// The announcement was not answered; it is being looked whether it arrived.
    Looking,
    /// The server knows it.
    Known,
}

/// The stop signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Not asked for.
    No,
    /// To be sent as soon as the server knows the pipeline and has the message that starts it.
    Wanted,
    /// Sent, or given up.
    Sent,
}

/// The end of the command on the server: Terminate over WS-Management, Close over a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closing {
    /// Not yet.
    No,
    /// To be sent.
    Wanted,
    /// Sent, not confirmed.
    UnderWay,
    /// Confirmed; what was under way for the pipeline is waited for.
    Confirmed,
}

/// The ladder of decisions.md: signal, Terminate, and then the pool is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Signal,
    Terminate,
}

/// What a look at the clock asks for.
pub(super) enum Climb {
    Stay,
    Terminate,
    Over,
    Top,
}

#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) id: Uuid,
    pub(crate) outbox: Outbox,
    pub(crate) announce: Announce,
    pub(crate) signal: Signal,
    pub(crate) closing: Closing,
    /// The carrier says that no more comes.
    pub(crate) quiet: bool,
    /// A final PIPELINE_STATE has come.
    pub(crate) finished: Option<InvocationState>,
    /// Bytes that the reader was given and has not taken.
    pub(crate) ahead: usize,
    /// An answer was lost; then there were so many holes in the objects' numbers.
    pub(crate) suspect: Option<usize>,
    /// Bytes of all its messages so far, and of the one under way.
    taken: (u64, u64),
    incoming: Incoming,
    state: Assembly,
    trouble: Option<Cause>,
    /// Why it is not known whether it was announced.
    doubt: Option<Cause>,
    /// Its stream cannot be told apart any more.
    damaged: bool,
    ladder: Option<(Step, Moment)>,
}

/// PIPELINE_STATE holds one error at most.
const STATE_MESSAGE: usize = 16 << 20;

impl Pipeline {
    pub(super) fn new(id: Uuid) -> Self {
        Self {
            id,
            outbox: Outbox::default(),
            announce: Announce::Waiting,
            signal: Signal::No,
            closing: Closing::No,
            quiet: false,
            finished: None,
            ahead: 0,
            suspect: None,
            taken: (0, 0),
            incoming: Incoming::new(Limits::CLIENT),
            state: Assembly::new(STATE_MESSAGE),
            trouble: None,
            doubt: None,
            damaged: false,
            ladder: None,
        }
    }

    /// Host responses as long as it runs; all else as long as nobody wants its end.
    pub(super) fn takes_messages(&self, kind: MessageType) -> bool {
        self.finished.is_none() && self.closing == Closing::No && (self.signal == Signal::No || kind.is_host_response())
    }

    pub(super) fn stop(&mut self, deadline: Moment) {
        if self.finished.is_some() || self.closing != Closing::No || self.signal != Signal::No {
            return;
        }
        self.signal = Signal::Wanted;
        if self.announce == Announce::Known {
            // What is not begun is input; the message that starts it was begun with the announcement.
            self.outbox.drop_messages();
        }
        self.ladder = Some((Step::Signal, deadline));
    }

    pub(super) fn want_close(&mut self, deadline: Moment) {
        if self.closing == Closing::No {
            self.closing = Closing::Wanted;
            self.outbox.clear();
            self.ladder = Some((Step::Terminate, deadline));
        }
    }

    /// Whether the carrier may close it now: it must be known there, or nobody would be there to be closed.
    pub(crate) fn may_close(&self) -> bool {
        self.closing == Closing::Wanted && self.announce == Announce::Known
    }

    /// Whether the stop signal is to be sent now: after the whole message that starts the pipeline, and ahead of the rest of
    /// an object of input that was begun.
    pub(crate) fn may_signal(&self) -> bool {
        self.signal == Signal::Wanted && self.announce == Announce::Known && !self.outbox.holds_start()
    }

    /// The first trouble is the one that is told.
    pub(super) fn fail(&mut self, cause: Cause) {
        if self.finished.is_none() {
            self.trouble.get_or_insert(cause);
        }
    }

    /// Its announcement was not answered.
    pub(super) fn doubt(&mut self, cause: Cause) {
        self.announce = Announce::Looking;
        self.doubt.get_or_insert(cause);
    }

    /// Counts a piece; says so if that was too much.
    pub(super) fn take(&mut self, piece: &Piece, config: &Pool) -> Result<(), Cause> {
        let size = u64::try_from(piece.bytes.len()).unwrap_or(u64::MAX);
        let (all, object) = &mut self.taken;
        if piece.first {
            *object = 0;
        }
        *all = all.saturating_add(size);
        *object = object.saturating_add(size);
        let bounds = [
            ("MaximumReceivedDataSizePerCommand", config.most_per_command, *all),
            ("MaximumReceivedObjectSize", config.largest_object, *object),
        ];
        for (option, most, came) in bounds {
            if let Some(limit) = most.filter(|most| came > *most) {
                return Err(Cause::OverLimit { option, limit });
            }
        }
        Ok(())
    }

    /// Its stream is of no use from here on.
    pub(super) fn damage(&mut self) {
        self.damaged = true;
    }

    pub(crate) fn is_damaged(&self) -> bool {
        self.damaged
    }

    /// A final state came: whatever ladder was being climbed is at its end.
    pub(super) fn finish(&mut self, state: InvocationState) {
        self.finished = Some(state);
        self.outbox.clear();
        if self.closing == Closing::No {
            self.ladder = None;
        }
    }

    pub(super) fn incoming(&mut self) -> &mut Incoming {
        &mut self.incoming
    }

    /// Gathers PIPELINE_STATE; gives its body when it is whole.
    pub(super) fn gather_state(&mut self, piece: Piece) -> Result<Option<Bytes>, psrp::Error> {
        Ok(self.state.push(piece)?.map(|message| message.body))
    }

    pub(super) fn outcome(&self, holes: usize, host: &str) -> Outcome {
        let lost = self.suspect.is_some_and(|before| holes > before);
        let unknown = |why: &str| Cause::Protocol {
            host: host.to_owned(),
            why: why.to_owned(),
        };
        match (self.finished, &self.trouble) {
            (Some(_), _) if lost => Outcome::Incomplete(Cause::ObjectsLost { host: host.to_owned() }),
            (Some(InvocationState::Completed), _) => Outcome::Completed,
            (Some(InvocationState::Failed), _) => Outcome::Failed,
            (Some(InvocationState::Stopped), _) => Outcome::Stopped,
            (Some(_) | None, trouble) => {
                let doubt = self.doubt.as_ref().filter(|_| self.announce == Announce::Looking);
                let cause = doubt
                    .or(trouble.as_ref())
                    .cloned()
                    .unwrap_or_else(|| unknown("the pipeline ended without a final state"));
                match self.announce {
                    Announce::Waiting => Outcome::NotStarted(cause),
                    Announce::UnderWay | Announce::Looking => Outcome::Unknown(cause),
                    Announce::Known => Outcome::Incomplete(cause),
                }
            }
        }
    }

    pub(super) fn deadline(&self) -> Option<Moment> {
        self.ladder.map(|(_, deadline)| deadline)
    }

    pub(super) fn climb(&mut self, now: Moment, step: Duration) -> Climb {
        match self.ladder {
            Some((Step::Signal, deadline)) if deadline <= now => {
                self.fail(Cause::Terminated);
                self.signal = Signal::Sent;
                self.want_close(now + step);
                Climb::Terminate
            }
            // Closed already; only what was under way for it did not come back.
            Some((Step::Terminate, deadline)) if deadline <= now && self.closing == Closing::Confirmed => Climb::Over,
            Some((Step::Terminate, deadline)) if deadline <= now => Climb::Top,
            Some(_) | None => Climb::Stay,
        }
    }
}
