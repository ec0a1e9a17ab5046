//! `pslease connect`: open a profile's session now, and tell each stage on the way.

use proto::v1::connect_event::Event;
use proto::v1::{ConnectRequest, Connected};

use crate::cli;
use crate::context::{Context, caller, profile, stdout, unless_interrupted, wait, width};
use crate::exit::Exit;
use crate::failure::{Done, Failure};
use crate::notice::say;
use crate::output::{Page, view};

pub(super) async fn run(context: &Context, args: cli::Connect) -> Done {
    let request = ConnectRequest {
        profile: profile(args.named.as_deref().or(args.profile.as_deref())),
        wait: wait(args.wait),
        caller: Some(caller("pslease connect")),
    };
    unless_interrupted(connect(context, request)).await
}

async fn connect(context: &Context, request: ConnectRequest) -> Done {
    let mut notices = context.notices();
    let client = context.client().await?;
    notices.ask_with(&client, &request.profile);
    let mut events = client.sessions().connect(request).await?.into_inner();
    while let Some(event) = events.message().await? {
        match event.event {
            Some(Event::Waiting(waiting)) => notices.waiting(&waiting),
            Some(Event::Stage(stage)) => {
                notices.served();
                if !context.quiet() {
                    say(&stage);
                }
            }
            Some(Event::Connected(Connected { session, reused })) => {
                notices.served();
                if reused && !context.quiet() {
                    say("the session was open already");
                }
                let rows = session.into_iter().map(view::session).collect();
                Page::of("pslease.sessions/1", "sessions", "", rows).write(&mut stdout(), context.format(), width())?;
                return Ok(Exit::Ok);
            }
            None => {}
        }
    }
    Err(Failure::new(
        Exit::Internal,
        "psleased ended the stream before the session was open",
    ))
}
