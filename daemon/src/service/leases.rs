//! Leases: held by a stream, or anchored to what outlives it.

use std::sync::Arc;
use std::time::Duration;

use broker::{EndCause, Event, Fence, Holder, LeaseId, Priority, RequestId};
use ledger::{LeaseKind, LeaseRow};
use proto::v1;
use proto::v1::lease_event::Event as Said;
use proto::v1::leases_server::{Leases, LeasesServer};
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::acquire::{Granted, refuse};
use super::convert::{self, Peer};
use super::parameters::profile_for;
use super::wait::{Out, Told as _};
use super::{STREAM, error};
use crate::config::Profile;
use crate::desk::{Answer, News};
use crate::hub::{Extra, Hub};
use crate::owner::{self, Anchor};
use crate::recover::anchor_text;

/// How long a lease lives that has nothing but a TTL, unless its holder says.
const TTL: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct LeaseService {
    hub: Arc<Hub>,
}

pub(super) fn service(hub: Arc<Hub>) -> LeasesServer<LeaseService> {
    LeasesServer::new(LeaseService { hub })
}

/// A wish, looked up and checked.
struct Wish {
    profile: Arc<Profile>,
    caller: v1::Caller,
    label: String,
    mode: v1::LeaseMode,
    priority: Priority,
    holder: Arc<Holder>,
    event: Box<dyn FnOnce(RequestId) -> Event + Send>,
    bad: Option<String>,
}

/// A lease as it was granted.
struct Lease {
    lease: LeaseId,
    granted: v1::Granted,
    news: watch::Receiver<News>,
    /// What the books keep of it.
    row: LeaseRow,
}

/// A lease that ends sooner is not worth a place in the books.
const KEEP: Duration = Duration::from_millis(250);

impl LeaseService {
    async fn wish(&self, wish: Option<v1::LeaseWish>, ttl: Option<Duration>, peer: &Peer) -> Result<Wish, Status> {
        let wish = wish.ok_or_else(|| error::usage("the wish is missing"))?;
        let caller = wish.caller.clone().unwrap_or_default();
        let (profile, bad) = profile_for(&self.hub, &wish.profile, wish.parameters.clone(), &caller).await?;
        let deadline = convert::deadline(self.hub.clock.now(), wish.wait)?;
        let (mode, priority) = (convert::mode(wish.mode()), convert::priority(wish.priority(), &caller));
        let (name, holder) = (profile.name.as_str().into(), convert::holder(peer, &caller));
        let whose = holder.clone();
        let event = Box::new(move |request| Event::Acquire {
            request,
            profile: name,
            mode,
            priority,
            deadline,
            ttl,
            holder,
        });
        Ok(Wish {
            profile,
            caller,
            mode: convert::of_mode(mode),
            priority,
            holder: whose,
            label: wish.label,
            event,
            bad,
        })
    }
}

/// Waits for the lease. `None` if the caller was told why not, or has gone.
async fn granted(hub: &Hub, wish: Wish, anchor: Option<&Anchor>, out: &Out<v1::LeaseEvent>) -> Option<Lease> {
    let name = wish.profile.name.clone();
    if let Some(bad) = wish.bad
        && let Some(notice) = v1::LeaseEvent::notice(bad, String::new())
    {
        let _ = out.send(Ok(notice)).await;
    }
    let Granted {
        lease,
        fence,
        session,
        ttl,
        news,
    } = match super::acquire::acquire(hub, &name, wish.event, out).await {
        Ok(granted) => granted,
        Err(status) => {
            refuse(out, status).await;
            return None;
        }
    };
    let row = LeaseRow {
        lease: lease.0,
        fence: fence.0,
        profile: name.clone(),
        kind: match wish.mode {
            v1::LeaseMode::Exclusive => LeaseKind::Exclusive,
            v1::LeaseMode::Fresh => LeaseKind::Fresh,
            v1::LeaseMode::Shared | v1::LeaseMode::Unspecified => LeaseKind::Shared,
        },
        batch: wish.priority == Priority::Batch,
        session: session.map(|session| session.0),
        ttl_seconds: ttl.map(|ttl| ttl.as_secs().max(1)),
        anchor: anchor.map(Anchor::row),
        label: wish.label.clone(),
        command: wish.holder.command.clone(),
        pid: wish.holder.pid,
        tty: wish.holder.tty.clone(),
        cwd: wish.holder.cwd.clone(),
        interactive: wish.holder.interactive,
        origin: wish.holder.origin.clone(),
        parents: wish.holder.parents.clone(),
        wall: 0,
    };
    hub.keep_extra(
        lease,
        Extra {
            anchor: anchor_text(anchor, ttl),
            label: wish.label,
        },
    );
    let granted = v1::Granted {
        lease: lease.0,
        fence: fence.0,
        session: session.map_or(0, |session| session.0),
        profile: name,
        mode: wish.mode.into(),
        anchor_pid: anchor.map_or(0, |anchor| anchor.pid),
        anchor_command: anchor.map(|anchor| anchor.command.clone()).unwrap_or_default(),
        ttl: ttl.map(convert::duration),
    };
    Some(Lease {
        lease,
        granted,
        news,
        row,
    })
}

fn said(event: Said) -> Result<v1::LeaseEvent, Status> {
    Ok(v1::LeaseEvent { event: Some(event) })
}

/// Holds the lease until its stream, its holder's process or somebody else ends it.
async fn hold(hub: Arc<Hub>, wish: Wish, peer: Peer, out: Out<v1::LeaseEvent>) {
    let profile = wish.profile.name.clone();
    let Some(mut held) = granted(&hub, wish, None, &out).await else {
        return;
    };
    let lease = held.lease;
    let process = peer.ended();
    tokio::pin!(process);
    let keep_at = tokio::time::Instant::now() + KEEP;
    let mut row = Some(held.row);
    let mut cause = None;
    if out.send(said(Said::Granted(held.granted))).await.is_err() {
        cause = Some(EndCause::Stream);
    }
    while cause.is_none() {
        tokio::select! {
            () = out.closed() => cause = Some(EndCause::Stream),
            () = &mut process => cause = Some(EndCause::Process),
            () = tokio::time::sleep_until(keep_at), if row.is_some() => {
                if let Some(row) = row.take() {
                    hub.desk.keep_lease(row).await;
                }
            }
            changed = held.news.changed() => {
                let news = if changed.is_ok() { *held.news.borrow_and_update() } else { News::Ended(EndCause::Shutdown) };
                match news {
                    News::Lives => {}
                    News::Unused(idle) => {
                        let minutes = idle.as_secs() / 60;
                        let message = format!("the lease keeps a session from others and has run nothing for {minutes} min");
                        if let Some(notice) = v1::LeaseEvent::notice(message, format!("pslease kill {lease}")) {
                            let _ = out.try_send(Ok(notice));
                        }
                    }
                    News::Ending(cause, at) => {
                        let seconds = at.since(hub.clock.now()).as_secs();
                        let message = format!("the lease ends in {seconds} s: {}", convert::end_words(cause));
                        if let Some(notice) = v1::LeaseEvent::notice(message, String::new()) {
                            let _ = out.try_send(Ok(notice));
                        }
                    }
                    News::Ended(cause) => {
                        hub.drop_extra(lease);
                        let _ = out.send(said(Said::Ended(convert::ended(cause, &profile)))).await;
                        return;
                    }
                }
            }
        }
    }
    if let Some(cause) = cause {
        hub.desk.tell(Event::End { lease, cause });
    }
    hub.drop_extra(lease);
}

/// Grants a lease that outlives the call.
async fn acquire(hub: Arc<Hub>, wish: Wish, anchor: Option<Anchor>, out: Out<v1::LeaseEvent>) {
    let Some(held) = granted(&hub, wish, anchor.as_ref(), &out).await else {
        return;
    };
    let lease = held.lease;
    if out.send(said(Said::Granted(held.granted))).await.is_err() {
        hub.desk.tell(Event::End {
            lease,
            cause: EndCause::Stream,
        });
    }
    drop(out);
    let desk = hub.desk.clone();
    let keep = async {
        tokio::time::sleep(KEEP).await;
        desk.keep_lease(held.row).await;
    };
    tokio::join!(keep, owner::watch_lease(hub, lease, anchor, held.news));
}

#[tonic::async_trait]
impl Leases for LeaseService {
    type HoldStream = ReceiverStream<Result<v1::LeaseEvent, Status>>;
    type AcquireStream = ReceiverStream<Result<v1::LeaseEvent, Status>>;

    async fn hold(&self, request: Request<v1::HoldRequest>) -> Result<Response<Self::HoldStream>, Status> {
        let peer = convert::peer(&request);
        let request = request.into_inner();
        let mut wish = self.wish(request.wish, None, &peer).await?;
        if request.reclaim_lease != 0 {
            let (lease, fence) = (LeaseId(request.reclaim_lease), Fence(request.reclaim_fence));
            wish.event = Box::new(move |request| Event::Reclaim { request, lease, fence });
        }
        let (out, stream) = mpsc::channel(STREAM);
        tokio::spawn(hold(self.hub.clone(), wish, peer, out));
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn acquire(&self, request: Request<v1::AcquireRequest>) -> Result<Response<Self::AcquireStream>, Status> {
        let peer = convert::peer(&request);
        let request = request.into_inner();
        let kind = request.anchor.and_then(|anchor| anchor.kind);
        let ttl = convert::of_duration(request.ttl, "ttl")?;
        let only_ttl = matches!(kind, Some(v1::anchor::Kind::TtlOnly(_)));
        let ttl = ttl.or_else(|| only_ttl.then_some(TTL));
        let wish = self.wish(request.wish, ttl, &peer).await?;
        // While the caller is connected: later its ancestors could not be checked.
        let anchor = owner::choose(kind.as_ref(), &peer, &wish.caller.ancestors)
            .map_err(|none| error::status(v1::ErrorKind::Usage, none.to_string(), owner::NoAnchor::hint()))?;
        let (out, stream) = mpsc::channel(STREAM);
        tokio::spawn(acquire(self.hub.clone(), wish, anchor, out));
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn renew(&self, request: Request<v1::RenewRequest>) -> Result<Response<v1::RenewResponse>, Status> {
        let request = request.into_inner();
        let ttl = convert::of_duration(request.ttl, "ttl")?;
        let (lease, fence) = (LeaseId(request.lease), Fence(request.fence));
        let pending = self
            .hub
            .desk
            .request(|request| Event::Renew {
                request,
                lease,
                fence,
                ttl,
            })
            .await;
        match pending.answer().await {
            Answer::Renewed { ttl } => Ok(Response::new(v1::RenewResponse {
                ttl: ttl.map(convert::duration),
            })),
            Answer::Refused(refusal) => Err(error::refused(&self.hub, &refusal, "")),
            _ => Err(error::internal("a renewal was asked for, and something else came")),
        }
    }

    async fn release(&self, request: Request<v1::ReleaseRequest>) -> Result<Response<v1::ReleaseResponse>, Status> {
        let request = request.into_inner();
        let (lease, fence) = (LeaseId(request.lease), Fence(request.fence));
        done(&self.hub, |request| Event::Release { request, lease, fence }).await?;
        Ok(Response::new(v1::ReleaseResponse {}))
    }

    async fn revoke(&self, request: Request<v1::RevokeRequest>) -> Result<Response<v1::RevokeResponse>, Status> {
        let lease = LeaseId(request.into_inner().lease);
        done(&self.hub, |request| Event::Kill { request, lease }).await?;
        Ok(Response::new(v1::RevokeResponse {}))
    }
}

async fn done(hub: &Hub, event: impl FnOnce(RequestId) -> Event) -> Result<(), Status> {
    match hub.desk.request(event).await.answer().await {
        Answer::Refused(refusal) => Err(error::refused(hub, &refusal, "")),
        _ => Ok(()),
    }
}
