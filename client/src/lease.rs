//! A held lease as a guard.

use proto::v1::lease_event::Event;
use proto::v1::{Ended, Granted, HoldRequest, LeaseEvent, LeaseKey, LeaseMode, LeaseWish, Priority};
use tonic::Streaming;

use crate::{Client, Error, caller};

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

/// A lease that lives as long as this value: dropped, or its process killed, it is released within milliseconds.
#[derive(Debug)]
pub struct Lease {
    granted: Granted,
    events: Streaming<LeaseEvent>,
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
    pub async fn release(self, client: &Client) -> Result<(), Error> {
        let LeaseKey { lease, fence } = self.key();
        client
            .leases()
            .release(proto::v1::ReleaseRequest { lease, fence })
            .await?;
        Ok(())
    }

    /// Waits until the lease ends without our doing; `on_event` sees the notices before that. May be cancelled and
    /// called again.
    pub async fn ended(&mut self, mut on_event: impl FnMut(Event)) -> Error {
        loop {
            match self.events.message().await {
                Ok(Some(LeaseEvent {
                    event: Some(Event::Ended(ended)),
                })) => return self.end(ended),
                Ok(Some(LeaseEvent { event: Some(event) })) => on_event(event),
                Ok(Some(LeaseEvent { event: None })) => {}
                Ok(None) => return Error::Broken("psleased ended the stream".to_owned()),
                Err(status) => return status.into(),
            }
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
        let request = HoldRequest { wish: Some(wish) };
        let mut events = self.leases().hold(request).await?.into_inner();
        let granted = granted(&mut events, on_event).await?;
        Ok(Lease { granted, events })
    }
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
