//! Where a pipeline's output waits for its reader. It needs no bound of its own: the remote is asked for no more than a
//! megabyte ahead of what the reader has taken.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use psrp::Piece;
use runspace::{InvocationState, Outcome};
use tokio::sync::Notify;

/// What a pipeline's reader gets, in order.
#[derive(Debug)]
pub(crate) enum Item {
    /// The server has it.
    Started,
    Piece(Piece),
    /// PIPELINE_STATE, with its body.
    State(InvocationState, Bytes),
    Notice(String),
    /// The server waits for the exchange of the session key.
    KeyRequested,
    /// So many bytes of its input have left for the server, message headers included.
    Forwarded(usize),
    /// The last item.
    Ended(Outcome),
}

#[derive(Debug, Default)]
pub(crate) struct Tray {
    inner: Mutex<Inner>,
    filled: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    items: VecDeque<Item>,
    /// Nobody will put anything more in.
    closed: bool,
}

impl Tray {
    /// A tray and the end by which it is filled.
    pub(crate) fn new() -> (Feed, Arc<Self>) {
        let tray = Arc::new(Self::default());
        (Feed(tray.clone()), tray)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody may still put something in.
    pub(crate) fn is_open(&self) -> bool {
        !self.inner().closed
    }

    /// What is there.
    pub(crate) fn rest(&self) -> VecDeque<Item> {
        std::mem::take(&mut self.inner().items)
    }

    /// All that is there, at least one item; `None` once it is closed and empty. For one reader; may be cancelled and
    /// called again.
    pub(crate) async fn take(&self) -> Option<VecDeque<Item>> {
        loop {
            {
                let mut inner = self.inner();
                if !inner.items.is_empty() {
                    return Some(std::mem::take(&mut inner.items));
                }
                if inner.closed {
                    return None;
                }
            }
            self.filled.notified().await;
        }
    }
}

/// The session's end of a tray: when it goes, the tray is closed, whatever became of the session.
#[derive(Debug)]
pub(crate) struct Feed(Arc<Tray>);

impl Feed {
    pub(crate) fn put(&self, item: Item) {
        self.0.inner().items.push_back(item);
        self.0.filled.notify_one();
    }

    /// How many items wait for the reader; `None` once there is none.
    pub(super) fn unread(&self) -> Option<usize> {
        (Arc::strong_count(&self.0) > 1).then(|| self.0.inner().items.len())
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.0.inner().closed = true;
        self.0.filled.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_put_in_is_taken_before_the_end_is_seen() {
        let (feed, tray) = Tray::new();
        let reader = tokio::spawn(async move {
            let mut seen = 0;
            while let Some(items) = tray.take().await {
                seen += items.len();
            }
            seen
        });
        feed.put(Item::Started);
        tokio::task::yield_now().await;
        feed.put(Item::Notice("x".into()));
        drop(feed);
        assert_eq!(reader.await.unwrap(), 2);
    }
}
