//! `pslease forget`: take a session out of the books whose end nobody can prove.

use proto::v1::ForgetRequest;

use crate::cli;
use crate::context::{Context, unless_interrupted};
use crate::exit::Exit;
use crate::failure::Done;
use crate::notice::say;

pub(super) async fn run(context: &Context, args: cli::Forget) -> Done {
    unless_interrupted(forget(context, args)).await
}

async fn forget(context: &Context, args: cli::Forget) -> Done {
    let request = ForgetRequest {
        session: args.session,
        force: args.force,
    };
    let client = context.look().await?;
    let forgotten = client.reconciliation().forget(request).await?.into_inner();
    if !context.quiet() {
        say(&if forgotten.proven {
            format!("session {} is closed", args.session)
        } else {
            format!("session {} is forgotten, and its slot is free", args.session)
        });
    }
    Ok(Exit::Ok)
}
