//! Everything that can happen to the broker.

use std::sync::Arc;
use std::time::Duration;

use moment::Moment;

use crate::holder::Holder;
use crate::ids::{Fence, LeaseId, ProfileName, RequestId, Seq, SessionId, ShellId};
use crate::profile::{Profile, Scopes, Settings};
use crate::reclaim::RestoredLease;
use crate::snapshot::ScopeKind;

/// What a client asked, what an endpoint answered, what the books confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    // From clients. Each of these carries a request and leaves exactly one final answer.
    /// Asks for a lease. A shared one is granted at once, the others wait for a session.
    Acquire {
        request: RequestId,
        profile: ProfileName,
        mode: Mode,
        priority: Priority,
        /// Until when to wait for a slot; `None` for ever, `now` not at all. Time that an open takes is not waiting.
        deadline: Option<Moment>,
        /// The lease ends if it is not renewed within this (and [`Settings::ttl_grace`]).
        ttl: Option<Duration>,
        holder: Arc<Holder>,
    },
    /// Asks that the profile have an open session. Answered by [`Connected`](crate::Action::Connected).
    Connect {
        request: RequestId,
        profile: ProfileName,
        priority: Priority,
        deadline: Option<Moment>,
        holder: Arc<Holder>,
    },
    /// Puts off the end of a lease. Answered by [`Renewed`](crate::Action::Renewed).
    Renew {
        request: RequestId,
        lease: LeaseId,
        fence: Fence,
        ttl: Option<Duration>,
    },
    /// A holder from before the restart asks for its lease again. Answered by [`Granted`](crate::Action::Granted) with the
    /// same lease and fence, whether its session is found again yet or not.
    Reclaim {
        request: RequestId,
        lease: LeaseId,
        fence: Fence,
    },
    /// Gives a lease back. Answered at once; what it runs is stopped.
    Release {
        request: RequestId,
        lease: LeaseId,
        fence: Fence,
    },
    /// Ends somebody else's lease.
    Kill { request: RequestId, lease: LeaseId },
    /// Asks for the right to run one pipeline. Answered by [`TurnGranted`](crate::Action::TurnGranted) or a refusal;
    /// once granted, the driver reports [`TurnDone`](Event::TurnDone).
    Turn {
        turn: RequestId,
        lease: LeaseId,
        fence: Fence,
        deadline: Option<Moment>,
        holder: Arc<Holder>,
        /// The pipeline says that it is nested: it starts as soon as its lease holds a turn, and keeps that turn.
        nested: bool,
        /// The only session that will do, under a lease that has none to itself. Refused as
        /// [`UnknownSession`](crate::Refusal::UnknownSession) once that is not to be had any more.
        only: Option<SessionId>,
    },
    /// Takes a request back that waits: it is refused as cancelled. Does nothing to one that was answered.
    Cancel { request: RequestId },
    /// Closes a session, whoever uses it. Answered when its end is proven, or refused with what is left.
    CloseSession { request: RequestId, session: SessionId },
    /// Takes an unconfirmed session out of the books, on a person's word.
    Forget { request: RequestId, session: SessionId },

    // From the owner watch.
    /// The owner of a lease is gone. An unknown lease is passed over.
    End { lease: LeaseId, cause: EndCause },

    // From pipelines.
    /// A granted turn is over: its end is confirmed, or the session is not fit for anybody else.
    TurnDone { turn: RequestId, outcome: TurnOutcome },
    /// From now on the turn's reader takes nothing, or a question of it goes unanswered.
    Stalled { turn: RequestId },
    /// The turn's reader takes again.
    Flowing { turn: RequestId },

    // From the books.
    /// A record is durable.
    Recorded { seq: Seq },
    /// A record could not be made durable. Opens stop for [`Settings::books_retry`]; releases go on.
    RecordFailed { seq: Seq },

    // From sessions.
    /// The shell is open.
    Opened {
        session: SessionId,
        /// The idle time that the server told, if it did.
        idle: Option<Duration>,
    },
    /// An open came to nothing.
    OpenFailed {
        session: SessionId,
        fate: Fate,
        failure: Failure,
        /// When another try makes sense. `None`: those who needed it are refused with the failure's words.
        retry_after: Option<Duration>,
    },
    /// Proof that the shell is gone, asked for or not.
    Closed { session: SessionId },
    /// A close came to nothing provable: the slot counts until then, or until proof.
    CloseUnproven { session: SessionId, until: Option<Moment> },
    /// A shell was left on its server, as it was wanted; not `confirmed` where the answer was lost.
    Left { session: SessionId, confirmed: bool },
    /// The server does not let the shell be left: it is closed.
    NotLeft { session: SessionId },
    /// A session was lost, or the open that it was in. Its turns are over.
    SessionLost { session: SessionId, fate: Fate },
    /// The secret that the session's requests carry ends then, and no other is to be had; `None`: there is another after
    /// all.
    TokenEnds { session: SessionId, at: Option<Moment> },
    /// The server wants fewer pipelines of the session's account: none begins before this is over.
    Throttled { session: SessionId, pause: Duration },
    /// The server told how it counts the profile's account or tenant: in a fault, in a budget, in a list of shells.
    Told {
        profile: ProfileName,
        scope: ScopeKind,
        /// How many it counts, ours among them.
        used: Option<u32>,
        /// How many it allows.
        limit: Option<u32>,
    },
    /// A confirmed reset of the session's state: it is as clean as new.
    Reset { session: SessionId },
    /// A row of the books of an earlier run. It counts at once; an [`Opened`](Event::Opened), a
    /// [`Closed`](Event::Closed) or a [`CloseUnproven`](Event::CloseUnproven) says what became of it.
    Restored {
        session: SessionId,
        shell: ShellId,
        profile: ProfileName,
        scopes: Scopes,
        identity: String,
        /// An exclusive lease may have run something in it: it is closed rather than given to anybody else.
        dirty: bool,
        /// How long ago it was opened.
        age: Duration,
        /// Pipelines begun in it so far.
        commands: u32,
    },

    /// A lease of an earlier run: said after the [`Restored`](Event::Restored) of its session, which then is nobody
    /// else's. It ends as [unclaimed](EndCause::Unclaimed) unless a [`Reclaim`](Event::Reclaim), a
    /// [`Turn`](Event::Turn) or a [`Renew`](Event::Renew) with its fence comes within [`Settings::reclaim_within`] of
    /// this, or of the [`Opened`](Event::Opened) of its session.
    RestoredLease(RestoredLease),

    // From people and the configuration.
    /// The profiles as they are from now on, all of them. A limit that went down drains; none is ever exceeded.
    Configured { profiles: Vec<Profile>, settings: Settings },
    /// Begins nothing new for the profile: no open, no turn, no bound lease. What runs, runs on.
    Pause { profile: ProfileName },
    /// Ends a pause, or a drain.
    Resume { profile: ProfileName },
    /// Pauses the profile, closes its sessions as they come free, and at the deadline ends what still runs. Answered by
    /// [`Drained`](crate::Action::Drained); the pause stays until a [`Resume`](Event::Resume).
    Drain {
        request: RequestId,
        profile: ProfileName,
        deadline: Moment,
        /// Sessions that [may be left](crate::Lifetimes::leave) stay open with their leases, and only what runs is waited
        /// for: a [`Shutdown`](Event::Shutdown) that leaves them is to follow.
        leave: bool,
    },
    /// The profile's account needs a person to log in, for every profile of it. Scripts that need an open are refused.
    AuthNeeded { profile: ProfileName, message: Arc<str> },
    /// The account has a secret to try again.
    AuthOk { profile: ProfileName },
    /// Begin nothing more, stop every turn, close every session. [`ShutdownDone`](crate::Action::ShutdownDone) follows.
    Shutdown {
        deadline: Moment,
        /// Sessions that [may be left](crate::Lifetimes::leave) are left on their servers instead; shared leases, and those
        /// of such sessions, do not end.
        leave: bool,
    },
}

/// How a lease may use a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Pipelines of many take turns; binds a profile.
    Shared,
    /// One session to itself, an idle clean one or a new one.
    Exclusive,
    /// One session to itself, newly opened and closed afterwards.
    Fresh,
}

/// Who goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// A person waits for it.
    Interactive,
    /// A script waits for it.
    Batch,
}

/// Why a lease ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EndCause {
    /// Its holder gave it back.
    Released,
    /// The owner's stream closed.
    Stream,
    /// The owner's process ended.
    Process,
    /// It was not renewed in time.
    Ttl,
    /// Somebody ended it, or closed its session.
    Revoked,
    /// Its session was lost.
    SessionLost,
    /// Its session had been idle for as long as the server allows.
    Idle,
    /// Its session reached its age limit.
    Age,
    /// Its session reached its command budget.
    Commands,
    /// The daemon was started again, and its holder did not come back for it.
    Unclaimed,
    /// It kept a session to itself and ran nothing for too long.
    Unused,
    /// Its profile is being drained, and the deadline came.
    Drained,
    /// The profile is no longer configured.
    ProfileRemoved,
    /// The daemon stops.
    Shutdown,
}

/// What a finished turn leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TurnOutcome {
    /// Its end is confirmed and nothing of it is in flight.
    Clean,
    /// The session must not be given to anybody else.
    Dirty,
}

/// What is known of a shell after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// No Create was sent, or the shell's end is proven: the slot is free.
    Gone,
    /// It may be there. A close is tried; unless that proves its end, the slot counts until then (`None`: until proof).
    MayExist { until: Option<Moment> },
}

/// Why an open failed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Failure {
    pub kind: FailureKind,
    /// One sentence, the server's own words first.
    pub message: Arc<str>,
}

/// Which way an open failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureKind {
    /// The log-on was refused, or there is nothing to log on with: the account needs a person.
    Auth,
    /// The endpoint did not answer, or not in its protocol.
    Endpoint,
    /// The server counts more sessions of the admin than we do.
    AdminQuota,
    /// The server counts more sessions of the organization than we do.
    OrganizationQuota,
    /// The server limits how often a session may be opened.
    Rate,
    /// The profile does not fit the endpoint: only an edit of it helps.
    Profile,
    /// The server refused for another reason.
    Refused,
}
