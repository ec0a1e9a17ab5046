//! The loop over the machine that discovers and signs in.

use std::collections::BTreeMap;

use endpoint::{DeviceCode, Discovery, Kind, Need, Output, Question, Saying, Stage, Target};
use secrecy::ExposeSecret as _;

use super::http::Http;
use super::{scene, wall};
use crate::account::LogOn;
use crate::config::Profile;
use crate::session::Sessions;

/// Whoever is told of the steps.
pub(super) trait Tells: Send {
    fn stage(&mut self, profile: &Profile, stage: &Stage);
    fn code(&mut self, profile: &Profile, code: &DeviceCode);
}

/// Whoever waits for a session of the profile.
pub(super) struct Telling<'a>(pub(super) &'a Sessions);

impl Tells for Telling<'_> {
    fn stage(&mut self, profile: &Profile, stage: &Stage) {
        self.0.tell_stage(profile, stage);
    }

    fn code(&mut self, profile: &Profile, code: &DeviceCode) {
        self.0.show_code(profile, code);
    }
}

/// What the machine is asked.
fn question(house: &Sessions, profile: &Profile, log_on: Option<&LogOn>) -> Question {
    let connector = &profile.connector;
    let mut question = Question::new(profile.template, &connector.parameters, wall(house));
    question.variant = connector.variant;
    question.way = connector.way;
    question.user = Some(log_on.map_or_else(|| profile.admin.clone(), |log_on| log_on.user.clone()));
    let found = connector.discovered || connector.parameters.override_power_shell_uri.is_some();
    question.uri = (!found).then(|| profile.address.uri.clone());
    question.configuration = Some(profile.configuration.clone());
    question.delegated_org.clone_from(&connector.delegated_org);
    question.trusted_hosts.clone_from(&connector.trusted_hosts);
    question.authority.clone_from(&connector.authority);
    question.client.clone_from(&connector.client);
    profile.known_name().clone_into(&mut question.profile);
    question
}

/// Discovers the endpoint and signs in with this secret, or by a device code that is told.
pub(super) async fn discover(
    house: &Sessions,
    profile: &Profile,
    environment: &BTreeMap<String, String>,
    log_on: Option<&LogOn>,
    tells: &mut (dyn Tells + Send),
) -> Result<(Target, Vec<Stage>), Saying> {
    let http = Http::new(house, profile, environment)
        .await
        .map_err(|failure| super::of_failure(house, profile, &failure, None, &super::Context::default()))?;
    let mut discovery = Discovery::new(question(house, profile, log_on));
    let mut stages = Vec::new();
    loop {
        match discovery.poll_output() {
            Some(Output::Stage(stage)) => {
                tells.stage(profile, &stage);
                stages.push(stage);
            }
            Some(Output::Request(request)) => {
                let answer = http.send(&request).await;
                let now = house.clock.now();
                match answer {
                    Ok(response) => discovery.respond(now, &response),
                    Err(unanswered) => discovery.failed(now, &unanswered),
                }
            }
            Some(Output::Ask(Need::User)) => discovery.name(profile.admin.clone()),
            Some(Output::Ask(Need::Password { .. } | Need::Token)) => {
                match log_on.and_then(|log_on| log_on.secret.clone()) {
                    Some(secret) if !secret.expose_secret().is_empty() => discovery.supply(house.clock.now(), secret),
                    _ => discovery.decline(),
                }
            }
            Some(Output::ShowCode(code)) => tells.code(profile, &code),
            Some(Output::Done(target)) => return Ok((*target, stages)),
            Some(Output::Failed(saying)) => {
                tracing::info!(profile = profile.name, kind = ?saying.kind, %saying, "no way to the endpoint");
                return Err(saying);
            }
            None => match discovery.poll_timeout() {
                Some(due) => {
                    house.clock.reach(Some(due)).await;
                    discovery.handle_timeout(house.clock.now());
                }
                None => {
                    debug_assert!(false, "the machine waits for nothing");
                    return Err(Saying::of_kind(Kind::Unknown, &scene(profile, &profile.address.host)));
                }
            },
        }
    }
}
