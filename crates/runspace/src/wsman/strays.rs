//! Pipelines of an earlier process, found in a shell that was taken again. Their callers are gone or were told that the
//! outcome is unknown, so they are ended before anybody else uses the shell: a server runs one pipeline at a time, and
//! counts those that are never terminated.

use std::collections::VecDeque;
use std::time::Duration;

use moment::Moment;
use wsman::{Answer, CommandId, Enumerate, Item, Operation, Pull, SignalCode};

use super::flight::{Flight, Job};
use super::judge::Verdict;
use super::{Task, Wsman};
use crate::machine::Phase;
use crate::{Cause, Event};

/// A listing of one shell's commands that has more pages is no listing.
const MAX_PAGES: usize = 64;

/// What was found, and how much of it is ended.
#[derive(Debug)]
pub(super) struct Strays {
    /// Taken by Connect, so commands are taken that way too.
    pub(super) connected: bool,
    pages: usize,
    waiting: VecDeque<CommandId>,
    ended: usize,
}

impl Wsman {
    /// The shell is ours again: looks what runs in it. `Reattached` follows when nothing does.
    pub(super) fn look_for_strays(&mut self, connected: bool) {
        self.strays = Some(Strays {
            connected,
            pages: 0,
            waiting: VecDeque::new(),
            ended: 0,
        });
        self.tasks.push_back(Task::ListCommands(None));
    }

    pub(super) fn list_commands(&self, context: Option<String>) -> Operation {
        let all = Enumerate::commands(self.session.shell_id.clone());
        match context {
            None => Operation::Enumerate(all),
            Some(context) => Operation::Pull(Pull {
                context,
                commands: true,
                max_elements: all.max_elements,
            }),
        }
    }

    /// Takes the first command that was found, as the shell was taken: a command stays disconnected otherwise.
    pub(super) fn take_stray(&self) -> Operation {
        let (command, connected) = self.first_stray();
        if connected {
            Operation::Connect(wsman::Connect {
                command,
                protocol: None,
                connect: None,
            })
        } else {
            Operation::Reconnect(command)
        }
    }

    pub(super) fn end_stray(&self) -> Operation {
        Operation::Signal(wsman::Signal {
            command: self.first_stray().0,
            code: SignalCode::Terminate,
        })
    }

    fn first_stray(&self) -> (Option<CommandId>, bool) {
        let strays = self.strays.as_ref();
        let first = strays.and_then(|strays| strays.waiting.front().cloned());
        (first, strays.is_some_and(|strays| strays.connected))
    }

    pub(super) fn stray_answered(&mut self, now: Moment, flight: Flight, verdict: Verdict) {
        let Some(strays) = &mut self.strays else { return };
        match (flight.job, verdict) {
            (_, Verdict::ShellGone { cause, proven }) => {
                self.strays = None;
                self.give_up(cause, Some(proven));
            }
            (_, Verdict::Unauthorized { cause }) => {
                let operation = if strays.connected { "connect" } else { "reconnect" };
                self.strays = None;
                self.machine.tell(Event::Refused { operation, cause });
            }
            (_, Verdict::Again { after, cause }) => self.hold(now, flight, after, cause, false),
            (_, Verdict::Maybe { cause }) if flight.unknown == 0 => {
                self.hold(now, flight, Duration::ZERO, cause, true);
            }
            (Job::ListCommands, Verdict::Done(Answer::Listed(page))) => {
                strays.pages += 1;
                strays
                    .waiting
                    .extend(page.items.into_iter().filter_map(|item| match item {
                        Item::Command(command) => Some(command.command_id),
                        Item::Shell(_) => None,
                    }));
                match page.context {
                    Some(context) if strays.pages < MAX_PAGES => {
                        self.tasks.push_back(Task::ListCommands(Some(context)));
                    }
                    Some(_) | None => self.next_stray(),
                }
            }
            // Hosted services may not let us look: then nobody knows, and that is told.
            (Job::ListCommands, _) => self.taken(None),
            // Whatever it says: a server that keeps commands connected refuses this.
            (Job::TakeStray, _) => self.tasks.push_back(Task::EndStray),
            (_, Verdict::Done(_) | Verdict::Idle | Verdict::CommandGone { .. }) => {
                self.control_backoff.succeed();
                strays.waiting.pop_front();
                strays.ended += 1;
                self.next_stray();
            }
            (_, Verdict::Maybe { .. } | Verdict::Refused { .. } | Verdict::Redirect { .. }) => self.taken(None),
        }
    }

    fn next_stray(&mut self) {
        let Some(strays) = &self.strays else { return };
        if strays.waiting.is_empty() {
            let ended = strays.ended;
            self.taken(Some(ended));
        } else {
            self.tasks.push_back(Task::TakeStray);
        }
    }

    fn taken(&mut self, ended: Option<usize>) {
        // One that broke or was closed meanwhile has been told of.
        if let Some(strays) = self.strays.take()
            && self.machine.phase == Phase::Disconnected
        {
            self.control_backoff.succeed();
            self.machine.reattached(strays.connected, ended);
        }
    }

    /// What is asked of a shell that is just being taken comes too early.
    pub(super) fn is_being_taken(&self) -> bool {
        let taking = |task: &Task| matches!(task, Task::Reconnect | Task::Connect);
        self.strays.is_some()
            || self.tasks.iter().any(taking)
            || self
                .flights
                .iter()
                .any(|flight| matches!(flight.job, Job::Reconnect | Job::Connect))
    }

    pub(super) fn refuse_while_taken(&mut self, operation: &'static str) {
        let cause = Cause::WrongTime {
            operation,
            state: "just being taken again",
        };
        self.machine.tell(Event::Refused { operation, cause });
    }
}
