//! The gRPC services, one file each.

mod hello;

use std::sync::Arc;

use tonic::service::Routes;

use crate::clock::Clock;

/// What the services share.
#[derive(Debug)]
pub(crate) struct Services {
    clock: Arc<Clock>,
}

impl Services {
    pub(crate) fn new(clock: Arc<Clock>) -> Self {
        Self { clock }
    }

    pub(crate) async fn routes(&self) -> anyhow::Result<Routes> {
        let _ = &self.clock;
        let (health, health_service) = tonic_health::server::health_reporter();
        health
            .set_service_status("", tonic_health::ServingStatus::Serving)
            .await;
        let reflection = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .build_v1()?;
        Ok(Routes::new(health_service)
            .add_service(reflection)
            .add_service(hello::service()))
    }
}
