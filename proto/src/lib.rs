//! The contract between pslease's daemon and its clients, in any language: generated from `pslease/v1/*.proto`, and
//! nothing else. The comments of those files are the documentation.
//!
//! A contract only grows: fields and calls are added, never changed or taken away, and a test compares the descriptor
//! with the one that is checked in.

/// The generated messages, clients and servers of contract 1.
#[allow(
    missing_debug_implementations,
    unreachable_pub,
    clippy::all,
    clippy::unwrap_used,
    clippy::semicolon_if_nothing_returned
)]
pub mod v1 {
    tonic::include_proto!("pslease.v1");
}

/// The contract that this build speaks.
pub const CONTRACT: u32 = 1;

/// The oldest contract that a daemon of this build still serves.
pub const OLDEST_CONTRACT: u32 = 1;

/// The encoded `FileDescriptorSet` of the contract, for gRPC reflection and for the test that it only grows.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
