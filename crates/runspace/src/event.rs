//! What the driver is told.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use psrp::body::InvocationState;
use psrp::{Piece, SessionKey};
use uuid::Uuid;

use crate::{Cause, Kept};

/// What the driver is told.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// The open has come this far.
    Opening(Stage),
    /// The endpoint sends us elsewhere. Answer with [`Operation::Follow`](crate::Operation::Follow) or
    /// [`Operation::Refuse`](crate::Operation::Refuse); nothing was created yet.
    Redirected {
        /// Where the Create went.
        from: String,
        /// The Location, made absolute.
        to: String,
    },
    /// The pool is open.
    Opened(Box<Opened>),
    /// The open has failed.
    OpenFailed {
        /// Why.
        cause: Cause,
        /// What may be left on the server.
        shell: Remains,
    },
    /// The pool was taken again, by Reconnect or Connect, and nothing runs in it: what an earlier process had left there
    /// was ended first.
    Reattached {
        /// Whether it was a Connect, as a new client.
        connected: bool,
        /// How many pipelines were found and ended. `None` if the server does not let us look, or would not end one: then
        /// something may be running, and a shell in which something ran is better closed.
        ended: Option<usize>,
    },
    /// A Disconnect was confirmed.
    Disconnected,
    /// A Get, Disconnect, Reconnect or Connect was refused, or came at the wrong time; or an exchange of keys did, or had
    /// no answer within 60 s.
    Refused {
        /// Which operation.
        operation: &'static str,
        /// Why.
        cause: Cause,
    },
    /// The answer to a Get.
    Health {
        /// The shell's state in the server's words: `Connected`, `Disconnected`.
        state: Option<String>,
    },
    /// Part of a message that belongs to a pipeline's owner, or to the pool (then whole: first and last).
    /// Not here: what the machine itself needs (capability, private data, states), which comes as other events.
    ///
    /// The [weight](Piece::weight) of a pipeline's pieces counts against [`Pool::ahead`](crate::Pool::ahead) until they
    /// are [`Taken`](crate::Operation::Taken).
    Piece {
        /// On whose stream it came: a host call of the pool's (`None`) is answered there, even if its header names a
        /// pipeline ([`Piece::pipeline`]), which then tells whom to ask.
        pipeline: Option<Uuid>,
        /// The bytes.
        piece: Piece,
    },
    /// So much of a pipeline's input has left for the server, or was dropped because the pipeline takes no more. Whoever
    /// gives input keeps what is on its way within a bound by this.
    Forwarded {
        /// Which.
        pipeline: Uuid,
        /// Bytes: each object's body and 40 more (the message's header).
        bytes: usize,
    },
    /// The server has the pipeline's first part.
    Started {
        /// Which.
        pipeline: Uuid,
    },
    /// The server has sent PIPELINE_STATE. `Ended` follows, once the command is closed on the server.
    State {
        /// Which.
        pipeline: Uuid,
        /// The state.
        state: InvocationState,
        /// The message's body as it came, with the terminating error if there was one.
        body: Bytes,
    },
    /// The pipeline is over and its command closed on the server: the turn is free.
    Ended {
        /// Which.
        pipeline: Uuid,
        /// How.
        outcome: Outcome,
    },
    /// The log-on was refused in the middle of the session: nothing is sent any more until
    /// [`Operation::Resume`](crate::Operation::Resume) (with a new credential) or `Close`. Nothing is lost by waiting, for
    /// as long as the server keeps the shell.
    AuthNeeded {
        /// What the server said.
        cause: Cause,
    },
    /// The session key is here.
    KeyReady(SessionKey),
    /// The server waits for the key exchange (PUBLIC_KEY_REQUEST). Answer with
    /// [`Operation::ExchangeKey`](crate::Operation::ExchangeKey), or with a PUBLIC_KEY of somebody else's.
    KeyRequested,
    /// The shell is gone, proven.
    Closed {
        /// By what.
        proof: Proof,
    },
    /// A Close did not prove the end. It can be asked for again.
    CloseFailed {
        /// Why.
        cause: Cause,
    },
    /// The pool is unusable. Every pipeline has had its `Ended` before this. Only Close makes sense now.
    Broken {
        /// Why.
        cause: Cause,
        /// What may be left on the server.
        shell: Remains,
    },
    /// Something worth telling a person.
    Notice(Notice),
}

/// How far an open has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Create is under way to this URI, or the pipe's first packet.
    Creating {
        /// Where.
        uri: String,
    },
    /// The server has made the shell; the capabilities are exchanged.
    Negotiating,
    /// The server speaks this protocol version.
    Negotiated {
        /// `2.3`
        protocol: String,
    },
}

/// What the server said while the pool was opened.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The protocol version of the server's capability: `2.3`.
    pub protocol: String,
    /// The body of the server's SESSION_CAPABILITY.
    pub capability: Bytes,
    /// The body of APPLICATION_PRIVATE_DATA, passed on to doors.
    pub private_data: Option<Bytes>,
    /// How long the server keeps an idle shell.
    pub idle_timeout: Option<Duration>,
    /// The longest that could have been asked for.
    pub max_idle_timeout: Option<Duration>,
    /// What finds the shell again; `None` for a pipe.
    pub kept: Option<Kept>,
}

/// How a pipeline ended: exactly one.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// PIPELINE_STATE Completed: everything came.
    Completed,
    /// PIPELINE_STATE Failed: its error was in `State`.
    Failed,
    /// PIPELINE_STATE Stopped.
    Stopped,
    /// It ran, but its end was not seen: output may be missing.
    Incomplete(Cause),
    /// Whether it ran is not known.
    Unknown(Cause),
    /// It did not run, provably, and may be started elsewhere.
    NotStarted(Cause),
}

/// What proves that a shell is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Proof {
    /// A DeleteResponse, or a pipe's CloseAck.
    Deleted,
    /// "Shell not found" to a request with the session's own affinity, for a shell whose CreateResponse was seen.
    NotFound,
    /// Nothing was ever sent that could have made one.
    NeverCreated,
    /// The pipe's other end is gone, and the pool with it.
    HungUp,
}

/// What may be left on the server after something went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Remains {
    /// Nothing, proven: the slot is free at once.
    Nothing(Proof),
    /// A shell may be there.
    Shell {
        /// Whether a CreateResponse was seen.
        created: bool,
        /// Whether a pipeline may be running in it, which keeps it from idling out.
        running: bool,
    },
}

/// Something worth telling a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A Create has had no answer for this long; on some services that is how a limit shows.
    CreateUnanswered {
        /// Who does not answer.
        host: String,
        /// For how long.
        waited: Duration,
    },
    /// The path swallows packets, or the other end is stuck.
    NoAnswer {
        /// Who does not answer.
        host: String,
        /// For how long.
        waited: Duration,
    },
    /// Answers again, after a `NoAnswer`.
    Answers {
        /// Who.
        host: String,
    },
    /// A connection dropped and its request was sent again.
    Resent {
        /// Which request.
        action: &'static str,
        /// What happened.
        why: String,
    },
    /// The pipeline did not stop by itself and is being terminated.
    Terminating {
        /// Which.
        pipeline: Uuid,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateUnanswered { host, waited } => write!(
                f,
                "{host} has not answered the open for {} s; its limit of connections may be reached elsewhere",
                waited.as_secs()
            ),
            Self::NoAnswer { host, waited } => write!(f, "no answer from {host} for {} s", waited.as_secs()),
            Self::Answers { host } => write!(f, "{host} answers again"),
            Self::Resent { action, why } => write!(f, "{action} was sent again: {why}"),
            Self::Terminating { pipeline } => {
                write!(f, "pipeline {pipeline} did not stop in time and is being terminated")
            }
        }
    }
}
