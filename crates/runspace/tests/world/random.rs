//! Many worlds, each with its own troubles: whatever happens, what is told is true.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use runspace::{Event, Operation, Outcome, Remains};
use uuid::Uuid;

use crate::world::World;

/// What was asked of a pipeline.
struct Asked {
    id: Uuid,
    count: usize,
}

fn live(seed: u64) {
    let mut world = World::new(seed);
    world.trouble = [0, 2, 5, 10, 25][(seed % 5) as usize];
    world.submit(Operation::Open);
    let over = |event: &Event| matches!(event, Event::Opened(_) | Event::OpenFailed { .. });
    world.run_until(over);
    let mut asked = Vec::new();
    let mut stopped = BTreeSet::new();
    for n in 0..1 + world.roll(6) {
        let count = world.roll(40) as usize;
        let size = world.roll(3000);
        let id = match world.roll(4) {
            0 => world.start(u128::from(n) + 1, "Sleep", true),
            1 => world.start(u128::from(n) + 1, "Deaf", true),
            2 => {
                let id = world.start(u128::from(n) + 1, "Echo", false);
                for n in 0..count {
                    let body = Bytes::from(format!("<S>{n:08}</S>"));
                    world.submit(Operation::Input { pipeline: id, body });
                }
                world.submit(Operation::EndInput { pipeline: id });
                asked.push(Asked { id, count });
                id
            }
            _ => {
                let id = world.start(u128::from(n) + 1, &format!("Emit-{count}-{size}"), true);
                asked.push(Asked { id, count });
                id
            }
        };
        let pause = world.roll(3000);
        world.run_for(Duration::from_millis(pause));
        if asked.last().is_none_or(|last| last.id != id) || world.roll(5) == 0 {
            world.submit(Operation::Stop { pipeline: id });
            stopped.insert(id);
        }
        if world.roll(2) == 0 {
            world.ended(id);
        }
    }
    world.submit(Operation::Close);
    let began = world.now;
    let at = world.run_until(|event| matches!(event, Event::Closed { .. } | Event::CloseFailed { .. }));
    // Open deadline, the ladder, the end of pipelines, the Delete: nothing takes longer than all of them.
    assert!(
        world.now.since(began) < Duration::from_secs(250),
        "seed {seed}: {:?}",
        world.now.since(began)
    );
    let closed = matches!(&world.events[at], Event::Closed { .. });
    assert!(
        !(closed && world.service.has_shell()),
        "seed {seed}: closed, but there is a shell"
    );
    check(seed, &world, &asked);
}

fn check(seed: u64, world: &World, asked: &[Asked]) {
    for event in &world.events {
        let (Event::OpenFailed {
            shell: Remains::Nothing(_),
            ..
        }
        | Event::Broken {
            shell: Remains::Nothing(_),
            ..
        }) = event
        else {
            continue;
        };
        assert!(!world.service.has_shell(), "seed {seed}: nothing remains, it said");
    }
    for (id, runs) in &world.service.ran {
        assert_eq!(*runs, 1, "seed {seed}: {id} ran twice");
    }
    for Asked { id, count } in asked {
        let ends: Vec<&Outcome> = world
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Ended { pipeline, outcome } if pipeline == id => Some(outcome),
                _ => None,
            })
            .collect();
        let [outcome] = ends[..] else {
            panic!("seed {seed}: {id} ended {} times", ends.len())
        };
        let outputs = world.outputs(*id);
        match outcome {
            Outcome::Completed => {
                assert_eq!(outputs.len(), *count, "seed {seed}: {id} is complete");
                let in_order = |(n, body): (usize, &String)| body.starts_with(&format!("<S>{n:08}"));
                assert!(outputs.iter().enumerate().all(in_order), "seed {seed}: {id} in order");
            }
            Outcome::NotStarted(_) => assert!(!world.service.ran.contains_key(id), "seed {seed}: {id} ran"),
            Outcome::Failed | Outcome::Stopped | Outcome::Incomplete(_) | Outcome::Unknown(_) => {}
        }
    }
}

#[test]
fn whatever_happens_what_is_told_is_true() {
    let seeds = std::env::var("PSLEASE_SEEDS")
        .ok()
        .and_then(|seeds| seeds.parse().ok())
        .unwrap_or(400);
    for seed in 0..seeds {
        live(seed);
    }
}
