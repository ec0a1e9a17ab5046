//! An embedded endpoint, in the server's role: PSRP over WS-Management on real HTTP, or over a pipe, a pretended
//! organization with its cmdlets, the documented limits, and a counter that tells the truth about the shells.
//!
//! It is what `pslease demo` runs on, what the tests measure the daemon with, and what users can put under their own
//! scripts in CI. It agrees with our own mistakes, so it judges nothing alone: the peer does.
//!
//! - [`Config`], [`Service`], [`Limits`], [`User`]: what is pretended
//! - [`Tenant`]: one that runs, over HTTP; [`serve_stdio`]: one session of one, over a pair of streams
//! - `server`, `soap`, `shell`, `pipeline`: from a connection to a running pipeline
//! - `stage`, `cmdlets`, `binder`, `organization`: what pipelines are made of, and what they work on
//! - `books`, `control`: the truth, in this process and over HTTP

#![forbid(unsafe_code)]

mod binder;
mod books;
mod certificate;
mod clock;
mod cmdlets;
mod config;
mod control;
mod failure;
mod metadata;
mod organization;
mod outbox;
mod pipeline;
mod secret;
mod server;
mod shared;
mod shell;
mod soap;
mod stage;
mod stdio;
mod tenant;

pub use books::Count;
pub use config::{Commands, Config, LanguageMode, Limits, Over, Service, User};
pub use stdio::serve_stdio;
pub use tenant::{Tenant, Truth};
