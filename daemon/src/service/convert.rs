//! The broker's terms and the contract's.

use std::sync::Arc;
use std::time::Duration;

use broker::{BlockedBy, EndCause, HeldBy, Holder, Mode, Priority, StopCause, Waiting};
use moment::Moment;
use proto::v1;
use tonic::{Request, Status};

use super::error;
pub(super) use crate::owner::Peer;

/// Who asks, as the socket knows it.
pub(super) fn peer<T>(request: &Request<T>) -> Peer {
    request.extensions().get::<Peer>().cloned().unwrap_or_default()
}

pub(super) fn holder(peer: &Peer, caller: &v1::Caller) -> Arc<Holder> {
    Arc::new(Holder {
        command: caller.command.clone(),
        pid: peer.pid.unwrap_or(0),
        tty: caller.tty.clone(),
        cwd: caller.cwd.clone(),
        interactive: caller.interactive,
        origin: caller.origin.clone(),
        parents: caller.parents.clone(),
    })
}

pub(super) fn mode(mode: v1::LeaseMode) -> Mode {
    match mode {
        v1::LeaseMode::Unspecified | v1::LeaseMode::Shared => Mode::Shared,
        v1::LeaseMode::Exclusive => Mode::Exclusive,
        v1::LeaseMode::Fresh => Mode::Fresh,
    }
}

pub(super) const fn of_mode(mode: Mode) -> v1::LeaseMode {
    match mode {
        Mode::Shared => v1::LeaseMode::Shared,
        Mode::Exclusive => v1::LeaseMode::Exclusive,
        Mode::Fresh => v1::LeaseMode::Fresh,
    }
}

pub(super) fn priority(priority: v1::Priority, caller: &v1::Caller) -> Priority {
    match priority {
        v1::Priority::Interactive => Priority::Interactive,
        v1::Priority::Batch => Priority::Batch,
        v1::Priority::Unspecified if caller.interactive => Priority::Interactive,
        v1::Priority::Unspecified => Priority::Batch,
    }
}

pub(super) const fn of_priority(priority: Priority) -> v1::Priority {
    match priority {
        Priority::Interactive => v1::Priority::Interactive,
        Priority::Batch => v1::Priority::Batch,
    }
}

pub(super) fn duration(duration: Duration) -> prost_types::Duration {
    prost_types::Duration {
        seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(duration.subsec_nanos()).unwrap_or(0),
    }
}

/// A duration of the contract's. A negative one is a mistake of the caller's.
pub(super) fn of_duration(given: Option<prost_types::Duration>, name: &str) -> Result<Option<Duration>, Status> {
    given
        .map(|given| Duration::try_from(given).map_err(|_| error::usage(format!("{name} must not be negative"))))
        .transpose()
}

/// Until when to wait; `None` for ever.
pub(super) fn deadline(now: Moment, wait: Option<prost_types::Duration>) -> Result<Option<Moment>, Status> {
    Ok(of_duration(wait, "wait")?.map(|wait| now + wait))
}

pub(super) fn waiting(waiting: &Waiting) -> v1::Waiting {
    v1::Waiting {
        position: waiting.position,
        blocked_by: blocked_by(waiting.blocked_by).into(),
        holders: waiting.holders.iter().map(held_by).collect(),
        eta: waiting.eta.map(duration),
        reason: waiting.reason.clone(),
    }
}

const fn blocked_by(blocked_by: BlockedBy) -> v1::BlockedBy {
    match blocked_by {
        BlockedBy::Busy => v1::BlockedBy::Busy,
        BlockedBy::Admin => v1::BlockedBy::Admin,
        BlockedBy::Organization => v1::BlockedBy::Organization,
        BlockedBy::Rate => v1::BlockedBy::Rate,
        BlockedBy::Endpoint => v1::BlockedBy::Endpoint,
        BlockedBy::Auth => v1::BlockedBy::Auth,
        BlockedBy::Paused => v1::BlockedBy::Paused,
        BlockedBy::Unconfirmed => v1::BlockedBy::Unconfirmed,
        BlockedBy::Opening => v1::BlockedBy::Opening,
        // Opens wait for the daemon's own disk: as if the endpoint were not there.
        BlockedBy::Books => v1::BlockedBy::Endpoint,
    }
}

fn held_by(held: &HeldBy) -> v1::Holder {
    v1::Holder {
        lease: held.lease.map_or(0, |lease| lease.0),
        session: held.session.map_or(0, |session| session.0),
        held: Some(duration(held.held)),
        ..who(&held.who)
    }
}

pub(super) fn who(who: &Holder) -> v1::Holder {
    v1::Holder {
        command: who.command.clone(),
        pid: who.pid,
        tty: who.tty.clone(),
        cwd: who.cwd.clone(),
        origin: who.origin.clone(),
        parents: who.parents.clone(),
        ..v1::Holder::default()
    }
}

pub(super) const fn end_cause(cause: EndCause) -> v1::EndCause {
    match cause {
        EndCause::Released => v1::EndCause::Released,
        EndCause::Stream => v1::EndCause::Stream,
        EndCause::Process => v1::EndCause::Process,
        EndCause::Ttl => v1::EndCause::Ttl,
        EndCause::Revoked | EndCause::ProfileRemoved | EndCause::Unclaimed | EndCause::Unused | EndCause::Drained => {
            v1::EndCause::Revoked
        }
        EndCause::SessionLost | EndCause::Idle | EndCause::Age | EndCause::Commands => v1::EndCause::Session,
        EndCause::Shutdown => v1::EndCause::Shutdown,
    }
}

pub(crate) const fn end_words(cause: EndCause) -> &'static str {
    match cause {
        EndCause::Released => "it was released",
        EndCause::Stream => "its owner's connection closed",
        EndCause::Process => "its owner's process ended",
        EndCause::Ttl => "it was not renewed in time",
        EndCause::Revoked => "somebody ended it",
        EndCause::SessionLost => "session state was lost: the session is gone",
        EndCause::Idle => "session state was lost: idle",
        EndCause::Age => "session state was lost: the session reached its age limit, or its token ends",
        EndCause::Commands => "session state was lost: the session's command budget is used up",
        EndCause::Unclaimed => "its holder did not come back after the daemon was started again",
        EndCause::Unused => "it kept a session to itself and ran nothing",
        EndCause::Drained => "its profile is being drained",
        EndCause::ProfileRemoved => "its profile is no longer configured",
        EndCause::Shutdown => "the daemon stops",
    }
}

pub(super) fn ended(cause: EndCause, profile: &str) -> v1::Ended {
    let hint = match cause {
        EndCause::Released | EndCause::Shutdown => String::new(),
        _ => format!("pslease connect {profile}"),
    };
    v1::Ended {
        cause: end_cause(cause).into(),
        message: end_words(cause).to_owned(),
        hint,
    }
}

pub(crate) fn stop_words(cause: StopCause) -> String {
    match cause {
        StopCause::LeaseEnded(cause) => format!("stopped, because the lease ended: {}", end_words(cause)),
        StopCause::Stalled => "stopped, because its reader took nothing while others waited for the session".to_owned(),
        StopCause::SessionClosed => "stopped, because its session is being closed".to_owned(),
        StopCause::Shutdown => "stopped, because the daemon stops".to_owned(),
    }
}
