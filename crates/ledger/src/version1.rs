//! Rows as the first release wrote them: JSON without a checksum.

use std::path::PathBuf;

use serde::Deserialize;
use uuid::Uuid;

use crate::row::{self, Affinity};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Stage {
    Intent,
    Open,
    Closing,
    Unconfirmed,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    shell: Uuid,
    stage: Stage,
    session: u64,
    profile: String,
    service: String,
    admin: String,
    organization: String,
    uri: String,
    resource_uri: String,
    configuration: String,
    session_id: Uuid,
    #[serde(default)]
    ca: Option<PathBuf>,
    #[serde(default)]
    allow_plain_http: bool,
    idle_seconds: u64,
    open_seconds: u64,
    wall: u64,
    epoch: u32,
    #[serde(default)]
    running: bool,
    /// There was room for them, and no release ever filled it.
    #[serde(default)]
    #[expect(dead_code, reason = "read so that the row is not refused for it")]
    cookies: Vec<String>,
}

impl From<Row> for row::Row {
    fn from(old: Row) -> Self {
        Self {
            shell: old.shell,
            stage: match old.stage {
                Stage::Intent => row::Stage::Intent,
                Stage::Open => row::Stage::Open,
                Stage::Closing => row::Stage::Closing,
                Stage::Unconfirmed => row::Stage::Unconfirmed,
            },
            session: old.session,
            profile: old.profile,
            service: old.service,
            admin: old.admin,
            organization: old.organization,
            uri: old.uri,
            resource_uri: old.resource_uri,
            configuration: old.configuration,
            session_id: old.session_id,
            ca: old.ca,
            allow_plain_http: old.allow_plain_http,
            idle_seconds: old.idle_seconds,
            open_seconds: old.open_seconds,
            wall: old.wall,
            epoch: old.epoch,
            running: old.running,
            renamed: None,
            protocol: None,
            affinity: Affinity::Untold,
            identity: String::new(),
            // Whether anything ran in it alone was not written down.
            dirty: true,
            commands: 0,
            opened: 0,
            facts: None,
        }
    }
}
