//! Measurements, and what they are to each other.

use std::time::{Duration, Instant};

use serde_json::{Map, Value as Json, json};

/// Times in order.
#[derive(Clone, Debug)]
pub(crate) struct Sample(Vec<Duration>);

impl Sample {
    /// Does it `times` times, after a few to warm up.
    pub(crate) fn of(times: usize, mut act: impl FnMut()) -> Self {
        for _ in 0..times.div_ceil(20) {
            act();
        }
        let taken = (0..times).map(|_| {
            let started = Instant::now();
            act();
            started.elapsed()
        });
        Self::from(taken.collect::<Vec<_>>())
    }

    pub(crate) fn quantile(&self, part: f64) -> Duration {
        let last = self.0.len() - 1;
        self.0[(last as f64 * part).round() as usize]
    }

    pub(crate) fn median(&self) -> Duration {
        self.quantile(0.5)
    }
}

impl From<Vec<Duration>> for Sample {
    fn from(mut times: Vec<Duration>) -> Self {
        assert!(!times.is_empty(), "nothing was measured");
        times.sort_unstable();
        Self(times)
    }
}

/// Everything that was measured, by name.
#[derive(Debug, Default)]
pub(crate) struct Report {
    samples: Vec<(&'static str, Sample)>,
    rates: Vec<(&'static str, f64)>,
    compared: Vec<Compared>,
}

/// A ratio that its bench made itself, and what it is to reach.
#[derive(Debug)]
struct Compared {
    what: &'static str,
    ratio: f64,
    target: Option<f64>,
}

/// What is compared: ours, the floor or the peer, and whether more is better.
const RATIOS: [(&str, &str); 9] = [
    ("acquire a lease, warm channel", "empty unary call"),
    ("empty unary call", "ping-pong on a raw socket"),
    ("pslease status, one shot", "/bin/true"),
    ("pslease run Get-CsTenant, warm", "/bin/true"),
    (
        "pslease run Get-CsTenant, warm",
        "pypsrp: Get-CsTenant, warm, in process",
    ),
    (
        "pslease run Get-CsTenant, warm",
        "pypsrp: connect, Get-CsTenant, close, in process",
    ),
    ("owner killed -> slot reusable", "/bin/true"),
    (
        "pslease run Get-CsTenant, warm",
        "pypsrp: a script that connects, Get-CsTenant, close",
    ),
    (
        "connect -> Opened at a door, over its pause of 20 ms",
        "ping-pong on a raw socket",
    ),
];

impl Report {
    pub(crate) fn add(&mut self, name: &'static str, sample: Sample) {
        eprintln!("{name}: p50 {:?} p99 {:?}", sample.median(), sample.quantile(0.99));
        self.samples.push((name, sample));
    }

    pub(crate) fn add_rate(&mut self, name: &'static str, per_second: f64) {
        eprintln!("{name}: {per_second:.1}/s");
        self.rates.push((name, per_second));
    }

    /// Notes a ratio of rates, and the least that it is to be.
    pub(crate) fn compare(&mut self, what: &'static str, ratio: f64, target: Option<f64>) {
        self.compared.push(Compared { what, ratio, target });
    }

    fn sample(&self, name: &str) -> Option<&Sample> {
        self.samples
            .iter()
            .find(|(own, _)| *own == name)
            .map(|(_, sample)| sample)
    }

    /// Prints everything and writes it to this file of `target/bench`.
    pub(crate) fn print(&self, file: &str) {
        let mut ratios = Map::new();
        let mut targets = Map::new();
        println!("\n{:>9}  {:>9}  ratio of rates", "", "target");
        for Compared { what, ratio, target } in &self.compared {
            let least = target.map_or_else(|| "-".to_owned(), |target| format!(">= {target}"));
            let missed = target.is_some_and(|target| *ratio < target);
            println!(
                "{ratio:9.3}  {least:>9}  {what}{}",
                if missed { "  MISSED" } else { "" }
            );
            ratios.insert((*what).to_owned(), json!(ratio));
            targets.insert((*what).to_owned(), json!(target));
        }
        println!("\n{:>9}  ratio of medians", "");
        for (ours, other) in RATIOS {
            let (Some(left), Some(right)) = (self.sample(ours), self.sample(other)) else {
                continue;
            };
            let ratio = left.median().as_secs_f64() / right.median().as_secs_f64();
            println!("{ratio:9.3}  {ours}  /  {other}");
            ratios.insert(format!("{ours} / {other}"), json!(ratio));
        }
        let rate = |name: &str| self.rates.iter().find(|(own, _)| *own == name).map(|(_, rate)| *rate);
        if let (Some(ours), Some(theirs)) = (rate("objects through pslease run"), rate("objects through pypsrp")) {
            println!(
                "{:9.3}  objects a second, ours  /  pypsrp's (target: at least 20)",
                ours / theirs
            );
            ratios.insert("objects a second / pypsrp".to_owned(), json!(ours / theirs));
        }
        let micros = |duration: Duration| duration.as_secs_f64() * 1e6;
        let samples: Map<String, Json> = self
            .samples
            .iter()
            .map(|(name, sample)| {
                let figures = json!({
                    "runs": sample.0.len(),
                    "p50_us": micros(sample.median()),
                    "p90_us": micros(sample.quantile(0.9)),
                    "p99_us": micros(sample.quantile(0.99)),
                    "max_us": micros(sample.quantile(1.0)),
                });
                ((*name).to_owned(), figures)
            })
            .collect();
        let rates: Map<String, Json> = self
            .rates
            .iter()
            .map(|(name, rate)| ((*name).to_owned(), json!(rate)))
            .collect();
        let whole = json!({ "ratios": ratios, "targets": targets, "samples": samples, "rates_per_second": rates });
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench");
        let path = folder.join(file);
        std::fs::create_dir_all(&folder).expect("target/bench");
        std::fs::write(&path, format!("{whole:#}\n")).expect("a file there");
        println!("\nwritten to target/bench/{file}");
    }
}
