//! A point in time that somebody else read off a clock.
//!
//! The core crates never ask what time it is: whoever drives them reads a clock and passes a [`Moment`]. In the
//! daemon that clock is `CLOCK_BOOTTIME`, so time that the machine spent asleep counts; in tests it is a number.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

/// Time since an epoch of the driver's choosing. It never goes back while one driver lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(Duration);

impl Moment {
    /// The driver's epoch.
    pub const START: Self = Self(Duration::ZERO);

    /// The moment this long after the driver's epoch.
    pub const fn from_epoch(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// Time since the driver's epoch.
    pub const fn since_epoch(self) -> Duration {
        self.0
    }

    /// Time from `earlier` to `self`; zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    /// Saturates: a deadline of "never" plus anything is still "never".
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

impl AddAssign<Duration> for Moment {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub<Duration> for Moment {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(duration))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{:.3}s", self.0.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates() {
        let never = Moment::from_epoch(Duration::MAX);
        assert_eq!(never + Duration::from_secs(1), never);
        assert_eq!(Moment::START - Duration::from_secs(1), Moment::START);
        assert_eq!(Moment::START.since(never), Duration::ZERO);
    }
}
