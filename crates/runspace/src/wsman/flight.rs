//! A request under way.

use std::time::Duration;

use bytes::Bytes;
use moment::Moment;
use uuid::Uuid;
use wsman::{MessageId, Verb};

use crate::{Lane, Request};

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Job {
    Create,
    Command(Uuid),
    /// To a target.
    Send(Option<Uuid>, Load),
    Receive(Option<Uuid>),
    Stop(Uuid),
    Terminate(Uuid),
    Get,
    Disconnect,
    Reconnect,
    Connect,
    ListCommands,
    TakeStray,
    EndStray,
    Delete,
}

/// What a Send carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Load {
    /// Whether it may be sent again though it may have been done.
    pub(super) repeatable: bool,
    /// Whether it brings a part of the message that starts its pipeline.
    pub(super) start: bool,
}

impl Job {
    /// The pipeline that it concerns.
    pub(super) const fn pipeline(self) -> Option<Uuid> {
        match self {
            Self::Command(id) | Self::Stop(id) | Self::Terminate(id) => Some(id),
            Self::Send(target, _) | Self::Receive(target) => target,
            Self::Create
            | Self::Get
            | Self::Disconnect
            | Self::Reconnect
            | Self::Connect
            | Self::ListCommands
            | Self::TakeStray
            | Self::EndStray
            | Self::Delete => None,
        }
    }
}

/// A request under way: everything that is needed to judge its answer, and to send the very same bytes again.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    pub(super) ticket: u64,
    pub(super) lane: Lane,
    pub(super) job: Job,
    pub(super) verb: Verb,
    pub(super) message_id: MessageId,
    pub(super) uri: String,
    pub(super) body: Bytes,
    pub(super) deadline: Duration,
    pub(super) sent: Moment,
    /// How often its outcome was unknown so far.
    pub(super) unknown: u8,
}

impl Flight {
    /// What the driver is to send.
    pub(super) fn request(&self) -> Request {
        Request {
            uri: self.uri.clone(),
            action: self.verb.name(),
            body: self.body.clone(),
            deadline: self.deadline,
        }
    }
}

/// A request of the control lane that waits to be sent again.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) until: Moment,
    pub(super) flight: Flight,
}
