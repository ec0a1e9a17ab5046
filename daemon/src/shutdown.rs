//! The way out: nothing new begins, every shell is closed at the same time, and what could not be closed is in the books.

use std::time::Duration;

use crate::desk::Left;
use crate::hub::Hub;

/// How long all sessions together may take to close.
pub(crate) const WITHIN: Duration = Duration::from_secs(30);

/// Closes everything, or leaves on its server what may be left, and then lets the daemon end.
pub(crate) async fn shut_down(hub: &Hub, within: Duration, leave: bool) -> Left {
    tracing::info!(seconds = within.as_secs(), leave, "shutting down");
    hub.stopping.send_replace(true);
    let left = hub.desk.shutdown(hub.clock.now() + within, leave).await;
    tracing::info!(
        closed = left.closed,
        kept = left.kept,
        unconfirmed = left.unconfirmed.len(),
        "closed"
    );
    hub.closed.send_replace(true);
    left
}
