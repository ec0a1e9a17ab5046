//! The first thing after the start: what the books of the last run hold counts at once, then each session is taken again
//! or ended, and each lease kept for its holder.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use broker::{Event, Fence, Holder, LeaseId, Mode, Priority, RestoredLease, Scopes, SessionId, ShellId};
use ledger::{LeaseKind, LeaseRow, Row};

use crate::crash;
use crate::desk::{self, News};
use crate::hub::{Extra, Hub};
use crate::owner::{self, Anchor};

/// Takes over what the last run left.
pub(crate) async fn recover(hub: &Arc<Hub>, rows: Vec<Row>, leases: Vec<LeaseRow>) {
    for row in &rows {
        tracing::info!(session = row.session, stage = ?row.stage, running = row.running, "found in the books");
        hub.desk.say(restored(hub, row)).await;
    }
    crash::point("rows", "restored");
    let mut awaited = HashSet::new();
    for lease in leases {
        let session = lease.session;
        if take_over(hub, lease).await {
            awaited.extend(session);
        }
    }
    for row in rows {
        // What an exclusive lease has left in a session is nobody else's.
        let wanted = !row.dirty || awaited.contains(&row.session);
        let profile = wanted.then(|| hub.sessions.profile_to_recover(&row)).flatten();
        let row = match profile {
            None => row,
            Some(profile) => match hub.desk.take_up(SessionId(row.session)).await {
                Some(row) => {
                    crash::point("epoch", "durable");
                    hub.sessions.recover(profile, row);
                    continue;
                }
                None => row,
            },
        };
        hub.sessions.lose(SessionId(row.session), &row).await;
    }
}

fn restored(hub: &Hub, row: &Row) -> Event {
    let profile = hub.config.last().find(&row.profile).cloned();
    // Of the first releases nobody wrote the identity down.
    let identity = match profile {
        Some(profile) if row.identity.is_empty() => profile.identity(),
        _ if row.identity.is_empty() => row.uri.clone(),
        _ => row.identity.clone(),
    };
    Event::Restored {
        session: SessionId(row.session),
        shell: ShellId(row.shell.as_u128()),
        profile: row.profile.as_str().into(),
        scopes: Scopes {
            service: row.service.clone(),
            admin: row.admin.clone(),
            organization: Some(row.organization.clone()),
        },
        identity,
        dirty: row.dirty,
        age: desk::age(row),
        commands: row.commands,
    }
}

/// Keeps a lease for its holder. False if that has ended.
async fn take_over(hub: &Arc<Hub>, row: LeaseRow) -> bool {
    let lease = LeaseId(row.lease);
    let anchor = match row.anchor.as_ref().map(owner::still_there) {
        Some(None) => {
            tracing::info!(%lease, "its process has ended");
            hub.desk.drop_lease(lease).await;
            return false;
        }
        Some(Some(anchor)) => Some(anchor),
        None => None,
    };
    let fence = Fence(row.fence);
    let ttl = row.ttl_seconds.map(Duration::from_secs);
    let restored = RestoredLease {
        lease,
        fence,
        session: row.session.map(SessionId),
        profile: row.profile.as_str().into(),
        mode: match row.kind {
            LeaseKind::Shared => Mode::Shared,
            LeaseKind::Exclusive => Mode::Exclusive,
            LeaseKind::Fresh => Mode::Fresh,
        },
        priority: if row.batch {
            Priority::Batch
        } else {
            Priority::Interactive
        },
        ttl,
        holder: Arc::new(Holder {
            command: row.command,
            pid: row.pid,
            tty: row.tty,
            cwd: row.cwd,
            interactive: row.interactive,
            origin: row.origin,
            parents: row.parents,
        }),
    };
    let Some(news) = hub.desk.restore_lease(restored).await else {
        return false;
    };
    if matches!(*news.borrow(), News::Ended(_)) {
        return false;
    }
    let held = anchor.is_none() && ttl.is_none();
    let extra = Extra {
        anchor: anchor_text(anchor.as_ref(), ttl),
        label: row.label,
    };
    hub.keep_extra(lease, extra);
    if !held {
        // Its owner is not its stream: it need not come back to have it.
        let pending = hub
            .desk
            .request(|request| Event::Reclaim { request, lease, fence })
            .await;
        drop(pending.answer().await);
        tokio::spawn(owner::watch_lease(hub.clone(), lease, anchor, news));
    }
    true
}

/// What a lease dies with, for tables.
pub(crate) fn anchor_text(anchor: Option<&Anchor>, ttl: Option<Duration>) -> String {
    let texts = [
        anchor
            .map(Anchor::text)
            .or_else(|| ttl.is_none().then(|| "stream".to_owned())),
        ttl.map(|ttl| format!("ttl {}s", ttl.as_secs())),
    ];
    texts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
