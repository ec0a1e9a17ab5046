//! What users rely on, tried by hand, at random and exhaustively.

mod bench;
mod checks;
mod crowd;
mod dice;
mod fairness;
mod leases;
mod proof;
mod reload;
mod sessions;
mod sharing;
mod sim;
mod waiting;
