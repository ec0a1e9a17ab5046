//! What the books hold, in memory.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::row::{Entry, LeaseRow, Row};

/// Everything that the books say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Contents {
    /// Rises with every commit: which of two copies is the newer one.
    pub(crate) generation: u64,
    pub(crate) fences: u64,
    pub(crate) rows: BTreeMap<Uuid, Row>,
    pub(crate) leases: BTreeMap<u64, LeaseRow>,
}

impl Contents {
    pub(crate) fn apply(&mut self, entry: &Entry) {
        match entry {
            Entry::Put(row) => {
                self.rows.insert(row.shell, (**row).clone());
            }
            Entry::Remove(shell) => {
                self.rows.remove(shell);
            }
            Entry::Fences(upto) => self.fences = self.fences.max(*upto),
            Entry::Lease(lease) => {
                self.leases.insert(lease.lease, (**lease).clone());
            }
            Entry::LeaseOver(lease) => {
                self.leases.remove(lease);
            }
        }
    }

    /// Takes over what a newer copy says; what only the older one has is kept, to be looked for once more.
    pub(crate) fn overlay(&mut self, newer: Self) {
        self.generation = self.generation.max(newer.generation);
        self.fences = self.fences.max(newer.fences);
        self.rows.extend(newer.rows);
        self.leases = newer.leases;
    }
}
