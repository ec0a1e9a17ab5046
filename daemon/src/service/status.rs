//! Everything that `status` shows, in the contract's terms.

use std::collections::HashMap;
use std::time::Duration;

use broker::{
    LeaseStatus, LimitStatus, ProfileState, ScopeKind, SessionId, SessionState, SessionStatus, Snapshot, Waiter, Wish,
};
use moment::Moment;
use proto::v1;

use super::convert;
use crate::account::Standing;
use crate::config::{Config, Profile};
use crate::hub::Hub;

/// What a reader must know.
const SCOPE: &str = "limits are counted by this daemon only";

/// Who holds what, at this instant.
pub(super) async fn status(hub: &Hub) -> v1::StatusResponse {
    let current = hub.current().await;
    let (config, bad) = match current {
        Ok(current) => (current.config, current.bad),
        Err(error) => (hub.config.last(), Some(error)),
    };
    let snapshot = hub.desk.snapshot().await;
    let now = hub.clock.now();
    let running: HashMap<SessionId, &LeaseStatus> = snapshot
        .leases
        .iter()
        .filter_map(|lease| Some((lease.session?, lease)))
        .collect();
    let mut notes = vec![SCOPE.to_owned()];
    notes.extend(
        hub.books
            .iter()
            .map(|words| format!("{words}; pslease reconcile shows what the endpoints hold")),
    );
    notes.extend(bad.map(|error| format!("the configuration is the last good one: {error}")));
    notes.extend(snapshot.stopping.then(|| "the daemon is stopping".to_owned()));
    v1::StatusResponse {
        profiles: config
            .profiles
            .values()
            .map(|profile| of_profile(hub, &config, &snapshot, profile))
            .collect(),
        sessions: snapshot
            .sessions
            .iter()
            .map(|one| of_session(hub, &config, one, running.get(&one.session), now))
            .collect(),
        leases: snapshot.leases.iter().map(|lease| of_lease(hub, lease)).collect(),
        waiters: snapshot
            .waiters
            .iter()
            .map(|waiter| of_waiter(&snapshot, waiter))
            .collect(),
        limits: snapshot.limits.iter().map(|limit| of_limit(&config, limit)).collect(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        uptime: Some(convert::duration(now.since(hub.began))),
        notes,
    }
}

/// The sessions alone.
pub(super) async fn sessions(hub: &Hub) -> Vec<v1::Session> {
    let snapshot = hub.desk.snapshot().await;
    let (config, now) = (hub.config.last(), hub.clock.now());
    let lease = |session: SessionId| snapshot.leases.iter().find(|lease| lease.session == Some(session));
    snapshot
        .sessions
        .iter()
        .map(|one| of_session(hub, &config, one, lease(one.session).as_ref(), now))
        .collect()
}

fn of_profile(hub: &Hub, config: &Config, snapshot: &Snapshot, profile: &Profile) -> v1::ProfileStatus {
    let state = snapshot
        .profiles
        .iter()
        .find(|known| known.name.as_str() == profile.name)
        .map(|known| &known.state);
    let (state, hint) = match state {
        Some(ProfileState::Draining) => ("draining", format!("pslease resume {}", profile.name)),
        Some(ProfileState::Paused) => ("paused", format!("pslease resume {}", profile.name)),
        Some(ProfileState::AuthNeeded { .. }) => ("auth-needed", format!("pslease login {}", profile.name)),
        Some(ProfileState::EndpointDown { message, .. }) => ("endpoint-down", message.to_string()),
        Some(ProfileState::Active) | None => match hub.accounts.standing(profile).0 {
            Standing::Refused => ("auth-needed", format!("pslease login {}", profile.name)),
            Standing::Untried | Standing::Accepted => ("active", String::new()),
        },
    };
    v1::ProfileStatus {
        name: profile.name.clone(),
        template: profile.template.name().to_owned(),
        uri: profile.address.uri.clone(),
        admin: profile.admin.clone(),
        organization: profile.organization.clone(),
        state: state.to_owned(),
        hint,
        is_default: config.default.as_ref() == Some(&profile.name),
    }
}

fn of_session(
    hub: &Hub,
    config: &Config,
    one: &SessionStatus,
    lease: Option<&&LeaseStatus>,
    now: Moment,
) -> v1::Session {
    let profile = config.find(one.profile.as_str());
    let end = End {
        why: hub.sessions.why(one.session),
        cure: cure(hub, profile.map(|profile| &**profile), one),
    };
    let (state, availability, note) = states(one, now, &end);
    // Where discovery and redirects led, as long as somebody is there.
    let live = hub.sessions.place_of(one.session);
    let configured = profile.map(|profile| (profile.address.host.clone(), profile.address.uri.clone()));
    let (computer, uri) = live.or(configured).unzip();
    let holder = one.holder.as_ref().map(|who| v1::Holder {
        lease: one.lease.map_or(0, |lease| lease.0),
        session: one.session.0,
        command: lease
            .map(|lease| lease.running.clone())
            .filter(|it| !it.is_empty())
            .unwrap_or(who.command.clone()),
        held: lease.map(|lease| convert::duration(lease.age)),
        ..convert::who(who)
    });
    v1::Session {
        id: one.session.0,
        name: format!("Session{}", one.session),
        computer_name: computer.unwrap_or_default(),
        state: state.into(),
        configuration_name: profile.map(|profile| profile.configuration.clone()).unwrap_or_default(),
        availability: availability.into(),
        profile: one.profile.to_string(),
        admin: one.admin.clone(),
        organization: one.organization.clone().unwrap_or_default(),
        shell_id: one.shell.to_string(),
        uri: uri.unwrap_or_default(),
        lease: one.lease.map_or(0, |lease| lease.0),
        holder,
        age: Some(convert::duration(one.age)),
        idle: one.idle.map(convert::duration),
        expires: one.expires.map(|at| convert::duration(at.since(now))),
        commands: one.commands,
        note,
    }
}

/// What is known of an end that is not proven.
struct End {
    why: Option<String>,
    cure: String,
}

/// What looks after an unproven end once more.
fn cure(hub: &Hub, profile: Option<&Profile>, one: &SessionStatus) -> String {
    let session = one.session;
    match profile {
        Some(profile) if hub.accounts.missing(profile).is_some() => format!("pslease login {}", profile.name),
        Some(_) => format!("pslease close {session}"),
        None => format!(
            "a profile for {}, or, if you know that it is gone, pslease forget {session}",
            one.admin
        ),
    }
}

/// State, Availability and what they cannot say (the table of ARCHITECTURE.md).
fn states(one: &SessionStatus, now: Moment, end: &End) -> (v1::SessionState, v1::Availability, String) {
    let none = v1::Availability::None;
    match one.state {
        SessionState::Intent | SessionState::Opening => (v1::SessionState::Opening, none, String::new()),
        SessionState::Opened if one.lease.is_none() => {
            (v1::SessionState::Opened, v1::Availability::Available, String::new())
        }
        SessionState::Opened => (v1::SessionState::Opened, v1::Availability::Busy, String::new()),
        SessionState::Recovering => (
            v1::SessionState::Disconnected,
            none,
            "found in the books of an earlier run; being taken up again".to_owned(),
        ),
        SessionState::Left => (
            v1::SessionState::Disconnected,
            none,
            "left on its server, for the next psleased to take up again".to_owned(),
        ),
        SessionState::Closing { cause } => (v1::SessionState::Closing, none, format!("{cause:?}").to_lowercase()),
        SessionState::Unconfirmed { until } => {
            let until = match until {
                Some(until) => format!("for {} s more", until.since(now).as_secs()),
                None => "until it is, because something may be running in it".to_owned(),
            };
            let why = end.why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
            let cure = &end.cure;
            let note = format!("its end is not proven{why}, so its slot counts {until}; next: {cure}");
            (v1::SessionState::Unconfirmed, none, note)
        }
    }
}

fn of_lease(hub: &Hub, lease: &LeaseStatus) -> v1::Lease {
    let extra = hub.extra(lease.lease);
    v1::Lease {
        id: lease.lease.0,
        mode: convert::of_mode(lease.mode).into(),
        profile: lease.profile.to_string(),
        session: lease.session.map_or(0, |session| session.0),
        holder: Some(v1::Holder {
            lease: lease.lease.0,
            session: lease.session.map_or(0, |session| session.0),
            held: Some(convert::duration(lease.age)),
            ..convert::who(&lease.holder)
        }),
        anchor: extra.anchor,
        age: Some(convert::duration(lease.age)),
        ttl_left: lease.ttl_left.map(convert::duration),
        running: lease.running.clone(),
        label: extra.label,
        idle: lease.idle.map(convert::duration),
        unused: lease.unused,
    }
}

fn of_waiter(snapshot: &Snapshot, waiter: &Waiter) -> v1::Waiter {
    let mode = match waiter.wish {
        Wish::Lease(mode) => convert::of_mode(mode),
        Wish::Turn(lease) => {
            let lease = snapshot.leases.iter().find(|known| known.lease == lease);
            lease.map_or(v1::LeaseMode::Shared, |lease| convert::of_mode(lease.mode))
        }
        Wish::Connect => v1::LeaseMode::Shared,
    };
    v1::Waiter {
        position: waiter.waiting.position,
        profile: waiter.profile.to_string(),
        mode: mode.into(),
        priority: convert::of_priority(waiter.priority).into(),
        who: Some(convert::who(&waiter.holder)),
        waiting: Some(convert::waiting(&waiter.waiting)),
        waited: Some(convert::duration(waiter.waited)),
    }
}

fn window((used, limit, period): (u32, u32, Duration)) -> v1::Window {
    v1::Window {
        used,
        limit,
        period: Some(convert::duration(period)),
    }
}

/// Whether the number is the template's own, or the user's.
fn source(config: &Config, limit: &LimitStatus) -> &'static str {
    let documented = |profile: &Profile| {
        let defaults = profile.template.defaults();
        match limit.scope {
            ScopeKind::Admin => profile.scope.admin == limit.subject && defaults.max_concurrency == limit.limit,
            ScopeKind::Organization => {
                profile.scope.organization == limit.subject && defaults.max_tenant_concurrency == Some(limit.limit)
            }
        }
    };
    let of_service = |profile: &&std::sync::Arc<Profile>| profile.scope.service == limit.service;
    if config
        .profiles
        .values()
        .filter(of_service)
        .any(|profile| documented(profile))
    {
        "documented"
    } else {
        "configured"
    }
}

fn of_limit(config: &Config, limit: &LimitStatus) -> v1::Limit {
    let scope = match limit.scope {
        ScopeKind::Admin => "admin",
        ScopeKind::Organization => "organization",
    };
    v1::Limit {
        scope: scope.to_owned(),
        service: limit.service.clone(),
        subject: limit.subject.clone(),
        used: limit.used,
        limit: limit.limit,
        waiting: limit.waiting,
        next_free: limit.next_free.map(convert::duration),
        observed: limit.observed.map(|(most, _)| most),
        observed_ago: limit.observed.map(|(_, ago)| convert::duration(ago)),
        next_try: limit.next_try.map(convert::duration),
        outside: limit.outside,
        opens: limit.opens.map(window),
        commands: limit.commands.map(window),
        source: source(config, limit).to_owned(),
    }
}
