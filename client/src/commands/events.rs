//! `pslease events`: what happens, one JSON object a line, until Ctrl-C.

use std::io::Write as _;

use proto::v1::{EventsRequest, Happening};
use serde_json::{Map, Value as Json, json};

use crate::cli::{Events, Format};
use crate::context::{Context, stdout, unless_interrupted};
use crate::exit::Exit;
use crate::failure::{Done, Failure};

pub(super) async fn run(context: &Context, args: Events) -> Done {
    match context.format() {
        None | Some(Format::Json | Format::Jsonl) => {}
        Some(_) => return Err(Failure::usage("events are written as JSON, one object a line").hint("--output jsonl")),
    }
    let client = context.look().await?;
    let request = EventsRequest {
        profile: args.profile.unwrap_or_default(),
    };
    let mut events = client.operations().events(request).await?.into_inner();
    unless_interrupted(async {
        while let Some(happening) = events.message().await? {
            let mut out = stdout();
            writeln!(out, "{}", Json::Object(object(happening)))?;
            out.flush()?;
        }
        Ok(Exit::Ok)
    })
    .await
}

/// What is not there is left out.
fn object(happening: Happening) -> Map<String, Json> {
    let mut object = Map::new();
    let at = happening.at.map(|at| at.to_string()).unwrap_or_default();
    object.insert("at".into(), json!(at));
    object.insert("event".into(), json!(happening.what));
    let mut text = |key: &str, text: String| {
        if !text.is_empty() {
            object.insert(key.to_owned(), json!(text));
        }
    };
    text("profile", happening.profile);
    text("cause", happening.cause);
    text("message", happening.message);
    for (key, number) in [
        ("lease", happening.lease),
        ("session", happening.session),
        ("missed", happening.missed),
    ] {
        if number != 0 {
            object.insert(key.to_owned(), json!(number));
        }
    }
    if let Some(who) = happening.who {
        object.insert(
            "who".to_owned(),
            json!({
                "command": who.command,
                "pid": who.pid,
                "tty": who.tty,
                "cwd": who.cwd,
                "origin": who.origin,
                "parents": who.parents,
            }),
        );
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_left_out() {
        let happening = Happening {
            at: Some(prost_types::Timestamp { seconds: 0, nanos: 0 }),
            what: "session-opened".into(),
            session: 3,
            ..Happening::default()
        };
        let line = Json::Object(object(happening)).to_string();
        assert_eq!(
            line,
            r#"{"at":"1970-01-01T00:00:00Z","event":"session-opened","session":3}"#
        );
    }
}
