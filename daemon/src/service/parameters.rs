//! The profile that a request means, with the parameters that it came with.

use std::sync::Arc;

use endpoint::{Claims, Parameters};
use prost_types::value::Kind;
use proto::v1;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tonic::Status;

use super::error;
use crate::account;
use crate::config::{Derived, Password, Profile, unconfigured};
use crate::hub::Hub;
use crate::session::code_words;

/// As [`profile`](super::profile), for a request that may have parameters; and what the asker must be told besides:
/// what is wrong with the last edit, which checks are not made, a device code that is waited for.
pub(super) async fn profile_for(
    hub: &Hub,
    name: &str,
    parameters: Option<v1::Parameters>,
    caller: &v1::Caller,
) -> Result<(Arc<Profile>, Option<String>), Status> {
    let (profile, bad) = match parameters {
        None => super::profile(hub, name, caller).await?,
        Some(given) => with_parameters(hub, name, given, caller).await?,
    };
    let warnings = profile.connector.options().warnings().into_iter();
    let mut notices: Vec<String> = warnings.map(|warning| format!("warning: {warning}")).collect();
    notices.extend(hub.sessions.shown_code(&profile).map(|code| code_words(&code)));
    notices.extend(bad);
    let notices = notices.join("\n");
    Ok((profile, (!notices.is_empty()).then_some(notices)))
}

async fn with_parameters(
    hub: &Hub,
    name: &str,
    given: v1::Parameters,
    caller: &v1::Caller,
) -> Result<(Arc<Profile>, Option<String>), Status> {
    let table = given.table.as_ref().map_or(Value::Null, to_json);
    let table = if table.is_null() {
        Value::Object(serde_json::Map::new())
    } else {
        table
    };
    let parameters = Parameters::read(&table).map_err(|error| error::usage(error.to_string()))?;
    let secret = |bytes: &[u8]| match bytes {
        [] => Ok(None),
        bytes => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Some(SecretString::from(text))),
            Err(_) => Err(error::usage("a secret is not UTF-8")),
        },
    };
    let (password, token) = (secret(&given.password)?, secret(&given.token)?);
    let complete = name.is_empty() && parameters.connection_uri.is_some();
    let (profile, bad, is_new) = if complete {
        let admin = admin(&parameters, token.as_ref(), caller).await?;
        let profile = unconfigured(&parameters, &admin).map_err(error::usage)?;
        hub.current().await.map_err(|error| error::config(&error))?;
        (profile, None, true)
    } else {
        let (base, bad) = super::profile(hub, name, caller).await?;
        match base.derive(&parameters).map_err(error::usage)? {
            Derived::Same(profile) => (profile, bad, false),
            Derived::Other(profile) => (profile, bad, true),
        }
    };
    if is_new {
        hub.sessions
            .remember(&profile.name, &caller.environment, caller.interactive);
        hub.add_derived(profile.clone()).await;
        hub.look_again(&profile).await;
    }
    let proxy = secret(&given.proxy_password)?;
    keep(hub, &profile, password, token, &parameters, proxy).await;
    Ok((profile, bad))
}

/// Keeps what the caller handed over. The same secret once more is no new log-on: what is known of it still counts.
async fn keep(
    hub: &Hub,
    profile: &Profile,
    password: Option<SecretString>,
    token: Option<SecretString>,
    parameters: &Parameters,
    proxy: Option<SecretString>,
) {
    if let Some(secret) = token.or(password) {
        let known = hub.accounts.remembered(profile);
        let same = |known: SecretString| known.expose_secret() == secret.expose_secret();
        if !known.and_then(|known| known.secret).is_some_and(same) {
            hub.accounts.login(profile, None, secret);
            hub.sessions.renew_all();
        }
        hub.tell_standing(profile).await;
    }
    let options = &parameters.session_option.proxy;
    if let (Some(secret), Some(address), Some(credential)) = (proxy, &options.address, &options.credential) {
        hub.accounts.keep_proxy(address, &credential.user, secret);
    }
}

/// Whose connection it is, where no profile says so.
async fn admin(parameters: &Parameters, token: Option<&SecretString>, caller: &v1::Caller) -> Result<String, Status> {
    if let Some(user) = parameters.user().map(str::trim).filter(|user| !user.is_empty()) {
        return Ok(user.to_owned());
    }
    let environment = caller.environment.clone().into_iter().collect();
    let nowhere = account::Kept::default();
    let read = match &parameters.oauth_access_token {
        Some(endpoint::SecretSource::File(path)) => {
            account::read(&Password::File(path.clone()), &nowhere, "token", &environment).await
        }
        Some(endpoint::SecretSource::Command(words)) => {
            account::read(&Password::Command(words.clone()), &nowhere, "token", &environment).await
        }
        _ => token.cloned().map(Ok),
    };
    let token = read
        .transpose()
        .map_err(|why| error::status(v1::ErrorKind::Auth, why, ""))?;
    let claims = token.and_then(|token| Claims::read(token.expose_secret()));
    claims
        .and_then(|claims| claims.user)
        .ok_or_else(|| error::usage("whose connection is it? Say UserName or Credential"))
}

/// The table as JSON has it: what is a whole number is one again.
fn to_json(table: &prost_types::Struct) -> Value {
    let entries = table.fields.iter();
    Value::Object(entries.map(|(name, value)| (name.clone(), of_value(value))).collect())
}

fn of_value(value: &prost_types::Value) -> Value {
    match &value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(set)) => (*set).into(),
        Some(Kind::NumberValue(number)) if number.fract() == 0.0 && number.abs() < 9e15 => (*number as i64).into(),
        Some(Kind::NumberValue(number)) => (*number).into(),
        Some(Kind::StringValue(text)) => text.as_str().into(),
        Some(Kind::ListValue(list)) => list.values.iter().map(of_value).collect(),
        Some(Kind::StructValue(table)) => to_json(table),
    }
}
