//! The steps that need a session: the log-on, the shell, and what language it has.

use std::time::{Duration, Instant};

use proto::v1::invoke_event::Event;
use proto::v1::invoke_request::Message;
use proto::v1::{
    Begin, Encoding, ErrorKind, InvokeRequest, LeaseMode, PipelineEnd, PipelineOutcome, Stream, Value, begin, value,
};
use pslease::{Client, Lease};
use tokio_stream::StreamExt as _;

use super::finding::Finding;
use super::{SELF, wish};
use crate::context::{caller, host_size, priority};
use crate::duration;
use crate::failure::Failure;
use crate::notice::who_holds;
use crate::pipeline::{Asked, error_text, printable};

/// What PowerShell says of its language, where it has one.
const QUESTION: &str = "$ExecutionContext.SessionState.LanguageMode";

/// What an endpoint without a language says to script text: the FullyQualifiedErrorId, which no language changes.
const NO_SCRIPTS: &str = "ScriptsNotAllowed";

/// How long the question may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Logs on and opens a shell, or borrows the one that is `held`, and asks it one question. A new one is closed again when
/// its lease goes, which comes with what was found.
pub(super) async fn examine(
    client: &Client,
    profile: &str,
    held: Option<u64>,
) -> Result<(Vec<Finding>, Option<Lease>), Failure> {
    let began = Instant::now();
    let lease = match held {
        Some(_) => None,
        None => match client.hold(wish(profile), |_| ()).await {
            Ok(lease) => Some(lease),
            Err(error) => return Ok((refused(error, began.elapsed()), None)),
        },
    };
    let begin = Begin {
        mode: LeaseMode::Shared.into(),
        with: Some(match &lease {
            Some(lease) => begin::With::Lease(lease.key()),
            None => begin::With::Profile(profile.to_owned()),
        }),
        priority: priority().into(),
        wait: duration::to_proto(Duration::ZERO),
        timeout: duration::to_proto(PATIENCE),
        caller: Some(caller(SELF)),
        encoding: Encoding::Value.into(),
        // As it is: made into a command list it would be refused here, and the endpoint not asked.
        what: Some(begin::What::CreatePipeline(
            Asked::script(&[QUESTION.to_owned()]).body(host_size(), false),
        )),
        has_input: false,
        parameters: None,
    };
    let first = InvokeRequest {
        message: Some(Message::Begin(begin)),
    };
    // Open until we are done: an end of the requests would take the pipeline back.
    let requests = tokio_stream::iter([first]).chain(tokio_stream::pending());
    let mut answer = Answer::default();
    let asked: Result<Option<PipelineEnd>, tonic::Status> = async {
        let mut events = client.pipelines().invoke(requests).await?.into_inner();
        while let Some(event) = events.message().await? {
            match event.event {
                Some(Event::Started(started)) => answer.started = Some((began.elapsed(), started.session)),
                Some(Event::Record(record)) if record.stream() == Stream::Output => {
                    answer.said = record.value.as_ref().and_then(text);
                }
                Some(Event::End(end)) => return Ok(Some(end)),
                _ => {}
            }
        }
        Ok(None)
    }
    .await;
    let found = match asked {
        Ok(end) => answer.findings(held, end.as_ref()),
        Err(status) => refused(status.into(), began.elapsed()),
    };
    Ok((found, lease))
}

#[derive(Debug, Default)]
struct Answer {
    started: Option<(Duration, u64)>,
    said: Option<String>,
}

impl Answer {
    fn findings(&self, held: Option<u64>, end: Option<&PipelineEnd>) -> Vec<Finding> {
        let Some((took, session)) = self.started else {
            let (kind, message, hint) = match end {
                Some(end) => (end.kind(), end.message.clone(), end.hint.clone()),
                None => (
                    ErrorKind::Internal,
                    "psleased ended in the middle".to_owned(),
                    "pslease daemon status".to_owned(),
                ),
            };
            return failed(kind, message, hint, Duration::ZERO);
        };
        let (log_on, shell) = match held {
            Some(_) => (
                Finding::ok("authentication", format!("session {session} is logged on"), None),
                Finding::ok(
                    "shell",
                    format!("session {session} is held already, and used"),
                    Some(took),
                ),
            ),
            None => (
                Finding::ok("authentication", "the log-on was accepted", None),
                Finding::ok("shell", "opened, and closed again", Some(took)),
            ),
        };
        vec![log_on, shell, self.language(end)]
    }

    fn language(&self, end: Option<&PipelineEnd>) -> Finding {
        let step = "language";
        let Some(end) = end else {
            return Finding::skipped(step, "the session ended before it answered");
        };
        if let (PipelineOutcome::Completed, Some(mode)) = (end.outcome(), &self.said) {
            return Finding::ok(step, mode.as_str(), None);
        }
        let error = String::from_utf8_lossy(&end.error);
        if error.contains(NO_SCRIPTS) {
            return Finding::ok(step, "NoLanguage: commands and their parameters, no script text", None);
        }
        let why = if end.error.is_empty() {
            end.message.clone()
        } else {
            printable(&error_text(psrp::without_mark(&end.error)))
        };
        let why = why.lines().next().unwrap_or_default();
        match end.outcome() {
            // It read the text, and did not take this one.
            PipelineOutcome::Failed => Finding::ok(
                step,
                format!("script text is taken; its mode is not told ({why})"),
                None,
            ),
            _ => Finding::skipped(step, format!("it could not be told ({why})")),
        }
    }
}

/// Nothing was started.
fn refused(error: pslease::Error, took: Duration) -> Vec<Finding> {
    let kind = error.kind();
    if kind == ErrorKind::WouldWait {
        let mut why = "all slots in use".to_owned();
        if let Some(who) = error.waiting().map(who_holds).filter(|who| !who.is_empty()) {
            why.push_str(": ");
            why.push_str(&who.lines().map(str::trim).collect::<Vec<_>>().join(", "));
        }
        let skipped = |step| Finding::skipped(step, why.as_str());
        return vec![skipped("authentication"), skipped("shell"), skipped("language")];
    }
    failed(kind, error.to_string(), error.hint(), took)
}

fn failed(kind: ErrorKind, message: String, hint: String, took: Duration) -> Vec<Finding> {
    let skipped = |step| Finding::skipped(step, "what comes before it failed");
    if kind == ErrorKind::Auth {
        let found = Finding::failed("authentication", kind, message, hint).within(took);
        return vec![found, skipped("shell"), skipped("language")];
    }
    let found = Finding::failed("shell", kind, message, hint).within(took);
    let unknown = Finding::skipped("authentication", "the service did not come so far, or did not say");
    vec![unknown, found, skipped("language")]
}

/// What an enumeration, or a string, says.
fn text(value: &Value) -> Option<String> {
    match value.kind.as_ref()? {
        value::Kind::String(text) => Some(text.clone()),
        value::Kind::Object(object) => Some(object.to_string.clone()).filter(|text| !text.is_empty()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started() -> Answer {
        Answer {
            started: Some((Duration::from_millis(3), 2)),
            said: None,
        }
    }

    #[test]
    fn a_refusal_of_script_text_means_no_language() {
        let end = PipelineEnd {
            outcome: PipelineOutcome::Failed.into(),
            error: b"<Obj><MS><S N=\"FullyQualifiedErrorId\">ScriptsNotAllowed</S></MS></Obj>".to_vec(),
            ..PipelineEnd::default()
        };
        let found = started().findings(None, Some(&end));
        assert!(found[2].message.starts_with("NoLanguage"), "{found:?}");
        assert!(
            found
                .iter()
                .all(|found| found.state == super::super::finding::State::Ok)
        );
    }

    #[test]
    fn a_refused_log_on_is_told_as_one() {
        let found = failed(ErrorKind::Auth, "wrong".into(), "pslease login".into(), Duration::ZERO);
        assert_eq!(
            (found[0].step.as_str(), found[0].kind),
            ("authentication", ErrorKind::Auth)
        );
        assert!(
            found[1..]
                .iter()
                .all(|found| found.state == super::super::finding::State::Skipped)
        );
    }
}
