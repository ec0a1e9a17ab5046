//! What is in the way to an endpoint.

use std::sync::Arc;

use proto::v1;
use proto::v1::doctor_server::{Doctor, DoctorServer};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::{STREAM, convert, error};
use crate::doctor::{self, Found, State};
use crate::hub::Hub;

#[derive(Debug)]
pub(crate) struct DoctorService {
    hub: Arc<Hub>,
}

pub(super) fn service(hub: Arc<Hub>) -> DoctorServer<DoctorService> {
    DoctorServer::new(DoctorService { hub })
}

#[tonic::async_trait]
impl Doctor for DoctorService {
    type ExamineStream = ReceiverStream<Result<v1::Finding, Status>>;

    async fn examine(&self, request: Request<v1::ExamineRequest>) -> Result<Response<Self::ExamineStream>, Status> {
        let request = request.into_inner();
        let caller = request.caller.unwrap_or_default();
        let (profile, _) = super::profile(&self.hub, &request.profile, &caller).await?;
        let (out, stream) = mpsc::channel(STREAM);
        let hub = self.hub.clone();
        tokio::spawn(async move {
            let (found, mut finds) = mpsc::channel(STREAM);
            let name = profile.name.clone();
            // Nobody listens any more: what is under way ends with its sender.
            let passed_on = async {
                while let Some(found) = finds.recv().await {
                    if out.send(Ok(finding(found, &name))).await.is_err() {
                        return;
                    }
                }
            };
            tokio::join!(doctor::examine(&hub.sessions, &profile, found), passed_on);
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }
}

fn finding(found: Found, profile: &str) -> v1::Finding {
    let (state, kind, hint) = match found.state {
        State::Ok => (v1::FindingState::Ok, v1::ErrorKind::Unspecified, None),
        State::Warning(hint) => (v1::FindingState::Warning, v1::ErrorKind::Unspecified, hint),
        State::Skipped => (v1::FindingState::Skipped, v1::ErrorKind::Unspecified, None),
        State::Failed(kind, hint) => (v1::FindingState::Failed, error::kind_of(kind), hint),
    };
    v1::Finding {
        step: found.step.to_owned(),
        state: state.into(),
        message: found.message,
        hint: hint.unwrap_or_default(),
        took: found.took.map(convert::duration),
        kind: kind.into(),
        profile: profile.to_owned(),
    }
}
