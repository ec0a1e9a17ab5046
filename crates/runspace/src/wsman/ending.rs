//! The end of a pool: asked for, or come by itself.

use moment::Moment;

use super::{Close, Creating, Task, Wsman};
use crate::machine::Phase;
use crate::{Cause, Event, Proof, Remains};

impl Wsman {
    pub(super) fn close(&mut self, now: Moment) {
        match (self.machine.phase, self.creating) {
            (Phase::Closed, _) => self.machine.tell(Event::Closed { proof: Proof::Deleted }),
            (_, Creating::Never | Creating::Redirected) => self.closed(Proof::NeverCreated),
            (_, Creating::UnderWay) => self.close = Close::AfterCreate,
            (Phase::Closing, _) if self.close != Close::Failed => {}
            (_, Creating::Unknown | Creating::Done) => {
                self.paused = false;
                self.strays = None;
                self.tasks.clear();
                self.drop_held();
                self.machine.begin_close(now);
                self.close = Close::Pipelines;
                self.deadline = Some(now + self.machine.config.stop_step);
                self.go_on_closing(now);
            }
        }
    }

    /// Once no pipeline is left, the Delete is due.
    pub(super) fn go_on_closing(&mut self, now: Moment) {
        if self.close == Close::Pipelines && self.machine.pipelines.is_empty() {
            self.close = Close::Deleting;
            self.deadline = Some(now + self.machine.config.close_timeout);
            self.drop_held();
            self.tasks.push_back(Task::Delete);
        }
    }

    pub(super) fn closed(&mut self, proof: Proof) {
        self.machine.end_all(&Cause::Closed);
        self.machine.phase = Phase::Closed;
        self.deadline = None;
        self.tasks.clear();
        self.drop_held();
        self.machine.tell(Event::Closed { proof });
    }

    pub(super) fn close_failed(&mut self, cause: Cause) {
        self.close = Close::Failed;
        self.deadline = None;
        self.tasks.clear();
        self.drop_held();
        self.machine.tell(Event::CloseFailed { cause });
    }

    pub(super) fn deadline_passed(&mut self, now: Moment) {
        self.deadline = None;
        let waited = self.machine.config.open_timeout;
        match self.close {
            Close::No | Close::AfterCreate => {
                if self.machine.phase == Phase::Opening {
                    let host = self.machine.host.clone();
                    let sent = !matches!(self.creating, Creating::Never | Creating::Redirected);
                    if self.creating == Creating::UnderWay {
                        self.creating = Creating::Unknown;
                    }
                    self.break_down(Cause::NoAnswer {
                        host,
                        action: "the open",
                        waited,
                        sent,
                    });
                    if self.close == Close::AfterCreate {
                        self.close(now);
                    }
                }
            }
            Close::Pipelines => {
                self.machine.end_all(&Cause::Closed);
                self.go_on_closing(now);
            }
            Close::Deleting => {
                let host = self.machine.host.clone();
                let waited = self.machine.config.close_timeout;
                self.close_failed(Cause::NoAnswer {
                    host,
                    action: "Delete",
                    waited,
                    sent: true,
                });
            }
            Close::Failed => {}
        }
    }

    /// What may be left on the server if nothing more is heard of it.
    pub(super) fn remains(&self) -> Remains {
        match self.creating {
            Creating::Never | Creating::Redirected => Remains::Nothing(Proof::NeverCreated),
            Creating::UnderWay | Creating::Unknown | Creating::Done => Remains::Shell {
                created: self.created,
                running: self.machine.may_run(),
            },
        }
    }

    pub(super) fn break_down(&mut self, cause: Cause) {
        let remains = self.remains();
        self.break_down_with(cause, remains);
    }

    pub(super) fn break_down_with(&mut self, cause: Cause, remains: Remains) {
        self.deadline = None;
        self.strays = None;
        self.tasks.clear();
        self.drop_held();
        self.machine.break_down(cause, remains);
        if matches!(remains, Remains::Nothing(_)) && self.close == Close::AfterCreate {
            self.closed(Proof::NeverCreated);
        }
    }
}
