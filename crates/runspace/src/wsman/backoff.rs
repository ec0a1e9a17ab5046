//! Trying again, each time later.

use std::time::Duration;

use moment::Moment;

use crate::Pool;

/// What a failing request waits before it is sent again. The first time nothing: a connection that was dropped between
/// two requests is no sign of trouble.
const WAITS: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
];

/// The failures of one lane since its last success.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backoff {
    failures: usize,
    since: Option<Moment>,
    until: Option<Moment>,
}

impl Backoff {
    /// One more. Says how long that has been going on.
    pub(super) fn fail(&mut self, now: Moment, at_least: Duration) -> Duration {
        let wait = WAITS[self.failures.min(WAITS.len() - 1)].max(at_least);
        self.failures += 1;
        self.until = Some(now + wait);
        now.since(*self.since.get_or_insert(now))
    }

    /// The server answered with nothing sooner than it should: do not let that become a storm.
    pub(super) fn hurry(&mut self, now: Moment) {
        self.until = Some(now + Duration::from_millis(500));
    }

    pub(super) fn succeed(&mut self) {
        *self = Self::default();
    }

    /// Whether that is enough, by the time it has gone on or by the number of tries.
    pub(super) fn is_enough(&self, going_on: Duration, pool: &Pool) -> bool {
        let often = pool.retries.and_then(|most| usize::try_from(most).ok());
        going_on >= pool.retry_for || often.is_some_and(|most| self.failures > most)
    }

    /// Whether this is the first failure in a row.
    pub(super) const fn is_first(&self) -> bool {
        self.failures == 1
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.until.is_some()
    }

    pub(super) const fn due(&self) -> Option<Moment> {
        self.until
    }

    pub(super) fn wake(&mut self, now: Moment) {
        if self.until.is_some_and(|until| until <= now) {
            self.until = None;
        }
    }
}
