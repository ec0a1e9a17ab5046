//! `pslease accounts`: whose secrets there are, where from, and how the last log-on went.

use proto::v1::{Account, ListAccountsRequest};

use crate::context::{Context, stdout, width};
use crate::exit::Exit;
use crate::failure::Done;
use crate::output::{Page, Row};

pub(super) async fn run(context: &Context) -> Done {
    let client = context.client().await?;
    let accounts = client
        .accounts()
        .list(ListAccountsRequest {})
        .await?
        .into_inner()
        .accounts;
    let rows = accounts.into_iter().map(row).collect();
    Page::of("pslease.accounts/1", "accounts", "no profile names an account", rows).write(
        &mut stdout(),
        context.format(),
        width(),
    )?;
    Ok(Exit::Ok)
}

fn row(account: Account) -> Row {
    Row::default()
        .with("account", "Account", account.account)
        .with("source", "Source", account.source)
        .with("state", "State", account.state)
        .with("profiles", "Profiles", account.profiles)
}
