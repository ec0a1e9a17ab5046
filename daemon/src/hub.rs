//! What every service knows of: the desk, the sessions, the accounts, the configuration as it counts now.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use broker::{
    CommandRate, Event, IdleLease, LeaseId, Lifetimes, Limits, OpenRate, ProfileName, Scopes, Settings, Sharing,
};
use moment::Moment;
use tokio::sync::watch;

use crate::account::{Accounts, Standing, source_of};
use crate::clock::Clock;
use crate::config::{Config, ConfigError, Current, Profile, Source};
use crate::desk;
use crate::door::Doors;
use crate::service::Stops;
use crate::session::Sessions;

/// So many profiles that nobody uses are kept, for whoever comes with the same parameters again.
const DERIVED: usize = 32;

/// What is shown of a lease besides what the broker knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Extra {
    pub(crate) anchor: String,
    pub(crate) label: String,
}

/// What the services share.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) clock: Clock,
    pub(crate) config: Arc<Source>,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) desk: desk::Handle,
    pub(crate) doors: Doors,
    pub(crate) began: Moment,
    /// What had happened to the books before this run, a sentence each.
    pub(crate) books: Vec<String>,
    /// True from the shutdown on.
    pub(crate) stopping: watch::Sender<bool>,
    /// True once every session is closed, as far as that could be: the process may end.
    pub(crate) closed: watch::Sender<bool>,
    pub(crate) stops: Stops,
    extras: Mutex<HashMap<LeaseId, Extra>>,
    /// One look at a time, so that whoever comes second finds the broker configured.
    look: tokio::sync::Mutex<()>,
}

impl Hub {
    pub(crate) fn new(sessions: Arc<Sessions>, doors: Doors, books: Vec<String>) -> Self {
        Self {
            doors,
            clock: sessions.clock.clone(),
            config: sessions.config.clone(),
            accounts: sessions.accounts.clone(),
            desk: sessions.desk.clone(),
            began: sessions.clock.now(),
            books,
            sessions,
            stopping: watch::Sender::new(false),
            closed: watch::Sender::new(false),
            stops: Stops::default(),
            extras: Mutex::default(),
            look: tokio::sync::Mutex::default(),
        }
    }

    /// The configuration as it counts from this request on.
    pub(crate) async fn current(&self) -> Result<Current, ConfigError> {
        let _one = self.look.lock().await;
        let current = self.config.look()?;
        if current.changed && current.bad.is_none() {
            self.configure(&current.config).await;
        }
        Ok(current)
    }

    /// Makes a profile known that a request made with parameters of its own.
    pub(crate) async fn add_derived(&self, profile: Arc<Profile>) {
        let _one = self.look.lock().await;
        if self.config.last().derived.contains_key(&profile.name) {
            return;
        }
        let snapshot = self.desk.snapshot().await;
        let used: Vec<&ProfileName> = snapshot
            .sessions
            .iter()
            .map(|session| &session.profile)
            .chain(snapshot.leases.iter().map(|lease| &lease.profile))
            .chain(snapshot.waiters.iter().map(|waiter| &waiter.profile))
            .collect();
        let many = self.config.last().derived.len() >= DERIVED;
        self.config
            .add_derived(profile, |name| !many || used.iter().any(|used| used.as_str() == name));
        self.configure(&self.config.last()).await;
    }

    /// Tells the broker what the profiles are, and whose log-on is missing.
    pub(crate) async fn configure(&self, config: &Config) {
        tracing::info!(profiles = config.profiles.len(), "configured");
        let profiles = config.all().map(|profile| of_profile(profile)).collect();
        self.desk
            .say(Event::Configured {
                profiles,
                settings: Settings::default(),
            })
            .await;
        for profile in config.all() {
            self.tell_standing(profile).await;
        }
    }

    /// Tells the broker whether the profile's account can log on.
    pub(crate) async fn tell_standing(&self, profile: &Profile) {
        let name = ProfileName::from(profile.name.as_str());
        let event = match self.accounts.missing(profile) {
            Some(missing) => Event::AuthNeeded {
                profile: name,
                message: missing.to_string().into(),
            },
            None => Event::AuthOk { profile: name },
        };
        self.desk.say(event).await;
    }

    /// Somebody asks for something of a profile that could not log on: if its source has a secret by now, or another than
    /// the refused one, that counts as a new login.
    pub(crate) async fn look_again(&self, profile: &Profile) {
        match self.accounts.standing(profile) {
            (Standing::Accepted, _) | (Standing::Untried, true) => return,
            (Standing::Untried, false) if !source_of(profile).0.is_unattended() => return,
            // It could not be read when it was asked last; what was wrong may be put right.
            (Standing::Untried, false) => return self.tell_standing(profile).await,
            (Standing::Refused, _) => {}
        }
        let environment = self.sessions.environment(&profile.name);
        if self.accounts.read_anew(profile, &environment).await {
            self.sessions.renew_all();
            self.tell_standing(profile).await;
        }
    }

    pub(crate) fn keep_extra(&self, lease: LeaseId, extra: Extra) {
        self.extras
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(lease, extra);
    }

    pub(crate) fn drop_extra(&self, lease: LeaseId) {
        self.extras
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&lease);
    }

    pub(crate) fn extra(&self, lease: LeaseId) -> Extra {
        self.extras
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&lease)
            .cloned()
            .unwrap_or_default()
    }
}

/// Whether another daemon can log on with what this one has, without a person.
fn is_unattended(profile: &Profile) -> bool {
    source_of(profile).0.is_unattended() || profile.proof.identity.is_some()
}

/// A profile in the broker's terms.
fn of_profile(profile: &Profile) -> broker::Profile {
    broker::Profile {
        name: profile.name.as_str().into(),
        scopes: scopes(profile),
        identity: profile.identity(),
        limits: Limits {
            admin: profile.max_concurrency,
            organization: profile.max_tenant_concurrency,
            opens: profile.open_rate.map(|rate| OpenRate {
                opens: rate.count,
                period: rate.per,
            }),
            commands: profile.care.command_rate.map(|rate| CommandRate {
                commands: rate.count,
                period: rate.per,
            }),
            reserve_interactive: profile.reserve_interactive,
        },
        lifetimes: Lifetimes {
            idle: profile.idle_timeout,
            linger: profile.linger,
            max_age: profile.care.max_age,
            max_commands: Some(profile.max_commands),
            keep_warm: profile.care.keep_warm,
            leave: profile.template.can_disconnect() && is_unattended(profile),
            ..Lifetimes::default()
        },
        sharing: Sharing {
            spread_after: profile.spread_after,
            stall_after: profile.stall,
        },
        idle_lease: IdleLease {
            after: Some(profile.care.idle_lease),
            reclaim: profile.care.reclaim,
        },
    }
}

pub(crate) fn scopes(profile: &Profile) -> Scopes {
    Scopes {
        service: profile.scope.service.clone(),
        admin: profile.scope.admin.clone(),
        organization: Some(profile.scope.organization.clone()),
    }
}

/// What is at the other end, and as whom: where the answers to the same question are the same.
pub(crate) fn remote(profile: &Profile) -> String {
    let (service, admin) = profile.scope.account();
    format!(
        "{service}\n{}\n{:?}\n{}\n{admin}",
        profile.address.uri, profile.program, profile.configuration
    )
}
