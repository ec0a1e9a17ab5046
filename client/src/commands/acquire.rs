//! `pslease acquire`: a lease for the shell that called us, printed so that `L=$(pslease acquire)` works.

use std::io::Write as _;

use proto::v1::lease_event::Event;
use proto::v1::{AcquireRequest, Granted, LeaseWish, Parameters, anchor};

use crate::cli::{self, Anchor, Format};
use crate::context::{self, Context, caller, stdout, unless_interrupted, width};
use crate::duration;
use crate::exit::Exit;
use crate::failure::{Done, Failure};
use crate::notice::Notices;
use crate::output::{Cell, Page, Row, view};

pub(super) async fn run(context: &Context, args: cli::Acquire) -> Done {
    unless_interrupted(acquire(context, args)).await
}

async fn acquire(context: &Context, args: cli::Acquire) -> Done {
    let mut notices = context.notices();
    let parameters = args.how.parameters.gather().await?;
    let client = context.client().await?;
    let wish = wish(&args, parameters);
    notices.ask_with(&client, &wish.profile, wish.parameters.as_ref());
    if args.anchor == Anchor::Stream {
        let mut lease = client.hold(wish, |event| tell(&mut notices, &event)).await?;
        notices.served();
        print(context, &args, lease.granted())?;
        return Err(lease.ended(|event| tell(&mut notices, &event)).await.into());
    }
    let request = AcquireRequest {
        wish: Some(wish),
        anchor: Some(proto::v1::Anchor {
            kind: Some(kind(args.anchor)),
        }),
        ttl: args.ttl.and_then(duration::to_proto),
    };
    let granted = client.acquire(request, |event| tell(&mut notices, &event)).await?;
    notices.served();
    match print(context, &args, &granted) {
        Ok(()) => Ok(Exit::Ok),
        Err(failure) => {
            // Nobody has read its number, so nobody could give it back.
            let request = proto::v1::ReleaseRequest {
                lease: granted.lease,
                fence: granted.fence,
            };
            client.leases().release(request).await?;
            Err(failure)
        }
    }
}

fn wish(args: &cli::Acquire, parameters: Option<Parameters>) -> LeaseWish {
    let mut caller = caller("pslease acquire");
    caller.ancestors = pslease::caller::ancestors();
    context::wish(&args.how, args.label.clone(), caller, parameters)
}

/// `stream` never gets here: it is held, not acquired.
fn kind(anchor: Anchor) -> anchor::Kind {
    match anchor {
        Anchor::Shell | Anchor::Stream => anchor::Kind::Shell(true),
        Anchor::Parent => anchor::Kind::Parent(true),
        Anchor::Session => anchor::Kind::Session(true),
        Anchor::Pid(pid) => anchor::Kind::Pid(pid),
        Anchor::Ttl => anchor::Kind::TtlOnly(true),
    }
}

/// Waiting and notices on standard error; standard output is for the lease alone.
pub(super) fn tell(notices: &mut Notices, event: &Event) {
    match event {
        Event::Waiting(waiting) => notices.waiting(waiting),
        Event::Notice(notice) => notices.notice(&notice.message, &notice.hint),
        Event::Granted(_) | Event::Ended(_) => {}
    }
}

fn print(context: &Context, args: &cli::Acquire, granted: &Granted) -> Result<(), Failure> {
    let mut out = stdout();
    let Granted { lease, fence, .. } = granted;
    if args.export {
        writeln!(out, "export PSLEASE_LEASE={lease} PSLEASE_FENCE={fence}")?;
    } else {
        match context.format() {
            None => writeln!(out, "{lease}:{fence}")?,
            Some(Format::Clixml) => return Err(Failure::usage("clixml is what `run` writes")),
            format => {
                let page = Page::of("pslease.lease/1", "leases", "", vec![row(granted)]);
                page.write(&mut out, format, width())?;
            }
        }
    }
    Ok(out.flush()?)
}

fn row(granted: &Granted) -> Row {
    let mode = view::mode(granted.mode());
    Row::default()
        .with("lease", "Lease", granted.lease)
        .with("fence", "Fence", granted.fence)
        .with("profile", "Profile", granted.profile.clone())
        .with("mode", "Mode", mode)
        .with("session", "Session", Cell::Id(granted.session))
        .with("anchor_pid", "AnchorPid", Cell::Id(granted.anchor_pid.into()))
        .with("anchor_command", "AnchorCommand", granted.anchor_command.clone())
        .with("ttl", "Ttl", granted.ttl)
}
