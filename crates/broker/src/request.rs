//! Somebody who waits.

use std::sync::Arc;
use std::time::Duration;

use moment::Moment;

use crate::action::BlockedBy;
use crate::event::{Mode, Priority};
use crate::holder::Holder;
use crate::ids::{LeaseId, SessionId};
use crate::line::Place;
use crate::roster::{Class, ProfileIx};
use crate::snapshot::Wish;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Request {
    pub(crate) profile: ProfileIx,
    pub(crate) ask: Ask,
    pub(crate) priority: Priority,
    /// A turn that starts together with the next one of its lease.
    pub(crate) nested: bool,
    pub(crate) holder: Arc<Holder>,
    pub(crate) since: Moment,
    pub(crate) deadline: Option<Moment>,
    pub(crate) place: Place,
    pub(crate) told: Option<Told>,
}

/// What it waits for, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Ask {
    Lease {
        mode: Mode,
        ttl: Option<Duration>,
    },
    /// A turn on whatever session of the profile.
    Turn {
        lease: LeaseId,
    },
    /// A turn on the session of its lease: stands in that session's own queue.
    BoundTurn {
        lease: LeaseId,
        session: SessionId,
    },
    /// A turn on this session and no other, under a lease that has none to itself: stands beside the profile's line.
    TurnOn {
        lease: LeaseId,
        session: SessionId,
    },
    Connect,
    /// A shared lease for which no fence is durable yet.
    Fence {
        ttl: Option<Duration>,
    },
}

impl Ask {
    /// The lease for which it waits, where it waits for a turn.
    pub(crate) fn turn_of(self) -> Option<LeaseId> {
        match self {
            Self::Turn { lease } | Self::BoundTurn { lease, .. } | Self::TurnOn { lease, .. } => Some(lease),
            Self::Lease { .. } | Self::Connect | Self::Fence { .. } => None,
        }
    }

    /// The profile's line in which it stands, if it does.
    pub(crate) fn class(self) -> Option<Class> {
        match self {
            Self::Lease {
                mode: Mode::Exclusive, ..
            } => Some(Class::Exclusive),
            Self::Lease { mode: Mode::Fresh, .. } => Some(Class::Fresh),
            Self::Turn { .. } => Some(Class::Turn),
            Self::Connect => Some(Class::Connect),
            Self::Lease { mode: Mode::Shared, .. }
            | Self::BoundTurn { .. }
            | Self::TurnOn { .. }
            | Self::Fence { .. } => None,
        }
    }

    pub(crate) fn wish(self) -> Wish {
        match self {
            Self::Lease { mode, .. } => Wish::Lease(mode),
            Self::Turn { lease } | Self::BoundTurn { lease, .. } | Self::TurnOn { lease, .. } => Wish::Turn(lease),
            Self::Connect => Wish::Connect,
            Self::Fence { .. } => Wish::Lease(Mode::Shared),
        }
    }
}

/// What a waiter was last told, as far as a change of it is worth telling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Told {
    pub(crate) position: u32,
    pub(crate) blocked_by: BlockedBy,
    pub(crate) nearest: Option<(Option<LeaseId>, Option<SessionId>)>,
}
