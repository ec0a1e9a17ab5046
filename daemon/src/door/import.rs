//! Fetching what `Import-PSSession` asks for, before anybody imports anything.

use std::sync::Arc;

use broker::{Fence, Holder, LeaseId};
use bytes::Bytes;
use clixml::{ListKind, Value};
use door::Facts;
use door::Run;
use door::keep::{self, Answer, Recording};
use proto::v1::Imported;
use psrp::MessageType;
use psrp::body::{Argument, Body as _, Command, CreatePipeline, GetCommandMetadata};
use runspace::Outcome;
use tokio::sync::{mpsc, watch};

use super::pipeline::{self, Asked, Attention, Begun, Ended, Told};
use super::task::versioned;
use crate::config::Profile;
use crate::hub::Hub;
use crate::service;
use crate::session::{self, Item, Order};

/// What PowerShell asks for that imports everything: all commands and all formats. A later PowerShell adds its own version to
/// the second; what a console has asked for so is asked for again with these.
fn usual() -> [(MessageType, Bytes); 2] {
    let mut commands = GetCommandMetadata::new(["*"]);
    commands.namespace = Some(Vec::new());
    let all = Value::list_of(
        ["System.String[]", "System.Array", "System.Object"],
        ListKind::List,
        [Value::from("*")],
    );
    let formats = Command::new("Get-FormatData").with(Argument::named("TypeName", all));
    [
        (MessageType::GetCommandMetadata, commands.write()),
        (MessageType::CreatePipeline, CreatePipeline::new(vec![formats]).write()),
    ]
}

/// Fetches, under this lease, what is not kept already; with `refresh` all of it.
///
/// # Errors
/// The first failure, in words.
pub(crate) async fn import(
    hub: &Arc<Hub>,
    profile: &Profile,
    (lease, fence): (LeaseId, Fence),
    holder: Arc<Holder>,
    facts: &Facts,
    refresh: bool,
) -> Result<Imported, String> {
    let answers = &hub.doors.answers;
    let remote = versioned(profile, facts);
    let mut questions = usual().to_vec();
    questions.extend(answers.questions(&remote).await);
    let mut imported = Imported::default();
    let mut seen = Vec::new();
    for (kind, body) in questions {
        let Some(key) = keep::key(kind, &body).filter(|key| !seen.contains(key)) else {
            continue;
        };
        let known = match refresh {
            true => None,
            false => answers.get(&remote, &key).await,
        };
        let answer = match known {
            Some(answer) => {
                imported.known += 1;
                answer
            }
            None => {
                let asked = Asked {
                    run: Run(seen.len() as u64),
                    kind,
                    body,
                    nested: false,
                    lease,
                    fence,
                    holder: holder.clone(),
                    protocol: None,
                    only: None,
                    pool: Attention::None,
                };
                let answer = fetch(hub, profile, asked).await?;
                answers.put(&remote, &key, answer.clone()).await;
                imported.fetched += 1;
                answer
            }
        };
        count(&mut imported, &answer);
        seen.push(key);
    }
    Ok(imported)
}

fn count(imported: &mut Imported, answer: &Answer) {
    let objects = answer
        .messages
        .iter()
        .filter(|(kind, _)| *kind == MessageType::PipelineOutput)
        .count();
    let objects = u32::try_from(objects).unwrap_or(u32::MAX);
    match answer.kind {
        // The first says how many follow.
        MessageType::GetCommandMetadata => imported.commands = imported.commands.max(objects.saturating_sub(1)),
        _ => imported.formats = imported.formats.max(objects),
    }
    imported.bytes += answer.size() as u64;
}

async fn fetch(hub: &Arc<Hub>, profile: &Profile, asked: Asked) -> Result<Answer, String> {
    let mut recording = Recording::new(asked.kind, asked.body.clone());
    // Dropped, it stops the pipeline: whoever asked has gone.
    let (_stop, stopped) = watch::channel(false);
    let (told, mut tells) = mpsc::channel(1);
    tokio::spawn(pipeline::run(hub.clone(), asked, stopped, told));
    let mut begun: Option<Begun> = None;
    while let Some(told) = tells.recv().await {
        match told {
            Told::Begun { begun: here, .. } => begun = Some(here),
            Told::Items { items, .. } => {
                let mut bytes = 0;
                for item in items {
                    match item {
                        Item::Piece(piece) => {
                            bytes += piece.weight();
                            recording.piece(&piece);
                        }
                        Item::State(state, body) => recording.state(state, body),
                        Item::Started | Item::KeyRequested | Item::Forwarded(_) | Item::Notice(_) | Item::Ended(_) => {}
                    }
                }
                if let Some(Begun { pipeline, orders, .. }) = &begun
                    && bytes > 0
                {
                    let pipeline = *pipeline;
                    let _ = orders.send(Order::Taken { pipeline, bytes }).await;
                }
            }
            Told::Stopping { cause, .. } => return Err(service::stop_words(cause)),
            Told::Ended { ended, .. } => {
                return match ended {
                    Ended::Outcome(Outcome::Completed) => recording
                        .whole()
                        .ok_or_else(|| "the endpoint's answer had errors, and is not kept".to_owned()),
                    Ended::Outcome(Outcome::Failed | Outcome::Stopped) => {
                        Err("the endpoint refuses to say what commands it has".to_owned())
                    }
                    Ended::Outcome(
                        Outcome::Incomplete(cause) | Outcome::Unknown(cause) | Outcome::NotStarted(cause),
                    ) => Err(session::words(&cause)),
                    Ended::Refused(refusal) => Err(service::refusal_words(hub, &refusal, &profile.name).0),
                    Ended::Unfit(why) => Err(why),
                    Ended::NeverRan | Ended::Lost => Err("the session ended".to_owned()),
                };
            }
        }
    }
    Err("the session ended".to_owned())
}
