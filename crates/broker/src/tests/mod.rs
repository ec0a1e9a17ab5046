//! What users rely on, tried by hand, at random and exhaustively.

mod bench;
mod crowd;
mod fairness;
mod leases;
mod proof;
mod reload;
mod sessions;
mod sharing;
mod waiting;
