//! `pslease pause`: begin nothing new for a profile; what runs, runs on.

use proto::v1::OperateRequest;

use crate::cli::Which;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Done;
use crate::notice::{hint, say};

pub(super) async fn run(context: &Context, args: Which) -> Done {
    let client = context.look().await?;
    let profiles = client.operations().pause(request(&args)).await?.into_inner().profiles;
    if !context.quiet() {
        say(&format!("paused: {}", super::list(&profiles)));
        hint(&format!("pslease resume{}", super::again(&args)));
    }
    Ok(Exit::Ok)
}

/// Which profiles are meant.
pub(super) fn request(args: &Which) -> OperateRequest {
    OperateRequest {
        profile: args.profile.clone().unwrap_or_default(),
        all: args.all,
    }
}
