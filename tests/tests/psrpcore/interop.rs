//! The tests. They need a Python with psrpcore: `cargo xtask interop` brings one where `../shared` is.

mod pools;
mod values;
