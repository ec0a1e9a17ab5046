//! `pslease reload`: read config.toml now, and say what that changed.

use proto::v1::{ReloadRequest, ReloadResponse};

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Done;
use crate::notice::say;

pub(super) async fn run(context: &Context) -> Done {
    let client = context.look().await?;
    let ReloadResponse {
        profiles,
        added,
        changed,
        removed,
    } = client.operations().reload(ReloadRequest {}).await?.into_inner();
    if !context.quiet() {
        say(&format!("profiles: {}", super::list(&profiles)));
        for (word, names) in [("added", added), ("changed", changed), ("removed", removed)] {
            if !names.is_empty() {
                say(&format!("{word}: {}", names.join(", ")));
            }
        }
    }
    Ok(Exit::Ok)
}
