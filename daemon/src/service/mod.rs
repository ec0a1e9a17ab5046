//! The gRPC services, one file each.

mod accounts;
mod acquire;
mod admin;
mod convert;
mod doctor;
mod doors;
mod error;
mod hello;
mod invoke;
mod leases;
mod operate;
mod output;
mod parameters;
mod pipeline;
mod questions;
mod reconcile;
mod sessions;
mod sign_in;
mod status;
mod stops;
mod value;
mod wait;

use std::sync::Arc;

use broker::Refusal;
use prost::Message as _;
use proto::v1;
use tonic::Status;
use tonic::service::Routes;

use crate::config::Profile;
use crate::hub::Hub;

pub(crate) use convert::{end_words, stop_words};
pub(crate) use stops::Stops;

/// The broker's refusal in words, and the cure, for somebody who does not speak gRPC.
pub(crate) fn refusal_words(hub: &Hub, refusal: &Refusal, profile: &str) -> (String, String) {
    let status = error::refused(hub, refusal, profile);
    match v1::ErrorDetail::decode(status.details()) {
        Ok(detail) => (detail.message, detail.hint),
        Err(_) => (status.message().to_owned(), String::new()),
    }
}

/// Messages of one stream that wait for its reader.
const STREAM: usize = 16;

/// All services over one hub.
pub(crate) async fn routes(hub: &Arc<Hub>) -> anyhow::Result<Routes> {
    let (health, health_service) = tonic_health::server::health_reporter();
    health
        .set_service_status("", tonic_health::ServingStatus::Serving)
        .await;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()?;
    tokio::spawn(tell_health(hub.clone(), health));
    Ok(Routes::new(health_service)
        .add_service(reflection)
        .add_service(hello::service(hub.clone()))
        .add_service(leases::service(hub.clone()))
        .add_service(sessions::service(hub.clone()))
        .add_service(pipeline::service(hub.clone()))
        .add_service(admin::service(hub.clone()))
        .add_service(doctor::service(hub.clone()))
        .add_service(doors::service(hub.clone()))
        .add_service(operate::service(hub.clone()))
        .add_service(questions::service(hub.clone()))
        .add_service(reconcile::service(hub.clone()))
        .add_service(accounts::service(hub.clone()))
        .add_service(sign_in::service(hub.clone())))
}

/// Not serving from the shutdown on.
async fn tell_health(hub: Arc<Hub>, health: tonic_health::server::HealthReporter) {
    let mut stopping = hub.stopping.subscribe();
    if stopping.wait_for(|stopping| *stopping).await.is_ok() {
        health
            .set_service_status("", tonic_health::ServingStatus::NotServing)
            .await;
    }
}

/// The profile that a request means, the asker's environment remembered for it; and what is wrong with the last edit
/// of the configuration, if that does not count.
async fn profile(hub: &Hub, name: &str, caller: &v1::Caller) -> Result<(Arc<Profile>, Option<String>), Status> {
    if *hub.stopping.borrow() {
        let message = "the daemon is stopping";
        return Err(error::status(v1::ErrorKind::Stopping, message, "pslease daemon start"));
    }
    let current = hub.current().await.map_err(|error| error::config(&error))?;
    let profile = current
        .config
        .profile(name)
        .map_err(|unnamed| error::unnamed(&unnamed))?;
    hub.sessions
        .remember(&profile.name, &caller.environment, caller.interactive);
    hub.look_again(&profile).await;
    if !profile.needs_secret() {
        // There may be another ticket than the one that did not do.
        hub.tell_standing(&profile).await;
        hub.sessions.wake(&profile.name);
    }
    let bad = current
        .bad
        .map(|error| format!("the last edit does not count: {error}"));
    Ok((profile, bad))
}
