//! `psleased`: the daemon that alone opens remote PowerShell sessions. Every task of it lives in this crate; what it
//! decides is decided in `crates/broker`, and how it speaks in `crates/runspace`.
//!
//! The walk: `start` (one daemon, its folder, its socket) -> `serve` (runtime and tasks) -> `service` (gRPC) ->
//! `desk` (drives the broker) -> `session` (drives one remote shell).

mod account;
mod askpass;
mod clock;
mod config;
mod connect;
mod crash;
mod desk;
mod doctor;
mod door;
mod folder;
mod hub;
mod listen;
mod lock;
mod log;
mod options;
mod owner;
mod recover;
mod serve;
mod service;
mod session;
mod shutdown;
mod start;
mod sys;
mod turn;

use std::process::ExitCode;

fn main() -> ExitCode {
    askpass::main().unwrap_or_else(start::main)
}
