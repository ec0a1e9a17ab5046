//! Hours of the same: what grows with use would be seen here. Run by `cargo xtask soak`.

use std::time::{Duration, Instant};

use pslease_tests::{Console, Endpoint, Home};
use rustix::process::Signal;

/// What the daemon takes up.
#[derive(Clone, Copy, Debug)]
struct Sample {
    resident_kib: u64,
    descriptors: u64,
    ledger_kib: u64,
}

fn sample(home: &Home) -> Sample {
    let pid = home.daemon().expect("the daemon runs");
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("its status");
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|line| line.trim().split(' ').next()?.parse().ok())
        .expect("VmRSS");
    let ledger: u64 = std::fs::read_dir(home.path())
        .expect("the home")
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("ledger"))
        .filter_map(|entry| entry.metadata().ok())
        .map(|file| file.len())
        .sum();
    Sample {
        resident_kib: resident,
        descriptors: std::fs::read_dir(format!("/proc/{pid}/fd"))
            .expect("its descriptors")
            .count() as u64,
        ledger_kib: ledger / 1024,
    }
}

/// The mean of a part of the samples.
fn mean(samples: &[Sample], what: impl Fn(&Sample) -> u64) -> f64 {
    samples.iter().map(|sample| what(sample) as f64).sum::<f64>() / samples.len().max(1) as f64
}

#[test]
#[ignore = "takes as long as it is told to: cargo xtask soak"]
fn memory_descriptors_and_ledger_stay_flat() {
    let minutes: f64 = std::env::var("PSLEASE_SOAK_MINUTES")
        .ok()
        .and_then(|minutes| minutes.parse().ok())
        .unwrap_or(60.0);
    let endpoint = Endpoint::tenant();
    let admins = ["kenmyer", "pilar", "david", "amos"];
    let home = Home::with_admins(&endpoint, "skype", &admins, "");
    let began = Instant::now();
    let until = Duration::from_secs_f64(minutes * 60.0);
    let mut samples = Vec::new();
    let mut rounds: u64 = 0;
    while began.elapsed() < until {
        let mut consoles: Vec<Console> = (0..8_u64)
            .map(|number| {
                let profile = admins[(number as usize + rounds as usize) % 4];
                match number {
                    0 => home.start(&["run", "-p", profile, "--mode", "fresh", "Get-CsTenant"]),
                    1 => home.start(&["run", "-p", profile, "--mode", "exclusive", "Get-CsTenant"]),
                    2 => home.start(&["run", "-p", profile, "Start-Sleep -Seconds 600"]),
                    _ => home.start(&["run", "-p", profile, "Get-CsOnlineUser", "-ResultSize", "50"]),
                }
            })
            .collect();
        for (number, console) in consoles.iter_mut().enumerate() {
            if number == 2 {
                continue;
            }
            let finished = console.finish();
            assert_eq!(finished.code, 0, "round {rounds}: {finished:?}");
        }
        consoles[2].signal(if rounds.is_multiple_of(2) {
            Signal::KILL
        } else {
            Signal::INT
        });
        consoles[2].kill();
        rounds += 1;
        samples.push(sample(&home));
    }
    let third = samples.len() / 3;
    assert!(third >= 3, "too short to tell: {} rounds", samples.len());
    // The first third is for everything to be there that stays.
    let (middle, last) = (&samples[third..2 * third], &samples[2 * third..]);
    println!(
        "{rounds} rounds in {:.1} min: resident {:.0} -> {:.0} KiB, descriptors {:.1} -> {:.1}, ledger {:.0} -> {:.0} KiB",
        began.elapsed().as_secs_f64() / 60.0,
        mean(middle, |sample| sample.resident_kib),
        mean(last, |sample| sample.resident_kib),
        mean(middle, |sample| sample.descriptors),
        mean(last, |sample| sample.descriptors),
        mean(middle, |sample| sample.ledger_kib),
        mean(last, |sample| sample.ledger_kib),
    );
    let flat = |what: &dyn Fn(&Sample) -> u64, slack: f64| mean(last, what) <= mean(middle, what) * 1.1 + slack;
    assert!(flat(&|sample| sample.resident_kib, 1024.0), "the memory grows");
    assert!(flat(&|sample| sample.descriptors, 4.0), "descriptors are left open");
    assert!(flat(&|sample| sample.ledger_kib, 64.0), "the ledger grows");
    let truth = endpoint.truth();
    assert!(truth.peak_admin <= 3 && truth.over_limit == 0, "{truth:?}");
}
