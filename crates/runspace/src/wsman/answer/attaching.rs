//! Answers to Get, Disconnect, Reconnect and Connect.

use moment::Moment;
use wsman::Answer;

use crate::machine::Phase;
use crate::wsman::Wsman;
use crate::wsman::judge::Verdict;
use crate::{Cause, Event};

impl Wsman {
    /// Whether the pool has been asked to close since: then what else was asked of it is of no use, and only a shell that is
    /// gone means something. One that broke meanwhile is not taken either.
    fn comes_too_late(&self, verdict: &Verdict) -> bool {
        match self.machine.phase {
            Phase::Closing | Phase::Closed => !matches!(verdict, Verdict::ShellGone { .. }),
            Phase::Broken => matches!(
                verdict,
                Verdict::Done(Answer::Disconnected | Answer::Reconnected | Answer::Connected(_))
            ),
            Phase::Fresh | Phase::Opening | Phase::Opened | Phase::Disconnected => false,
        }
    }

    pub(super) fn task_answered(&mut self, now: Moment, operation: &'static str, verdict: Verdict) {
        if self.comes_too_late(&verdict) {
            return;
        }
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
                return self.look_for_strays(false);
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

    pub(super) fn connect_answered(&mut self, now: Moment, verdict: Verdict) {
        if self.comes_too_late(&verdict) {
            return;
        }
        let Verdict::Done(Answer::Connected(bytes)) = verdict else {
            return self.task_answered(now, "connect", verdict);
        };
        self.machine.resume_streams();
        if let Err(cause) = self.machine.received(now, None, bytes) {
            return self.give_up(cause, None);
        }
        self.adjust_envelope();
        self.attached_at = now;
        self.look_for_strays(true);
    }
}
