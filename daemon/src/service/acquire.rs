//! A lease for whoever asks, whatever it is to hold: the wait for it, and what may come instead.

use std::time::Duration;

use broker::{Event, Fence, LeaseId, RequestId, SessionId};
use tokio::sync::watch;
use tonic::Status;

use super::error;
use super::wait::{Out, Told, wait};
use crate::desk::{Answer, News};
use crate::hub::Hub;

/// A lease as the broker granted it. Whoever has this ends it.
pub(super) struct Granted {
    pub(super) lease: LeaseId,
    pub(super) fence: Fence,
    /// The session that an exclusive or fresh lease is bound to.
    pub(super) session: Option<SessionId>,
    pub(super) ttl: Option<Duration>,
    pub(super) news: watch::Receiver<News>,
}

/// Asks for a lease on a profile and waits for it, while the caller is told why. May be cancelled: then nothing is held.
///
/// # Errors
/// Why there is none; `None` where the caller has gone.
pub(super) async fn acquire<T: Told>(
    hub: &Hub,
    profile: &str,
    event: impl FnOnce(RequestId) -> Event,
    out: &Out<T>,
) -> Result<Granted, Option<Status>> {
    let mut news = hub.sessions.news();
    let pending = hub.desk.request(event).await;
    match wait(pending, profile, &mut news, out).await.ok_or(None)? {
        Answer::Granted {
            lease,
            fence,
            session,
            ttl,
            news,
        } => Ok(Granted {
            lease,
            fence,
            session,
            ttl,
            news,
        }),
        Answer::Refused(refusal) => Err(Some(error::refused(hub, &refusal, profile))),
        _ => Err(Some(error::internal("a lease was asked for, and something else came"))),
    }
}

/// Tells the caller why not. Nobody hears it if the caller has gone.
pub(super) async fn refuse<T>(out: &Out<T>, status: Option<Status>) {
    if let Some(status) = status {
        let _ = out.send(Err(status)).await;
    }
}
