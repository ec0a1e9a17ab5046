//! From an account to a place to open a session at: drives `crates/endpoint`'s discovery and sign-in over `link`.
//!
//! - [`ready`]: the address and the credential for an open. - [`renew`]: another token for sessions that are open.
//! - [`sign_in`]: what needs a person. - [`try_out`]: a secret tried, without a session.
//! - `drive`: the loop over the machine. - `http`: its requests. - `saying`: failures in the user's words.
//! - [`Cures`]: what helps, for sentences that went by way of the broker. - `certificate`: one that is not trusted, kept to be looked at.

mod certificate;
mod cures;
mod drive;
mod http;
mod renew;
mod saying;
mod sign_in;

use std::collections::BTreeMap;
use std::sync::Arc;

use endpoint::{Kind, Placed, Placement, Saying, Scene, Stage, Tried, Wall};
use link::Credential;
use moment::Moment;
use tokio::sync::OwnedMutexGuard;

use crate::account::{LogOn, NoLogOn, Signed, Standing};
use crate::config::Profile;
use crate::session::Sessions;

pub(crate) use cures::Cures;
pub(crate) use renew::renew;
pub(crate) use saying::{Context, failure_kind, host_of, of_cause, of_failure, of_unanswered_open, verdict};
pub(crate) use sign_in::{sign_in, try_out};

/// Held while a secret is tried that nobody has tried.
pub(crate) type Trial = OwnedMutexGuard<()>;

/// Where to open a session, and with what.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) uri: String,
    pub(crate) credential: Credential,
    pub(crate) tried: Tried,
    /// What the service's own connector sends besides.
    pub(crate) arguments: Vec<(String, String)>,
    pub(crate) name: Option<&'static str>,
    /// Set where the credential is a token.
    pub(crate) token: Option<Token>,
    pub(crate) trial: Option<Trial>,
    /// Which of the account's secrets it is, where it is one and not a token.
    pub(crate) secret: Option<u64>,
}

/// The token that a session's requests carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    /// Which one.
    pub(crate) generation: u64,
    /// When another should be got.
    pub(crate) renew: Option<Moment>,
    /// It was got just now, not found.
    pub(crate) fresh: bool,
    /// A request with it was answered as it should be.
    pub(crate) proved: bool,
}

impl Token {
    pub(crate) fn of(signed: &Signed, fresh: bool) -> Self {
        Self {
            generation: signed.generation,
            renew: signed.target.expiry.map(|expiry| expiry.renew),
            fresh,
            proved: false,
        }
    }
}

/// The edge's credential of what goes into its place.
pub(crate) fn credential(placed: &Placed) -> Credential {
    match placed {
        Placed::Basic { user, password } => Credential::basic(user.clone(), password.clone()),
        Placed::Bearer { token } => Credential::Bearer { token: token.clone() },
    }
}

/// Both clocks.
fn wall(house: &Sessions) -> Wall {
    let unix = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    Wall {
        now: house.clock.now(),
        unix: unix.unwrap_or_default(),
    }
}

/// The address and the credential for a session of the profile. Its stages are told on the way; where another session
/// has found all that before, they are told as it found them.
///
/// # Errors
/// If there is no way to one. Nothing was sent to the endpoint itself that could have made a shell.
pub(crate) async fn ready(house: &Sessions, profile: &Profile) -> Result<Ready, Saying> {
    let environment = house.environment(&profile.name);
    match once(house, profile, &environment).await {
        // Where the secret comes from there may be another by now.
        Err(saying)
            if (saying.kind.refuses_secret() || saying.kind == Kind::NoCredential)
                && house.accounts.read_anew(profile, &environment).await =>
        {
            once(house, profile, &environment).await
        }
        ready => ready,
    }
}

async fn once(house: &Sessions, profile: &Profile, environment: &BTreeMap<String, String>) -> Result<Ready, Saying> {
    if profile.is_straight() {
        return straight(house, profile, environment).await;
    }
    if let Some(found) = found(house, profile) {
        return Ok(found);
    }
    if let Some(old) = house.accounts.signed(profile) {
        // It ends soon: what renews it needs nobody.
        match renew::once(house, profile, old.generation).await {
            Ok(()) => {}
            Err(saying) if profile.connector.by_token() => {
                if saying.kind.refuses_secret() {
                    house.accounts.refused(profile, None);
                }
                return Err(saying);
            }
            Err(_) => house.accounts.forget_signed(profile),
        }
    }
    let turn = house.accounts.turn_to_sign(profile).await;
    // Whoever had the turn before has found it.
    if let Some(found) = found(house, profile) {
        return Ok(found);
    }
    let (log_on, trial) = log_on(house, profile, environment).await?;
    let result = drive::discover(house, profile, environment, Some(&log_on), &mut drive::Telling(house)).await;
    let (target, stages) = match result {
        Ok(found) => found,
        Err(saying) => {
            if saying.kind.refuses_secret() {
                house.accounts.refused(profile, Some(log_on.which));
            }
            return Err(saying);
        }
    };
    let (placement, arguments, name) = (
        target.placement.clone(),
        target.application_arguments.clone(),
        target.session_name,
    );
    let (uri, credential) = (target.uri.clone(), credential(&target.credential));
    let token = match &placement {
        Placement::Plain { .. } => None,
        _ => Some(house.accounts.keep_signed(profile, Signed::new(target, stages))),
    };
    if token.is_some() && !profile.connector.by_token() {
        // The authority took the password.
        house.accounts.accepted(profile);
    }
    drop(turn);
    Ok(Ready {
        secret: token.is_none().then_some(log_on.which),
        uri,
        credential,
        tried: tried(&placement),
        arguments,
        name,
        token: token.map(|signed| Token::of(&signed, true)),
        trial,
    })
}

/// The address is known, and so is the log-on: nobody is asked for either.
async fn straight(
    house: &Sessions,
    profile: &Profile,
    environment: &BTreeMap<String, String>,
) -> Result<Ready, Saying> {
    let (log_on, trial) = log_on(house, profile, environment).await?;
    let org = profile.connector.delegated_org.as_ref();
    let org = org.filter(|_| profile.template.is_exchange());
    let uri = org.map_or_else(
        || profile.address.uri.clone(),
        |org| endpoint::with_delegated_org(&profile.address.uri, org),
    );
    for stage in [
        Stage::TargetUri(uri.clone()),
        Stage::RequestingToken,
        Stage::TokenGranted,
    ] {
        house.tell_stage(profile, &stage);
    }
    let arguments = profile.template.application_arguments().iter();
    Ok(Ready {
        uri,
        secret: Some(log_on.which),
        credential: crate::session::credential(profile, log_on, environment),
        tried: profile.proof.log_on.into(),
        arguments: arguments
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        name: profile.template.session_name(),
        token: None,
        trial,
    })
}

const fn tried(placement: &Placement) -> Tried {
    match placement {
        Placement::Plain { .. } => Tried::Basic,
        Placement::OAuthUser | Placement::BearerPassword { .. } | Placement::Header => Tried::Token,
    }
}

/// What was found before and is good for a while yet.
fn found(house: &Sessions, profile: &Profile) -> Option<Ready> {
    let signed = house.accounts.signed(profile)?;
    if !signed.is_good(house.clock.now()) {
        return None;
    }
    for stage in &signed.stages {
        house.tell_stage(profile, stage);
    }
    Some(of_signed(&signed))
}

fn of_signed(signed: &Arc<Signed>) -> Ready {
    let target = &signed.target;
    Ready {
        uri: target.uri.clone(),
        credential: credential(&target.credential),
        tried: tried(&target.placement),
        arguments: target.application_arguments.clone(),
        name: target.session_name,
        token: Some(Token::of(signed, false)),
        trial: None,
        secret: None,
    }
}

/// The secret that a sign-in starts from. One that nobody has tried is tried by one session
/// at a time.
async fn log_on(
    house: &Sessions,
    profile: &Profile,
    environment: &BTreeMap<String, String>,
) -> Result<(LogOn, Option<Trial>), Saying> {
    let absent = |missing: NoLogOn| no_log_on(profile, &missing);
    let log_on = house.accounts.log_on(profile, environment).await.map_err(absent)?;
    if log_on.standing == Standing::Accepted {
        return Ok((log_on, None));
    }
    let trial = log_on.trial.clone().lock_owned().await;
    // Whoever held it before has an answer by now.
    let log_on = house.accounts.log_on(profile, environment).await.map_err(absent)?;
    let trial = (log_on.standing != Standing::Accepted).then_some(trial);
    Ok((log_on, trial))
}

/// Nothing to log on with, in words.
pub(crate) fn no_log_on(profile: &Profile, missing: &NoLogOn) -> Saying {
    Saying {
        message: missing.to_string(),
        hint: Some(format!("pslease login {}", profile.known_name())),
        kind: Kind::NoCredential,
    }
}

/// Where and to whom, for sentences.
pub(crate) fn scene<'a>(profile: &'a Profile, host: &'a str) -> Scene<'a> {
    Scene {
        host,
        account: &profile.admin,
        organization: &profile.organization,
        profile: profile.known_name(),
    }
}

/// The line for a step: the template's own where its document has one.
pub(crate) fn stage_words(profile: &Profile, stage: &Stage) -> Option<String> {
    stage.words(profile.template)
}
