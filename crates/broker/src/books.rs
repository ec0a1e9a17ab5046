//! What must be durable before it is done, and what may be given out because it was.

use std::collections::{BTreeMap, BTreeSet};

use moment::Moment;

use crate::action::Action;
use crate::broker::Broker;
use crate::entry::Entry;
use crate::ids::{Fence, RequestId, Seq, SessionId};
use crate::session::State;
use crate::timer::Timer;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Books {
    pub(crate) last: Seq,
    pub(crate) awaited: BTreeMap<Seq, Awaited>,
    /// The next to give out; never at or above `durable`.
    pub(crate) fence: u64,
    pub(crate) durable: u64,
    /// The end of the block that was asked for last.
    pub(crate) asked: u64,
    /// A record failed: no open begins before then.
    pub(crate) failed: Option<Moment>,
    /// Those past their deadline who only wait until a block of fences is written: that is our own act and no want of
    /// slots, so the end of the write answers them.
    pub(crate) held_up: BTreeSet<RequestId>,
}

/// What a confirmed record lets happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Awaited {
    Fences { end: u64 },
    Intent(SessionId),
    Closing(SessionId),
}

impl Books {
    pub(crate) fn new(fence: Fence) -> Self {
        Self {
            last: Seq(0),
            awaited: BTreeMap::new(),
            fence: fence.0,
            durable: fence.0,
            asked: fence.0,
            failed: None,
            held_up: BTreeSet::new(),
        }
    }

    pub(crate) fn has_fence(&self) -> bool {
        self.fence < self.durable
    }

    /// Whether there is no fence because the next block is being written just now.
    pub(crate) fn is_writing_fences(&self) -> bool {
        !self.has_fence() && self.asked > self.durable && self.failed.is_none()
    }
}

impl Broker {
    pub(crate) fn record(&mut self, entry: Entry) -> Seq {
        self.books.last.0 += 1;
        let seq = self.books.last;
        self.emit(Action::Record { seq, entry });
        seq
    }

    pub(crate) fn record_awaited(&mut self, entry: Entry, awaited: Awaited) {
        debug_assert!(entry.is_awaited());
        let seq = self.record(entry);
        self.books.awaited.insert(seq, awaited);
    }

    /// A fence that is durable and was never given out.
    pub(crate) fn take_fence(&mut self) -> Option<Fence> {
        if !self.books.has_fence() {
            return None;
        }
        let fence = Fence(self.books.fence);
        self.books.fence += 1;
        self.reserve_fences();
        Some(fence)
    }

    /// Asks for another block as soon as half of the last is used.
    pub(crate) fn reserve_fences(&mut self) {
        let block = self.settings.fence_block.max(1);
        let under_way = self.books.asked > self.books.durable;
        if under_way || self.books.durable - self.books.fence > block / 2 {
            return;
        }
        let end = self.books.durable.saturating_add(block);
        self.books.asked = end;
        self.record_awaited(Entry::Fences { end: Fence(end) }, Awaited::Fences { end });
    }

    pub(crate) fn recorded(&mut self, now: Moment, seq: Seq) {
        match self.books.awaited.remove(&seq) {
            None => {}
            Some(Awaited::Fences { end }) => {
                self.books.durable = end;
                self.grant_fenceless(now);
                // Those who wait for a session and a fence.
                self.dirty.pools.extend(self.roster.pools.indices());
            }
            Some(Awaited::Intent(session)) => self.intent_recorded(now, session),
            Some(Awaited::Closing(session)) => self.closing_recorded(session),
        }
    }

    pub(crate) fn record_failed(&mut self, now: Moment, seq: Seq) {
        let Some(awaited) = self.books.awaited.remove(&seq) else {
            return;
        };
        let until = now + self.settings.books_retry;
        self.books.failed = Some(until);
        self.timers.set(Timer::Books, until);
        match awaited {
            Awaited::Fences { .. } => self.books.asked = self.books.durable,
            Awaited::Intent(session) => self.drop_intent(now, session),
            // The books still say that it is open, which counts: ending it is safe, and nobody is kept from leaving.
            Awaited::Closing(session) => self.closing_recorded(session),
        }
    }

    pub(crate) fn retry_books(&mut self) {
        self.books.failed = None;
        self.reserve_fences();
        self.mark_all();
    }

    fn closing_recorded(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if let State::Closing { cause, asked: false } = session.state {
            session.state = State::Closing { cause, asked: true };
            self.emit(Action::Close { session: id, cause });
        }
    }
}
