//! Sign-ins by themselves, without a session: what a person does once, and a secret that is tried.

use endpoint::{DeviceCode, Saying, Stage};
use secrecy::SecretString;

use super::drive::{self, Tells};
use super::no_log_on;
use crate::account::{LogOn, Signed};
use crate::config::Profile;
use crate::session::Sessions;

/// Shows the code to whoever waits for the profile, and to whoever asked.
struct Showing<'a, F: FnMut(&DeviceCode) + Send> {
    house: &'a Sessions,
    show: F,
}

impl<F: FnMut(&DeviceCode) + Send> Tells for Showing<'_, F> {
    fn stage(&mut self, _profile: &Profile, _stage: &Stage) {}

    fn code(&mut self, profile: &Profile, code: &DeviceCode) {
        self.house.show_code(profile, code);
        (self.show)(code);
    }
}

/// Signs the account in by a device code, and keeps what that gives. Whoever comes while another's code is shown waits
/// for that one.
///
/// # Errors
/// If the person declined, or did nothing while the code was good.
pub(crate) async fn sign_in(
    house: &Sessions,
    profile: &Profile,
    show: impl FnMut(&DeviceCode) + Send,
) -> Result<(), Saying> {
    if let Some(code) = house.shown_code(profile) {
        let mut show = show;
        show(&code);
        return shared(house, profile).await;
    }
    let _turn = house.accounts.turn_to_sign(profile).await;
    let environment = house.environment(&profile.name);
    let mut showing = Showing { house, show };
    let found = drive::discover(house, profile, &environment, None, &mut showing).await;
    house.hide_code(profile);
    let (target, stages) = found?;
    house.accounts.keep_signed(profile, Signed::new(target, stages));
    house.accounts.signed_in(profile);
    Ok(())
}

async fn shared(house: &Sessions, profile: &Profile) -> Result<(), Saying> {
    let _turn = house.accounts.turn_to_sign(profile).await;
    match house.accounts.missing(profile) {
        None => Ok(()),
        Some(missing) => Err(no_log_on(profile, &missing)),
    }
}

/// Tries a secret as far as that opens nothing: for a token, or where a token says how. `None`: it cannot be tried so.
pub(crate) async fn try_out(
    house: &Sessions,
    profile: &Profile,
    user: &str,
    secret: &SecretString,
) -> Option<Result<(), Saying>> {
    let plain = profile.is_straight();
    if plain {
        return None;
    }
    let environment = house.environment(&profile.name);
    let log_on = LogOn::to_try(user, secret);
    let mut showing = Showing {
        house,
        show: |_: &DeviceCode| {},
    };
    let found = drive::discover(house, profile, &environment, Some(&log_on), &mut showing).await;
    match found {
        // As it is, to an endpoint that has not seen it yet.
        Ok((target, _)) if matches!(target.placement, endpoint::Placement::Plain { .. }) => None,
        // A token of somebody else's: only the endpoint can say.
        Ok(_) if profile.connector.by_token() => None,
        Ok((target, stages)) => {
            house.accounts.login(profile, None, secret.clone());
            house.accounts.keep_signed(profile, Signed::new(target, stages));
            Some(Ok(()))
        }
        Err(saying) => Some(Err(saying)),
    }
}
