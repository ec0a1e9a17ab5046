//! The tenant's clock, which a test can put forward: fifteen idle minutes pass in an instant.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moment::Moment;

/// Real time, plus what it was put forward by.
#[derive(Debug)]
pub(crate) struct Clock {
    started: Instant,
    advanced: AtomicU64,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            advanced: AtomicU64::new(0),
        }
    }

    pub(crate) fn now(&self) -> Moment {
        let advanced = Duration::from_millis(self.advanced.load(Ordering::Relaxed));
        Moment::from_epoch(self.started.elapsed() + advanced)
    }

    pub(crate) fn advance(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.advanced.fetch_add(millis, Ordering::Relaxed);
    }
}
