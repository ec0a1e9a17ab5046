//! Whether a session is still there, asked only when there is a reason to doubt it: the machine has slept, or a
//! connection was lost with nothing running. What is ordered meanwhile waits for the answer, so that no pipeline is sent
//! down a connection that has long been dead, or to a shell that is gone. An idle session costs nothing.

use std::time::{Duration, Instant};

use moment::Moment;
use runspace::{Cause, Operation};

use super::Order;
use super::drive::Driver;
use crate::clock::Clock;

/// So much further than the clock that stands still in a sleep, the one that counts it has to run for it to be one.
const SLEEP: Duration = Duration::from_secs(10);

/// Notices that the machine has slept.
#[derive(Debug)]
pub(super) struct Pulse {
    at: Moment,
    awake: Instant,
}

impl Pulse {
    pub(super) fn new(clock: &Clock) -> Self {
        Self {
            at: clock.now(),
            awake: Instant::now(),
        }
    }

    /// Whether it has, since this was asked last.
    fn has_slept(&mut self, clock: &Clock) -> bool {
        let before = std::mem::replace(self, Self::new(clock));
        let (passed, awake) = (self.at.since(before.at), self.awake.duration_since(before.awake));
        passed > awake + SLEEP
    }
}

/// What is known of the session's health.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// The connections cannot be relied upon.
    doubted: bool,
    /// It is being asked, and this waits for the answer.
    asked: Option<Vec<Order>>,
}

impl Driver {
    /// Something happens: is it the first thing after a sleep?
    pub(super) fn feel(&mut self) {
        if self.pulse.has_slept(&self.house.clock) {
            tracing::debug!(session = %self.id, "the machine has slept");
            self.doubt();
            if self.health.doubted {
                self.ask_for_health();
            }
        }
    }

    /// A connection was lost, or may have been. It is asked before the next pipeline, if nothing runs now that will show.
    pub(super) fn doubt(&mut self) {
        let settled = !(self.opening || self.recovering || self.leaving || self.is_closing() || self.over);
        self.health.doubted |= settled && self.feeds.is_empty() && self.carrier.can_be_asked();
    }

    fn ask_for_health(&mut self) {
        self.health.doubted = false;
        if self.health.asked.is_none() {
            self.health.asked = Some(Vec::new());
            self.carrier.freshen();
            self.submit(Operation::Get);
        }
    }

    /// Keeps an order for later where the session's health is to be known first.
    pub(super) fn wait_for_health(&mut self, order: Order) -> Option<Order> {
        if matches!(order, Order::Renew) {
            return Some(order);
        }
        if matches!(order, Order::Close | Order::Leave) {
            // What it was to run before that ends with it.
            self.go_on();
            return Some(order);
        }
        if self.health.doubted && matches!(order, Order::Start { .. }) {
            self.ask_for_health();
        }
        match &mut self.health.asked {
            Some(waiting) => {
                waiting.push(order);
                None
            }
            None => Some(order),
        }
    }

    /// It was answered, or nobody will: what waited goes on, and shows for itself.
    pub(super) fn go_on(&mut self) {
        for order in self.health.asked.take().unwrap_or_default() {
            self.carry_out(order);
        }
    }

    /// What the server says of a session that was asked. True if that was what it was asked for.
    pub(super) async fn is_well(&mut self, state: Option<&str>) -> bool {
        if self.health.asked.is_none() {
            return false;
        }
        if state == Some("Disconnected") {
            // Its server gave us up meanwhile. What waits for it ends with the close that follows.
            tracing::warn!(session = %self.id, "the server has disconnected it");
            let (house, row) = (self.house.clone(), self.row.clone());
            house.lose(self.id, &row).await;
        } else {
            self.go_on();
        }
        true
    }

    /// It could not be asked. One that is gone is told as broken.
    pub(super) fn was_not_asked(&mut self, cause: &Cause) {
        if !matches!(cause, Cause::ShellLost { .. }) {
            self.go_on();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sleep_is_noticed_once_and_time_awake_is_none() {
        let clock = Clock::new();
        let mut pulse = Pulse::new(&clock);
        assert!(!pulse.has_slept(&clock));
        clock.advance(2 * SLEEP);
        assert!(pulse.has_slept(&clock));
        assert!(!pulse.has_slept(&clock));
    }
}
