//! What users rely on, tried by hand, at random and exhaustively.

mod bench;
mod canonical;
mod checks;
mod crowd;
mod dice;
mod drain;
mod fairness;
mod leak;
mod learned;
mod leases;
mod leave;
mod model;
mod pace;
mod proof;
mod reclaim;
mod reload;
mod renewal;
mod reserve;
mod search;
mod sessions;
mod sharing;
mod sim;
mod storm;
mod waiting;
