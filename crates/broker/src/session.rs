//! One slot that is taken, and what is in it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use moment::Moment;

use crate::action::CloseCause;
use crate::holder::Holder;
use crate::ids::{LeaseId, ProfileName, RequestId, SessionId, ShellId};
use crate::roster::{PartyIx, PoolIx, ScopeIx};

/// One remote shell, from before its open until its end is proven.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) shell: ShellId,
    pub(crate) profile: ProfileName,
    pub(crate) pool: PoolIx,
    pub(crate) party: PartyIx,
    pub(crate) admin: ScopeIx,
    pub(crate) organization: Option<ScopeIx>,
    pub(crate) state: State,
    /// When it was intended; once open, when that was.
    pub(crate) since: Moment,
    /// The last time that the server saw anything begin or end in it: what its idle time counts from. A lease that runs
    /// nothing does not show there.
    pub(crate) used: Moment,
    /// Since when nobody has it.
    pub(crate) freed: Moment,
    /// Under which time it stands among the idle ones of its scopes.
    pub(crate) idle: Option<Moment>,
    /// The lease that has it to itself.
    pub(crate) lease: Option<LeaseId>,
    /// What runs in it; more than one only if they are nested.
    pub(crate) turns: Vec<Turn>,
    /// Turns of the bound lease that wait.
    pub(crate) queue: VecDeque<RequestId>,
    /// Turns of leases without a session that wait for this one and no other.
    pub(crate) wanted: VecDeque<RequestId>,
    /// Pipelines begun.
    pub(crate) commands: u32,
    /// An exclusive lease ran something, or something ended badly: nobody else gets it.
    pub(crate) dirty: bool,
    /// Opened this very moment: what a fresh lease may have.
    pub(crate) newborn: bool,
    /// To be closed as soon as nothing runs in it.
    pub(crate) doomed: Option<CloseCause>,
    /// The waiter for which no new shared turn begins in it, and since when.
    pub(crate) claim: Option<(RequestId, Moment)>,
    /// The party for which it is given up.
    pub(crate) awaited_by: Option<PartyIx>,
    /// Requests to be answered at its end.
    pub(crate) closers: Vec<RequestId>,
    /// The idle time that the server told.
    pub(crate) server_idle: Option<Duration>,
    /// Until when it counts if its end cannot be proven; `Some(None)`: until proof.
    pub(crate) hold: Option<Option<Moment>>,
    /// When the secret ends that it was opened with.
    pub(crate) token: Option<Moment>,
    /// The one that it was opened to replace, while that is there.
    pub(crate) replaces: Option<SessionId>,
    /// The end of the bound lease was announced.
    pub(crate) announced: bool,
    /// When the command budget was reached.
    pub(crate) worn: Option<Moment>,
}

/// How far a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// The record of the intent is on its way; nothing was sent.
    Intent,
    /// The driver opens it.
    Opening,
    Open,
    /// A row of an earlier run, being looked for.
    Recovering,
    /// The driver leaves it on the server, for the next daemon.
    Leaving,
    /// It was left there.
    Left,
    /// `asked` once the record is durable and the driver closes it.
    Closing {
        cause: CloseCause,
        asked: bool,
    },
    /// Its end is not proven.
    Unconfirmed {
        until: Option<Moment>,
    },
}

/// A pipeline's right to run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Turn {
    pub(crate) request: RequestId,
    pub(crate) lease: LeaseId,
    pub(crate) holder: Arc<Holder>,
    pub(crate) since: Moment,
    /// Since when its reader takes nothing.
    pub(crate) stalled: Option<Moment>,
    pub(crate) stopping: bool,
}

impl Session {
    pub(crate) fn scopes(&self) -> impl Iterator<Item = ScopeIx> + use<> {
        [Some(self.admin), self.organization].into_iter().flatten()
    }

    /// True if pipelines may take turns on it now or after the one that runs.
    pub(crate) fn serves_turns(&self) -> bool {
        self.state == State::Open
            && self.lease.is_none()
            && !self.dirty
            && self.claim.is_none()
            && self.doomed.is_none()
    }

    /// True if pipelines take turns on it and one runs.
    pub(crate) fn is_shared_and_busy(&self) -> bool {
        self.serves_turns() && !self.turns.is_empty()
    }

    /// True if it is open and nobody uses it.
    pub(crate) fn is_ready(&self) -> bool {
        self.state == State::Open
            && self.turns.is_empty()
            && self.lease.is_none()
            && self.doomed.is_none()
            && !self.dirty
    }

    pub(crate) fn is_opening(&self) -> bool {
        matches!(self.state, State::Intent | State::Opening)
    }

    pub(crate) fn is_closing(&self) -> bool {
        matches!(self.state, State::Closing { .. })
    }
}
