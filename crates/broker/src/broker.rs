//! The machine's outside.

use moment::Moment;

use crate::action::Action;
use crate::event::Event;
use crate::profile::{Settings, Start};
use crate::snapshot::Snapshot;

/// Decides who may hold which slot, and when.
///
/// Feed it with [`handle`](Self::handle) and [`handle_timeout`](Self::handle_timeout), and after each run every action
/// that [`poll_action`](Self::poll_action) has, in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Broker {
    start: Start,
    settings: Settings,
}

impl Broker {
    /// A broker without profiles: the first event should be [`Event::Configured`], followed by one
    /// [`Event::Restored`] for every row of the books that is not gone.
    pub fn new(start: Start) -> Self {
        Self {
            start,
            settings: Settings::default(),
        }
    }

    /// Something happened. `now` never goes back.
    pub fn handle(&mut self, now: Moment, event: Event) {
        let _ = (now, event, self.start, self.settings);
    }

    /// Does what is due. To be called at [`poll_timeout`](Self::poll_timeout); too early or too often does no harm.
    pub fn handle_timeout(&mut self, now: Moment) {
        let _ = now;
    }

    /// What to do next; `None` when all is done for now.
    pub fn poll_action(&mut self) -> Option<Action> {
        None
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) at the latest.
    pub fn poll_timeout(&self) -> Option<Moment> {
        None
    }

    /// Who holds what.
    pub fn snapshot(&self, now: Moment) -> Snapshot {
        let _ = now;
        Snapshot::default()
    }
}
