//! `pslease daemon upgrade`: let what runs end, stop the daemon, start the one that is installed now. Sessions that their
//! service lets be left stay open meanwhile, and so do leases.

use std::time::Duration;

use place::Place;
use proto::v1::DrainRequest;
use pslease::Client;

use super::daemon;
use crate::context::{Context, unless_interrupted};
use crate::duration;
use crate::exit::Exit;
use crate::failure::Done;
use crate::notice::say;

pub(super) async fn run(context: &Context, place: &Place, deadline: Option<Duration>) -> Done {
    let Some(client) = Client::running(place).await? else {
        return daemon::start(context, place).await;
    };
    let before = client.hello().clone();
    let request = DrainRequest {
        profile: String::new(),
        all: true,
        deadline: deadline.and_then(duration::to_proto),
        leave: true,
    };
    let drained = unless_interrupted(async { Ok(client.operations().drain(request).await?.into_inner()) }).await;
    let unconfirmed = match drained {
        Ok(drained) => drained.unconfirmed,
        Err(failure) => {
            // Interrupted, or refused: the old one goes on as if nothing had been asked.
            let all = proto::v1::OperateRequest {
                profile: String::new(),
                all: true,
            };
            let _ = client.operations().resume(all).await;
            return Err(failure);
        }
    };
    unconfirmed.iter().for_each(|sentence| say(sentence));
    drop(client);
    daemon::stop(context, place, None, true).await?;
    let exit = daemon::start(context, place).await?;
    if let Some(after) = Client::running(place).await?
        && !context.quiet()
    {
        let (before, after) = (&before.version, &after.hello().version);
        say(&if before == after {
            format!("psleased {after} was started anew")
        } else {
            format!("psleased {before} is replaced by {after}")
        });
    }
    Ok(if unconfirmed.is_empty() { exit } else { Exit::Incomplete })
}
