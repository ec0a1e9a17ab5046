//! What a service's faults tell of its own limits.

use std::time::Duration;

use broker::{Event, ScopeKind, SessionId};
use runspace::Cause;
use wsman::{Fault, FaultKind};

use crate::config::Profile;

/// A service that says "too fast" and not for how long.
const SLOW: Duration = Duration::from_secs(5);

/// The service's own count, or limit, of the account or the tenant, if the fault tells one.
pub(super) fn told(cause: &Cause, profile: &Profile) -> Option<Event> {
    let fault = fault(cause)?;
    let budget = fault.exchange.as_ref().and_then(|exchange| exchange.budget.as_ref());
    let counted = budget.and_then(|budget| budget.active_runspaces);
    let (scope, limit) = match fault.kind {
        FaultKind::ShellsPerTenant => (ScopeKind::Organization, fault.limit),
        FaultKind::ShellsPerUser => (ScopeKind::Admin, fault.limit),
        _ => (ScopeKind::Admin, None),
    };
    let number = |number: i64| u32::try_from(number).ok();
    let (used, most) = match counted.filter(|_| scope == ScopeKind::Admin) {
        Some(counted) => (number(counted.now), counted.limit.and_then(number)),
        None => (None, None),
    };
    // Who says that a limit is reached has said how many there are.
    let full = matches!(fault.kind, FaultKind::ShellsPerTenant | FaultKind::ShellsPerUser);
    let used = used.or(limit.filter(|_| full));
    let limit = limit.or(most);
    (used.is_some() || limit.is_some()).then(|| Event::Told {
        profile: profile.name.as_str().into(),
        scope,
        used,
        limit,
    })
}

/// The service asks for fewer commands.
pub(super) fn throttled(cause: &Cause, session: SessionId) -> Option<Event> {
    let fault = fault(cause)?;
    (fault.kind == FaultKind::RequestRate).then(|| Event::Throttled {
        session,
        pause: fault.wait.unwrap_or(SLOW),
    })
}

fn fault(cause: &Cause) -> Option<&Fault> {
    match cause {
        Cause::Fault { fault, .. } => Some(fault),
        _ => None,
    }
}
