//! What a session logs on with, as its lanes want it.

use std::collections::BTreeMap;

use endpoint::LogOn as Kind;
use link::{Credential, Tickets};
use secrecy::SecretString;

use crate::account::LogOn;
use crate::config::Profile;

/// The credential of a log-on by the profile's scheme; tickets are those of whoever asked.
pub(crate) fn credential(profile: &Profile, log_on: LogOn, environment: &BTreeMap<String, String>) -> Credential {
    let LogOn { user, secret, .. } = log_on;
    let tickets = || Tickets::of_environment(environment.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    // A secret is there wherever one is needed: without one there is no log-on to get here with.
    let needed = |secret: Option<SecretString>| secret.unwrap_or_default();
    match profile.proof.log_on {
        Kind::Basic | Kind::Bearer => Credential::basic(user, needed(secret)),
        Kind::Negotiate => Credential::Negotiate {
            user,
            password: secret,
            tickets: tickets(),
        },
        Kind::Ntlm => Credential::Ntlm {
            user,
            password: needed(secret),
        },
        Kind::Kerberos => Credential::Kerberos {
            user,
            password: secret,
            tickets: tickets(),
        },
        Kind::Certificate => Credential::Certificate,
    }
}
