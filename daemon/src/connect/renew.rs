//! Another token for sessions that are open, before theirs ends or after it was refused.

use std::time::Duration;

use broker::SessionId;
use endpoint::{Facts, Kind, Renewal, Saying, Tried};
use secrecy::ExposeSecret;

use super::http::Http;
use super::{drive, log_on, scene, wall};
use crate::account::Signed;
use crate::config::Profile;
use crate::session::Sessions;

/// How long after a renewal that failed for a reason that passes another is tried.
const PAUSE: Duration = Duration::from_secs(30);

/// Replaces the token of that generation, once for all sessions that have it: if somebody else has, that will do. Goes on
/// trying while the reason may pass and the token is good. From the first failure on, the broker knows when the token of
/// that session ends: a shell whose token is over cannot even be deleted, and would keep its slot.
///
/// # Errors
/// If only a person can help, or the token has ended meanwhile.
pub(crate) async fn renew(
    house: &Sessions,
    profile: &Profile,
    generation: u64,
    session: Option<SessionId>,
) -> Result<(), Saying> {
    let mut untold = session;
    loop {
        let saying = match once(house, profile, generation).await {
            Ok(()) => return Ok(()),
            Err(saying) => saying,
        };
        tracing::info!(profile = profile.name, %saying, "no other token");
        let signed = house.accounts.signed(profile);
        let ours = signed.as_ref().filter(|signed| signed.generation == generation);
        if let Some(expiry) = ours.and_then(|signed| signed.target.expiry)
            && let Some(session) = untold.take()
        {
            house.tell_token_ends(session, Some(expiry.at)).await;
        }
        let good = signed
            .and_then(|signed| signed.target.expiry)
            .is_some_and(|expiry| !expiry.is_over(house.clock.now()));
        if !saying.kind.may_pass() || !good {
            if saying.kind.refuses_secret() {
                house.accounts.refused(profile, None);
            }
            return Err(saying);
        }
        house.clock.reach(Some(house.clock.now() + PAUSE)).await;
    }
}

/// The same, tried once.
pub(super) async fn once(house: &Sessions, profile: &Profile, generation: u64) -> Result<(), Saying> {
    let _turn = house.accounts.turn_to_sign(profile).await;
    let signed = house.accounts.signed(profile);
    if signed.as_ref().is_some_and(|signed| signed.generation != generation) {
        return Ok(());
    }
    let environment = house.environment(&profile.name);
    if let Some(signed) = &signed
        && let Renewal::Refresh(refresh) = &signed.target.renewal
    {
        match refreshed(house, profile, signed, refresh.clone()).await {
            Ok(new) => {
                house.accounts.keep_signed(profile, new);
                tracing::info!(profile = profile.name, "the token is renewed");
                return Ok(());
            }
            // What it was got with may do once more.
            Err(saying) if saying.kind.needs_login() && !profile.connector.by_token() => {}
            Err(saying) => return Err(saying),
        }
    }
    if let Some(Renewal::SignIn) = signed.as_ref().map(|signed| &signed.target.renewal) {
        return Err(Saying::of_kind(
            Kind::TokenExpired,
            &scene(profile, &profile.address.host),
        ));
    }
    let (log_on, trial) = log_on(house, profile, &environment).await?;
    let same = |log_on: &crate::account::LogOn| {
        let old = signed.as_ref().map(|signed| &signed.target);
        let secret = log_on.secret.as_ref().map(ExposeSecret::expose_secret);
        profile.connector.by_token() && old.zip(secret).is_some_and(|(target, secret)| holds(target, secret))
    };
    if same(&log_on) {
        // The very token that has ended, or was refused.
        return Err(Saying::of_kind(
            Kind::TokenExpired,
            &scene(profile, &profile.address.host),
        ));
    }
    let found = drive::discover(house, profile, &environment, Some(&log_on), &mut Silent).await;
    if let Err(saying) = &found
        && saying.kind.refuses_secret()
    {
        house.accounts.refused(profile, Some(log_on.which));
    }
    drop(trial);
    let (target, stages) = found?;
    house.accounts.keep_signed(profile, Signed::new(target, stages));
    tracing::info!(profile = profile.name, "another token");
    Ok(())
}

async fn refreshed(
    house: &Sessions,
    profile: &Profile,
    signed: &Signed,
    refresh: endpoint::Refresh,
) -> Result<Signed, Saying> {
    let environment = house.environment(&profile.name);
    let own = |failure: &link::Failure| super::of_failure(house, profile, failure, None, &super::Context::default());
    let http = Http::new(house, profile, &environment)
        .await
        .map_err(|failure| own(&failure))?;
    let host =
        endpoint::Address::parse(&refresh.authority.token_uri()).map_or_else(|_| String::new(), |address| address.host);
    let response = http.send(&refresh.request()).await.map_err(|unanswered| {
        let facts = Facts::unanswered(&unanswered);
        Saying::of(&facts, &scene(profile, &host))
    })?;
    let renewed = refresh.answer(wall(house), &response).map_err(|refusal| {
        let facts = Facts {
            tried: Some(Tried::Token),
            ..Facts::refusal(&refusal)
        };
        Saying::of(&facts, &scene(profile, &host))
    })?;
    let mut target = signed.target.clone();
    target.credential = target.placement.place(renewed.token);
    target.expiry = renewed.expiry;
    target.renewal = Renewal::Refresh(renewed.refresh);
    Ok(Signed::new(target, signed.stages.clone()))
}

/// Whether it is this token that is in its place there.
fn holds(target: &endpoint::Target, token: &str) -> bool {
    let placed = match &target.credential {
        endpoint::Placed::Basic { password, .. } => password.expose_secret(),
        endpoint::Placed::Bearer { token } => token.expose_secret(),
    };
    placed.ends_with(token.trim())
}

/// Nobody waits for a renewal.
struct Silent;

impl drive::Tells for Silent {
    fn stage(&mut self, _profile: &Profile, _stage: &endpoint::Stage) {}

    fn code(&mut self, _profile: &Profile, _code: &endpoint::DeviceCode) {}
}
