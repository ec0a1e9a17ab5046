//! What an answer is to the request that it answers: the one place where statuses, faults and failures are told apart.

use std::time::Duration;

use wsman::{Answer, Cure, Fault, FaultKind, Limits};

use super::flight::{Flight, Job};
use super::{Wsman, uri};
use crate::{Cause, Failed, Refusal, Response};

/// What an answer, or its absence, means.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It was done.
    Done(Answer),
    /// A Receive that has nothing to give: ask again.
    Idle,
    /// It provably was not done, for a reason that passes.
    Again { after: Duration, cause: Cause },
    /// Whether it was done is not known.
    Maybe { cause: Cause },
    /// The command is not there (any more).
    CommandGone { cause: Cause },
    /// The shell is not there (any more).
    ShellGone { cause: Cause, proven: bool },
    /// The log-on is refused; it was not done.
    Unauthorized { cause: Cause },
    /// It is to be asked elsewhere; it was not done.
    Redirect { to: String },
    /// It was not done and will not be.
    Refused { cause: Cause },
}

/// Who judges: what must be known to tell one answer from another, besides the request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judge<'a> {
    /// The service, for messages.
    pub(super) host: &'a str,
    /// Whether a CreateResponse was seen: without one, "not found" is no proof.
    pub(super) created: bool,
}

impl Wsman {
    pub(super) fn judge(&self, flight: &Flight, result: Result<Response, Failed>) -> Verdict {
        let judge = Judge {
            host: &self.machine.host,
            created: self.created,
        };
        judge.judge(flight, result)
    }
}

impl Judge<'_> {
    pub(super) fn judge(self, flight: &Flight, result: Result<Response, Failed>) -> Verdict {
        match result {
            Ok(response) => self.judge_response(flight, response),
            Err(failed) => self.judge_failure(flight, failed),
        }
    }

    fn judge_failure(self, flight: &Flight, failed: Failed) -> Verdict {
        let Failed { sent, why, timed_out } = failed;
        let action = flight.verb.name();
        let cause = if timed_out && sent {
            Cause::NoAnswer {
                host: self.host.to_owned(),
                action,
                waited: flight.deadline,
                sent,
            }
        } else {
            Cause::Connection { action, sent, why }
        };
        if sent {
            Verdict::Maybe { cause }
        } else {
            Verdict::Again {
                after: Duration::ZERO,
                cause,
            }
        }
    }

    fn judge_response(self, flight: &Flight, response: Response) -> Verdict {
        let host = self.host.to_owned();
        let action = flight.verb.name();
        if response.status == 401 {
            let challenges = response.challenges;
            let cause = match response.refusal {
                Some(Refusal { why, password }) => Cause::LogOn { why, password },
                None => Cause::Unauthorized { host, challenges },
            };
            return Verdict::Unauthorized { cause };
        }
        if let (301 | 302 | 307 | 308, Some(location)) = (response.status, &response.location) {
            return Verdict::Redirect {
                to: uri::absolute(&flight.uri, location),
            };
        }
        let Response {
            status,
            retry_after,
            body,
            affinity,
            ..
        } = response;
        let read = wsman::Response::read_http(
            status,
            retry_after,
            &body,
            &flight.message_id,
            flight.verb,
            &Limits::default(),
        );
        match read.map(|response| response.answer) {
            Ok(Answer::Fault(fault)) if fault.code.is_none() && fault.subcode.is_none() => {
                self.judge_status(flight, status, retry_after, fault, affinity)
            }
            Ok(Answer::Fault(fault)) => self.judge_fault(flight, fault, affinity),
            Ok(answer) => Verdict::Done(answer),
            Err(error) => Verdict::Maybe {
                cause: Cause::Unreadable {
                    host,
                    action,
                    why: error.to_string(),
                },
            },
        }
    }

    /// A status without SOAP: a front end speaks. What it refuses (4xx, and 503 by its meaning) it has not passed on.
    fn judge_status(
        self,
        flight: &Flight,
        status: u16,
        retry_after: Option<Duration>,
        fault: Box<Fault>,
        affinity: bool,
    ) -> Verdict {
        if matches!(
            fault.kind,
            FaultKind::NotFound | FaultKind::ShellsPerUser | FaultKind::ShellsPerTenant
        ) {
            return self.judge_fault(flight, fault, affinity);
        }
        let host = self.host.to_owned();
        let text = one_line(&fault.message);
        if status == 403 {
            return Verdict::Refused {
                cause: Cause::Forbidden { host, text },
            };
        }
        let retry_after = fault.wait.or(retry_after);
        let cause = Cause::Http {
            host,
            action: flight.verb.name(),
            status,
            retry_after,
            text,
        };
        match status {
            429 | 503 => Verdict::Again {
                after: retry_after.unwrap_or(Duration::from_secs(1)),
                cause,
            },
            408 | 500..=599 => Verdict::Maybe { cause },
            _ => Verdict::Refused { cause },
        }
    }

    fn judge_fault(self, flight: &Flight, fault: Box<Fault>, affinity: bool) -> Verdict {
        let host = self.host.to_owned();
        let cure = fault.cure(flight.verb, flight.job.pipeline().is_some());
        let words = fault.message.clone();
        let cause = Cause::Fault {
            host: host.clone(),
            action: flight.verb.name(),
            fault,
        };
        match cure {
            Cure::Repost => Verdict::Idle,
            Cure::RetryAfter(after) => Verdict::Again { after, cause },
            Cure::Look => Verdict::Maybe { cause },
            Cure::Finished => Verdict::CommandGone { cause },
            Cure::Reopen => {
                // Without a CreateResponse, or without the cookies that led to its back end, this is another server's word.
                let proven = affinity && self.created && flight.job != Job::Create;
                Verdict::ShellGone {
                    cause: Cause::ShellLost {
                        host,
                        text: one_line(&words),
                        proven,
                    },
                    proven,
                }
            }
            Cure::LogOn => Verdict::Unauthorized { cause },
            Cure::Redirect => match address_in(&words) {
                Some(to) => Verdict::Redirect { to },
                None => Verdict::Refused { cause },
            },
            Cure::Queue(_)
            | Cure::Reconnect
            | Cure::Connect
            | Cure::Smaller
            | Cure::Fewer
            | Cure::Recycle
            | Cure::GiveUp => Verdict::Refused { cause },
            // A cure that this crate does not know yet: treat it as what it certainly is, a refusal.
            _ => Verdict::Refused { cause },
        }
    }
}

/// An address in a fault's text (code 2150859161 names where to go).
fn address_in(text: &str) -> Option<String> {
    let start = text.find("https://").or_else(|| text.find("http://"))?;
    let end = text[start..]
        .find([' ', '"', '\'', '<', '>', '\r', '\n'])
        .map_or(text.len(), |end| start + end);
    Some(text[start..end].trim_end_matches(['.', ',', ')']).to_owned())
}

/// The start of a text, on one line and without anything that would write on a terminal.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ").chars().take(500).collect()
}
