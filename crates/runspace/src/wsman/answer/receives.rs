//! Answers to Receives: what they bring, and what their failing means.

use std::time::Duration;

use moment::Moment;
use uuid::Uuid;
use wsman::{Answer, CommandState, Received, StreamName};

use crate::machine::{Announce, Closing, Phase};
use crate::wsman::Wsman;
use crate::wsman::flight::Flight;
use crate::wsman::judge::Verdict;
use crate::{Cause, Notice};

impl Wsman {
    pub(super) fn receive_answered(&mut self, now: Moment, flight: &Flight, target: Option<Uuid>, verdict: Verdict) {
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

    pub(super) fn take_in(&mut self, now: Moment, target: Option<Uuid>, received: Received) {
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
    pub(super) fn found(&mut self, id: Uuid) {
        if self
            .machine
            .pipeline(id)
            .is_some_and(|pipeline| pipeline.announce == Announce::Looking)
        {
            self.machine.started(id);
        }
    }

    pub(super) fn command_gone(&mut self, now: Moment, id: Uuid, cause: Cause) {
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

    pub(super) fn receive_later(&mut self, now: Moment, target: Option<Uuid>, after: Duration, cause: Cause) {
        let trying = self.backoff(target).fail(now, after);
        let backoff = *self.backoff(target);
        if backoff.is_enough(trying, &self.machine.config) {
            return self.give_up(cause, None);
        }
        self.backoff(target).wake(now);
        if backoff.is_first() {
            self.machine.notice(Notice::Resent {
                action: "Receive",
                why: cause.to_string(),
            });
        }
    }
}
