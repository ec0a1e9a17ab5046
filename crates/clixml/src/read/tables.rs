//! What one document has defined so far: ids, type names, and names met before.

use std::collections::HashMap;
use std::sync::Arc;

use crate::{RefId, Text};

/// Definitions by id. PowerShell numbers from zero, so most are found by position.
#[derive(Debug)]
pub(crate) struct Ids<T> {
    dense: Vec<Option<T>>,
    sparse: HashMap<RefId, T>,
}

impl<T> Default for Ids<T> {
    fn default() -> Self {
        Ids {
            dense: Vec::new(),
            sparse: HashMap::new(),
        }
    }
}

impl<T> Ids<T> {
    /// How far ahead of the last number another one may be and still count as the next.
    const GAP: usize = 16;

    /// Defines `id`; a later definition replaces an earlier one.
    pub(crate) fn insert(&mut self, id: &RefId, value: T) {
        match id.number().map(|number| number as usize) {
            Some(number) if number < self.dense.len() + Self::GAP && !self.sparse.contains_key(id) => {
                if number >= self.dense.len() {
                    self.dense.resize_with(number + 1, || None);
                }
                self.dense[number] = Some(value);
            }
            _ => {
                self.sparse.insert(id.clone(), value);
            }
        }
    }

    /// What `id` was defined as.
    pub(crate) fn get(&self, id: &RefId) -> Option<&T> {
        let dense = id.number().and_then(|number| self.dense.get(number as usize)?.as_ref());
        dense.or_else(|| self.sparse.get(id))
    }
}

/// Names that were met before, so that ten thousand objects of one shape share theirs.
///
/// A table of fixed size: a name that falls on another's place takes it. Nothing hostile makes it grow.
#[derive(Debug)]
pub(super) struct Names {
    table: Vec<Option<Arc<str>>>,
    places: usize,
}

impl Names {
    /// A longer name is not worth comparing.
    const LONGEST: usize = 256;

    /// For a document of so many bytes: a message of one small object should not pay for the places of a large one.
    pub(super) fn within(bytes: usize) -> Self {
        Names {
            table: Vec::new(),
            places: (bytes / 32).next_power_of_two().clamp(16, 256),
        }
    }

    pub(super) fn share(&mut self, name: &str) -> Text {
        if name.len() > Self::LONGEST {
            return Text::from(name);
        }
        if self.table.is_empty() {
            self.table.resize(self.places, None);
        }
        let place = &mut self.table[hash(name.as_bytes()) & (self.places - 1)];
        match place {
            Some(known) if **known == *name => Text::from(Arc::clone(known)),
            _ => {
                let fresh: Arc<str> = name.into();
                *place = Some(Arc::clone(&fresh));
                Text::from(fresh)
            }
        }
    }
}

/// By the length and a few bytes: cheap, and good enough to tell the properties of one object apart.
fn hash(name: &[u8]) -> usize {
    let at = |index: usize| name.get(index).map_or(0, |byte| usize::from(*byte));
    let (last, length) = (name.len().saturating_sub(1), name.len());
    at(0) * 31 + at(last) * 17 + at(length / 2) * 7 + at(length / 3) * 3 + at(last.saturating_sub(2)) * 11 + length * 5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_definition_of_an_id_counts_wherever_it_is_kept() {
        let mut ids = Ids::default();
        for (id, value) in [
            ("0", 1),
            ("4000000000", 2),
            ("x", 3),
            ("1", 4),
            ("0", 5),
            ("4000000000", 6),
        ] {
            ids.insert(&RefId::new(id), value);
        }
        let found: Vec<_> = ["0", "1", "4000000000", "x", "2", "00"]
            .map(|id| ids.get(&RefId::new(id)).copied())
            .into();
        assert_eq!(found, [Some(5), Some(4), Some(6), Some(3), None, None]);
    }

    #[test]
    fn a_number_once_far_ahead_is_still_replaced_when_the_others_reach_it() {
        let mut ids = Ids::default();
        ids.insert(&40.into(), 'a');
        (0..40).for_each(|number| ids.insert(&number.into(), 'b'));
        ids.insert(&40.into(), 'c');
        assert_eq!(ids.get(&40.into()), Some(&'c'));
    }

    #[test]
    fn names_are_right_even_where_two_fall_on_one_place() {
        for bytes in [0, 1_000, usize::MAX / 2] {
            let mut names = Names::within(bytes);
            for number in (0..2_000).chain(0..2_000) {
                let name = format!("Property{number}");
                assert_eq!(names.share(&name), name.as_str(), "{bytes}");
            }
        }
    }
}
