//! What users rely on, tried by hand, at random and exhaustively.

mod bench;
mod canonical;
mod checks;
mod crowd;
mod dice;
mod fairness;
mod leases;
mod model;
mod proof;
mod reclaim;
mod reload;
mod search;
mod sessions;
mod sharing;
mod sim;
mod waiting;
