//! `pslease leases`: who holds a lease, and what it ends with.

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
    let rows = status.leases.into_iter().map(view::lease).collect();
    let page = Page::of("pslease.leases/1", "leases", "nobody holds a lease", rows);
    page.write(&mut stdout(), context.format(), width())?;
    Ok(Exit::Ok)
}
