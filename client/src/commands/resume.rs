//! `pslease resume`: end a pause, or a drain.

use crate::cli::Which;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Done;
use crate::notice::say;

pub(super) async fn run(context: &Context, args: Which) -> Done {
    let client = context.look().await?;
    let request = super::pause::request(&args);
    let profiles = client.operations().resume(request).await?.into_inner().profiles;
    if !context.quiet() {
        say(&format!("resumed: {}", super::list(&profiles)));
    }
    Ok(Exit::Ok)
}
