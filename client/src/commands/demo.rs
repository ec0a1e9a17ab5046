//! `pslease demo`: an organization of our own on loopback, three consoles on one session, and a fourth that waits.

use crate::cli;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Done, Failure};

#[cfg(feature = "demo")]
pub(super) async fn run(_context: &Context, _args: cli::Demo) -> Done {
    Err(Failure::new(
        Exit::Failed,
        "the demo's organization is not part of this build yet",
    ))
}

#[cfg(not(feature = "demo"))]
pub(super) async fn run(_context: &Context, _args: cli::Demo) -> Done {
    Err(Failure::new(Exit::Usage, "this pslease was built without the demo").hint("build with --features demo"))
}
