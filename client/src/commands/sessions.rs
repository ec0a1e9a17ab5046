//! `pslease sessions`: the open sessions, as `Get-PSSession` shows them.

use proto::v1::ListSessionsRequest;

use crate::context::{Context, stdout, width};
use crate::exit::Exit;
use crate::failure::Done;
use crate::output::{Page, view};

pub(super) async fn run(context: &Context) -> Done {
    let list = context
        .look()
        .await?
        .sessions()
        .list(ListSessionsRequest {})
        .await?
        .into_inner();
    let rows = list.sessions.into_iter().map(view::session).collect();
    let page = Page::of("pslease.sessions/1", "sessions", "no session is open", rows);
    page.write(&mut stdout(), context.format(), width())?;
    Ok(Exit::Ok)
}
