//! `pslease doctor`: everything between here and a session, one step after the other. What is on the way, the daemon
//! looks at; the shell is opened here by the usual way, unless one is held, and given back.
//!
//! - `finding`: what a step found, and how it is shown. - `shell`: the steps that need a session. - `address`: from where the
//!   service sees us.

mod address;
mod finding;
mod shell;

use std::io::Write as _;
use std::time::Duration;

use proto::v1::{
    ErrorKind, ExamineRequest, LeaseMode, LeaseWish, Limit, ProfileStatus, Session, SessionState, StatusRequest,
    StatusResponse,
};
use pslease::Client;

use self::finding::{Finding, State};
use crate::cli::{self, Format};
use crate::context::{Context, caller, priority, profile, stdout, unless_interrupted, width};
use crate::duration;
use crate::exit::Exit;
use crate::failure::{Done, Failure};
use crate::output::Page;

/// The words by which the holder of the lease is known meanwhile.
const SELF: &str = "pslease doctor";

pub(super) async fn run(context: &Context, args: cli::Doctor) -> Done {
    unless_interrupted(examine(context, args)).await
}

async fn examine(context: &Context, args: cli::Doctor) -> Done {
    let mut report = Report {
        live: matches!(context.format(), None | Some(Format::Table)),
        found: Vec::new(),
    };
    let client = context.client().await?;
    let request = ExamineRequest {
        profile: profile(args.profile.as_deref()),
        caller: Some(caller(SELF)),
    };
    let mut name = String::new();
    let mut findings = client.doctor().examine(request).await?.into_inner();
    while let Some(found) = findings.message().await? {
        name.clone_from(&found.profile);
        report.add(Finding::of(found))?;
    }
    if report.is_blocked() {
        for step in ["authentication", "shell", "language", "address"] {
            report.add(Finding::skipped(step, "what comes before it failed"))?;
        }
    } else {
        let status = client.admin().status(StatusRequest {}).await?.into_inner();
        let (found, lease) = shell::examine(&client, &name, held(&status.sessions, &name)).await?;
        for found in found {
            report.add(found)?;
        }
        let status = client.admin().status(StatusRequest {}).await?.into_inner();
        let has_room = !report.is_blocked() && has_room(&status, &name);
        report.add(address::examine(&client, &name, has_room).await)?;
        if let Some(lease) = lease {
            // Where the daemon does not answer, it takes the lease back as our stream ends.
            let _ = lease.release().await;
        }
    }
    report.add(quota(&client, &name).await?)?;
    report.write(context.format())?;
    Ok(report.exit())
}

/// A session of the doctor's own, for which nobody is made to wait.
fn wish(profile: &str) -> LeaseWish {
    LeaseWish {
        wait: duration::to_proto(Duration::ZERO),
        priority: priority().into(),
        caller: Some(caller(SELF)),
        ..pslease::wish(profile, LeaseMode::Fresh)
    }
}

/// What was found so far.
struct Report {
    /// Each line as it comes.
    live: bool,
    found: Vec<Finding>,
}

impl Report {
    fn add(&mut self, found: Finding) -> Result<(), Failure> {
        if self.live {
            let mut out = stdout();
            out.write_all(found.line().as_bytes())?;
            out.flush()?;
        }
        self.found.push(found);
        Ok(())
    }

    /// Nothing can be opened: trying would only say the same again, and a refused secret is not sent twice.
    fn is_blocked(&self) -> bool {
        self.found
            .iter()
            .any(|found| found.state == State::Failed && found.step != "clock")
    }

    fn write(&self, format: Option<Format>) -> Result<(), Failure> {
        if self.live {
            return Ok(());
        }
        let rows = self.found.iter().map(Finding::row).collect();
        Page::of("pslease.doctor/1", "steps", "nothing was looked at", rows).write(&mut stdout(), format, width())
    }

    /// That of the first step that failed.
    fn exit(&self) -> Exit {
        let first = self.found.iter().find(|found| found.state == State::Failed);
        first.map_or(Exit::Ok, |found| match found.kind {
            ErrorKind::Unspecified => Exit::Failed,
            kind => kind.into(),
        })
    }
}

/// An open session of the profile, which serves as well as a new one.
fn held(sessions: &[Session], profile: &str) -> Option<u64> {
    let open = |session: &&Session| session.profile == profile && session.state() == SessionState::Opened;
    sessions.iter().find(open).map(|session| session.id)
}

/// Whether another session could be opened without another being closed for it.
fn has_room(status: &StatusResponse, profile: &str) -> bool {
    let own = status.profiles.iter().find(|known| known.name == profile);
    own.is_some_and(|own| {
        let mut limits = status.limits.iter().filter(|limit| counts(limit, own));
        limits.all(|limit| limit.used + limit.outside < limit.observed.unwrap_or(limit.limit))
    })
}

/// What counts against the limits of the profile's account, as the daemon sees it.
async fn quota(client: &Client, profile: &str) -> Result<Finding, Failure> {
    let status = client.admin().status(StatusRequest {}).await?.into_inner();
    let Some(own) = status.profiles.iter().find(|known| known.name == profile) else {
        return Ok(Finding::skipped("quota", "the profile is no longer configured"));
    };
    let limits: Vec<&Limit> = status.limits.iter().filter(|limit| counts(limit, own)).collect();
    if limits.is_empty() {
        return Ok(Finding::skipped("quota", "the profile sets no limit"));
    }
    let full = limits.iter().any(|limit| limit.used + limit.outside >= limit.limit);
    let words: Vec<String> = limits.iter().map(|limit| words(limit)).collect();
    let message = words.join(", ");
    Ok(if full {
        Finding::warning("quota", message, "pslease status   tells who holds what")
    } else {
        Finding::ok("quota", message, None)
    })
}

fn counts(limit: &Limit, profile: &ProfileStatus) -> bool {
    limit.subject.eq_ignore_ascii_case(&profile.admin) || limit.subject.eq_ignore_ascii_case(&profile.organization)
}

fn words(limit: &Limit) -> String {
    let mut text = format!(
        "{} of {} for {} {}",
        limit.used, limit.limit, limit.scope, limit.subject
    );
    if let Some(most) = limit.observed {
        text.push_str(&format!(" ({most} observed)"));
    }
    if limit.outside > 0 {
        text.push_str(&format!(", {} held elsewhere", limit.outside));
    }
    text
}
