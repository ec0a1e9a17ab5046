//! A seeded world with virtual time: clients that come, die and forget, an endpoint that is slow, hangs and lies, a
//! disk that fails. After every step everything that the broker promises is checked.

mod checks;
mod clients;
mod ruin;
mod server;
mod world;

use std::collections::BTreeSet;

use world::{Weather, World};

/// Seeds in all, unless BROKER_SEEDS says otherwise; a sixth of them in each weather.
const SEEDS: u64 = 10_000;

fn seeds() -> u64 {
    let told = std::env::var("BROKER_SEEDS").ok();
    told.and_then(|seeds| seeds.parse().ok()).unwrap_or(SEEDS)
}

/// Returns the names of what happened.
fn run(weather: Weather, first: u64) -> BTreeSet<String> {
    let seeds = match std::env::var("BROKER_SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => seed..seed + 1,
        None => first..first + seeds() / 6,
    };
    let mut seen = BTreeSet::new();
    for seed in seeds {
        match std::panic::catch_unwind(|| World::new(seed, weather).live()) {
            Ok(names) => seen.extend(names),
            Err(cause) => {
                eprintln!("seed {seed} in {weather:?}; BROKER_SEED={seed} repeats it");
                std::panic::resume_unwind(cause);
            }
        }
    }
    seen
}

#[test]
fn promises_hold_in_fair_weather() {
    run(Weather::Fair, 0);
}

#[test]
fn promises_hold_with_an_endpoint_that_fails() {
    run(Weather::Endpoint, 1_000_000);
}

#[test]
fn promises_hold_with_clients_that_die_and_people_who_meddle() {
    run(Weather::People, 2_000_000);
}

#[test]
fn promises_hold_over_crashes_sleep_and_slots_held_elsewhere() {
    let seen = run(Weather::Ruin, 4_000_000);
    let rare = [
        "close Worn",
        "crash",
        "drained",
        "ended Drained",
        "ended Unclaimed",
        "ended Unused",
        "reattached",
        "reclaimed",
        "refused over quota",
        "slept",
        "unused",
    ];
    for name in rare.into_iter().filter(|_| std::env::var_os("BROKER_SEED").is_none()) {
        assert!(
            seen.contains(name),
            "in all these worlds there was no {name:?}: {seen:?}"
        );
    }
}

#[test]
fn promises_hold_when_the_daemon_is_replaced() {
    let seen = run(Weather::Replaced, 5_000_000);
    for name in ["left", "replaced", "close Shutdown", "reattached", "reclaimed"] {
        assert!(
            seen.contains(name) || std::env::var_os("BROKER_SEED").is_some(),
            "in all these worlds there was no {name:?}: {seen:?}"
        );
    }
}

#[test]
fn promises_hold_in_a_storm() {
    let seen = run(Weather::Storm, 3_000_000);
    let rare = [
        "close Again",
        "close Drained",
        "close GivenUp",
        "close Linger",
        "ended Idle",
        "ended SessionLost",
        "ended Ttl",
        "refused Auth",
        "refused OldFence",
        "refused OpenFailed",
        "refused Unproven",
        "refused WouldWait",
        "stop Stalled",
        "waiting Books",
        "waiting Rate",
        "waiting Unconfirmed",
    ];
    for name in rare.into_iter().filter(|_| std::env::var_os("BROKER_SEED").is_none()) {
        assert!(
            seen.contains(name),
            "in all these worlds there was no {name:?}: {seen:?}"
        );
    }
}
