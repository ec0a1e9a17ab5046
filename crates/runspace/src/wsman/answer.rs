//! What follows from an answer, by what was asked.

use std::time::Duration;

use moment::Moment;
use uuid::Uuid;
use wsman::{Answer, CommandState, FaultKind, Received, StreamName};

use super::flight::{Flight, Held, Job};
use super::judge::Verdict;
use super::{Close, Creating, MAX_REDIRECTS, Task, Wsman, uri};
use crate::machine::{Announce, Closing, Phase};
use crate::{Cause, Event, Failed, Kept, Notice, Proof, Remains, Response, Stage, Ticket};

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
            Job::Send(target, repeatable) => self.send_answered(now, flight, target, repeatable, verdict),
            Job::Stop(_) => self.stop_answered(now, flight, verdict),
            Job::Terminate(id) => self.terminate_answered(now, flight, id, verdict),
            Job::Get | Job::Disconnect | Job::Reconnect => self.task_answered(now, task_name(flight.job), verdict),
            Job::Connect => self.connect_answered(now, verdict),
        }
    }

    // -- the log-on

    /// Nothing is sent with a refused secret again: all lanes rest until there is another one.
    fn unauthorized(&mut self, now: Moment, flight: Flight, cause: Cause) {
        match flight.job {
            Job::Create => return self.create_answered(now, Verdict::Refused { cause }),
            Job::Delete => return self.close_failed(cause),
            Job::Get | Job::Disconnect | Job::Reconnect | Job::Connect => {
                return self.task_answered(now, task_name(flight.job), Verdict::Refused { cause });
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

    // -- open and close

    fn create_answered(&mut self, now: Moment, verdict: Verdict) {
        let (creating, cause) = match verdict {
            Verdict::Done(Answer::Created(created)) => return self.created(now, *created),
            Verdict::Redirect { to } => return self.redirected(to),
            Verdict::Maybe { cause } => (Creating::Unknown, cause),
            // "Aborted" does not say how far it had come.
            Verdict::Again {
                cause: cause @ Cause::Fault { .. },
                ..
            } if is_aborted(&cause) => (Creating::Unknown, cause),
            Verdict::Again { cause, .. }
            | Verdict::Refused { cause }
            | Verdict::Unauthorized { cause }
            | Verdict::CommandGone { cause }
            | Verdict::ShellGone { cause, .. } => (Creating::Never, cause),
            Verdict::Done(_) | Verdict::Idle => (
                Creating::Unknown,
                self.machine.protocol_error("Create was not answered"),
            ),
        };
        self.creating = creating;
        self.break_down(cause);
        if self.close == Close::AfterCreate && creating == Creating::Unknown {
            self.close(now);
        }
    }

    fn created(&mut self, now: Moment, created: wsman::Created) {
        self.creating = Creating::Done;
        self.created = true;
        self.session.shell_id = created.shell_id;
        self.session.resource_uri = created.resource_uri;
        let shell = created.shell.as_ref();
        self.machine.facts.idle_timeout = shell.and_then(|shell| shell.idle_timeout);
        self.machine.facts.max_idle_timeout = shell.and_then(|shell| shell.max_idle_timeout);
        self.machine.facts.kept = Some(Kept {
            uri: self.session.to.clone(),
            shell_id: self.session.shell_id.as_str().to_owned(),
            resource_uri: self.session.resource_uri.clone(),
            created: true,
            protocol: None,
        });
        if self.close == Close::AfterCreate {
            return self.close(now);
        }
        // Else it came too late: the open was given up, but whoever asks for the end now can have a proof of it.
        if self.machine.phase == Phase::Opening {
            self.machine.tell(Event::Opening(Stage::Negotiating));
        }
    }

    fn redirected(&mut self, to: String) {
        self.creating = Creating::Redirected;
        if self.close == Close::AfterCreate {
            return self.closed(Proof::NeverCreated);
        }
        self.redirects += 1;
        if self.redirects > MAX_REDIRECTS {
            let why = format!("{MAX_REDIRECTS} redirects are followed at most");
            let host = self.machine.host.clone();
            return self.break_down(Cause::Redirected {
                host,
                action: "Create",
                to,
                why,
            });
        }
        let from = self.session.to.clone();
        self.machine.tell(Event::Redirected { from, to });
    }

    fn delete_answered(&mut self, now: Moment, flight: Flight, verdict: Verdict) {
        if self.close != Close::Deleting {
            // Given up before the answer came; but a proof is a proof.
            if matches!(verdict, Verdict::Done(_)) && self.machine.phase == Phase::Closing {
                self.closed(Proof::Deleted);
            }
            return;
        }
        match verdict {
            Verdict::Done(_) => self.closed(Proof::Deleted),
            Verdict::ShellGone { proven: true, .. } => self.closed(Proof::NotFound),
            Verdict::Again { after, cause } => self.hold(now, flight, after, cause, false),
            Verdict::Maybe { cause } => self.hold(now, flight, Duration::ZERO, cause, true),
            Verdict::ShellGone { cause, .. }
            | Verdict::CommandGone { cause }
            | Verdict::Refused { cause }
            | Verdict::Unauthorized { cause } => self.close_failed(cause),
            Verdict::Redirect { to } => {
                let host = self.machine.host.clone();
                let why = "only an open is followed".to_owned();
                self.close_failed(Cause::Redirected {
                    host,
                    action: "Delete",
                    to,
                    why,
                });
            }
            Verdict::Idle => {
                let cause = self.machine.protocol_error("Delete was answered like a Receive");
                self.hold(now, flight, Duration::ZERO, cause, true);
            }
        }
    }

    // -- the Receives

    fn receive_answered(&mut self, now: Moment, flight: &Flight, target: Option<Uuid>, verdict: Verdict) {
        if target.is_some_and(|id| self.machine.pipeline(id).is_none()) {
            return;
        }
        // A Receive that was parked when the shell was left comes back as a fault, before the Disconnect's answer or after.
        let left = self.is_leaving() || self.machine.phase == Phase::Disconnected || flight.sent < self.attached_at;
        if left && !matches!(verdict, Verdict::Done(_)) {
            return;
        }
        let quick = now.since(flight.sent) < Duration::from_millis(500);
        match verdict {
            Verdict::Done(Answer::Received(received)) => {
                self.backoff(target).succeed();
                if quick && received.streams.is_empty() && received.status.is_none() {
                    self.backoff(target).hurry(now);
                }
                self.take_in(now, target, received);
            }
            Verdict::Idle => {
                self.backoff(target).succeed();
                if quick {
                    self.backoff(target).hurry(now);
                }
                if let Some(id) = target {
                    self.found(id);
                    if self
                        .machine
                        .pipeline(id)
                        .is_some_and(|pipeline| pipeline.finished.is_some())
                    {
                        // It has ended and nothing more comes: Done was lost, or this server does not say it.
                        self.machine.quiet(now, id);
                    }
                }
            }
            Verdict::Again { after, cause } => self.receive_later(now, target, after, cause),
            Verdict::Maybe { cause } => {
                self.machine.suspect(target);
                self.receive_later(now, target, Duration::ZERO, cause);
            }
            Verdict::Done(_) => {
                let cause = self.machine.protocol_error("a Receive was answered by something else");
                self.receive_later(now, target, Duration::ZERO, cause);
            }
            Verdict::CommandGone { cause } => match target {
                Some(id) => self.command_gone(now, id, cause),
                None => self.give_up(cause, None),
            },
            Verdict::ShellGone { cause, proven } => self.give_up(cause, Some(proven)),
            Verdict::Refused { cause } => match target {
                Some(id) => self.machine.fail_pipeline(now, id, cause),
                None => self.give_up(cause, None),
            },
            Verdict::Redirect { to } => self.redirected_late(flight, to),
            Verdict::Unauthorized { .. } => {}
        }
    }

    fn take_in(&mut self, now: Moment, target: Option<Uuid>, received: Received) {
        if let Some(id) = target {
            self.found(id);
        }
        let Received { streams, status } = received;
        for stream in streams {
            if !matches!(stream.name, StreamName::Stdout) {
                continue;
            }
            // The answer to a pipeline's Receive is that pipeline's, however the server spells its id.
            if let Err(cause) = self.machine.received(now, target, stream.data) {
                return self.give_up(cause, None);
            }
        }
        self.adjust_envelope();
        let done = status.is_some_and(|status| status.state == CommandState::Done);
        if let (true, Some(id)) = (done, target) {
            self.machine.quiet(now, id);
        }
    }

    /// The server knows this command, so its announcement has arrived.
    fn found(&mut self, id: Uuid) {
        if self
            .machine
            .pipeline(id)
            .is_some_and(|pipeline| pipeline.announce == Announce::Looking)
        {
            self.machine.started(id);
        }
    }

    fn command_gone(&mut self, now: Moment, id: Uuid, cause: Cause) {
        let Some(pipeline) = self.machine.pipeline(id) else {
            return;
        };
        match pipeline.closing {
            // Its own Terminate was quicker.
            Closing::UnderWay | Closing::Confirmed => {}
            Closing::No | Closing::Wanted => {
                self.machine.fail_pipeline(now, id, cause);
                self.machine.closed(id);
            }
        }
    }

    fn receive_later(&mut self, now: Moment, target: Option<Uuid>, after: Duration, cause: Cause) {
        let retry_for = self.machine.config.retry_for;
        let backoff = self.backoff(target);
        let trying = backoff.fail(now, after);
        let first = backoff.is_first();
        if trying >= retry_for {
            return self.give_up(cause, None);
        }
        backoff.wake(now);
        if first {
            self.machine.notice(Notice::Resent {
                action: "Receive",
                why: cause.to_string(),
            });
        }
    }

    // -- what pipelines want of the control lane

    fn command_answered(&mut self, now: Moment, flight: Flight, id: Uuid, verdict: Verdict) {
        match verdict {
            Verdict::Done(Answer::Started(command)) => {
                self.control_backoff.succeed();
                self.commands.insert(id, command);
                self.machine.started(id);
            }
            Verdict::Again { after, cause } => self.hold(now, flight, after, cause, false),
            Verdict::Maybe { cause } => {
                // Never sent again: it may run. A Receive tells whether the server knows it (protocol.md 21).
                self.machine.doubt(id, cause);
            }
            Verdict::ShellGone { cause, proven } => {
                self.machine.not_started(id, cause.clone());
                self.give_up(cause, Some(proven));
            }
            Verdict::Refused { cause } | Verdict::CommandGone { cause } | Verdict::Unauthorized { cause } => {
                self.machine.not_started(id, cause);
            }
            Verdict::Redirect { to } => self.redirected_late(&flight, to),
            Verdict::Done(_) | Verdict::Idle => {
                let cause = self.machine.protocol_error("Command was answered by something else");
                self.machine.fail_pipeline(now, id, cause);
            }
        }
    }

    fn send_answered(&mut self, now: Moment, flight: Flight, target: Option<Uuid>, repeatable: bool, verdict: Verdict) {
        match verdict {
            Verdict::Done(_) | Verdict::Idle => self.control_backoff.succeed(),
            Verdict::Again { after, cause } => self.hold(now, flight, after, cause, false),
            // The very same envelope once more, as protocol.md 21 has it; but no input, which a server that does not
            // remember MessageIDs would take twice.
            Verdict::Maybe { cause } if repeatable && flight.unknown == 0 => {
                self.hold(now, flight, Duration::ZERO, cause, true);
            }
            Verdict::ShellGone { cause, proven } => self.give_up(cause, Some(proven)),
            // The pipeline ended before it took everything; its Receive tells how.
            Verdict::CommandGone { .. } => self.clear_outbox(target),
            Verdict::Maybe { cause } | Verdict::Refused { cause } | Verdict::Unauthorized { cause } => match target {
                Some(id) => self.machine.fail_pipeline(now, id, cause),
                None => self.give_up(cause, None),
            },
            Verdict::Redirect { to } => self.redirected_late(&flight, to),
        }
    }

    fn stop_answered(&mut self, now: Moment, flight: Flight, verdict: Verdict) {
        match verdict {
            Verdict::Again { after, cause } => self.hold(now, flight, after, cause, false),
            Verdict::Maybe { cause } => self.hold(now, flight, Duration::ZERO, cause, true),
            Verdict::ShellGone { cause, proven } => self.give_up(cause, Some(proven)),
            Verdict::Redirect { to } => self.redirected_late(&flight, to),
            // A refused stop is no end: the ladder climbs on.
            Verdict::Done(_)
            | Verdict::Idle
            | Verdict::CommandGone { .. }
            | Verdict::Refused { .. }
            | Verdict::Unauthorized { .. } => self.control_backoff.succeed(),
        }
    }

    fn terminate_answered(&mut self, now: Moment, flight: Flight, id: Uuid, verdict: Verdict) {
        match verdict {
            Verdict::Done(_) | Verdict::Idle | Verdict::CommandGone { .. } => {
                self.control_backoff.succeed();
                if let Some(pipeline) = self.machine.pipeline(id) {
                    pipeline.closing = Closing::Confirmed;
                }
            }
            Verdict::ShellGone { cause, proven } => self.give_up(cause, Some(proven)),
            Verdict::Again { after, cause } => self.hold(now, flight, after, cause, false),
            Verdict::Maybe { cause } => self.hold(now, flight, Duration::ZERO, cause, true),
            // Until its step of the ladder is over.
            Verdict::Refused { cause } | Verdict::Unauthorized { cause } => {
                self.hold(now, flight, Duration::from_secs(1), cause, false);
            }
            Verdict::Redirect { to } => self.redirected_late(&flight, to),
        }
    }

    /// A command whose end is confirmed is over once its Receive has come back: that may hold its last output.
    pub(super) fn finish_confirmed(&mut self) {
        let confirmed: Vec<Uuid> = self
            .machine
            .pipelines
            .iter()
            .filter(|pipeline| pipeline.closing == Closing::Confirmed)
            .map(|pipeline| pipeline.id)
            .filter(|id| self.flights.iter().all(|flight| flight.job != Job::Receive(Some(*id))))
            .collect();
        for id in confirmed {
            self.machine.closed(id);
        }
        let pipelines = &self.machine.pipelines;
        self.commands
            .retain(|id, _| pipelines.iter().any(|pipeline| pipeline.id == *id));
        self.backoffs
            .retain(|id, _| pipelines.iter().any(|pipeline| pipeline.id == *id));
    }

    // -- health, and taking a shell again

    fn task_answered(&mut self, now: Moment, operation: &'static str, verdict: Verdict) {
        let (cause, gone) = match verdict {
            Verdict::Done(Answer::Described(shell)) => {
                let state = shell.state.map(|state| match state {
                    wsman::ShellState::Connected => "Connected".to_owned(),
                    wsman::ShellState::Disconnected => "Disconnected".to_owned(),
                    wsman::ShellState::Other(word) => word.into_string(),
                });
                return self.machine.tell(Event::Health { state });
            }
            Verdict::Done(Answer::Disconnected) => {
                self.machine.phase = Phase::Disconnected;
                return self.machine.tell(Event::Disconnected);
            }
            Verdict::Done(Answer::Reconnected) => {
                self.machine.resume_streams();
                self.attached_at = now;
                return self.machine.reattached(false);
            }
            Verdict::Done(_) | Verdict::Idle => (self.machine.protocol_error("the answer is to something else"), None),
            Verdict::ShellGone { cause, proven } => (cause, Some(proven)),
            Verdict::Redirect { to } => {
                let (host, why) = (self.machine.host.clone(), "only an open is followed".to_owned());
                (
                    Cause::Redirected {
                        host,
                        action: operation,
                        to,
                        why,
                    },
                    None,
                )
            }
            Verdict::Again { cause, .. }
            | Verdict::Maybe { cause }
            | Verdict::CommandGone { cause }
            | Verdict::Unauthorized { cause }
            | Verdict::Refused { cause } => (cause, None),
        };
        self.machine.tell(Event::Refused {
            operation,
            cause: cause.clone(),
        });
        if gone.is_some() {
            self.give_up(cause, gone);
        }
    }

    fn connect_answered(&mut self, now: Moment, verdict: Verdict) {
        let Verdict::Done(Answer::Connected(bytes)) = verdict else {
            return self.task_answered(now, "connect", verdict);
        };
        self.machine.resume_streams();
        if let Err(cause) = self.machine.received(now, None, bytes) {
            return self.give_up(cause, None);
        }
        self.adjust_envelope();
        self.attached_at = now;
        self.machine.reattached(true);
    }

    // -- in common

    fn backoff(&mut self, target: Option<Uuid>) -> &mut super::Backoff {
        match target {
            None => &mut self.pool_backoff,
            Some(id) => self.backoffs.entry(id).or_default(),
        }
    }

    /// The same request again on its lane, later; nothing overtakes it there. `unknown` is whether it may have been done.
    fn hold(&mut self, now: Moment, mut flight: Flight, after: Duration, cause: Cause, unknown: bool) {
        let is_over = flight
            .job
            .pipeline()
            .is_some_and(|id| self.machine.pipeline(id).is_none());
        if is_over || self.machine.phase == Phase::Broken {
            return;
        }
        let trying = self.control_backoff.fail(now, after);
        // A Delete has a deadline of its own.
        if trying >= self.machine.config.retry_for && flight.job != Job::Delete {
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

    fn clear_outbox(&mut self, target: Option<Uuid>) {
        match target {
            None => self.machine.outbox.clear(),
            Some(id) => {
                if let Some(pipeline) = self.machine.pipeline(id) {
                    pipeline.outbox.clear();
                }
            }
        }
    }

    fn redirected_late(&mut self, flight: &Flight, to: String) {
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
    fn give_up(&mut self, cause: Cause, proven: Option<bool>) {
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
        Job::Create => Task::Create.name(),
        Job::Delete => Task::Delete.name(),
        Job::Command(_) | Job::Send(..) | Job::Receive(_) | Job::Stop(_) | Job::Terminate(_) => "pipeline",
    }
}

fn is_aborted(cause: &Cause) -> bool {
    matches!(cause, Cause::Fault { fault, .. } if fault.kind == FaultKind::Aborted)
}
