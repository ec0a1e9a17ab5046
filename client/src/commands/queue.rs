//! `pslease queue`: who waits, for what, and who is in the way.

use proto::v1::StatusRequest;

use crate::context::{Context, stdout, width};
use crate::exit::Exit;
use crate::failure::Done;
use crate::output::{Page, view};

pub(super) async fn run(context: &Context) -> Done {
    let status = context
        .look()
        .await?
        .admin()
        .status(StatusRequest {})
        .await?
        .into_inner();
    let rows = status.waiters.into_iter().map(view::waiter).collect();
    Page::of("pslease.queue/1", "queue", "nobody waits", rows).write(&mut stdout(), context.format(), width())?;
    Ok(Exit::Ok)
}
