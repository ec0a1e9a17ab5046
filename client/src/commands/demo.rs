//! `pslease demo`: an organization of our own on loopback, three consoles on one session, and a fourth that waits.

#[cfg(feature = "demo")]
mod stage;
#[cfg(feature = "demo")]
mod story;

use crate::cli;
use crate::context::Context;
#[cfg(not(feature = "demo"))]
use crate::exit::Exit;
use crate::failure::Done;
#[cfg(not(feature = "demo"))]
use crate::failure::Failure;

#[cfg(feature = "demo")]
pub(super) async fn run(_context: &Context, args: cli::Demo) -> Done {
    story::tell(args.keep).await
}

#[cfg(not(feature = "demo"))]
pub(super) async fn run(_context: &Context, _args: cli::Demo) -> Done {
    Err(Failure::new(Exit::Usage, "this pslease was built without the demo").hint("build with --features demo"))
}
