//! Slots that are kept for people.

use super::bench::{Bench, SECOND, limited, profile};
use crate::{Mode, Priority};

fn reserving(limit: u32, reserve: u32) -> Bench {
    let mut one = limited(profile("p", "a", None), limit, 0);
    one.limits.reserve_interactive = reserve;
    Bench::new(vec![one])
}

#[test]
fn batch_leaves_the_last_slots_to_people() {
    let mut bench = reserving(3, 1);
    let batch: Vec<_> = (0..3)
        .map(|_| bench.acquire_as("p", Mode::Exclusive, Priority::Batch, None))
        .collect();
    bench.pass(60 * SECOND);
    let granted = batch.iter().filter(|request| bench.granted(**request).is_some());
    assert_eq!(granted.count(), 2);
    let person = bench.acquire("p", Mode::Exclusive);
    let held = bench
        .granted(person)
        .expect("a slot was kept, though batch waited for longer");
    bench.release(held);
    bench.pass(SECOND);
    assert_eq!(bench.granted(batch[2]), None, "an idle session is kept as well");
    let first = bench.granted(batch[0]).unwrap();
    bench.release(first);
    bench.pass(SECOND);
    assert!(bench.granted(batch[2]).is_some(), "now one more is left over");
}

#[test]
fn a_reserve_of_everything_still_leaves_batch_one() {
    let mut bench = reserving(1, 5);
    let batch = bench.acquire_as("p", Mode::Exclusive, Priority::Batch, None);
    assert!(bench.granted(batch).is_some());
}
