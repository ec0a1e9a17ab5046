//! Who is there.

use std::sync::Arc;

use proto::v1::greeting_server::{Greeting, GreetingServer};
use proto::v1::{HelloRequest, HelloResponse};
use tonic::{Request, Response, Status};

use crate::hub::Hub;

/// The first call on every connection. Never refused.
#[derive(Debug)]
pub(crate) struct Hello {
    hub: Arc<Hub>,
}

pub(super) fn service(hub: Arc<Hub>) -> GreetingServer<Hello> {
    GreetingServer::new(Hello { hub })
}

#[tonic::async_trait]
impl Greeting for Hello {
    async fn hello(&self, request: Request<HelloRequest>) -> Result<Response<HelloResponse>, Status> {
        let caller = request.into_inner();
        tracing::debug!(contract = caller.contract, version = caller.version, "hello");
        let executable = std::env::current_exe().unwrap_or_default();
        Ok(Response::new(HelloResponse {
            contract: proto::CONTRACT,
            oldest_contract: proto::OLDEST_CONTRACT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            features: Vec::new(),
            pid: std::process::id(),
            executable: executable.display().to_string(),
            stopping: *self.hub.stopping.borrow(),
        }))
    }
}
