//! What carries a session's messages: a machine that knows the protocol, and the edge that moves its bytes.
//!
//! The driver asks the same of every carrier. What came in is two steps, so that it can look at it in between:
//! [`landed`](Carrier::landed) waits, [`take`](Carrier::take) tells the machine.

use bytes::Bytes;
use endpoint::Program;
use link::{Came, Child, Credential, Exit};
use moment::Moment;
use runspace::{Event, Failed, Lane, Operation, Output, Pipe, Request, Response, Ticket, Wsman};

use super::ask_pass::AskPass;
use super::child;
use super::wire::Wire;

/// A machine and its edge.
#[derive(Debug)]
pub(super) enum Carrier {
    /// WS-Management over HTTP lanes.
    Wsman(Box<OverWsman>),
    /// The framing of PowerShell's out-of-process transport over a program's pipes.
    Pipe(Box<OverPipe>),
}

/// What came in.
#[derive(Debug)]
pub(super) enum Landed {
    Answer(Ticket, Response),
    Failed(Ticket, Failed),
    Bytes(Bytes),
    Exited(Exit),
}

#[derive(Debug)]
pub(super) struct OverWsman {
    machine: Wsman,
    wire: Wire,
}

#[derive(Debug)]
pub(super) struct OverPipe {
    machine: Pipe,
    child: Child,
    program: Program,
    /// Answers the program's questions, for as long as it lives.
    _ask: Option<AskPass>,
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

    pub(super) fn pipe(machine: Pipe, child: Child, program: Program, ask: Option<AskPass>) -> Self {
        Self::Pipe(Box::new(OverPipe {
            machine,
            child,
            program,
            _ask: ask,
        }))
    }

    pub(super) fn submit(&mut self, now: Moment, operation: Operation) {
        match self {
            Self::Wsman(over) => over.machine.submit(now, operation),
            Self::Pipe(over) => over.machine.submit(now, operation),
        }
    }

    pub(super) fn poll_output(&mut self) -> Option<Output> {
        match self {
            Self::Wsman(over) => over.machine.poll_output(),
            Self::Pipe(over) => over.machine.poll_output(),
        }
    }

    pub(super) fn poll_event(&mut self) -> Option<Event> {
        match self {
            Self::Wsman(over) => over.machine.poll_event(),
            Self::Pipe(over) => over.machine.poll_event(),
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Moment> {
        match self {
            Self::Wsman(over) => over.machine.poll_timeout(),
            Self::Pipe(over) => over.machine.poll_timeout(),
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Moment) {
        match self {
            Self::Wsman(over) => over.machine.handle_timeout(now),
            Self::Pipe(over) => over.machine.handle_timeout(now),
        }
    }

    /// Carries an output, or says what is wanted of the driver. A program that is hung up is gone when this returns: what is
    /// told of the session's end comes after it.
    pub(super) async fn carry(&mut self, now: Moment, output: Output) -> Option<Wanted> {
        match (self, output) {
            (_, Output::NeedKey) => return Some(Wanted::Key),
            (Self::Wsman(over), Output::Request { ticket, lane, request }) => over.send(now, ticket, lane, request),
            (Self::Pipe(over), Output::Bytes(bytes)) => over.child.write(bytes),
            (Self::Pipe(over), Output::Hangup) => over.child.end().await,
            (Self::Wsman(_), Output::Bytes(_) | Output::Hangup) => debug_assert!(false, "there is no pipe"),
            (Self::Pipe(_), Output::Request { .. }) => debug_assert!(false, "there are no lanes"),
        }
        None
    }

    /// The next input. Never ends while none can come; may be cancelled and called again without loss.
    pub(super) async fn landed(&mut self) -> Landed {
        match self {
            Self::Wsman(over) => over.wire.landed().await,
            Self::Pipe(over) => match over.child.next(over.machine.wants_bytes()).await {
                Came::Bytes(bytes) => Landed::Bytes(bytes),
                Came::Ended(exit) => Landed::Exited(exit),
            },
        }
    }

    /// Tells the machine.
    pub(super) fn take(&mut self, now: Moment, landed: Landed) {
        match (self, landed) {
            (Self::Wsman(over), Landed::Answer(ticket, response)) => over.machine.respond(now, ticket, response),
            (Self::Wsman(over), Landed::Failed(ticket, failed)) => over.machine.failed(now, ticket, failed),
            (Self::Pipe(over), Landed::Bytes(bytes)) => over.machine.bytes(now, &bytes),
            (Self::Pipe(over), Landed::Exited(exit)) => {
                let cause = child::cause(&over.program, exit);
                over.machine.ended(now, cause);
            }
            (Self::Wsman(_), Landed::Bytes(_) | Landed::Exited(_))
            | (Self::Pipe(_), Landed::Answer(..) | Landed::Failed(..)) => {
                debug_assert!(false, "what landed is another carrier's");
            }
        }
    }

    /// There is another secret for the account.
    pub(super) fn renew(&mut self, credential: Credential) {
        match self {
            Self::Wsman(over) => over.wire.session().renew(credential),
            // A program logs on by itself.
            Self::Pipe(_) => {}
        }
    }

    /// Whether the server can be asked if the shell is there. Of a program's end its pipes tell.
    pub(super) fn can_be_asked(&self) -> bool {
        match self {
            Self::Wsman(_) => true,
            Self::Pipe(_) => false,
        }
    }

    /// What is sent from now on goes over new connections.
    pub(super) fn freshen(&mut self) {
        match self {
            Self::Wsman(over) => over.wire.freshen(),
            Self::Pipe(_) => {}
        }
    }

    /// Whether the endpoint has set a cookie, without which a later run has no affinity.
    pub(super) fn has_cookies(&self) -> bool {
        match self {
            Self::Wsman(over) => over.wire.session().has_cookies(),
            Self::Pipe(_) => false,
        }
    }

    /// The edge's own account of the last request without an answer.
    pub(super) fn last_failure(&self) -> Option<&link::Failure> {
        match self {
            Self::Wsman(over) => over.wire.last_failure(),
            Self::Pipe(_) => None,
        }
    }

    /// Lets the credential go to this address too.
    pub(super) fn allow(&mut self, uri: &str) -> Result<(), String> {
        match self {
            Self::Wsman(over) => over.wire.session().allow(uri).map_err(|failure| failure.message),
            Self::Pipe(_) => Err("a program is not redirected".to_owned()),
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
