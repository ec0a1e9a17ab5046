//! Who may hold which slot, and when.
//!
//! The broker is a value: [events](Event) go in with the time at which they happened, [actions](Action) come out, and
//! nothing else ever happens. Whoever drives it reads the clock, talks to endpoints and keeps the books; what is
//! decided here is who is served next, which session is opened, closed or given up, and what everybody else is told.
//! Its promise: an open begins only below every ceiling and after its intent is durable, a slot is free again only when
//! the end of its shell is proven, and every request gets exactly one final answer.
//!
//! Where what is decided:
//!
//! | question | module |
//! |---|---|
//! | what comes in, goes out, is written down, is shown | `event` `action` `entry` `snapshot` |
//! | who counts against what | `roster` |
//! | who waits, in which order, and what they are told | `queue` `line` `why` `tell` |
//! | who needs a slot, who gets it, who must give one up | `demand` `serve` `room` `spread` |
//! | opening, closing, and when a slot is free again | `open` `close` `books` |
//! | what the server really allows, and how often | `learned` `pace` |
//! | leases and turns, also those of an earlier run | `lease` `turn` `reclaim` |
//! | how long a session is kept, and what comes after it | `lifetime` `renewal` |
//! | leases that nobody uses | `leak` |
//! | log-ons, pauses, a new configuration, the end | `auth` `drain` `reload` `leave` `shutdown` |

mod action;
mod auth;
mod books;
mod broker;
mod close;
mod demand;
mod drain;
mod entry;
mod event;
mod holder;
mod ids;
#[cfg(debug_assertions)]
mod invariants;
mod leak;
mod learned;
mod lease;
mod leave;
mod lifetime;
mod line;
mod open;
mod pace;
mod profile;
mod queue;
mod reclaim;
mod reload;
mod renewal;
mod request;
mod room;
mod roster;
mod serve;
mod session;
mod shutdown;
mod snapshot;
mod spread;
mod status;
mod tell;
#[cfg(test)]
mod tests;
mod timer;
mod turn;
mod why;

pub use action::{Action, BlockedBy, CloseCause, Refusal, StopCause, Waiting};
pub use broker::Broker;
pub use entry::Entry;
pub use event::{EndCause, Event, Failure, FailureKind, Fate, Mode, Priority, TurnOutcome};
pub use holder::{HeldBy, Holder};
pub use ids::{Fence, LeaseId, ProfileName, RequestId, Seq, SessionId, ShellId};
pub use profile::{CommandRate, IdleLease, Lifetimes, Limits, OpenRate, Profile, Scopes, Settings, Sharing, Start};
pub use reclaim::RestoredLease;
pub use snapshot::{
    LeaseStatus, LimitStatus, ProfileState, ProfileStatus, ScopeKind, SessionState, SessionStatus, Snapshot, Waiter,
    Wish,
};
