//! The way out: nothing new begins, every shell is closed at the same time, and what could not be closed is in the books.

use std::time::Duration;

use crate::desk::Left;
use crate::hub::Hub;

/// How long all sessions together may take to close.
pub(crate) const WITHIN: Duration = Duration::from_secs(30);

/// Closes everything, and then lets the daemon end.
pub(crate) async fn shut_down(hub: &Hub, within: Duration) -> Left {
    tracing::info!(seconds = within.as_secs(), "shutting down");
    hub.stopping.send_replace(true);
    let left = hub.desk.shutdown(hub.clock.now() + within).await;
    tracing::info!(closed = left.closed, unconfirmed = left.unconfirmed.len(), "closed");
    hub.closed.send_replace(true);
    left
}
