//! The daemon's messages as rows. The keys are what programs rely on: they are added to, never changed.

use proto::v1::{
    Availability, Holder, Lease, LeaseMode, Limit, Priority, ProfileStatus, Session, SessionState, Waiter,
};

use super::{Cell, Row};
use crate::notice::blocked_by;

/// `Get-PSSession`'s columns first, in its order, then ours.
pub(crate) fn session(session: Session) -> Row {
    let (state, availability) = (state(session.state()), availability(session.availability()));
    Row::default()
        .with("id", "Id", session.id)
        .with("name", "Name", session.name)
        .with("computer_name", "ComputerName", session.computer_name)
        .with("state", "State", state)
        .with("configuration_name", "ConfigurationName", session.configuration_name)
        .with("availability", "Availability", availability)
        .with("profile", "Profile", session.profile)
        .with("admin", "Admin", session.admin)
        .with("organization", "", session.organization)
        .with("shell_id", "", session.shell_id)
        .with("uri", "", session.uri)
        .with("lease", "Lease", Cell::Id(session.lease))
        .with("age", "Age", session.age)
        .with("idle", "Idle", session.idle)
        .with("expires", "Expires", session.expires)
        .with("commands", "Commands", session.commands)
        .with("holder", "Holder", session.holder.map(holder).unwrap_or_default())
        .with("note", "Note", session.note)
}

pub(crate) fn lease(lease: Lease) -> Row {
    let mode = mode(lease.mode());
    Row::default()
        .with("lease", "Lease", lease.id)
        .with("profile", "Profile", lease.profile)
        .with("mode", "Mode", mode)
        .with("session", "Session", Cell::Id(lease.session))
        .with("anchor", "Anchor", lease.anchor)
        .with("age", "Age", lease.age)
        .with("ttl_left", "TtlLeft", lease.ttl_left)
        .with("running", "Running", lease.running)
        .with("label", "Label", lease.label)
        .with("idle", "Idle", lease.idle)
        .with("unused", "Unused", lease.unused)
        .with("holder", "Holder", lease.holder.map(holder).unwrap_or_default())
}

pub(crate) fn waiter(waiter: Waiter) -> Row {
    let (mode, priority) = (mode(waiter.mode()), priority(waiter.priority()));
    let waiting = waiter.waiting.unwrap_or_default();
    let blocked = blocked_by(waiting.blocked_by());
    let holders: Vec<String> = waiting.holders.iter().map(|holder| holder.lease.to_string()).collect();
    Row::default()
        .with("position", "Pos", waiter.position)
        .with("profile", "Profile", waiter.profile)
        .with("mode", "Mode", mode)
        .with("priority", "Priority", priority)
        .with("waited", "Waited", waiter.waited)
        .with("eta", "Eta", waiting.eta)
        .with("blocked_by", "BlockedBy", blocked)
        .with("holders", "Leases", holders)
        .with("who", "Who", waiter.who.map(holder).unwrap_or_default())
        .with("reason", "Reason", waiting.reason)
}

pub(crate) fn limit(limit: Limit) -> Row {
    let believed = crate::commands::believed(&limit);
    Row::default()
        .with("scope", "Scope", limit.scope)
        .with("subject", "Subject", limit.subject)
        .with("service", "Service", limit.service)
        .with("used", "Used", limit.used)
        .with("limit", "", limit.limit)
        .with("believed", "Limit", believed)
        .with("outside", "Outside", Cell::Id(limit.outside.into()))
        .with("waiting", "Waiting", limit.waiting)
        .with("next_free", "NextFree", limit.next_free)
}

pub(crate) fn profile(profile: ProfileStatus) -> Row {
    Row::default()
        .with("name", "Profile", profile.name)
        .with("is_default", "Default", profile.is_default)
        .with("template", "Template", profile.template)
        .with("admin", "Admin", profile.admin)
        .with("organization", "Organization", profile.organization)
        .with("state", "State", profile.state)
        .with("uri", "", profile.uri)
        .with("hint", "Hint", profile.hint)
}

/// Who it is, for programs in full, for people in short: command, terminal, pid.
fn holder(holder: Holder) -> Row {
    Row::default()
        .with("lease", "", Cell::Id(holder.lease))
        .with("session", "", Cell::Id(holder.session))
        .with("command", "Command", holder.command)
        .with("tty", "Tty", holder.tty)
        .with("pid", "Pid", Cell::Id(holder.pid.into()))
        .with("cwd", "", holder.cwd)
        .with("origin", "Origin", holder.origin)
        .with("parents", "", holder.parents)
        .with("held", "", holder.held)
}

/// As `Get-PSSession` spells it.
fn state(state: SessionState) -> &'static str {
    match state {
        SessionState::Unspecified => "",
        SessionState::Opening => "Opening",
        SessionState::Opened => "Opened",
        SessionState::Disconnected => "Disconnected",
        SessionState::Broken => "Broken",
        SessionState::Closing => "Closing",
        SessionState::Closed => "Closed",
        SessionState::Unconfirmed => "Unconfirmed",
    }
}

/// As `Get-PSSession` spells it.
fn availability(availability: Availability) -> &'static str {
    match availability {
        Availability::Unspecified => "",
        Availability::None => "None",
        Availability::Available => "Available",
        Availability::Busy => "Busy",
    }
}

/// As `--mode` has it.
pub(crate) fn mode(mode: LeaseMode) -> &'static str {
    match mode {
        LeaseMode::Unspecified => "",
        LeaseMode::Shared => "shared",
        LeaseMode::Exclusive => "exclusive",
        LeaseMode::Fresh => "fresh",
    }
}

fn priority(priority: Priority) -> &'static str {
    match priority {
        Priority::Unspecified => "",
        Priority::Interactive => "interactive",
        Priority::Batch => "batch",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Format;
    use crate::output::Page;

    #[test]
    fn sessions_begin_with_the_columns_that_admins_know() {
        let rows = vec![session(Session {
            id: 1,
            name: "litware".into(),
            computer_name: "localhost".into(),
            state: SessionState::Opened.into(),
            configuration_name: "Microsoft.PowerShell".into(),
            availability: Availability::Busy.into(),
            ..Session::default()
        })];
        let mut out = Vec::new();
        Page::of("x", "sessions", "", rows)
            .write(&mut out, Some(Format::Table), None)
            .unwrap();
        let text = String::from_utf8(out).unwrap();
        let head: Vec<&str> = text.lines().next().unwrap().split_whitespace().take(6).collect();
        assert_eq!(
            head,
            [
                "Id",
                "Name",
                "ComputerName",
                "State",
                "ConfigurationName",
                "Availability"
            ]
        );
        assert!(text.contains("localhost    Opened Microsoft.PowerShell Busy"));
    }
}
