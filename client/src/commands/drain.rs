//! `pslease drain`: pause, and close every session as it comes free.

use proto::v1::{DrainRequest, DrainResponse};

use crate::cli::Drain;
use crate::context::{Context, unless_interrupted};
use crate::duration;
use crate::exit::Exit;
use crate::failure::Done;
use crate::notice::{hint, say};

pub(super) async fn run(context: &Context, args: Drain) -> Done {
    let client = context.look().await?;
    let request = DrainRequest {
        leave: false,
        profile: args.which.profile.clone().unwrap_or_default(),
        all: args.which.all,
        deadline: args.deadline.and_then(duration::to_proto),
    };
    let drained = unless_interrupted(async { Ok(client.operations().drain(request).await?.into_inner()) });
    let DrainResponse { profiles, unconfirmed } = drained.await?;
    if !context.quiet() {
        say(&format!("drained: {}", super::list(&profiles)));
        hint(&format!("pslease resume{}", super::again(&args.which)));
    }
    unconfirmed.iter().for_each(|sentence| say(sentence));
    Ok(if unconfirmed.is_empty() {
        Exit::Ok
    } else {
        Exit::Incomplete
    })
}
