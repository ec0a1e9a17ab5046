//! Pause, resume, drain, reload, and the stream of what happens.

use std::sync::Arc;
use std::time::Duration;

use broker::{Event, ProfileName, SessionId};
use proto::v1;
use proto::v1::operations_server::{Operations, OperationsServer};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::{STREAM, convert, error};
use crate::desk::{Answer, Happening};
use crate::hub::Hub;

/// How long what runs may go on in a drain, unless its caller says.
const DRAIN: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct OperateService {
    hub: Arc<Hub>,
}

pub(super) fn service(hub: Arc<Hub>) -> OperationsServer<OperateService> {
    OperationsServer::new(OperateService { hub })
}

impl OperateService {
    /// The profiles that are meant.
    async fn meant(&self, profile: &str, all: bool) -> Result<Vec<String>, Status> {
        let current = self.hub.current().await.map_err(|error| error::config(&error))?;
        if all && profile.is_empty() {
            return Ok(current.config.profiles.keys().cloned().collect());
        }
        if all {
            return Err(error::usage("name a profile or all, not both"));
        }
        let profile = current
            .config
            .profile(profile)
            .map_err(|unnamed| error::unnamed(&unnamed))?;
        Ok(vec![profile.name.clone()])
    }
}

#[tonic::async_trait]
impl Operations for OperateService {
    type EventsStream = ReceiverStream<Result<v1::Happening, Status>>;

    async fn pause(&self, request: Request<v1::OperateRequest>) -> Result<Response<v1::OperateResponse>, Status> {
        let v1::OperateRequest { profile, all } = request.into_inner();
        let profiles = self.meant(&profile, all).await?;
        for profile in &profiles {
            let profile = ProfileName::from(profile.as_str());
            self.hub.desk.say(Event::Pause { profile }).await;
        }
        Ok(Response::new(v1::OperateResponse { profiles }))
    }

    async fn resume(&self, request: Request<v1::OperateRequest>) -> Result<Response<v1::OperateResponse>, Status> {
        let v1::OperateRequest { profile, all } = request.into_inner();
        let profiles = self.meant(&profile, all).await?;
        for profile in &profiles {
            let profile = ProfileName::from(profile.as_str());
            self.hub.desk.say(Event::Resume { profile }).await;
        }
        Ok(Response::new(v1::OperateResponse { profiles }))
    }

    async fn drain(&self, request: Request<v1::DrainRequest>) -> Result<Response<v1::DrainResponse>, Status> {
        let v1::DrainRequest {
            profile,
            all,
            deadline,
            leave,
        } = request.into_inner();
        let within = convert::of_duration(deadline, "deadline")?.unwrap_or(DRAIN);
        let mut profiles = self.meant(&profile, all).await?;
        if leave && all {
            // Those too that requests have made with parameters of their own: the daemon is about to end.
            let config = self.hub.config.last();
            profiles.extend(config.derived.keys().cloned());
        }
        let deadline = self.hub.clock.now() + within;
        // All at once: two profiles may share sessions, which are closed when both are drained.
        let mut pending = Vec::new();
        for profile in &profiles {
            let profile = ProfileName::from(profile.as_str());
            let asked = self.hub.desk.request(|request| Event::Drain {
                request,
                profile,
                deadline,
                leave,
            });
            pending.push(asked.await);
        }
        let mut left: Vec<SessionId> = Vec::new();
        for (profile, pending) in profiles.iter().zip(pending) {
            match pending.answer().await {
                Answer::Drained { left: more } => left.extend(more),
                Answer::Refused(refusal) => return Err(error::refused(&self.hub, &refusal, profile)),
                _ => return Err(error::internal("a drain was asked for, and something else came")),
            }
        }
        left.sort_unstable();
        left.dedup();
        let unconfirmed = left
            .into_iter()
            .map(|session| {
                format!("session {session} is not confirmed as closed, so its slot counts; pslease close {session} tries again")
            })
            .collect();
        Ok(Response::new(v1::DrainResponse { profiles, unconfirmed }))
    }

    async fn reload(&self, _request: Request<v1::ReloadRequest>) -> Result<Response<v1::ReloadResponse>, Status> {
        let before = self.hub.config.last();
        let current = self.hub.current().await.map_err(|error| error::config(&error))?;
        if let Some(bad) = &current.bad {
            return Err(error::config(bad));
        }
        let now = &current.config.profiles;
        let was = |name: &&String| before.profiles.get(*name);
        Ok(Response::new(v1::ReloadResponse {
            profiles: now.keys().cloned().collect(),
            added: now.keys().filter(|name| was(name).is_none()).cloned().collect(),
            changed: now
                .keys()
                .filter(|name| was(name).is_some_and(|was| now.get(*name) != Some(was)))
                .cloned()
                .collect(),
            removed: before
                .profiles
                .keys()
                .filter(|name| !now.contains_key(*name))
                .cloned()
                .collect(),
        }))
    }

    async fn events(&self, request: Request<v1::EventsRequest>) -> Result<Response<Self::EventsStream>, Status> {
        let profile = request.into_inner().profile;
        let mut journal = self.hub.desk.journal().read();
        let mut closed = self.hub.closed.subscribe();
        let (out, stream) = mpsc::channel(STREAM);
        tokio::spawn(async move {
            let mut missed = 0;
            loop {
                let heard = tokio::select! {
                    heard = journal.recv() => heard,
                    () = out.closed() => return,
                    _ = closed.wait_for(|closed| *closed) => return,
                };
                let happening = match heard {
                    Ok(happening) => happening,
                    Err(RecvError::Lagged(more)) => {
                        missed += more;
                        continue;
                    }
                    Err(RecvError::Closed) => return,
                };
                let about = happening.profile.as_deref();
                if !profile.is_empty() && about.is_some_and(|about| about != profile) {
                    continue;
                }
                if out.send(Ok(of(happening, std::mem::take(&mut missed)))).await.is_err() {
                    return;
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(stream)))
    }
}

fn of(happening: Happening, missed: u64) -> v1::Happening {
    let Happening {
        at,
        what,
        profile,
        lease,
        session,
        cause,
        message,
        who,
    } = happening;
    v1::Happening {
        at: Some(at.into()),
        what: what.to_owned(),
        profile: profile.unwrap_or_default(),
        lease: lease.map_or(0, |lease| lease.0),
        session: session.map_or(0, |session| session.0),
        cause,
        message,
        who: who.map(|who| convert::who(&who)),
        missed,
    }
}
