//! `pslease reconcile`: what the books say against what the endpoints hold.

use proto::v1::{ListedShell, ReconcileRequest, ShellKind};

use crate::cli;
use crate::context::{Context, caller, stdout, unless_interrupted, width};
use crate::exit::Exit;
use crate::failure::Done;
use crate::notice::say;
use crate::output::{Cell, Page, Row};

pub(super) async fn run(context: &Context, args: cli::Reconcile) -> Done {
    unless_interrupted(reconcile(context, args)).await
}

async fn reconcile(context: &Context, args: cli::Reconcile) -> Done {
    let delete = args.delete.iter().map(|kind| match kind {
        cli::Stray::Orphans => ShellKind::Orphan.into(),
        cli::Stray::External => ShellKind::External.into(),
    });
    let request = ReconcileRequest {
        profile: args.profile.unwrap_or_default(),
        delete: delete.collect(),
        dry_run: args.dry_run,
        caller: Some(caller("reconcile")),
    };
    let client = context.client().await?;
    let found = client.reconciliation().reconcile(request).await?.into_inner();
    let failed = found.shells.iter().any(|shell| shell.action.starts_with("not deleted"));
    let rows = found.shells.into_iter().map(row).collect();
    let page = Page::of("pslease.reconcile/1", "shells", "no shell is open", rows);
    page.write(&mut stdout(), context.format(), width())?;
    found.notes.iter().for_each(|note| say(note));
    Ok(if failed || !found.notes.is_empty() {
        Exit::Incomplete
    } else {
        Exit::Ok
    })
}

fn row(shell: ListedShell) -> Row {
    let kind = match shell.kind() {
        ShellKind::Ours => "ours",
        ShellKind::Orphan => "orphan",
        ShellKind::External => "external",
        ShellKind::Missing => "missing",
        ShellKind::Unspecified => "",
    };
    Row::default()
        .with("kind", "Kind", kind)
        .with("shell_id", "ShellId", shell.shell_id)
        .with("session", "Session", Cell::Id(shell.session))
        .with("profile", "Profile", shell.profile)
        .with("account", "Account", shell.account)
        .with("state", "State", shell.state)
        .with("age", "Age", shell.age)
        .with("idle", "Idle", shell.idle)
        .with("address", "Address", shell.address)
        .with("name", "Name", shell.name)
        .with("action", "Action", shell.action)
}
