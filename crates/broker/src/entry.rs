//! What goes into the books.

use std::sync::Arc;
use std::time::Duration;

use moment::Moment;

use crate::action::CloseCause;
use crate::event::{Mode, Priority};
use crate::holder::Holder;
use crate::ids::{Fence, LeaseId, ProfileName, SessionId, ShellId};
use crate::profile::Scopes;

/// One line of the books. The driver adds what only it knows: addresses, cookies, wall time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Entry {
    /// Fences below `end` may be given out.
    Fences { end: Fence },
    /// A shell of this id may be created from now on.
    Intent {
        session: SessionId,
        shell: ShellId,
        profile: ProfileName,
        scopes: Scopes,
        identity: String,
    },
    /// The shell is there.
    Opened { session: SessionId },
    /// A lease has the session to itself: whatever runs in it from now on is that lease's. Written behind.
    Bound {
        session: SessionId,
        lease: LeaseId,
        fence: Fence,
        mode: Mode,
        priority: Priority,
        ttl: Option<Duration>,
        holder: Arc<Holder>,
    },
    /// That lease is over. Written behind.
    Unbound { session: SessionId, lease: LeaseId },
    /// The shell was left on its server, where the next daemon finds it. Written behind.
    Left { session: SessionId },
    /// The shell may be deleted from now on.
    Closing { session: SessionId, cause: CloseCause },
    /// The shell's end is not proven; it counts until then (`None`: until proof).
    Unconfirmed { session: SessionId, until: Option<Moment> },
    /// The shell is gone, or never came to be.
    Gone { session: SessionId },
}

impl Entry {
    /// True if the broker holds something back until this is durable; all else may be written behind.
    pub const fn is_awaited(&self) -> bool {
        match self {
            Self::Fences { .. } | Self::Intent { .. } | Self::Closing { .. } => true,
            Self::Opened { .. }
            | Self::Bound { .. }
            | Self::Unbound { .. }
            | Self::Left { .. }
            | Self::Unconfirmed { .. }
            | Self::Gone { .. } => false,
        }
    }
}
