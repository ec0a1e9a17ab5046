//! Everything that `status` shows.

use std::sync::Arc;
use std::time::Duration;

use moment::Moment;

use crate::action::{CloseCause, Waiting};
use crate::event::{Mode, Priority};
use crate::holder::Holder;
use crate::ids::{Fence, LeaseId, ProfileName, RequestId, SessionId, ShellId};

/// Who holds what, at one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    pub profiles: Vec<ProfileStatus>,
    pub sessions: Vec<SessionStatus>,
    pub leases: Vec<LeaseStatus>,
    /// In the order of each queue.
    pub waiters: Vec<Waiter>,
    pub limits: Vec<LimitStatus>,
    /// True from the shutdown on.
    pub stopping: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileStatus {
    pub name: ProfileName,
    pub state: ProfileState,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileState {
    Active,
    Paused,
    /// Paused, and its sessions are closed as they come free.
    Draining,
    AuthNeeded {
        message: Arc<str>,
    },
    /// The last open failed; the next is tried at that moment.
    EndpointDown {
        message: Arc<str>,
        until: Moment,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionStatus {
    pub session: SessionId,
    pub shell: ShellId,
    /// The profile that it was opened for.
    pub profile: ProfileName,
    pub admin: String,
    pub organization: Option<String>,
    pub state: SessionState,
    /// The lease that has it to itself, or whose turn it is.
    pub lease: Option<LeaseId>,
    /// Who runs something in it, or has it to itself.
    pub holder: Option<Arc<Holder>>,
    /// The turns that run: more than one only if they are nested.
    pub turns: Vec<RequestId>,
    pub age: Duration,
    /// Since its last use; `None` while it is used.
    pub idle: Option<Duration>,
    /// When the broker will close it if nobody uses it.
    pub expires: Option<Moment>,
    /// Pipelines begun in it.
    pub commands: u32,
}

/// What `Get-PSSession` calls State, and the states of the books that it has no word for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionState {
    /// Counted; its record is not durable yet.
    Intent,
    Opening,
    Opened,
    /// Found in the books, and being looked for.
    Recovering,
    /// Left on its server for the next daemon, or about to be.
    Left,
    Closing {
        cause: CloseCause,
    },
    /// Counts until then, or until proof.
    Unconfirmed {
        until: Option<Moment>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseStatus {
    pub lease: LeaseId,
    pub fence: Fence,
    pub mode: Mode,
    pub profile: ProfileName,
    /// `None` for a shared lease between its pipelines.
    pub session: Option<SessionId>,
    pub holder: Arc<Holder>,
    pub age: Duration,
    /// For how long it has run nothing while it keeps a session to itself.
    pub idle: Option<Duration>,
    /// That is too long, by the policy of its profile.
    pub unused: bool,
    /// It is of an earlier run, and its holder has not come back so far.
    pub unclaimed: bool,
    /// Until it must be renewed.
    pub ttl_left: Option<Duration>,
    /// The turns that it runs.
    pub turns: Vec<RequestId>,
    /// What it runs, empty for nothing.
    pub running: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiter {
    pub request: RequestId,
    pub profile: ProfileName,
    pub wish: Wish,
    pub priority: Priority,
    pub holder: Arc<Holder>,
    pub waited: Duration,
    pub waiting: Waiting,
}

/// What a request waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wish {
    /// A lease of this mode.
    Lease(Mode),
    /// A turn of this lease.
    Turn(LeaseId),
    /// An open session.
    Connect,
}

/// One ceiling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitStatus {
    pub scope: ScopeKind,
    pub service: String,
    /// The account or the tenant, as first written in the configuration.
    pub subject: String,
    pub used: u32,
    pub limit: u32,
    pub waiting: u32,
    /// When a held-back slot comes free, if one does.
    pub next_free: Option<Duration>,
    /// The most that the server allowed at last, where that was less, and how long ago.
    pub observed: Option<(u32, Duration)>,
    /// Until one more than that is tried.
    pub next_try: Option<Duration>,
    /// Slots that the server counts and this daemon does not hold.
    pub outside: u32,
    /// Opens in the window, of how many, in which time; admins only.
    pub opens: Option<(u32, u32, Duration)>,
    /// Pipelines in the window, of how many, in which time; admins only.
    pub commands: Option<(u32, u32, Duration)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScopeKind {
    Admin,
    Organization,
}
