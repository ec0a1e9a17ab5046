//! `pslease limits`: each ceiling, what counts against it, and what the service has shown of it.

use std::time::{Duration, SystemTime};

use proto::v1::{Limit, StatusRequest, Window};

use crate::context::{Context, stdout, width};
use crate::duration;
use crate::exit::Exit;
use crate::failure::Done;
use crate::output::{Page, Row};

pub(super) async fn run(context: &Context) -> Done {
    let client = context.look().await?;
    let limits = client.admin().status(StatusRequest {}).await?.into_inner().limits;
    let rows = limits.into_iter().map(row).collect();
    Page::of("pslease.limits/1", "limits", "no profile sets a limit", rows).write(
        &mut stdout(),
        context.format(),
        width(),
    )?;
    Ok(Exit::Ok)
}

fn row(limit: Limit) -> Row {
    let believed = believed(&limit, SystemTime::now());
    let observed = limit.observed.map(|most| most.to_string()).unwrap_or_default();
    Row::default()
        .with("scope", "Scope", limit.scope)
        .with("subject", "Subject", limit.subject)
        .with("service", "Service", limit.service)
        .with("used", "Used", limit.used)
        .with("outside", "Outside", limit.outside)
        .with("limit", "", limit.limit)
        .with("source", "", limit.source)
        .with("observed", "", observed)
        .with("believed", "Limit", believed)
        .with("next_try", "NextTry", limit.next_try)
        .with("opens", "Opens", window(limit.opens))
        .with("commands", "Commands", window(limit.commands))
        .with("waiting", "Waiting", limit.waiting)
        .with("next_free", "NextFree", limit.next_free)
}

/// `3 documented`, and where the service allowed less: `3 documented, 2 observed 12:04`.
pub(super) fn believed(limit: &Limit, now: SystemTime) -> String {
    let source = if limit.source.is_empty() {
        "configured"
    } else {
        &limit.source
    };
    let mut text = format!("{} {source}", limit.limit);
    if let Some(most) = limit.observed {
        let ago = limit
            .observed_ago
            .as_ref()
            .and_then(duration::of_proto)
            .unwrap_or_default();
        text.push_str(&format!(", {most} observed {}", clock(now, ago)));
    }
    text
}

/// Hours and minutes of a moment that long ago, by the local clock.
fn clock(now: SystemTime, ago: Duration) -> String {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seconds = since.saturating_sub(ago).as_secs();
    let local = i64::try_from(seconds).unwrap_or(0) + crate::local::offset(seconds);
    let minutes = local.div_euclid(60);
    format!(
        "{:02}:{:02}",
        minutes.div_euclid(60).rem_euclid(24),
        minutes.rem_euclid(60)
    )
}

/// `4 of 5 in 1m`.
fn window(window: Option<Window>) -> String {
    let Some(Window { used, limit, period }) = window else {
        return String::new();
    };
    let period = period.as_ref().and_then(duration::of_proto).unwrap_or_default();
    format!("{used} of {limit} in {}", duration::show(period))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_believed_is_told_with_its_source() {
        let mut limit = Limit {
            limit: 3,
            source: "documented".into(),
            ..Limit::default()
        };
        assert_eq!(believed(&limit, SystemTime::now()), "3 documented");
        limit.observed = Some(2);
        let text = believed(&limit, SystemTime::now());
        let (head, time) = text.rsplit_once(' ').unwrap();
        assert_eq!(head, "3 documented, 2 observed");
        assert!(time.len() == 5 && time.as_bytes()[2] == b':', "{time}");
    }

    #[test]
    fn a_window_tells_what_is_left_of_it() {
        let five = Window {
            used: 4,
            limit: 5,
            period: Some(prost_types::Duration { seconds: 60, nanos: 0 }),
        };
        assert_eq!(window(Some(five)), "4 of 5 in 1m");
        assert_eq!(window(None), "");
    }
}
