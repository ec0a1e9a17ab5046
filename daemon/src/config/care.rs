//! How a profile's sessions and leases are looked after: what is kept, replaced, paced and told of.

use std::time::Duration;

use endpoint::{Rate, Template};

use super::document::{Keys, parse_duration};
use super::error::ConfigError;

/// A lease that keeps a session and runs nothing for so long is told of.
const IDLE_LEASE: Duration = Duration::from_secs(600);

/// What a profile says of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Care {
    /// After which a session is replaced between pipelines.
    pub(crate) max_age: Option<Duration>,
    /// Whether a session is kept open while somebody holds a shared lease.
    pub(crate) keep_warm: bool,
    /// Commands of the account in how much time.
    pub(crate) command_rate: Option<Rate>,
    /// After which a lease that has a session to itself and runs nothing is told of.
    pub(crate) idle_lease: Duration,
    /// Whether it then ends.
    pub(crate) reclaim: bool,
}

impl Care {
    pub(super) fn read(keys: &Keys<'_>, template: Template) -> Result<Self, ConfigError> {
        let reclaim = match keys.string("idle_lease_action")? {
            None => false,
            Some((action, at)) => match action.as_str() {
                "warn" => false,
                "reclaim" => true,
                _ => {
                    let message = format!("{action:?} is no action; allowed: warn, reclaim");
                    return Err(keys.error(&at, "idle_lease_action", message));
                }
            },
        };
        Ok(Self {
            max_age: keys.duration("max_age")?,
            keep_warm: keys.boolean("keep_warm")?,
            command_rate: rate(keys, "command_rate", "200/5s")?.or_else(|| template.command_rate()),
            idle_lease: keys.duration("idle_lease")?.unwrap_or(IDLE_LEASE),
            reclaim,
        })
    }
}

/// So many in so much time, as `"5/60s"`.
pub(super) fn rate(keys: &Keys<'_>, key: &str, example: &str) -> Result<Option<Rate>, ConfigError> {
    let Some((text, at)) = keys.string(key)? else {
        return Ok(None);
    };
    text.split_once('/')
        .and_then(|(count, per)| {
            Some(Rate {
                count: count.trim().parse().ok()?,
                per: parse_duration(per)?,
            })
        })
        .filter(|rate| rate.count > 0 && !rate.per.is_zero())
        .map(Some)
        .ok_or_else(|| keys.error(&at, key, format!("{text:?} is no rate; allowed: as {example:?}")))
}
