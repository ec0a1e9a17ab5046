//! How a profile's account proves itself, and from where.

use std::net::IpAddr;

use endpoint::{LogOn, Template};
use link::Identity;

use super::document::Keys;
use super::error::ConfigError;

/// The keys that only this reads.
pub(super) const KEYS: [&str; 3] = ["client_certificate", "client_key", "source_address"];

/// What a profile says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proof {
    pub(crate) log_on: LogOn,
    /// The client's certificate, for TLS.
    pub(crate) identity: Option<Identity>,
    /// The address of this machine that connections come from.
    pub(crate) source: Option<IpAddr>,
}

impl Proof {
    pub(super) fn read(keys: &Keys<'_>, template: Template) -> Result<Self, ConfigError> {
        let certificate = keys.string("client_certificate")?;
        let key = keys.string("client_key")?;
        let identity = match (certificate, key) {
            (Some((certificate, _)), key) => Some(Identity {
                certificate: keys.beside(&certificate),
                key: key.map(|(key, _)| keys.beside(&key)),
            }),
            (None, None) => None,
            (None, Some((_, at))) => {
                let message = "there is no client_certificate that it could belong to".to_owned();
                return Err(keys.error(&at, "client_key", message));
            }
        };
        let log_on = match keys.string("auth")? {
            None => template.log_on(),
            Some((name, at)) => {
                let refuse = |why: String| {
                    let able = LogOn::ALL.into_iter().filter(|log_on| log_on.missing().is_none());
                    let allowed = able.map(LogOn::name).collect::<Vec<_>>().join(", ");
                    Err(keys.error(&at, "auth", format!("{why}; allowed: {allowed}")))
                };
                match LogOn::named(&name) {
                    None => return refuse(format!("{name:?} is no log-on")),
                    Some(LogOn::Certificate) if identity.is_none() => {
                        return refuse("a log-on by certificate needs client_certificate".to_owned());
                    }
                    Some(log_on) => match log_on.missing() {
                        Some(why) => return refuse(why.to_owned()),
                        None => log_on,
                    },
                }
            }
        };
        let source = match keys.string("source_address")? {
            None => None,
            Some((text, at)) => match text.parse() {
                Ok(address) => Some(address),
                Err(_) => {
                    let message = format!("{text:?} is no address of this machine; write it as 192.0.2.7");
                    return Err(keys.error(&at, "source_address", message));
                }
            },
        };
        Ok(Self {
            log_on,
            identity,
            source,
        })
    }
}

/// Whether bodies are sealed by the log-on where the connection is not.
pub(super) fn seals(keys: &Keys<'_>, template: Template) -> Result<bool, ConfigError> {
    let named = keys.string("auth")?.and_then(|(name, _)| LogOn::named(&name));
    Ok(named.unwrap_or_else(|| template.log_on()).seals())
}
