//! What outlives the reading of one value of a document: its budget, its definitions, its namespaces.

use super::namespace::Scopes;
use super::parser::Fault;
use super::tables::{Ids, Names};
use crate::{Budget, Error, TypeNames};

/// What outlives the reading of one value of a document.
#[derive(Debug)]
pub(super) struct State {
    pub(super) budget: Budget,
    pub(super) objects: Ids<()>,
    pub(super) types: Ids<TypeNames>,
    pub(super) names: Names,
    pub(super) scopes: Scopes,
    /// Values on the way from the top to where reading is.
    pub(super) depth: u16,
    pub(super) refused: usize,
    /// How many properties the last object had, adapted and extended: the next one most likely has as many.
    pub(super) likely: [usize; 2],
    values: usize,
    /// The name of the root element around the values, if there is one.
    pub(super) root: Option<Box<str>>,
    /// Open elements, and those of them that declare namespaces: their level and how many.
    pub(super) level: usize,
    pub(super) declaring: Vec<(usize, usize)>,
}

impl State {
    /// Of a document of so many bytes.
    pub(super) fn new(budget: &Budget, bytes: usize) -> Self {
        State {
            budget: Budget {
                depth: budget.depth.min(Budget::DEEPEST),
                ..*budget
            },
            objects: Ids::default(),
            types: Ids::default(),
            names: Names::within(bytes),
            scopes: Scopes::default(),
            depth: 0,
            refused: 0,
            likely: [0; 2],
            values: 0,
            root: None,
            level: 0,
            declaring: Vec::new(),
        }
    }

    /// One more value, or type name: whatever a document can hold very many of.
    pub(super) fn count(&mut self) -> Result<(), Fault> {
        self.values += 1;
        if self.values > self.budget.values {
            return Err(Error::Budget {
                what: "values",
                limit: self.budget.values,
            }
            .into());
        }
        Ok(())
    }

    #[inline]
    pub(super) fn leave(&mut self) {
        self.level = self.level.saturating_sub(1);
        if let Some((level, count)) = self.declaring.pop_if(|(level, _)| *level > self.level) {
            debug_assert_eq!(level, self.level + 1);
            self.scopes.leave(count);
        }
    }
}
