//! Looks at the way to an endpoint, one step after the other, and says of each what it found and how long it took. No
//! shell is opened here.
//!
//! - [`examine`]: the steps in their order. - `network`: name, ports, TLS, the server's clock.

mod network;

use std::collections::BTreeMap;
use std::time::Duration;

use endpoint::{Kind, Saying};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::config::{Password, Profile};
use crate::connect;
use crate::session::Sessions;

/// What one step found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) step: &'static str,
    pub(crate) state: State,
    /// One sentence.
    pub(crate) message: String,
    /// None where nothing was waited for.
    pub(crate) took: Option<Duration>,
}

/// How it stands with a step. What helps comes with it.
#[derive(Debug)]
pub(crate) enum State {
    Ok,
    Warning(Option<String>),
    Failed(Kind, Option<String>),
    Skipped,
}

impl Found {
    fn ok(step: &'static str, message: impl Into<String>, began: Instant) -> Self {
        Self {
            step,
            state: State::Ok,
            message: message.into(),
            took: Some(began.elapsed()),
        }
    }

    fn failed(step: &'static str, saying: Saying, began: Instant) -> Self {
        Self {
            step,
            state: State::Failed(saying.kind, saying.hint),
            message: saying.message,
            took: Some(began.elapsed()),
        }
    }

    fn skipped(step: &'static str, why: impl Into<String>) -> Self {
        Self {
            step,
            state: State::Skipped,
            message: why.into(),
            took: None,
        }
    }
}

/// Who is told. One who is gone makes the rest pointless.
type Told = mpsc::Sender<Found>;

/// Looks at everything up to the shell. Ends early where nobody listens.
pub(crate) async fn examine(house: &Sessions, profile: &Profile, told: Told) {
    let environment = house.environment(&profile.name);
    let _: Option<()> = async {
        if profile.program.is_some() {
            let why = "a program connects by itself; the shell shows whether it does";
            return told.send(Found::skipped("network", why)).await.ok();
        }
        let uri = if profile.is_straight() {
            told.send(credential(house, profile, &environment).await).await.ok()?;
            Some(profile.address.uri.clone())
        } else {
            discovered(house, profile, &told).await?
        };
        match uri {
            Some(uri) => network::examine(house, profile, &environment, &uri, &told).await,
            None => {
                let why = "the endpoint's address is not known";
                told.send(Found::skipped("tcp", why)).await.ok()
            }
        }
    }
    .await;
}

/// Whether there is anything to log on with. Whether it is right, only a log-on shows.
async fn credential(house: &Sessions, profile: &Profile, environment: &BTreeMap<String, String>) -> Found {
    let began = Instant::now();
    let from = match &profile.password {
        _ if !profile.needs_secret() => "the asker's tickets or the client's certificate",
        Password::Memory => "the daemon's memory",
        Password::File(_) => "password_file",
        Password::Command(_) => "password_command",
        Password::Credential(_) => "password_credential",
        Password::Keyring => "password_keyring",
    };
    match house.accounts.log_on(profile, environment).await {
        Ok(_) => Found::ok("credential", format!("{}: from {from}", profile.admin), began),
        Err(missing) => Found::failed("credential", connect::no_log_on(profile, &missing), began),
    }
}

/// Discovery and sign-in. `None` where nobody listens; `Some(None)` where no address was found.
async fn discovered(house: &Sessions, profile: &Profile, told: &Told) -> Option<Option<String>> {
    let began = Instant::now();
    let known = || {
        let given = !profile.connector.discovered;
        given.then(|| profile.address.uri.clone())
    };
    match connect::ready(house, profile).await {
        Ok(ready) => {
            let found = Found::ok("discovery", ready.uri.clone(), began);
            told.send(found).await.ok()?;
            if ready.token.is_some() {
                let message = format!("{} has an access token", profile.admin);
                told.send(Found::ok("credential", message, began)).await.ok()?;
            }
            Some(Some(ready.uri))
        }
        Err(saying) => {
            let step = if saying.kind.needs_login() {
                "credential"
            } else {
                "discovery"
            };
            told.send(Found::failed(step, saying, began)).await.ok()?;
            Some(known())
        }
    }
}
