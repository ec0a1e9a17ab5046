//! `pslease run`.
use crate::cli;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Done, Failure};

pub(super) async fn run(_context: &Context, _args: cli::Run) -> Done {
    Err(Failure::new(Exit::Failed, "not there"))
}
