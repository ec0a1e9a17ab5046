//! `pslease status`: who holds what, on one screen.

use std::io::{IsTerminal as _, Write as _};

use proto::v1::{StatusRequest, StatusResponse};

use crate::cli::{Format, Status};
use crate::context::{Context, stdout, unless_interrupted, width};
use crate::duration;
use crate::exit::Exit;
use crate::failure::{Done, Failure};
use crate::output::{Page, Row, Section, view};

pub(super) async fn run(context: &Context, args: Status) -> Done {
    let client = context.look().await?;
    if args.watch {
        return unless_interrupted(watch(context, &client)).await;
    }
    let status = client.admin().status(StatusRequest {}).await?.into_inner();
    page(status).write(&mut stdout(), context.format(), width())?;
    Ok(Exit::Ok)
}

/// A person sees one screen that changes; a pipe gets a line of JSON, or a table, after every change.
async fn watch(context: &Context, client: &pslease::Client) -> Done {
    let mut changes = client.admin().watch(StatusRequest {}).await?.into_inner();
    let format = match context.format() {
        Some(Format::Json) => Some(Format::Jsonl),
        other => other,
    };
    let screen = std::io::stdout().is_terminal() && format.is_none_or(|format| format == Format::Table);
    while let Some(status) = changes.message().await? {
        let mut out = stdout();
        if screen {
            // Home, and clear to the end: less flicker than clearing first.
            out.write_all(b"\x1b[H\x1b[J")?;
        }
        page(status).write(&mut out, format, width())?;
    }
    Err(Failure::new(Exit::Unavailable, "psleased has ended"))
}

/// The whole status. `pslease.status/1` is its shape in JSON.
fn page(status: StatusResponse) -> Page {
    let section = |key, heading, empty, rows| Section {
        key,
        heading,
        empty,
        rows,
    };
    let uptime = status
        .uptime
        .as_ref()
        .and_then(duration::of_proto)
        .map(duration::show)
        .unwrap_or_default();
    let mut footer = vec![format!("psleased {} (pid {}), up {uptime}", status.version, status.pid)];
    footer.extend(status.notes.iter().cloned());
    let daemon = Row::default()
        .with("version", "", status.version)
        .with("pid", "", status.pid)
        .with("uptime", "", status.uptime)
        .with("notes", "", status.notes);
    let profiles = status.profiles.into_iter().map(view::profile).collect();
    let sessions = status.sessions.into_iter().map(view::session).collect();
    let leases = status.leases.into_iter().map(view::lease).collect();
    let queue = status.waiters.into_iter().map(view::waiter).collect();
    let limits = status.limits.into_iter().map(view::limit).collect();
    Page {
        schema: "pslease.status/1",
        about: Row::default().with("daemon", "", daemon),
        sections: vec![
            section("sessions", "Sessions", "no session is open", sessions),
            section("leases", "Leases", "", leases),
            section("queue", "Waiting", "", queue),
            section("limits", "Limits", "", limits),
            section(
                "profiles",
                "Profiles",
                "there is no profile yet: pslease profile add",
                profiles,
            ),
        ],
        footer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_of_the_json_is_kept() {
        let mut out = Vec::new();
        page(StatusResponse::default())
            .write(&mut out, Some(Format::Json), None)
            .unwrap();
        let document: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(document["schema"], "pslease.status/1");
        for list in ["sessions", "leases", "queue", "limits", "profiles"] {
            assert_eq!(document[list], serde_json::json!([]), "{list}");
        }
        assert_eq!(document["daemon"]["pid"], 0);
    }
}
