//! Answers to Command, Send and Signal.

use std::time::Duration;

use moment::Moment;
use uuid::Uuid;
use wsman::Answer;

use crate::machine::Closing;
use crate::wsman::Wsman;
use crate::wsman::flight::{Flight, Job};
use crate::wsman::judge::Verdict;

impl Wsman {
    pub(super) fn command_answered(&mut self, now: Moment, flight: Flight, id: Uuid, verdict: Verdict) {
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

    pub(super) fn send_answered(
        &mut self,
        now: Moment,
        flight: Flight,
        target: Option<Uuid>,
        repeatable: bool,
        verdict: Verdict,
    ) {
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

    pub(super) fn stop_answered(&mut self, now: Moment, flight: Flight, verdict: Verdict) {
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

    pub(super) fn terminate_answered(&mut self, now: Moment, flight: Flight, id: Uuid, verdict: Verdict) {
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
    pub(in crate::wsman) fn finish_confirmed(&mut self) {
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
}
