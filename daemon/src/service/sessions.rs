//! Sessions: connect, list, close.

use std::sync::Arc;

use broker::{Event, Refusal, SessionId};
use proto::v1;
use proto::v1::sessions_server::{Sessions, SessionsServer};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::parameters::profile_for;
use super::wait::{Told as _, wait};
use super::{STREAM, convert, error, status};
use crate::desk::Answer;
use crate::hub::Hub;

#[derive(Debug)]
pub(crate) struct SessionService {
    hub: Arc<Hub>,
}

pub(super) fn service(hub: Arc<Hub>) -> SessionsServer<SessionService> {
    SessionsServer::new(SessionService { hub })
}

#[tonic::async_trait]
impl Sessions for SessionService {
    type ConnectStream = ReceiverStream<Result<v1::ConnectEvent, Status>>;

    async fn connect(&self, request: Request<v1::ConnectRequest>) -> Result<Response<Self::ConnectStream>, Status> {
        let peer = convert::peer(&request);
        let request = request.into_inner();
        let caller = request.caller.unwrap_or_default();
        let (profile, bad) = profile_for(&self.hub, &request.profile, request.parameters, &caller).await?;
        let deadline = convert::deadline(self.hub.clock.now(), request.wait)?;
        let priority = convert::priority(v1::Priority::Unspecified, &caller);
        let (out, stream) = mpsc::channel(STREAM);
        let hub = self.hub.clone();
        tokio::spawn(async move {
            if let Some(notice) = bad.and_then(|bad| v1::ConnectEvent::notice(bad, String::new())) {
                let _ = out.send(Ok(notice)).await;
            }
            let mut news = hub.sessions.news();
            let (name, holder) = (profile.name.as_str().into(), convert::holder(&peer, &caller));
            let event = |request| Event::Connect {
                request,
                profile: name,
                priority,
                deadline,
                holder,
            };
            let pending = hub.desk.request(event).await;
            let said = match wait(pending, &profile.name, &mut news, &out).await {
                None => return,
                Some(Answer::Connected { session, reused }) => {
                    let session = status::sessions(&hub).await.into_iter().find(|one| one.id == session.0);
                    let connected = v1::Connected { session, reused };
                    Ok(v1::ConnectEvent {
                        event: Some(v1::connect_event::Event::Connected(connected)),
                    })
                }
                Some(Answer::Refused(refusal)) => Err(error::refused(&hub, &refusal, &profile.name)),
                Some(_) => Err(error::internal("a session was asked for, and something else came")),
            };
            let _ = out.send(said).await;
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn list(
        &self,
        _request: Request<v1::ListSessionsRequest>,
    ) -> Result<Response<v1::ListSessionsResponse>, Status> {
        Ok(Response::new(v1::ListSessionsResponse {
            sessions: status::sessions(&self.hub).await,
        }))
    }

    async fn close(&self, request: Request<v1::CloseRequest>) -> Result<Response<v1::CloseResponse>, Status> {
        let request = request.into_inner();
        let (wanted, name) = match (request.session, request.profile.as_str()) {
            (0, name) => {
                let (profile, _) = super::profile(&self.hub, name, &v1::Caller::default()).await?;
                let snapshot = self.hub.desk.snapshot().await;
                let of_profile = snapshot
                    .sessions
                    .iter()
                    .filter(|one| one.profile.as_str() == profile.name);
                (of_profile.map(|one| one.session).collect(), profile.name.clone())
            }
            (session, _) => (vec![SessionId(session)], String::new()),
        };
        let mut closing = Vec::new();
        for session in wanted {
            closing.push((
                session,
                self.hub
                    .desk
                    .request(|request| Event::CloseSession { request, session })
                    .await,
            ));
        }
        let mut response = v1::CloseResponse::default();
        for (session, pending) in closing {
            match pending.answer().await {
                Answer::Refused(Refusal::Unproven { until, .. }) => {
                    let until = match until {
                        Some(until) => format!("for {} s more", until.since(self.hub.clock.now()).as_secs()),
                        None => "until somebody logs in".to_owned(),
                    };
                    let words = format!("session {session} is not confirmed as closed; its slot counts {until}");
                    response.unconfirmed.push(words);
                }
                // Of several, one that went by itself meanwhile is no error.
                Answer::Refused(Refusal::UnknownSession(_)) if request.session == 0 => {}
                Answer::Refused(refusal) => return Err(error::refused(&self.hub, &refusal, &name)),
                _ => response.closed += 1,
            }
        }
        Ok(Response::new(response))
    }
}
