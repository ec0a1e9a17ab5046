//! Doors: a lease, a socket, and one console behind it.

use std::sync::Arc;
use std::time::Duration;

use broker::{EndCause, Event, Fence, Holder, LeaseId, Mode, Priority, Refusal, SessionId};
use door::Facts;
use moment::Moment;
use proto::v1;
use proto::v1::door_event::Event as Said;
use proto::v1::doors_server::{Doors, DoorsServer};
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::acquire::{Granted, acquire, refuse};
use super::parameters::profile_for;
use super::wait::{Out, Told, wait};
use super::{STREAM, convert, error};
use crate::config::Profile;
use crate::desk::{Answer, News};
use crate::door::{self as doors, Entrance, Left, Setting};
use crate::hub::{Extra, Hub};
use crate::owner::{self, Anchor};

/// How long a door is open for somebody to come through.
const WITHIN: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(crate) struct DoorService {
    hub: Arc<Hub>,
}

pub(super) fn service(hub: Arc<Hub>) -> DoorsServer<DoorService> {
    DoorsServer::new(DoorService { hub })
}

/// What was asked, looked up and checked.
struct Wish {
    profile: Arc<Profile>,
    mode: Mode,
    priority: Priority,
    deadline: Option<Moment>,
    holder: Arc<Holder>,
    label: String,
    with: Option<Held>,
    anchor: Option<Anchor>,
    bad: Option<String>,
}

/// A lease that a door may use.
#[derive(Clone)]
struct Held {
    lease: LeaseId,
    fence: Fence,
    session: Option<SessionId>,
    /// Of a lease that was taken for this door, and ends with it.
    news: Option<watch::Receiver<News>>,
}

fn said(event: Said) -> Result<v1::DoorEvent, Status> {
    Ok(v1::DoorEvent { event: Some(event) })
}

impl Told for v1::DoorEvent {
    fn waiting(waiting: v1::Waiting) -> Self {
        Self {
            event: Some(Said::Waiting(waiting)),
        }
    }

    fn stage(text: String) -> Option<Self> {
        Some(Self {
            event: Some(Said::Stage(text)),
        })
    }

    fn notice(message: String, hint: String) -> Option<Self> {
        Some(Self {
            event: Some(Said::Notice(v1::Notice { message, hint })),
        })
    }
}

impl Told for v1::ImportEvent {
    fn waiting(waiting: v1::Waiting) -> Self {
        Self {
            event: Some(v1::import_event::Event::Waiting(waiting)),
        }
    }

    fn stage(_text: String) -> Option<Self> {
        None
    }

    fn notice(message: String, hint: String) -> Option<Self> {
        Some(Self {
            event: Some(v1::import_event::Event::Notice(v1::Notice { message, hint })),
        })
    }
}

#[tonic::async_trait]
impl Doors for DoorService {
    type OpenStream = ReceiverStream<Result<v1::DoorEvent, Status>>;
    type ImportStream = ReceiverStream<Result<v1::ImportEvent, Status>>;

    async fn open(&self, request: Request<v1::OpenDoorRequest>) -> Result<Response<Self::OpenStream>, Status> {
        let peer = convert::peer(&request);
        let v1::OpenDoorRequest { wish, anchor, with } = request.into_inner();
        let wish = wish.ok_or_else(|| error::usage("the wish is missing"))?;
        let caller = wish.caller.clone().unwrap_or_default();
        let with = match with {
            Some(key) => Some(held(&self.hub, &key).await?),
            None => None,
        };
        let (profile, bad) = match &with {
            Some((_, profile, _)) => super::profile(&self.hub, profile, &caller).await?,
            None => profile_for(&self.hub, &wish.profile, wish.parameters.clone(), &caller).await?,
        };
        // While the caller is connected: later its ancestors could not be checked. Where there is no shell that would
        // outlive the caller, the connection is owner enough.
        let anchor = anchor.and_then(|anchor| anchor.kind).and_then(|kind| {
            let chosen = owner::choose(Some(&kind), &peer, &caller.ancestors);
            chosen.unwrap_or_else(|none| {
                tracing::debug!(%none, "a door without a shell");
                None
            })
        });
        let mode = match (&with, wish.mode()) {
            (Some((_, _, mode)), _) => *mode,
            (None, v1::LeaseMode::Unspecified) if profile.template.defaults().language => Mode::Exclusive,
            (None, mode) => convert::mode(mode),
        };
        let wish = Wish {
            mode,
            priority: convert::priority(wish.priority(), &caller),
            deadline: convert::deadline(self.hub.clock.now(), wish.wait)?,
            holder: convert::holder(&peer, &caller),
            label: wish.label,
            with: with.map(|(held, _, _)| held),
            anchor,
            profile,
            bad,
        };
        let (out, stream) = mpsc::channel(STREAM);
        tokio::spawn(open(self.hub.clone(), wish, out));
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn import(&self, request: Request<v1::ImportRequest>) -> Result<Response<Self::ImportStream>, Status> {
        let peer = convert::peer(&request);
        let request = request.into_inner();
        let caller = request.caller.unwrap_or_default();
        let (profile, bad) = super::profile(&self.hub, &request.profile, &caller).await?;
        let wish = Wish {
            mode: Mode::Shared,
            priority: convert::priority(v1::Priority::Unspecified, &caller),
            deadline: convert::deadline(self.hub.clock.now(), request.wait)?,
            holder: convert::holder(&peer, &caller),
            label: String::new(),
            with: None,
            anchor: None,
            profile,
            bad,
        };
        let (out, stream) = mpsc::channel(STREAM);
        tokio::spawn(import(self.hub.clone(), wish, request.refresh, out));
        Ok(Response::new(ReceiverStream::new(stream)))
    }
}

/// A lease that the caller holds already, its profile and its mode. A wrong fence is found out by the first turn.
async fn held(hub: &Hub, key: &v1::LeaseKey) -> Result<(Held, String, Mode), Status> {
    let (lease, fence) = (LeaseId(key.lease), Fence(key.fence));
    let snapshot = hub.desk.snapshot().await;
    let Some(known) = snapshot.leases.iter().find(|known| known.lease == lease) else {
        return Err(error::refused(hub, &Refusal::UnknownLease(lease), ""));
    };
    let held = Held {
        lease,
        fence,
        session: known.session.filter(|_| known.mode != Mode::Shared),
        news: None,
    };
    Ok((held, known.profile.to_string(), known.mode))
}

/// `Err(None)` where the caller has gone.
async fn hold<T: Told>(hub: &Hub, wish: &Wish, out: &Out<T>) -> Result<Held, Option<Status>> {
    if let Some(held) = &wish.with {
        return Ok(held.clone());
    }
    let (profile, mode, priority) = (wish.profile.name.as_str().into(), wish.mode, wish.priority);
    let (deadline, holder) = (wish.deadline, wish.holder.clone());
    let event = |request| Event::Acquire {
        request,
        profile,
        mode,
        priority,
        deadline,
        ttl: None,
        holder,
    };
    let Granted {
        lease,
        fence,
        session,
        news,
        ..
    } = acquire(hub, &wish.profile.name, event, out).await?;
    Ok(Held {
        lease,
        fence,
        session,
        news: Some(news),
    })
}

/// What the console will be told of the remote. A profile of which nothing is known yet is connected to first.
async fn facts<T: Told>(hub: &Hub, wish: &Wish, held: &Held, out: &Out<T>) -> Result<Facts, Option<Status>> {
    if let Some(facts) = doors::facts(&hub.sessions, &wish.profile, held.session) {
        return Ok(facts);
    }
    let mut session = held.session;
    if session.is_none() {
        let mut news = hub.sessions.news();
        let (profile, priority) = (wish.profile.name.as_str().into(), wish.priority);
        let (deadline, holder) = (wish.deadline, wish.holder.clone());
        let event = |request| Event::Connect {
            request,
            profile,
            priority,
            deadline,
            holder,
        };
        let pending = hub.desk.request(event).await;
        match wait(pending, &wish.profile.name, &mut news, out).await.ok_or(None)? {
            Answer::Connected { session: found, .. } => session = Some(found),
            Answer::Refused(refusal) => return Err(Some(error::refused(hub, &refusal, &wish.profile.name))),
            _ => {
                return Err(Some(error::internal(
                    "a session was asked for, and something else came",
                )));
            }
        }
    }
    match doors::facts(&hub.sessions, &wish.profile, session) {
        Some(facts) => Ok(facts),
        // A session that an earlier daemon opened, with books that kept nothing of this.
        None => Facts::new(
            &psrp::body::Body::write(&psrp::body::SessionCapability::default()),
            None,
        )
        .map_err(|unreadable| {
            let why = format!("what {} said of itself cannot be read: {unreadable}", wish.profile.name);
            Some(error::internal(why))
        }),
    }
}

/// Ends a lease that was taken for this, and what is shown of it.
fn let_go(hub: &Hub, held: &Held, cause: EndCause) {
    if held.news.is_some() {
        let lease = held.lease;
        hub.desk.tell(Event::End { lease, cause });
        hub.drop_extra(lease);
    }
}

async fn open(hub: Arc<Hub>, mut wish: Wish, out: Out<v1::DoorEvent>) {
    if let Some(notice) = wish
        .bad
        .take()
        .and_then(|bad| v1::DoorEvent::notice(bad, String::new()))
    {
        let _ = out.send(Ok(notice)).await;
    }
    let held = match hold(&hub, &wish, &out).await {
        Ok(held) => held,
        Err(status) => return refuse(&out, status).await,
    };
    let cause = match prepare(&hub, &wish, &held, &out).await {
        Ok((entrance, facts)) => serve(&hub, &wish, &held, entrance, facts, &out).await,
        Err(status) => {
            refuse(&out, status).await;
            EndCause::Stream
        }
    };
    let ended = held.news.as_ref().and_then(|news| match *news.borrow() {
        News::Ended(cause) => Some(cause),
        News::Lives | News::Ending(..) | News::Unused(_) => None,
    });
    let_go(&hub, &held, cause);
    let ended = convert::ended(ended.unwrap_or(cause), &wish.profile.name);
    // Whoever opened the door has gone, most often.
    let _ = out.try_send(said(Said::Ended(ended)));
}

/// The socket, and what is told of it.
async fn prepare(
    hub: &Hub,
    wish: &Wish,
    held: &Held,
    out: &Out<v1::DoorEvent>,
) -> Result<(Entrance, Facts), Option<Status>> {
    let anchored = wish.anchor.as_ref();
    if held.news.is_some() {
        let texts = [anchored.map(Anchor::text), Some("door".to_owned())];
        let extra = Extra {
            anchor: texts.into_iter().flatten().collect::<Vec<_>>().join(", "),
            label: wish.label.clone(),
        };
        hub.keep_extra(held.lease, extra);
    }
    let granted = v1::Granted {
        lease: held.lease.0,
        fence: held.fence.0,
        session: held.session.map_or(0, |session| session.0),
        profile: wish.profile.name.clone(),
        mode: convert::of_mode(wish.mode).into(),
        anchor_pid: anchored.map_or(0, |anchor| anchor.pid),
        anchor_command: anchored.map(|anchor| anchor.command.clone()).unwrap_or_default(),
        ttl: None,
    };
    out.send(said(Said::Granted(granted))).await.map_err(|_| None)?;
    let facts = facts(hub, wish, held, out).await?;
    let entrance = hub
        .doors
        .entrance()
        .map_err(|failed| Some(error::status(v1::ErrorKind::Config, failed.to_string(), "")))?;
    let opened = v1::DoorOpened {
        path: entrance.path().display().to_string(),
        within: Some(convert::duration(WITHIN)),
        admin: wish.profile.admin.clone(),
        organization: wish.profile.organization.clone(),
        computer_name: wish.profile.address.host.clone(),
        uri: wish.profile.address.uri.clone(),
        configuration: wish.profile.configuration.clone(),
        protocol: facts.protocol().to_string(),
    };
    out.send(said(Said::Opened(opened))).await.map_err(|_| None)?;
    Ok((entrance, facts))
}

/// Waits for the console and serves it. Says what the lease ends with.
async fn serve(
    hub: &Arc<Hub>,
    wish: &Wish,
    held: &Held,
    entrance: Entrance,
    facts: Facts,
    out: &Out<v1::DoorEvent>,
) -> EndCause {
    let owner = async {
        match &wish.anchor {
            Some(anchor) => anchor.ended().await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(owner);
    let ended = async {
        let Some(news) = &held.news else {
            return std::future::pending().await;
        };
        let mut news = news.clone();
        match news
            .wait_for(|news| matches!(news, News::Ended(_)))
            .await
            .map(|news| *news)
        {
            Ok(News::Ended(cause)) => cause,
            _ => EndCause::Shutdown,
        }
    };
    let by = hub.clock.now() + WITHIN;
    let stream = tokio::select! {
        entered = entrance.entered() => match entered {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(%error, "a door's socket");
                return EndCause::Stream;
            }
        },
        () = hub.clock.reach(Some(by)) => {
            let notice = format!("nobody came through the door within {} s; it is closed", WITHIN.as_secs());
            if let Some(notice) = v1::DoorEvent::notice(notice, String::new()) {
                let _ = out.try_send(Ok(notice));
            }
            return EndCause::Stream;
        }
        cause = ended => return cause,
        () = &mut owner => return EndCause::Process,
    };
    drop(entrance);
    let setting = Setting {
        profile: wish.profile.clone(),
        lease: held.lease,
        fence: held.fence,
        mode: wish.mode,
        session: held.session,
        facts,
        holder: wish.holder.clone(),
        news: held.news.clone(),
    };
    let served = doors::serve(hub, stream, setting);
    tokio::pin!(served);
    let mut orphaned = false;
    loop {
        tokio::select! {
            left = &mut served => return match left {
                Left::Closed => EndCause::Released,
                Left::Gone | Left::Broken => EndCause::Stream,
            },
            // The lease goes; the console, if it lives on, is told so.
            () = &mut owner, if !orphaned => {
                orphaned = true;
                let_go(hub, held, EndCause::Process);
            }
        }
    }
}

async fn import(hub: Arc<Hub>, mut wish: Wish, refresh: bool, out: Out<v1::ImportEvent>) {
    if let Some(notice) = wish
        .bad
        .take()
        .and_then(|bad| v1::ImportEvent::notice(bad, String::new()))
    {
        let _ = out.send(Ok(notice)).await;
    }
    let held = match hold(&hub, &wish, &out).await {
        Ok(held) => held,
        Err(status) => return refuse(&out, status).await,
    };
    let imported = match facts(&hub, &wish, &held, &out).await {
        Ok(facts) => {
            let key = (held.lease, held.fence);
            let fetched = doors::import(&hub, &wish.profile, key, wish.holder.clone(), &facts, refresh);
            tokio::select! {
                fetched = fetched => fetched.map_err(|why| Some(error::status(v1::ErrorKind::Remote, why, ""))),
                () = out.closed() => Err(None),
            }
        }
        Err(status) => Err(status),
    };
    let_go(&hub, &held, EndCause::Released);
    match imported {
        Ok(imported) => {
            let event = Some(v1::import_event::Event::Imported(imported));
            let _ = out.send(Ok(v1::ImportEvent { event })).await;
        }
        Err(status) => refuse(&out, status).await,
    }
}
