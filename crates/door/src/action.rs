//! What goes between a door and its driver.

use bytes::Bytes;
use psrp::MessageType;
use psrp::body::ErrorRecord;

/// A pipeline of the console's, as driver and door call it. A console may use an id again at once; these are never.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Run(pub u64);

/// What the console wants of the session.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// The PSSession is Opened.
    Opened,
    /// Run this. Answered by [`Door::ended`](crate::Door::ended), always, once nothing of it is left on the remote.
    Start {
        /// Which.
        run: Run,
        /// CREATE_PIPELINE or GET_COMMAND_METADATA.
        kind: MessageType,
        /// The message's body.
        body: Bytes,
        /// Whether it says that it runs within the one that is running.
        nested: bool,
    },
    /// One object to read. [`Door::delivered`](crate::Door::delivered) tells once it has left for the remote.
    Input {
        /// The pipeline.
        run: Run,
        /// The body of PIPELINE_INPUT.
        body: Bytes,
    },
    /// No more of them.
    EndInput {
        /// The pipeline.
        run: Run,
    },
    /// The answer to a host call.
    HostResponse {
        /// The pipeline that called; `None` is the pool.
        run: Option<Run>,
        /// The body of the response.
        body: Bytes,
    },
    /// A host call that waits for its answer went to the console. Until the response comes, the pipeline waits for a person.
    Asked {
        /// The pipeline.
        run: Run,
    },
    /// Stop it, and whatever may still come of it is for nobody.
    Stop {
        /// The pipeline.
        run: Run,
    },
    /// Reset the session's state: [`Door::reset`](crate::Door::reset) is due. Only where the session is
    /// [the console's alone](crate::Config::alone).
    Reset {
        /// The console's number of the request.
        ci: i64,
    },
    /// The console's public key: [`Door::session_key`](crate::Door::session_key) is due. From now on the door is bound to the
    /// session that answers.
    PublicKey {
        /// The body of PUBLIC_KEY.
        body: Bytes,
    },
    /// The console has closed the pool, and was told that it is closed. It hangs up next.
    Closed,
    /// Nothing more can be said to the console once everything that is there has been written: hang up.
    HangUp,
}

/// How a pipeline ended on the remote. Whatever it is, its turn is over.
#[derive(Clone, PartialEq, Debug)]
pub enum Ending {
    /// Its final state came before.
    Confirmed,
    /// It was stopped before it ran.
    Stopped,
    /// No final state came, for this reason.
    Failed(Box<ErrorRecord>),
}

/// A line for the console.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Output {
    /// The line, with its LF; empty where there is nothing to say and only something to be taken.
    pub bytes: Bytes,
    /// Whose output it was, and the [weight](psrp::Piece::weight) that is taken once the line is written.
    pub taken: Option<(Run, usize)>,
}
