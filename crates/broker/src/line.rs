//! A queue that knows everybody's rank.
//!
//! Ten thousand may wait, come and go, and each wants to know its position: so places are kept sorted in chunks, and
//! every operation touches one chunk and the lengths of the others.

use moment::Moment;

use crate::ids::RequestId;

/// Where a request stands: by the time at which it counts as come, then by arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    /// When it came; for batch, as much later as it lets interactive requests pass.
    pub(crate) at: Moment,
    pub(crate) arrival: u64,
    pub(crate) request: RequestId,
}

const CHUNK: usize = 256;

/// Places in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Line {
    /// Sorted, each chunk and all of them; none is empty.
    pub(crate) chunks: Vec<Vec<Place>>,
    len: usize,
}

impl Line {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn first(&self) -> Option<Place> {
        self.chunks.first().and_then(|chunk| chunk.first()).copied()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Place> + '_ {
        self.chunks.iter().flatten().copied()
    }

    pub(crate) fn insert(&mut self, place: Place) {
        let at = self.chunk_of(place);
        match self.chunks.get_mut(at) {
            None => self.chunks.push(vec![place]),
            Some(chunk) => {
                let Err(slot) = chunk.binary_search(&place) else { return };
                chunk.insert(slot, place);
                if chunk.len() > CHUNK {
                    let rest = chunk.split_off(CHUNK / 2);
                    self.chunks.insert(at + 1, rest);
                }
            }
        }
        self.len += 1;
    }

    pub(crate) fn remove(&mut self, place: Place) {
        let at = self.chunk_of(place);
        let Some(chunk) = self.chunks.get_mut(at) else { return };
        let Ok(slot) = chunk.binary_search(&place) else { return };
        chunk.remove(slot);
        self.len -= 1;
        if chunk.is_empty() {
            self.chunks.remove(at);
        }
    }

    /// How many stand before this place, whether it is taken or not.
    pub(crate) fn rank(&self, place: Place) -> usize {
        let at = self.chunk_of(place);
        let before: usize = self.chunks.iter().take(at).map(Vec::len).sum();
        before
            + self
                .chunks
                .get(at)
                .map_or(0, |chunk| chunk.partition_point(|other| *other < place))
    }

    /// The last chunk whose first place is not behind this one.
    fn chunk_of(&self, place: Place) -> usize {
        self.chunks
            .partition_point(|chunk| chunk.first().is_some_and(|first| *first <= place))
            .saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn place(at: u64, arrival: u64) -> Place {
        Place {
            at: Moment::from_epoch(Duration::from_secs(at)),
            arrival,
            request: RequestId(arrival),
        }
    }

    #[test]
    fn ranks_hold_through_thousands_of_comings_and_goings() {
        let mut line = Line::default();
        let mut all: Vec<Place> = (0..3000).map(|n| place((n * 7919) % 1009, n)).collect();
        for one in &all {
            line.insert(*one);
        }
        all.sort_unstable();
        assert!(line.iter().eq(all.iter().copied()));
        for (rank, one) in all.iter().enumerate() {
            assert_eq!(line.rank(*one), rank);
        }
        for one in all.iter().step_by(3) {
            line.remove(*one);
        }
        let left: Vec<Place> = all
            .iter()
            .enumerate()
            .filter(|(n, _)| n % 3 != 0)
            .map(|(_, place)| *place)
            .collect();
        assert_eq!(line.len(), left.len());
        assert!(line.iter().eq(left.iter().copied()));
        for (rank, one) in left.iter().enumerate() {
            assert_eq!(line.rank(*one), rank);
        }
        for one in left {
            line.remove(one);
        }
        assert_eq!(line.len(), 0);
        assert_eq!(line.first(), None);
        assert_eq!(line.rank(place(5, 5)), 0);
    }
}
