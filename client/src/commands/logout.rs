//! `pslease logout`: make the daemon forget a password.

use proto::v1::LogoutRequest;

use crate::cli;
use crate::context::{Context, profile};
use crate::exit::Exit;
use crate::failure::Done;
use crate::notice::say;

pub(super) async fn run(context: &Context, args: cli::Logout) -> Done {
    let profile = profile(args.named.as_deref().or(args.profile.as_deref()));
    let answer = context
        .look()
        .await?
        .accounts()
        .logout(LogoutRequest { profile })
        .await?
        .into_inner();
    if !context.quiet() {
        say(&match answer.had_secret {
            true => format!("the password of {} is forgotten", answer.account),
            false => format!("there was no password of {}", answer.account),
        });
    }
    Ok(Exit::Ok)
}
