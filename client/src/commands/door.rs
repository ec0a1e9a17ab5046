//! `pslease door`: wait for a lease, and print the socket on which PowerShell opens a PSSession of it; or be that socket,
//! on standard input and output.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use proto::v1::door_event::Event;
use proto::v1::{
    DoorEvent, DoorOpened, ErrorKind, Granted, LeaseMode, LeaseWish, OpenDoorRequest, Parameters, Waiting,
};
use serde_json::{Map, Value, json};
use tonic::Streaming;

use crate::cli::{self, Format};
use crate::context::{self, Context, caller, stdout, unless_interrupted};
use crate::duration;
use crate::exit::Exit;
use crate::failure::{Done, Failure};
use crate::notice::{Notices, blocked_by, say};
use crate::output::view;
use crate::parameters;

/// So much is carried at a time.
const PIECE: usize = 64 * 1024;

/// How long the daemon may take for its last words.
const GOODBYE: Duration = Duration::from_millis(200);

pub(super) async fn run(context: &Context, args: cli::Door) -> Done {
    let told = match (args.stdio, context.format()) {
        (true, _) | (false, None) => Told::People,
        (false, Some(Format::Jsonl)) => Told::Programs,
        (false, Some(_)) => return Err(Failure::usage("door writes its path, or --output jsonl")),
    };
    let mut refused = Refused::default();
    let failure = match unless_interrupted(open(context, &args, told, &mut refused)).await {
        Ok(opened) if args.stdio => return serve(opened).await,
        Ok(_) => return Ok(Exit::Ok),
        Err(failure) => failure,
    };
    if told == Told::Programs
        && let Failure::Said { exit, message, hint } = &failure
    {
        let kind = kind(refused.kind);
        let mut event = json!({"event": "error", "kind": kind, "code": exit.code(), "message": message, "hint": hint});
        if let Some(waiting) = &refused.waiting {
            event["waiting"] = waiting_json(waiting);
        }
        line(&event)?;
    }
    Err(failure)
}

/// Who reads what is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    People,
    Programs,
}

/// What only a program wants to know of a failure.
#[derive(Debug, Default)]
struct Refused {
    kind: ErrorKind,
    waiting: Option<Waiting>,
}

impl Refused {
    fn note(&mut self, error: pslease::Error) -> Failure {
        self.kind = error.kind();
        self.waiting = error.waiting().cloned();
        error.into()
    }
}

/// A door that is open, and the stream that tells what becomes of its lease.
struct Opened {
    path: String,
    events: Streaming<DoorEvent>,
}

async fn open(context: &Context, args: &cli::Door, told: Told, refused: &mut Refused) -> Result<Opened, Failure> {
    let mut notices = match told {
        Told::People => context.notices(),
        Told::Programs => Notices::new(true),
    };
    let named = args.named.as_deref().or(args.how.profile.as_deref());
    let with = match named {
        Some(_) => None,
        None => context::lease(None)?,
    };
    let parameters = match with {
        None => args.how.parameters.gather().await?,
        Some(_) => None,
    };
    let client = context.client().await?;
    let wish = wish(args, named, parameters);
    if with.is_none() && told == Told::People {
        notices.ask_with(&client, &wish.profile, wish.parameters.as_ref());
    }
    let request = OpenDoorRequest {
        wish: Some(wish),
        anchor: (!args.stdio).then_some(proto::v1::Anchor {
            kind: Some(proto::v1::anchor::Kind::Shell(true)),
        }),
        with,
    };
    let mut refused = |status: tonic::Status| refused.note(status.into());
    let mut events = client.doors().open(request).await.map_err(&mut refused)?.into_inner();
    let mut granted = Granted::default();
    while let Some(event) = events.message().await.map_err(&mut refused)? {
        let Some(event) = event.event else { continue };
        if told == Told::Programs
            && let Some(event) = json_of(&event, &granted)
        {
            line(&event)?;
        }
        match event {
            Event::Waiting(waiting) => notices.waiting(&waiting),
            Event::Stage(_) => {}
            Event::Notice(notice) => notices.notice(&notice.message, &notice.hint),
            Event::Granted(given) => granted = given,
            Event::Opened(DoorOpened { path, .. }) => {
                notices.served();
                if told == Told::People && !args.stdio {
                    let mut out = stdout();
                    writeln!(out, "{path}")?;
                    out.flush()?;
                }
                return Ok(Opened { path, events });
            }
            Event::Ended(ended) => return Err(Failure::new(Exit::Incomplete, ended.message).hint(ended.hint)),
        }
    }
    Err(Failure::new(
        Exit::Internal,
        "psleased ended the stream before the door was open",
    ))
}

fn wish(args: &cli::Door, named: Option<&str>, parameters: Option<Parameters>) -> LeaseWish {
    let mut caller = caller("pslease door");
    caller.ancestors = pslease::caller::ancestors();
    let profile = parameters::profile(named, parameters.as_ref());
    let wish = context::wish(&args.how, args.label.clone(), caller, parameters);
    // Without a word the daemon decides by the endpoint.
    let mode = args.how.mode.map_or(LeaseMode::Unspecified, |_| args.how.mode());
    LeaseWish {
        profile,
        mode: mode.into(),
        ..wish
    }
}

/// Carries bytes between standard input and output and the door, until one of them ends.
async fn serve(mut opened: Opened) -> Done {
    let failed = |error: std::io::Error| Failure::new(Exit::Unavailable, format!("{}: {error}", opened.path));
    let door = UnixStream::connect(&opened.path).map_err(failed)?;
    let (mut back, mut there) = (door.try_clone().map_err(failed)?, door);
    // Their own threads, and not through the buffers of standard input and output, which would keep lines back.
    let mut input = std::fs::File::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    let mut output = std::fs::File::from(std::io::stdout().as_fd().try_clone_to_owned()?);
    std::thread::spawn(move || {
        let _ = carry(&mut input, &mut there);
        let _ = there.shutdown(Shutdown::Write);
    });
    let copied = tokio::task::spawn_blocking(move || {
        let copied = carry(&mut back, &mut output);
        // Nobody reads any more: the console has gone.
        let _ = back.shutdown(Shutdown::Both);
        copied
    });
    let _ = copied.await;
    // What the lease ended with, if it was not the console's doing.
    if let Ok(Ok(Some(DoorEvent {
        event: Some(Event::Ended(ended)),
    }))) = tokio::time::timeout(GOODBYE, opened.events.message()).await
        && ended.cause() != proto::v1::EndCause::Released
        && ended.cause() != proto::v1::EndCause::Stream
    {
        say(&ended.message);
        return Ok(Exit::Incomplete);
    }
    Ok(Exit::Ok)
}

/// Copies until the end. Not as `std::io::copy` does, which lets Linux splice a socket into a pipe: that holds the pipe while
/// it waits for the socket, and whoever reads the pipe does not even get what is in it.
fn carry(from: &mut impl Read, to: &mut impl Write) -> std::io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        match from.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(count) => to.write_all(&piece[..count])?,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn line(event: &Value) -> Result<(), Failure> {
    let mut out = stdout();
    serde_json::to_writer(&mut out, event).map_err(std::io::Error::from)?;
    writeln!(out)?;
    Ok(out.flush()?)
}

/// The event as docs/doors.md has it. `granted` is what came before.
fn json_of(event: &Event, granted: &Granted) -> Option<Value> {
    Some(match event {
        Event::Waiting(waiting) => {
            let mut told = waiting_json(waiting);
            told["event"] = "waiting".into();
            told
        }
        Event::Stage(text) => json!({"event": "stage", "text": text}),
        Event::Notice(notice) => json!({"event": "notice", "message": notice.message, "hint": notice.hint}),
        Event::Granted(granted) => Value::Object(lease("granted", granted)),
        Event::Opened(opened) => {
            let mut told = lease("opened", granted);
            let within = opened.within.as_ref().and_then(duration::of_proto).unwrap_or_default();
            let texts = [
                ("path", &opened.path),
                ("admin", &opened.admin),
                ("organization", &opened.organization),
                ("computer_name", &opened.computer_name),
                ("uri", &opened.uri),
                ("configuration", &opened.configuration),
                ("protocol", &opened.protocol),
            ];
            told.insert("seconds".to_owned(), within.as_secs().into());
            told.extend(texts.map(|(name, text)| (name.to_owned(), text.as_str().into())));
            Value::Object(told)
        }
        Event::Ended(_) => return None,
    })
}

fn lease(event: &str, granted: &Granted) -> Map<String, Value> {
    let mut told = Map::new();
    told.insert("event".to_owned(), event.into());
    told.insert("lease".to_owned(), granted.lease.into());
    told.insert("fence".to_owned(), granted.fence.into());
    if granted.session != 0 {
        told.insert("session".to_owned(), granted.session.into());
    }
    told.insert("profile".to_owned(), granted.profile.as_str().into());
    told.insert("mode".to_owned(), view::mode(granted.mode()).into());
    told
}

fn waiting_json(waiting: &Waiting) -> Value {
    let holders: Vec<Value> = waiting
        .holders
        .iter()
        .map(|holder| {
            let held = holder.held.as_ref().and_then(duration::of_proto).unwrap_or_default();
            json!({
                "lease": holder.lease,
                "session": holder.session,
                "command": holder.command,
                "pid": holder.pid,
                "tty": holder.tty,
                "cwd": holder.cwd,
                "held_seconds": held.as_secs(),
            })
        })
        .collect();
    let mut told = json!({
        "position": waiting.position,
        "blocked_by": blocked_by(waiting.blocked_by()),
        "reason": waiting.reason,
        "holders": holders,
    });
    if let Some(eta) = waiting.eta.as_ref().and_then(duration::of_proto) {
        told["eta_seconds"] = eta.as_secs().into();
    }
    told
}

/// The name in the contract, without its prefix.
fn kind(kind: ErrorKind) -> &'static str {
    kind.as_str_name().trim_start_matches("ERROR_KIND_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_as_the_page_has_them() {
        const PAGE: &str = include_str!("../../../docs/doors.md");
        let granted = Granted {
            lease: 13,
            fence: 1031,
            session: 2,
            profile: "skype".into(),
            mode: LeaseMode::Exclusive.into(),
            ..Granted::default()
        };
        let opened = DoorOpened {
            within: Some(prost_types::Duration { seconds: 30, nanos: 0 }),
            ..DoorOpened::default()
        };
        let waiting = Waiting {
            eta: Some(prost_types::Duration { seconds: 180, nanos: 0 }),
            holders: vec![proto::v1::Holder::default()],
            ..Waiting::default()
        };
        let events = [
            Event::Waiting(waiting),
            Event::Stage(String::new()),
            Event::Notice(proto::v1::Notice::default()),
            Event::Granted(granted.clone()),
            Event::Opened(opened),
        ];
        let examples: Vec<Value> = PAGE
            .lines()
            .filter(|line| line.starts_with("{\"event\""))
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let keys = |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
        let holder = |value: &Value| {
            value["holders"][0]
                .as_object()
                .map(|one| one.keys().cloned().collect::<Vec<_>>())
        };
        for event in events {
            let told = json_of(&event, &granted).unwrap();
            let example = examples
                .iter()
                .find(|example| example["event"] == told["event"])
                .unwrap();
            assert_eq!(keys(&told), keys(example));
            assert_eq!(holder(&told), holder(example));
        }
        let error = examples.iter().find(|example| example["event"] == "error").unwrap();
        assert_eq!(error["kind"], kind(ErrorKind::WouldWait));
        assert_eq!(error["code"], Exit::WouldWait.code());
    }
}
