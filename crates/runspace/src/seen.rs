//! Which of the server's objects have come.
//!
//! Two things hang on that. An answer that is repeated (a proxy's doing, or the server's after a dropped connection) must
//! not give its objects twice; and after an answer was lost, a hole in the numbers tells that objects are missing.

/// A set of ObjectIds, as ranges: they come in order but for several streams side by side, so it stays small.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Sorted, apart from each other, both ends included.
    ranges: Vec<(u64, u64)>,
}

/// An answer of 500 KB holds some 6,000 objects at the most; this is many of them in a row.
const LARGEST_HOLE: u64 = 1 << 20;

impl Seen {
    pub(crate) fn contains(&self, object: u64) -> bool {
        let after = self.ranges.partition_point(|(first, _)| *first <= object);
        after.checked_sub(1).is_some_and(|at| object <= self.ranges[at].1)
    }

    pub(crate) fn insert(&mut self, object: u64) {
        let after = self.ranges.partition_point(|(first, _)| *first <= object);
        let joins_left = match after.checked_sub(1).map(|at| self.ranges[at]) {
            Some((_, last)) if object <= last => return,
            Some((_, last)) => last + 1 == object,
            None => false,
        };
        let joins_right = self
            .ranges
            .get(after)
            .is_some_and(|(first, _)| object.checked_add(1) == Some(*first));
        match (joins_left, joins_right) {
            (true, true) => {
                self.ranges[after - 1].1 = self.ranges[after].1;
                self.ranges.remove(after);
            }
            (true, false) => self.ranges[after - 1].1 = object,
            (false, true) => self.ranges[after].0 = object,
            (false, false) => self.ranges.insert(after, (object, object)),
        }
        debug_assert!(self.ranges.windows(2).all(|two| two[0].1 + 1 < two[1].0));
    }

    /// How many holes there are that a lost answer may have left. A jump beyond what answers can hold is a sender that
    /// numbers differently, not a loss.
    pub(crate) fn holes(&self) -> usize {
        self.ranges
            .windows(2)
            .filter(|two| two[1].0 - two[0].1 <= LARGEST_HOLE)
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_counted_until_they_are_filled() {
        let mut seen = Seen::default();
        for object in [1, 2, 3, 7, 5, 9, 1 << 40, u64::MAX] {
            seen.insert(object);
            seen.insert(object);
        }
        assert_eq!(seen.holes(), 3, "the two far jumps are none");
        for object in [4, 6, 8] {
            assert!(!seen.contains(object));
            seen.insert(object);
        }
        assert_eq!(seen.holes(), 0);
        assert!((1..=9).all(|object| seen.contains(object)));
        assert!(!seen.contains(0) && !seen.contains(10) && seen.contains(u64::MAX));
    }
}
