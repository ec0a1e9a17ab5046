//! A held lease as a guard.

use std::time::Duration;

use proto::v1::lease_event::Event;
use proto::v1::{Ended, ErrorKind, Granted, HoldRequest, LeaseEvent, LeaseKey, LeaseMode, LeaseWish, Notice, Priority};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tonic::Streaming;

use crate::{Client, Error, caller};

/// For how long a new daemon keeps a lease for its holder.
const KEPT: Duration = Duration::from_secs(30);
/// How often the daemon is looked for that takes a dead one's place.
const PAUSE: Duration = Duration::from_millis(200);

/// A wish for a lease on `profile` (empty for the default one) as this process would have it: interactive where it has
/// a terminal, and waiting for ever.
pub fn wish(profile: impl Into<String>, mode: LeaseMode) -> LeaseWish {
    let caller = caller::caller();
    let priority = if caller.interactive {
        Priority::Interactive
    } else {
        Priority::Batch
    };
    LeaseWish {
        profile: profile.into(),
        mode: mode.into(),
        priority: priority.into(),
        wait: None,
        caller: Some(caller),
        label: String::new(),
        parameters: None,
    }
}

/// A lease that lives as long as this value: dropped, or its process killed, it is released within milliseconds. A
/// daemon that dies does not end it: the next one is asked for it.
#[derive(Debug)]
pub struct Lease {
    client: Client,
    wish: LeaseWish,
    granted: Granted,
    stream: Stream,
}

#[derive(Debug)]
enum Stream {
    Open(Box<Streaming<LeaseEvent>>),
    /// The daemon has died, and the next one is being asked, by a task that ends with this.
    Lost(JoinSet<Result<(Client, Streaming<LeaseEvent>), Error>>),
}

impl Lease {
    /// What was granted.
    pub fn granted(&self) -> &Granted {
        &self.granted
    }

    /// What a pipeline names to run under this lease.
    pub fn key(&self) -> LeaseKey {
        LeaseKey {
            lease: self.granted.lease,
            fence: self.granted.fence,
        }
    }

    /// Gives the lease back and waits until the daemon has taken it. Dropping does the same without the waiting.
    pub async fn release(self) -> Result<(), Error> {
        let LeaseKey { lease, fence } = self.key();
        self.client
            .leases()
            .release(proto::v1::ReleaseRequest { lease, fence })
            .await?;
        Ok(())
    }

    /// Waits until the lease ends without our doing; `on_event` sees the notices before that. Where the daemon has died,
    /// the lease is claimed from the next one, which is started if need be. May be cancelled and called again.
    pub async fn ended(&mut self, mut on_event: impl FnMut(Event)) -> Error {
        loop {
            let lost = match &mut self.stream {
                Stream::Open(events) => match events.message().await {
                    Ok(Some(LeaseEvent {
                        event: Some(Event::Ended(ended)),
                    })) => return self.end(ended),
                    Ok(Some(LeaseEvent { event: Some(event) })) => {
                        on_event(event);
                        continue;
                    }
                    Ok(Some(LeaseEvent { event: None })) => continue,
                    Ok(None) => Error::Broken("psleased ended the stream".to_owned()),
                    Err(status) => status.into(),
                },
                Stream::Lost(claim) => match claim.join_next().await {
                    Some(Ok(Ok((client, events)))) => {
                        self.client = client;
                        self.stream = Stream::Open(Box::new(events));
                        on_event(Event::Notice(Notice {
                            message: format!("psleased was started again; lease {} goes on", self.granted.lease),
                            hint: String::new(),
                        }));
                        continue;
                    }
                    Some(Ok(Err(error))) => return error,
                    Some(Err(_)) | None => return Error::Broken("psleased has died".to_owned()),
                },
            };
            if !matches!(lost, Error::Broken(_)) {
                return lost;
            }
            let request = HoldRequest {
                wish: Some(self.wish.clone()),
                reclaim_lease: self.granted.lease,
                reclaim_fence: self.granted.fence,
            };
            let mut claiming = JoinSet::new();
            claiming.spawn(claim(self.client.clone(), request, lost));
            self.stream = Stream::Lost(claiming);
        }
    }

    fn end(&self, ended: Ended) -> Error {
        Error::Ended {
            lease: self.granted.lease,
            message: ended.message,
            hint: ended.hint,
        }
    }
}

impl Client {
    /// Waits in the queue and then holds a lease until the guard is dropped. `on_event` sees every change while it
    /// waits. Dropping the future leaves the queue.
    pub async fn hold(&self, wish: LeaseWish, on_event: impl FnMut(Event)) -> Result<Lease, Error> {
        let request = HoldRequest {
            wish: Some(wish.clone()),
            ..HoldRequest::default()
        };
        let mut events = self.leases().hold(request).await?.into_inner();
        let granted = granted(&mut events, on_event).await?;
        Ok(Lease {
            client: self.clone(),
            wish,
            granted,
            stream: Stream::Open(Box::new(events)),
        })
    }
}

/// Asks the next daemon for a lease of the last one, for as long as it may be had.
async fn claim(old: Client, request: HoldRequest, why: Error) -> Result<(Client, Streaming<LeaseEvent>), Error> {
    let until = Instant::now() + KEPT;
    let mut last = why;
    while Instant::now() < until {
        // Not at once: a daemon that is just ending may still answer.
        tokio::time::sleep(PAUSE).await;
        let claimed = async {
            let client = old.again().await?;
            let mut events = client.leases().hold(request.clone()).await?.into_inner();
            granted(&mut events, |_| {}).await?;
            Ok::<_, Error>((client, events))
        };
        match claimed.await {
            Ok(claimed) => return Ok(claimed),
            // It may be just starting, about to end, or have died once more.
            Err(error) if error.kind() == ErrorKind::Stopping => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

/// Reads until the lease is granted.
pub(crate) async fn granted(
    events: &mut Streaming<LeaseEvent>,
    mut on_event: impl FnMut(Event),
) -> Result<Granted, Error> {
    while let Some(LeaseEvent { event }) = events.message().await? {
        match event {
            Some(Event::Granted(granted)) => return Ok(granted),
            Some(Event::Ended(Ended { message, hint, .. })) => {
                return Err(Error::Ended {
                    lease: 0,
                    message,
                    hint,
                });
            }
            Some(event @ (Event::Waiting(_) | Event::Notice(_))) => on_event(event),
            None => {}
        }
    }
    Err(Error::Broken(
        "psleased ended the stream before it granted the lease".to_owned(),
    ))
}

impl Client {
    /// Waits likewise for a lease that outlives this process, anchored as `request` says.
    pub async fn acquire(
        &self,
        request: proto::v1::AcquireRequest,
        on_event: impl FnMut(Event),
    ) -> Result<Granted, Error> {
        let mut events = self.leases().acquire(request).await?.into_inner();
        granted(&mut events, on_event).await
    }
}
