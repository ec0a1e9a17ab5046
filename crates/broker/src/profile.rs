//! What the broker has to know of a profile, and the numbers that hold for all of them.

use std::time::Duration;

use crate::ids::{Fence, LeaseId, ProfileName, SessionId};

/// A profile with its template's defaults already filled in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Profile {
    /// Its name in the configuration.
    pub name: ProfileName,
    /// Whom its connections count against.
    pub scopes: Scopes,
    /// What two sessions must have in common to stand in for each other: URI, configuration name, session options.
    /// Opaque here; compared byte by byte. Profiles of one account with the same identity share sessions.
    pub identity: String,
    /// How many, how often.
    pub limits: Limits,
    /// How long.
    pub lifetimes: Lifetimes,
    /// How patiently its pipelines share.
    pub sharing: Sharing,
    /// What becomes of a lease that keeps a session to itself and runs nothing.
    pub idle_lease: IdleLease,
}

/// The accounts that a connection counts against. Compared without regard to case or to blanks around.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scopes {
    /// The service that counts: the template's name, or host:port.
    pub service: String,
    /// The account.
    pub admin: String,
    /// The tenant; absent where the service counts none.
    pub organization: Option<String>,
}

/// Ceilings. Where several profiles name one scope, the lowest holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Sessions at a time per (service, admin).
    pub admin: u32,
    /// Sessions at a time per (service, organization); absent for no ceiling.
    pub organization: Option<u32>,
    /// Opens per period and account; absent for no such window.
    pub opens: Option<OpenRate>,
    /// Pipelines per period and account; absent for no such window.
    pub commands: Option<CommandRate>,
    /// So many of the account's slots are left to interactive requests: batch neither opens nor takes one of the last.
    /// The very first session is never kept from anybody.
    pub reserve_interactive: u32,
}

/// At most `commands` pipelines begin within any `period`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CommandRate {
    /// Pipelines that may begin within one period. Zero is read as one.
    pub commands: u32,
    /// The period. A tenth is added: what begins here arrives there sooner or later.
    pub period: Duration,
}

/// How pipelines of a profile share sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sharing {
    /// A pipeline that waited this long behind another takes a second session, if a slot is free and nobody needs it.
    pub spread_after: Duration,
    /// A pipeline of it whose reader took nothing for this long is stopped, while another waits.
    pub stall_after: Duration,
}

impl Default for Sharing {
    fn default() -> Self {
        Self {
            spread_after: Duration::from_secs(2),
            stall_after: Duration::from_secs(60),
        }
    }
}

/// What becomes of a lease that has a session to itself and runs nothing in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IdleLease {
    /// After this long it is told of; `None` for never.
    pub after: Option<Duration>,
    /// Whether it then ends, announced like every end.
    pub reclaim: bool,
}

impl Default for IdleLease {
    fn default() -> Self {
        Self {
            after: Some(Duration::from_secs(600)),
            reclaim: false,
        }
    }
}

/// At most `opens` opens begin within any `period`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OpenRate {
    /// Opens that may begin within one period. Zero is read as one.
    pub opens: u32,
    /// The period.
    pub period: Duration,
}

/// How long a session is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lifetimes {
    /// After this long without use the *server* ends a session; we do so `idle_margin` earlier.
    pub idle: Duration,
    /// How far ahead of the server an idle session is closed. At most half of `idle` is taken.
    pub idle_margin: Duration,
    /// How long an idle session stays that is not the admin's last.
    pub linger: Duration,
    /// A session about this old is replaced between pipelines: up to a tenth sooner, each at a time of its own, so that
    /// those opened together are not replaced together.
    pub max_age: Option<Duration>,
    /// A session that has run this many pipelines is replaced between pipelines.
    pub max_commands: Option<u32>,
    /// Whether a session is kept open, and replaced before it idles out, while somebody holds a shared lease.
    pub keep_warm: bool,
    /// Whether its shell may be left on the server when the daemon is replaced: the service lets it be taken again, and
    /// the next daemon can log on by itself.
    pub leave: bool,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(900),
            idle_margin: Duration::from_secs(30),
            linger: Duration::from_secs(60),
            max_age: None,
            max_commands: Some(900),
            keep_warm: false,
            leave: false,
        }
    }
}

/// Numbers that hold for all profiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// A waiter that only a busy shared session could serve stops new turns on it after this long.
    pub claim_after: Duration,
    /// A batch request lets interactive ones pass that come up to this much later.
    pub batch_yields: Duration,
    /// A lease ends this long after its TTL has run out.
    pub ttl_grace: Duration,
    /// After a restart, how long a lease waits for its holder.
    pub reclaim_within: Duration,
    /// The longest TTL that is granted.
    pub max_ttl: Duration,
    /// How long before the end of a bound session its lease is told.
    pub announce: Duration,
    /// A session is replaced this long before its token ends.
    pub token_margin: Duration,
    /// How long before its age limit a replacement of a session is looked for, and again every sixth of that.
    pub renew_ahead: Duration,
    /// How long it is believed that a server allows less than is documented, if nothing shows it again.
    pub believe_for: Duration,
    /// After the server refused one more, how long at most until the next try.
    pub longest_pause: Duration,
    /// Fences made durable at a time.
    pub fence_block: u64,
    /// After a failed record, how long until the books are tried again.
    pub books_retry: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            claim_after: Duration::from_secs(10),
            batch_yields: Duration::from_secs(30),
            ttl_grace: Duration::from_secs(15),
            reclaim_within: Duration::from_secs(30),
            max_ttl: Duration::from_secs(24 * 3600),
            announce: Duration::from_secs(60),
            token_margin: Duration::from_secs(120),
            renew_ahead: Duration::from_secs(60),
            believe_for: Duration::from_secs(900),
            longest_pause: Duration::from_secs(300),
            fence_block: 1024,
            books_retry: Duration::from_secs(5),
        }
    }
}

/// Where a new broker takes up counting: all of it from the ledger, the seed from the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Start {
    /// The end of the last durable block of fences ([`Entry::Fences`](crate::Entry)); no fence below it is given out again.
    pub fence: Fence,
    /// The number of the first session.
    pub session: SessionId,
    /// The number of the first lease.
    pub lease: LeaseId,
    /// Drawn at random once per start: shell ids come from it.
    pub seed: u128,
}

impl Default for Start {
    fn default() -> Self {
        Self {
            fence: Fence(1),
            session: SessionId(1),
            lease: LeaseId(1),
            seed: 0,
        }
    }
}
