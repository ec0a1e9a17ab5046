//! Answers to Create and Delete.

use std::time::Duration;

use moment::Moment;
use wsman::{Answer, FaultKind};

use crate::machine::Phase;
use crate::wsman::flight::Flight;
use crate::wsman::judge::Verdict;
use crate::wsman::{Close, Creating, MAX_REDIRECTS, Wsman};
use crate::{Cause, Event, Kept, Proof, Stage};

impl Wsman {
    pub(super) fn create_answered(&mut self, now: Moment, verdict: Verdict) {
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

    pub(super) fn created(&mut self, now: Moment, created: wsman::Created) {
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

    pub(super) fn redirected(&mut self, to: String) {
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

    pub(super) fn delete_answered(&mut self, now: Moment, flight: Flight, verdict: Verdict) {
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
}

fn is_aborted(cause: &Cause) -> bool {
    matches!(cause, Cause::Fault { fault, .. } if fault.kind == FaultKind::Aborted)
}
