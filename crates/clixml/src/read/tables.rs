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
#[derive(Debug, Default)]
pub(super) struct Names(Vec<Option<Arc<str>>>);

impl Names {
    const PLACES: usize = 256;
    /// A longer name is not worth comparing.
    const LONGEST: usize = 256;

    pub(super) fn share(&mut self, name: &str) -> Text {
        if name.len() > Self::LONGEST {
            return Text::from(name);
        }
        if self.0.is_empty() {
            self.0.resize(Self::PLACES, None);
        }
        let place = &mut self.0[place(name.as_bytes())];
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
fn place(name: &[u8]) -> usize {
    let at = |index: usize| name.get(index).map_or(0, |byte| usize::from(*byte));
    let (last, length) = (name.len().saturating_sub(1), name.len());
    (at(0) * 31
        + at(last) * 17
        + at(length / 2) * 7
        + at(length / 3) * 3
        + at(last.saturating_sub(2)) * 11
        + length * 5)
        % Names::PLACES
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
        let mut names = Names::default();
        for round in 0..2 {
            for number in 0..2_000 {
                let name = format!("Property{number}");
                assert_eq!(names.share(&name), name.as_str(), "{round}");
            }
        }
    }
}
