//! `pslease import`: fetch what importing a profile's session asks for, before anybody imports it.

use proto::v1::ImportRequest;
use proto::v1::import_event::Event;

use crate::cli;
use crate::context::{Context, caller, profile, stdout, unless_interrupted, wait, width};
use crate::exit::Exit;
use crate::failure::{Done, Failure};
use crate::output::{Page, Row};

pub(super) async fn run(context: &Context, args: cli::Import) -> Done {
    let request = ImportRequest {
        profile: profile(args.named.as_deref().or(args.profile.as_deref())),
        refresh: args.refresh,
        wait: wait(args.wait),
        caller: Some(caller("pslease import")),
    };
    unless_interrupted(import(context, request)).await
}

async fn import(context: &Context, request: ImportRequest) -> Done {
    let mut notices = context.notices();
    let client = context.client().await?;
    notices.ask_with(&client, &request.profile, None);
    let mut events = client.doors().import(request).await?.into_inner();
    while let Some(event) = events.message().await? {
        match event.event {
            Some(Event::Waiting(waiting)) => notices.waiting(&waiting),
            Some(Event::Notice(notice)) => notices.notice(&notice.message, &notice.hint),
            Some(Event::Imported(imported)) => {
                notices.served();
                let row = Row::default()
                    .with("fetched", "Fetched", u64::from(imported.fetched))
                    .with("known", "Known", u64::from(imported.known))
                    .with("commands", "Commands", u64::from(imported.commands))
                    .with("formats", "Formats", u64::from(imported.formats))
                    .with("bytes", "Bytes", imported.bytes);
                Page::of("pslease.import/1", "answers", "", vec![row]).write(
                    &mut stdout(),
                    context.format(),
                    width(),
                )?;
                return Ok(Exit::Ok);
            }
            None => {}
        }
    }
    Err(Failure::new(
        Exit::Internal,
        "psleased ended the stream before everything was fetched",
    ))
}
