//! What carries a session's messages: a machine that knows the protocol, and the edge that moves its bytes.
//!
//! The driver asks the same of every carrier. What came in is two steps, so that it can look at it in between:
//! [`landed`](Carrier::landed) waits, [`take`](Carrier::take) tells the machine.

use link::Credential;
use moment::Moment;
use runspace::{Event, Lane, Operation, Output, Request, Ticket, Wsman};

use super::wire::{Landed, Wire};
use crate::account::LogOn;

/// A machine and its edge.
#[derive(Debug)]
pub(super) enum Carrier {
    /// WS-Management over HTTP lanes.
    Wsman(Box<OverWsman>),
}

#[derive(Debug)]
pub(super) struct OverWsman {
    machine: Wsman,
    wire: Wire,
}

/// What the driver itself has to do for the machine.
#[derive(Debug)]
pub(super) enum Wanted {
    /// A pair of keys: [`Operation::Key`] is to follow.
    Key,
}

impl Carrier {
    pub(super) fn wsman(machine: Wsman, wire: Wire) -> Self {
        Self::Wsman(Box::new(OverWsman { machine, wire }))
    }

    pub(super) fn submit(&mut self, now: Moment, operation: Operation) {
        match self {
            Self::Wsman(over) => over.machine.submit(now, operation),
        }
    }

    pub(super) fn poll_output(&mut self) -> Option<Output> {
        match self {
            Self::Wsman(over) => over.machine.poll_output(),
        }
    }

    pub(super) fn poll_event(&mut self) -> Option<Event> {
        match self {
            Self::Wsman(over) => over.machine.poll_event(),
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Moment> {
        match self {
            Self::Wsman(over) => over.machine.poll_timeout(),
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Moment) {
        match self {
            Self::Wsman(over) => over.machine.handle_timeout(now),
        }
    }

    /// Carries an output, or says what is wanted of the driver.
    pub(super) fn carry(&mut self, now: Moment, output: Output) -> Option<Wanted> {
        match (self, output) {
            (_, Output::NeedKey) => return Some(Wanted::Key),
            (Self::Wsman(over), Output::Request { ticket, lane, request }) => over.send(now, ticket, lane, request),
            (Self::Wsman(_), Output::Bytes(_) | Output::Hangup) => debug_assert!(false, "there is no pipe"),
        }
        None
    }

    /// The next input. Never ends while none can come; may be cancelled and called again without loss.
    pub(super) async fn landed(&mut self) -> Landed {
        match self {
            Self::Wsman(over) => over.wire.landed().await,
        }
    }

    /// Tells the machine.
    pub(super) fn take(&mut self, now: Moment, landed: Landed) {
        match (self, landed) {
            (Self::Wsman(over), Landed::Answer(ticket, response)) => over.machine.respond(now, ticket, response),
            (Self::Wsman(over), Landed::Failed(ticket, failed)) => over.machine.failed(now, ticket, failed),
        }
    }

    /// There is another secret for the account.
    pub(super) fn renew(&mut self, log_on: LogOn) {
        match self {
            Self::Wsman(over) => over.wire.session().renew(Credential::basic(log_on.user, log_on.secret)),
        }
    }

    /// Lets the credential go to this address too.
    pub(super) fn allow(&mut self, uri: &str) -> Result<(), String> {
        match self {
            Self::Wsman(over) => over.wire.session().allow(uri).map_err(|failure| failure.message),
        }
    }
}

impl OverWsman {
    fn send(&mut self, now: Moment, ticket: Ticket, lane: Lane, request: Request) {
        if let Err((ticket, failed)) = self.wire.send(ticket, lane, request) {
            self.machine.failed(now, ticket, failed);
        }
    }
}
