//! Telling a person that nothing comes back.

use std::time::Duration;

use moment::Moment;

use super::Wsman;
use super::flight::{Flight, Job};
use crate::{Notice, Shell};

/// After this long without an answer a person is told (decisions.md, Deadlines).
const SILENCE: Duration = Duration::from_secs(15);
/// The same for a Create: on some services silence is how a limit shows.
const CREATE_SILENCE: Duration = Duration::from_secs(10);

/// What was told already.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Silence {
    silent: bool,
    create: bool,
}

impl Silence {
    /// When this request's silence is to be told; `None` when it was, or one like it.
    pub(super) fn due(&self, flight: &Flight, shell: &Shell) -> Option<Moment> {
        match flight.job {
            Job::Create => (!self.create).then(|| flight.sent + CREATE_SILENCE),
            // The server may keep this one for so long by right.
            Job::Receive(_) => (!self.silent).then(|| flight.sent + shell.operation_timeout + SILENCE),
            Job::Command(_)
            | Job::Send(..)
            | Job::Stop(_)
            | Job::Terminate(_)
            | Job::Get
            | Job::Disconnect
            | Job::Reconnect
            | Job::Connect
            | Job::ListCommands
            | Job::TakeStray
            | Job::EndStray
            | Job::Delete => (!self.silent).then(|| flight.sent + SILENCE),
        }
    }
}

impl Wsman {
    pub(super) fn look_for_silence(&mut self, now: Moment) {
        let silence = self.silence;
        let overdue = self
            .flights
            .iter()
            .find(|flight| silence.due(flight, &self.shell).is_some_and(|due| due <= now));
        let Some(flight) = overdue else { return };
        let (host, waited) = (self.machine.host.clone(), now.since(flight.sent));
        if flight.job == Job::Create {
            self.silence.create = true;
            self.machine.notice(Notice::CreateUnanswered { host, waited });
        } else {
            self.silence.silent = true;
            self.machine.notice(Notice::NoAnswer { host, waited });
        }
    }

    pub(super) fn break_silence(&mut self) {
        if std::mem::take(&mut self.silence.silent) {
            let host = self.machine.host.clone();
            self.machine.notice(Notice::Answers { host });
        }
    }
}
