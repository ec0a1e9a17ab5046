//! `pslease close`: close a session, or every session of a profile, and say what the endpoint confirmed.

use proto::v1::CloseRequest;

use crate::cli;
use crate::context::{Context, unless_interrupted};
use crate::exit::Exit;
use crate::failure::Done;
use crate::notice::say;

pub(super) async fn run(context: &Context, args: cli::Close) -> Done {
    unless_interrupted(close(context, args.which)).await
}

async fn close(context: &Context, which: String) -> Done {
    let request = match which.parse() {
        Ok(session) => CloseRequest {
            session,
            profile: String::new(),
        },
        Err(_) => CloseRequest {
            session: 0,
            profile: which,
        },
    };
    let closed = context.look().await?.sessions().close(request).await?.into_inner();
    if !context.quiet() {
        match closed.closed {
            1 => say("1 session is closed"),
            number => say(&format!("{number} sessions are closed")),
        }
    }
    closed.unconfirmed.iter().for_each(|sentence| say(sentence));
    Ok(if closed.unconfirmed.is_empty() {
        Exit::Ok
    } else {
        Exit::Incomplete
    })
}
