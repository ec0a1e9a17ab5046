//! Everything that the broker wants done.

use std::sync::Arc;
use std::time::Duration;

use moment::Moment;

use crate::entry::Entry;
use crate::event::{EndCause, Failure};
use crate::holder::HeldBy;
use crate::ids::{Fence, LeaseId, ProfileName, RequestId, Seq, SessionId, ShellId};

/// What the driver does next, in this order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Write this to the books and report [`Recorded`](crate::Event::Recorded) or
    /// [`RecordFailed`](crate::Event::RecordFailed). Only an [awaited](Entry::is_awaited) entry holds anything up.
    Record { seq: Seq, entry: Entry },
    /// Open a shell. Answered by [`Opened`](crate::Event::Opened) or [`OpenFailed`](crate::Event::OpenFailed).
    Open {
        session: SessionId,
        shell: ShellId,
        profile: ProfileName,
    },
    /// End a shell, or what was left of opening it; may come again for one that is unconfirmed. Answered by
    /// [`Closed`](crate::Event::Closed) or [`CloseUnproven`](crate::Event::CloseUnproven).
    Close { session: SessionId, cause: CloseCause },
    /// Leave a shell on the server, for the next daemon to find. Answered by [`Left`](crate::Event::Left) or
    /// [`NotLeft`](crate::Event::NotLeft).
    Leave { session: SessionId },

    /// Final. The lease is held; `session` is set for one that binds a session, `ttl` for one that must be renewed.
    Granted {
        request: RequestId,
        lease: LeaseId,
        fence: Fence,
        session: Option<SessionId>,
        ttl: Option<Duration>,
    },
    /// Final for the wait: run the pipeline now.
    TurnGranted { turn: RequestId, session: SessionId },
    /// Final. The profile has an open session, `reused` if it was there already.
    Connected {
        request: RequestId,
        session: SessionId,
        reused: bool,
    },
    /// Final. The lease lives this much longer; `None` for one without a TTL.
    Renewed { request: RequestId, ttl: Option<Duration> },
    /// Final. What was asked is done.
    Done { request: RequestId },
    /// Final. What was asked will not be done.
    Refused { request: RequestId, refusal: Refusal },
    /// Final for a drain: nothing of the profile runs any more, and every session is closed but these, which are
    /// unconfirmed.
    Drained { request: RequestId, left: Vec<SessionId> },
    /// Not final: the request waits, and for this.
    Waiting { request: RequestId, waiting: Waiting },

    /// Stop a running pipeline; [`TurnDone`](crate::Event::TurnDone) is still awaited.
    StopTurn { turn: RequestId, why: StopCause },
    /// The lease is over; its fence is worth nothing from now on.
    LeaseEnded { lease: LeaseId, cause: EndCause },
    /// The lease will end at that moment, for this.
    Ending {
        lease: LeaseId,
        cause: EndCause,
        at: Moment,
    },
    /// The lease keeps a session to itself and has run nothing for so long. Told once until it runs something.
    Unused { lease: LeaseId, idle: Duration },
    /// Every session is closed or kept on its server for the next daemon, or the deadline passed with these left.
    ShutdownDone {
        closed: u32,
        kept: Vec<SessionId>,
        left: Vec<SessionId>,
    },
}

/// Why a session is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CloseCause {
    /// Nobody used it for as long as the server allows.
    Idle,
    /// Nobody used it, and its admin has another.
    Linger,
    /// Somebody else needs the slot.
    GivenUp,
    /// An exclusive lease ran something in it.
    Dirty,
    /// It belonged to a fresh lease.
    Fresh,
    /// It reached its age limit or its command budget, or its token ends.
    Worn,
    /// A limit went down, or its profile went away.
    Drained,
    /// Somebody asked for it.
    Asked,
    /// It broke, and may still be there.
    Broken,
    /// Its open failed, and it may be there all the same.
    OpenFailed,
    /// It is unconfirmed, and the endpoint answers again.
    Again,
    /// The daemon stops.
    Shutdown,
}

/// Why a pipeline is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StopCause {
    /// Its lease ended.
    LeaseEnded(EndCause),
    /// Its reader took nothing for too long while another waited.
    Stalled,
    /// Its session is being closed.
    SessionClosed,
    /// The daemon stops.
    Shutdown,
}

/// Why a request waits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Waiting {
    /// 1 is next. Rank among those who wait for the same thing.
    pub position: u32,
    pub blocked_by: BlockedBy,
    /// Who is in the way, at most ten.
    pub holders: Vec<HeldBy>,
    /// When that is expected to end, from now; `None` where nothing can be said.
    pub eta: Option<Duration>,
    /// In words, naming the account: "3 of 3 sessions of kenmyer@litwareinc.com are in use".
    pub reason: String,
}

/// What a request waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BlockedBy {
    /// Every session that would do runs somebody else's pipeline.
    Busy,
    /// The admin's limit.
    Admin,
    /// The organization's limit.
    Organization,
    /// The window for opens.
    Rate,
    /// The endpoint does not answer; the next try is due at the ETA.
    Endpoint,
    /// A person has to log in.
    Auth,
    /// Somebody paused the profile.
    Paused,
    /// A slot is held back until the end of an old shell is proven.
    Unconfirmed,
    /// A session is being opened.
    Opening,
    /// The books cannot be written: nothing may be opened until they can.
    Books,
}

/// Why a request will not be done.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Its deadline came before its turn.
    #[error("nothing came free in time: {}", .0.reason)]
    WouldWait(Waiting),
    #[error("there is no profile {0}, add it with `pslease profile add`")]
    UnknownProfile(ProfileName),
    #[error("there is no lease {0}, `pslease leases` lists them")]
    UnknownLease(LeaseId),
    /// The fence is not the lease's.
    #[error("lease {lease} has fence {current}, and the caller came with another")]
    OldFence { lease: LeaseId, current: Fence },
    /// The lease has ended, or ended while the request waited.
    #[error("lease {lease} has ended ({cause:?})")]
    LeaseEnded {
        lease: LeaseId,
        /// What it was a lease on.
        profile: ProfileName,
        cause: EndCause,
        at: Moment,
    },
    #[error("there is no session {0}, `pslease sessions` lists them")]
    UnknownSession(SessionId),
    /// A session that is not unconfirmed cannot be forgotten.
    #[error("session {0} is not unconfirmed, close it instead")]
    NotUnconfirmed(SessionId),
    /// A log-on is needed, and nobody is there to be asked.
    #[error("{0}")]
    Auth(Arc<str>),
    /// The open that it needed failed for good.
    #[error("{}", .0.message)]
    OpenFailed(Failure),
    /// The close could not be proven; the slot counts until then.
    #[error("the end of session {session} is not confirmed")]
    Unproven { session: SessionId, until: Option<Moment> },
    #[error("the profile is no longer configured")]
    ProfileRemoved,
    #[error("cancelled")]
    Cancelled,
    #[error("the daemon is stopping")]
    Stopping,
    /// The driver used a request's id a second time while the first still waits.
    #[error("request {0} waits already")]
    Duplicate(RequestId),
}
