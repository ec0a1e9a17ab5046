//! `pslease connect`: open a profile's session now, and tell each stage on the way.

use proto::v1::connect_event::Event;
use proto::v1::{ConnectRequest, Connected};

use crate::cli;
use crate::context::{Context, caller, stdout, unless_interrupted, wait, width};
use crate::exit::Exit;
use crate::failure::{Done, Failure};
use crate::notice::say;
use crate::output::{Page, view};
use crate::parameters;

pub(super) async fn run(context: &Context, args: cli::Connect) -> Done {
    unless_interrupted(connect(context, args)).await
}

async fn connect(context: &Context, args: cli::Connect) -> Done {
    let mut notices = context.notices();
    let parameters = args.parameters.gather().await?;
    let named = args.named.as_deref().or(args.profile.as_deref());
    let request = ConnectRequest {
        profile: parameters::profile(named, parameters.as_ref()),
        wait: wait(args.wait),
        caller: Some(caller("pslease connect")),
        parameters,
    };
    let client = context.client().await?;
    notices.ask_with(&client, &request.profile, request.parameters.as_ref());
    let mut events = client.sessions().connect(request).await?.into_inner();
    while let Some(event) = events.message().await? {
        match event.event {
            Some(Event::Waiting(waiting)) => notices.waiting(&waiting),
            Some(Event::Stage(stage)) => {
                notices.opening();
                if args.verbose {
                    say(&format!("VERBOSE: {stage}"));
                }
            }
            Some(Event::Notice(notice)) => notices.notice(&notice.message, &notice.hint),
            Some(Event::Connected(Connected { session, reused })) => {
                notices.served();
                if reused && !context.quiet() {
                    say(&format!(
                        "reusing session {}",
                        session.as_ref().map_or(0, |session| session.id)
                    ));
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
