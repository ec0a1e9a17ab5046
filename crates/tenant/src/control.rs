//! The control interface: the truth, and the clock. For tests; a real service has neither.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::shared::Shared;

pub(crate) fn answer(method: &Method, what: &str, body: &[u8], shared: &Shared) -> Response<Full<Bytes>> {
    let request: Json = serde_json::from_slice(body).unwrap_or(Json::Null);
    let done = match (method, what) {
        (&Method::GET, "state") => Some(state(shared)),
        (&Method::POST, "clock") => request["advance"].as_f64().map(|seconds| {
            shared.advance(Duration::try_from_secs_f64(seconds).unwrap_or_default());
            state(shared)
        }),
        (&Method::POST, "announce") => {
            let shell = request["shell"].as_str().and_then(|id| Uuid::parse_str(id).ok());
            let shell = shell.and_then(|id| shared.shell(id));
            let asks = shell.filter(|_| request["what"] == "key");
            asks.map(|shell| {
                shell.ask_for_key();
                state(shared)
            })
        }
        (&Method::POST, "kill") => {
            let one = request["shell"].as_str().and_then(|id| Uuid::parse_str(id).ok());
            shared.kill(one);
            Some(state(shared))
        }
        (&Method::POST, "input") => request["hold"].as_bool().map(|hold| {
            shared.hold_input(hold);
            state(shared)
        }),
        _ => None,
    };
    let (status, body) = match done {
        Some(json) => (StatusCode::OK, json.to_string()),
        None => (StatusCode::NOT_FOUND, json!({ "error": "no such control" }).to_string()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response
}

fn state(shared: &Shared) -> Json {
    let now = shared.clock.now();
    let books = shared.books();
    let shells: Vec<_> = books
        .rows()
        .map(|(id, row)| {
            json!({
                "id": id.to_string(),
                "admin": row.admin,
                "organization": row.organization,
                "age": now.since(row.created).as_secs_f64(),
                "idle_for": now.since(row.last_activity).as_secs_f64(),
                "running": row.running,
                "locale": row.locales.0,
                "data_locale": row.locales.1,
            })
        })
        .collect();
    let counts = |(name, count): (&str, crate::books::Count)| {
        (name.to_owned(), json!({ "live": count.live, "peak": count.peak }))
    };
    json!({
        "shells": shells,
        "per_admin": books.per_admin().map(counts).collect::<serde_json::Map<_, _>>(),
        "per_organization": books.per_organization().map(counts).collect::<serde_json::Map<_, _>>(),
        "counts": books.counts(),
        "ended": books.ended(),
    })
}
