//! Status, watch, shutdown.

use std::sync::Arc;
use std::time::Duration;

use proto::v1;
use proto::v1::admin_server::{Admin, AdminServer};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::{STREAM, convert, status};
use crate::hub::Hub;
use crate::shutdown;

/// At most ten pictures a second.
const FRAME: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(crate) struct AdminService {
    hub: Arc<Hub>,
}

pub(super) fn service(hub: Arc<Hub>) -> AdminServer<AdminService> {
    AdminServer::new(AdminService { hub })
}

#[tonic::async_trait]
impl Admin for AdminService {
    type WatchStream = ReceiverStream<Result<v1::StatusResponse, Status>>;

    async fn status(&self, _request: Request<v1::StatusRequest>) -> Result<Response<v1::StatusResponse>, Status> {
        Ok(Response::new(status::status(&self.hub).await))
    }

    async fn watch(&self, _request: Request<v1::StatusRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let (out, stream) = mpsc::channel(STREAM);
        let hub = self.hub.clone();
        tokio::spawn(async move {
            let mut changes = hub.desk.changes();
            let mut frames = tokio::time::interval(FRAME);
            frames.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                frames.tick().await;
                changes.mark_unchanged();
                if out.send(Ok(status::status(&hub).await)).await.is_err() {
                    return;
                }
                tokio::select! {
                    changed = changes.changed() => if changed.is_err() { return },
                    () = out.closed() => return,
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn shutdown(&self, request: Request<v1::ShutdownRequest>) -> Result<Response<v1::ShutdownResponse>, Status> {
        let v1::ShutdownRequest { deadline, leave } = request.into_inner();
        let within = convert::of_duration(deadline, "deadline")?.unwrap_or(shutdown::WITHIN);
        let left = shutdown::shut_down(&self.hub, within, leave).await;
        Ok(Response::new(v1::ShutdownResponse {
            closed: left.closed,
            kept: left.kept,
            unconfirmed: left.unconfirmed,
        }))
    }
}
