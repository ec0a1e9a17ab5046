//! What follows from an answer, by what was asked.

mod attaching;
mod opening;
mod pipelines;
mod receives;

use std::time::Duration;

use moment::Moment;
use uuid::Uuid;

use super::flight::{Flight, Held, Job};
use super::judge::Verdict;
use super::{Close, Task, Wsman, uri};
use crate::machine::Phase;
use crate::{Cause, Event, Failed, Notice, Proof, Remains, Response, Ticket};

impl Wsman {
    pub(super) fn came(&mut self, now: Moment, ticket: Ticket, result: Result<Response, Failed>) {
        let Some(at) = self.flights.iter().position(|flight| flight.ticket == ticket.0) else {
            debug_assert!(false, "ticket {} is not under way", ticket.0);
            return;
        };
        let flight = self.flights.remove(at);
        if result.is_ok() {
            self.break_silence();
        }
        if self.machine.phase != Phase::Closed {
            let verdict = self.judge(&flight, result);
            self.follow_up(now, flight, verdict);
            self.finish_confirmed();
            if self.machine.phase == Phase::Opened && self.close == Close::No {
                self.deadline = None;
            }
        }
        self.plan(now);
    }

    fn follow_up(&mut self, now: Moment, flight: Flight, verdict: Verdict) {
        if let Verdict::Unauthorized { cause } = verdict {
            return self.unauthorized(now, flight, cause);
        }
        match flight.job {
            Job::Create => self.create_answered(now, verdict),
            Job::Delete => self.delete_answered(now, flight, verdict),
            Job::Receive(target) => self.receive_answered(now, &flight, target, verdict),
            Job::Command(id) => self.command_answered(now, flight, id, verdict),
            Job::Send(target, load) => self.send_answered(now, flight, target, load.repeatable, verdict),
            Job::Stop(_) => self.stop_answered(now, flight, verdict),
            Job::Terminate(id) => self.terminate_answered(now, flight, id, verdict),
            Job::Get | Job::Disconnect | Job::Reconnect => self.task_answered(now, task_name(flight.job), verdict),
            Job::Connect => self.connect_answered(now, verdict),
            Job::ListCommands | Job::TakeStray | Job::EndStray => self.stray_answered(now, flight, verdict),
        }
    }

    /// Nothing is sent with a refused secret again: all lanes rest until there is another one.
    fn unauthorized(&mut self, now: Moment, flight: Flight, cause: Cause) {
        match flight.job {
            Job::Create => return self.create_answered(now, Verdict::Refused { cause }),
            Job::Delete => return self.close_failed(cause),
            Job::Get | Job::Disconnect | Job::Reconnect | Job::Connect => {
                return self.task_answered(now, task_name(flight.job), Verdict::Refused { cause });
            }
            Job::ListCommands | Job::TakeStray | Job::EndStray => {
                return self.stray_answered(now, flight, Verdict::Unauthorized { cause });
            }
            Job::Receive(_) => {}
            Job::Command(_) | Job::Send(..) | Job::Stop(_) | Job::Terminate(_) => {
                if matches!(self.machine.phase, Phase::Opening | Phase::Opened | Phase::Closing) {
                    self.held.push(Held { until: now, flight });
                }
            }
        }
        if !self.paused && matches!(self.machine.phase, Phase::Opening | Phase::Opened) {
            self.paused = true;
            self.machine.tell(Event::AuthNeeded { cause });
        }
    }

    pub(super) fn backoff(&mut self, target: Option<Uuid>) -> &mut super::Backoff {
        match target {
            None => &mut self.pool_backoff,
            Some(id) => self.backoffs.entry(id).or_default(),
        }
    }

    /// The same request again on its lane, later; nothing overtakes it there. `unknown` is whether it may have been done.
    pub(super) fn hold(&mut self, now: Moment, mut flight: Flight, after: Duration, cause: Cause, unknown: bool) {
        let is_over = flight
            .job
            .pipeline()
            .is_some_and(|id| self.machine.pipeline(id).is_none());
        if is_over || self.machine.phase == Phase::Broken {
            return;
        }
        let trying = self.control_backoff.fail(now, after);
        // A Delete has a deadline of its own.
        if self.control_backoff.is_enough(trying, &self.machine.config) && flight.job != Job::Delete {
            return self.give_up(cause, None);
        }
        if self.control_backoff.is_first() {
            self.machine.notice(Notice::Resent {
                action: flight.verb.name(),
                why: cause.to_string(),
            });
        }
        flight.unknown += u8::from(unknown);
        let until = self.control_backoff.due().unwrap_or(now);
        self.held.push(Held { until, flight });
    }

    pub(super) fn clear_outbox(&mut self, target: Option<Uuid>) {
        match target {
            None => self.machine.outbox.clear(),
            Some(id) => {
                if let Some(pipeline) = self.machine.pipeline(id) {
                    pipeline.outbox.clear();
                }
            }
        }
    }

    pub(super) fn redirected_late(&mut self, flight: &Flight, to: String) {
        let host = uri::host(&flight.uri);
        let why = "a session that is open is not moved".to_owned();
        self.give_up(
            Cause::Redirected {
                host,
                action: flight.verb.name(),
                to,
                why,
            },
            None,
        );
    }

    /// The pool is of no use any more. `proven` is whether "shell not found" was proof, if that is what was said.
    pub(super) fn give_up(&mut self, cause: Cause, proven: Option<bool>) {
        if matches!(self.machine.phase, Phase::Closing | Phase::Broken) {
            // The Delete will tell what is left.
            if proven == Some(true) && self.machine.phase == Phase::Closing {
                self.closed(Proof::NotFound);
            }
            return;
        }
        match proven {
            Some(true) => self.break_down_with(cause, Remains::Nothing(Proof::NotFound)),
            Some(false) | None => self.break_down(cause),
        }
    }
}

const fn task_name(job: Job) -> &'static str {
    match job {
        Job::Get => Task::Get.name(),
        Job::Disconnect => "disconnect",
        Job::Reconnect => Task::Reconnect.name(),
        Job::Connect => Task::Connect.name(),
        Job::ListCommands | Job::TakeStray | Job::EndStray => Task::EndStray.name(),
        Job::Create => Task::Create.name(),
        Job::Delete => Task::Delete.name(),
        Job::Command(_) | Job::Send(..) | Job::Receive(_) | Job::Stop(_) | Job::Terminate(_) => "pipeline",
    }
}
