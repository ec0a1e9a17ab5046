//! The contract as another language's client meets it: health, reflection, and nothing known beforehand.

use std::collections::BTreeSet;

use pslease_tests::Home;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

async fn channel(home: &Home) -> Channel {
    let socket = home.path().join("psleased.sock");
    let endpoint = Endpoint::try_from(format!("unix://{}", socket.display())).expect("an address");
    endpoint.connect().await.expect("the daemon accepts")
}

fn on_a_running_daemon(test: impl AsyncFnOnce(Channel)) {
    let home = Home::new("");
    assert_eq!(home.run(&["status"]).code, 0);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async { test(channel(&home).await).await });
}

#[test]
fn a_running_daemon_is_healthy() {
    on_a_running_daemon(async |channel| {
        let request = HealthCheckRequest { service: String::new() };
        let answer = HealthClient::new(channel)
            .check(request)
            .await
            .expect("an answer")
            .into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving);
    });
}

#[test]
fn reflection_names_every_service() {
    on_a_running_daemon(async |channel| {
        let request = ServerReflectionRequest {
            host: String::new(),
            message_request: Some(MessageRequest::ListServices(String::new())),
        };
        let mut answers = ServerReflectionClient::new(channel)
            .server_reflection_info(tokio_stream::iter([request]))
            .await
            .expect("an answer")
            .into_inner();
        let answer = answers.message().await.expect("no fault").expect("one answer");
        let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
            panic!("not a list: {answer:?}");
        };
        let names: BTreeSet<_> = list.service.into_iter().map(|service| service.name).collect();
        for service in ["Accounts", "Admin", "Greeting", "Leases", "Pipelines", "Sessions"] {
            assert!(
                names.contains(&format!("pslease.v1.{service}")),
                "{service} is not among {names:?}"
            );
        }
    });
}
