//! Identifiers out of one seed.

use uuid::Uuid;

/// Makes MessageIDs: the seed is random and never used twice, so they are as unique as random ones, and a test that
/// gives the same seed sees the same bytes.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    seed: u128,
    made: u64,
}

impl Ids {
    pub(crate) const fn new(seed: u128) -> Self {
        Self { seed, made: 0 }
    }

    pub(crate) fn next(&mut self) -> Uuid {
        self.made += 1;
        let (high, low) = ((self.seed >> 64) as u64, self.seed as u64);
        let id = u128::from(mix(high ^ mix(self.made))) << 64 | u128::from(mix(low.wrapping_add(self.made)));
        uuid::Builder::from_random_bytes(id.to_be_bytes()).into_uuid()
    }
}

/// A permutation of 64 bits in which each bit of the result depends on each bit given (the finalizer of splitmix64).
const fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_differ_and_repeat_with_their_seed() {
        let made = |seed| {
            let mut ids = Ids::new(seed);
            (0..10_000).map(|_| ids.next()).collect::<Vec<_>>()
        };
        assert_eq!(made(7), made(7));
        let all: HashSet<Uuid> = made(7).into_iter().chain(made(8)).chain(made(7 << 64)).collect();
        assert_eq!(all.len(), 30_000);
        assert!(all.iter().all(|id| id.get_version_num() == 4));
    }
}
