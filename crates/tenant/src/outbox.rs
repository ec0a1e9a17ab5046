//! Output on its way to a Receive: fragments in a queue, with an end and with room for so many bytes.

use std::collections::VecDeque;
use std::sync::Mutex;

use bytes::{Bytes, BytesMut};
use tokio::sync::Notify;

use crate::shared::lock;

/// How many bytes may wait for a client that does not fetch them; then the pipeline waits.
const ROOM: usize = 512 * 1024;

/// The output of a pool or of a pipeline.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    /// Something came, or the end did.
    filled: Notify,
    /// Something went, or nobody will come any more.
    drained: Notify,
}

#[derive(Debug, Default)]
struct State {
    fragments: VecDeque<Bytes>,
    bytes: usize,
    end: End,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum End {
    #[default]
    Open,
    /// No more will come; what is there can be fetched.
    Finished,
    /// The shell is gone, and so is what was there.
    Gone,
}

/// What a Receive gets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Whole fragments, and whether they were the last ones.
    Data(Bytes, bool),
    /// Everything was fetched before.
    Finished,
    Gone,
}

impl Outbox {
    pub(crate) fn put(&self, fragment: Bytes) {
        let mut state = lock(&self.state);
        if state.end == End::Open {
            state.bytes += fragment.len();
            state.fragments.push_back(fragment);
            drop(state);
            self.filled.notify_one();
        }
    }

    /// Waits until there is room. False if nobody will fetch anything any more.
    pub(crate) async fn room(&self) -> bool {
        loop {
            let drained = self.drained.notified();
            {
                let state = lock(&self.state);
                if state.end == End::Gone {
                    return false;
                }
                if state.bytes < ROOM {
                    return true;
                }
            }
            drained.await;
        }
    }

    /// Waits for something to fetch, and takes as many whole fragments as fit in `budget` bytes, one at least.
    /// Cancelling it loses nothing.
    pub(crate) async fn take(&self, budget: usize) -> Taken {
        loop {
            let filled = self.filled.notified();
            if let Some(taken) = self.try_take(budget) {
                return taken;
            }
            filled.await;
        }
    }

    fn try_take(&self, budget: usize) -> Option<Taken> {
        let mut state = lock(&self.state);
        if state.end == End::Gone {
            return Some(Taken::Gone);
        }
        let mut data = BytesMut::new();
        while let Some(fragment) = state.fragments.pop_front() {
            if !data.is_empty() && data.len() + fragment.len() > budget {
                state.fragments.push_front(fragment);
                break;
            }
            state.bytes -= fragment.len();
            data.extend_from_slice(&fragment);
        }
        let last = state.end == End::Finished && state.fragments.is_empty();
        drop(state);
        self.drained.notify_one();
        match (data.is_empty(), last) {
            (true, true) => Some(Taken::Finished),
            (true, false) => None,
            (false, last) => Some(Taken::Data(data.freeze(), last)),
        }
    }

    pub(crate) fn finish(&self) {
        let mut state = lock(&self.state);
        if state.end == End::Open {
            state.end = End::Finished;
        }
        drop(state);
        self.filled.notify_waiters();
        self.filled.notify_one();
    }

    pub(crate) fn abandon(&self) {
        let mut state = lock(&self.state);
        state.end = End::Gone;
        state.fragments.clear();
        state.bytes = 0;
        drop(state);
        self.filled.notify_waiters();
        self.filled.notify_one();
        self.drained.notify_waiters();
        self.drained.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn fragments_stay_whole_and_the_last_is_told() {
        let outbox = Outbox::default();
        outbox.put(Bytes::from_static(b"12345"));
        outbox.put(Bytes::from_static(b"678"));
        assert_eq!(outbox.take(6).await, Taken::Data(Bytes::from_static(b"12345"), false));
        outbox.finish();
        assert_eq!(outbox.take(6).await, Taken::Data(Bytes::from_static(b"678"), true));
        assert_eq!(outbox.take(6).await, Taken::Finished);
    }

    #[tokio::test]
    async fn a_full_box_holds_its_writer_up_until_somebody_fetches() {
        let outbox = std::sync::Arc::new(Outbox::default());
        outbox.put(Bytes::from(vec![0; ROOM]));
        let writer = tokio::spawn({
            let outbox = std::sync::Arc::clone(&outbox);
            async move { outbox.room().await }
        });
        tokio::task::yield_now().await;
        assert!(!writer.is_finished());
        outbox.take(1).await;
        assert!(writer.await.unwrap());
    }

    #[tokio::test]
    async fn an_abandoned_box_lets_everybody_go() {
        let outbox = Outbox::default();
        outbox.put(Bytes::from(vec![0; ROOM]));
        outbox.abandon();
        assert!(!outbox.room().await);
        assert_eq!(outbox.take(1).await, Taken::Gone);
    }
}
