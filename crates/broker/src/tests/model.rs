//! A second, much simpler broker, written without a look at the first: exclusive leases, opens and closes that take no
//! time, every list searched from end to end. Both must serve the same people in the same order.

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::bench::{Bench, Held, SECOND, limited, profile};
use crate::{Event, Mode, RequestId};

const ADMINS: [&str; 4] = ["a", "b", "c", "d"];

#[derive(Clone, Debug)]
enum Operation {
    Acquire {
        admin: usize,
    },
    /// The holder leaves; `ran` if it ran anything, so that nobody may have its session.
    Release {
        which: usize,
        ran: bool,
    },
    Cancel {
        which: usize,
    },
}

/// One session, by the request that holds it; `None` while it idles.
#[derive(Clone, Debug)]
struct Slot {
    admin: usize,
    held_by: Option<RequestId>,
    idle_since: usize,
}

struct Model {
    admin_limit: usize,
    organization_limit: usize,
    slots: Vec<Slot>,
    /// In order of arrival.
    waiting: Vec<(RequestId, usize)>,
    /// When each admin was last served.
    served: [usize; ADMINS.len()],
    clock: usize,
    granted: Vec<RequestId>,
}

impl Model {
    fn tick(&mut self) -> usize {
        self.clock += 1;
        self.clock
    }

    fn used_by(&self, admin: usize) -> usize {
        self.slots.iter().filter(|slot| slot.admin == admin).count()
    }

    fn first_of(&self, admin: usize) -> Option<usize> {
        self.waiting.iter().position(|(_, other)| *other == admin)
    }

    /// Admins of whom somebody waits, the one served longest ago first, then by arrival.
    fn in_order(&self) -> Vec<usize> {
        let mut admins: Vec<usize> = (0..ADMINS.len())
            .filter(|admin| self.first_of(*admin).is_some())
            .collect();
        admins.sort_by_key(|admin| (self.served[*admin], self.first_of(*admin)));
        admins
    }

    fn serve(&mut self, admin: usize, slot: usize) {
        let Some(at) = self.first_of(admin) else { return };
        let (request, _) = self.waiting.remove(at);
        self.slots[slot].held_by = Some(request);
        self.served[admin] = self.tick();
        self.granted.push(request);
    }

    /// Serves everybody who can be served.
    fn settle(&mut self) {
        loop {
            let full = self.slots.len() >= self.organization_limit;
            let could = |admin: &usize| self.used_by(*admin) < self.admin_limit;
            let Some(admin) = self.in_order().into_iter().find(could) else {
                return;
            };
            if full {
                let idle = (0..self.slots.len()).filter(|slot| self.slots[*slot].held_by.is_none());
                let Some(victim) = idle.min_by_key(|slot| self.slots[*slot].idle_since) else {
                    return;
                };
                self.slots.remove(victim);
            }
            self.slots.push(Slot {
                admin,
                held_by: None,
                idle_since: 0,
            });
            self.serve(admin, self.slots.len() - 1);
        }
    }

    fn acquire(&mut self, request: RequestId, admin: usize) {
        self.waiting.push((request, admin));
        let own =
            (0..self.slots.len()).find(|slot| self.slots[*slot].held_by.is_none() && self.slots[*slot].admin == admin);
        match own {
            Some(slot) => self.serve(admin, slot),
            None => self.settle(),
        }
    }

    fn release(&mut self, request: RequestId, ran: bool) {
        let Some(slot) = self.slots.iter().position(|slot| slot.held_by == Some(request)) else {
            return;
        };
        let admin = self.slots[slot].admin;
        self.slots[slot].held_by = None;
        self.slots[slot].idle_since = self.tick();
        // Its own admin's next may have it as it is, unless somebody under the same ceiling comes first.
        let full = self.slots.len() >= self.organization_limit;
        let first = self
            .in_order()
            .into_iter()
            .find(|other| *other == admin || (full && self.used_by(*other) < self.admin_limit));
        if ran {
            self.slots.remove(slot);
        } else if first == Some(admin) {
            self.serve(admin, slot);
        }
        self.settle();
    }
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let operation = prop_oneof![
        4 => (0..ADMINS.len()).prop_map(|admin| Operation::Acquire { admin }),
        3 => (0..12_usize, any::<bool>()).prop_map(|(which, ran)| Operation::Release { which, ran }),
        1 => (0..12_usize).prop_map(|which| Operation::Cancel { which }),
    ];
    prop::collection::vec(operation, 1..60)
}

fn serve_alike(admin_limit: u32, organization_limit: u32, operations: &[Operation]) {
    let profiles = ADMINS.map(|name| limited(profile(name, name, Some("o")), admin_limit, organization_limit));
    let mut bench = Bench::new(profiles.to_vec());
    let mut model = Model {
        admin_limit: admin_limit as usize,
        organization_limit: organization_limit as usize,
        slots: Vec::new(),
        waiting: Vec::new(),
        served: [0; ADMINS.len()],
        clock: 0,
        granted: Vec::new(),
    };
    for operation in operations {
        // So that no two sessions have been idle for equally long.
        bench.pass(SECOND / 1000);
        match operation {
            Operation::Acquire { admin } => {
                let request = bench.acquire(ADMINS[*admin], Mode::Exclusive);
                model.acquire(request, *admin);
            }
            Operation::Release { which, ran } => {
                let held: Vec<RequestId> = model.slots.iter().filter_map(|slot| slot.held_by).collect();
                let Some(request) = held.get(which % held.len().max(1)).copied() else {
                    continue;
                };
                let holder: Held = bench.granted(request).expect("the model says that it holds a lease");
                if *ran {
                    let turn = bench.turn(holder);
                    bench.done(turn);
                }
                bench.release(holder);
                model.release(request, *ran);
            }
            Operation::Cancel { which } => {
                let Some((request, _)) = model.waiting.get(which % model.waiting.len().max(1)).copied() else {
                    continue;
                };
                bench.send(Event::Cancel { request });
                model.waiting.retain(|(other, _)| *other != request);
            }
        }
        let granted: Vec<RequestId> = bench
            .log
            .iter()
            .filter_map(|(_, action)| match action {
                crate::Action::Granted { request, .. } => Some(*request),
                _ => None,
            })
            .collect();
        assert_eq!(granted, model.granted, "after {operation:?}");
        assert_eq!(bench.used(), model.slots.len(), "after {operation:?}");
    }
}

proptest! {
    #![proptest_config(Config { cases: 2_000, failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_simple_model_serves_the_same_people_in_the_same_order(
        admin_limit in 1..4_u32,
        organization_limit in 1..6_u32,
        operations in operations(),
    ) {
        serve_alike(admin_limit, organization_limit, &operations);
    }
}
