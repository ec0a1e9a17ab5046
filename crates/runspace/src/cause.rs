//! Why something went wrong.

use std::time::Duration;

use bytes::Bytes;

/// Why something went wrong: one sentence for people, typed for programs.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// The server refused with a SOAP fault.
    #[error("{host} refused {action}: {}", .fault.message)]
    Fault {
        /// Who.
        host: String,
        /// What was asked.
        action: &'static str,
        /// The fault, with its number, its text and what was read out of that.
        fault: Box<wsman::Fault>,
    },
    /// HTTP 401.
    #[error("{host} refused the log-on (HTTP 401, it offers {}); log in again", offered(.challenges))]
    Unauthorized {
        /// Who.
        host: String,
        /// The WWW-Authenticate headers.
        challenges: Vec<String>,
    },
    /// No log-on could be made: a KDC refused it, a ticket has expired, no scheme is in common.
    #[error("{why}")]
    LogOn {
        /// Why, in one sentence with its cure.
        why: String,
        /// Whether it is the password that was refused, so that it must not be sent again.
        password: bool,
    },
    /// HTTP 403.
    #[error("{host} does not allow this account (HTTP 403): {text}")]
    Forbidden {
        /// Who.
        host: String,
        /// The start of what it said, as one line.
        text: String,
    },
    /// Another status, or an answer that is no SOAP: a front end speaks, not the service.
    #[error("{host} answered {action} with HTTP {status}{}: {text}", retry(.retry_after))]
    Http {
        /// Who.
        host: String,
        /// What was asked.
        action: &'static str,
        /// The status.
        status: u16,
        /// How long it asks us to wait.
        retry_after: Option<Duration>,
        /// The start of what it said, as one line.
        text: String,
    },
    /// The answer could not be understood.
    #[error("{host} answered {action} with what cannot be read: {why}")]
    Unreadable {
        /// Who.
        host: String,
        /// What was asked.
        action: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// No answer: the connection failed.
    #[error("{action}: {why}")]
    Connection {
        /// What was asked.
        action: &'static str,
        /// Whether it may have been sent.
        sent: bool,
        /// Why, with host and cure.
        why: String,
    },
    /// No answer in time.
    #[error("{host} did not answer {action} within {} s", .waited.as_secs())]
    NoAnswer {
        /// Who.
        host: String,
        /// What was asked.
        action: &'static str,
        /// How long that was.
        waited: Duration,
        /// Whether it may have been sent.
        sent: bool,
    },
    /// A redirect that was not followed.
    #[error("{host} sends {action} on to {to}: {why}")]
    Redirected {
        /// Who.
        host: String,
        /// What was asked.
        action: &'static str,
        /// Where to.
        to: String,
        /// Why it was not followed.
        why: String,
    },
    /// The server speaks another protocol version.
    #[error("{host} speaks PowerShell remoting {server}, which is not supported; 2.1 to 2.4 are")]
    Version {
        /// Who.
        host: String,
        /// Its version, as far as it says.
        server: String,
    },
    /// The server broke the remoting protocol.
    #[error("{host} broke the remoting protocol: {why}")]
    Protocol {
        /// Who.
        host: String,
        /// How.
        why: String,
    },
    /// The server says that the pool is broken or closed.
    #[error("{host} says that the runspace pool is {state}{}", words(.error))]
    PoolState {
        /// Who.
        host: String,
        /// `Broken` or `Closed`.
        state: &'static str,
        /// The message of its error, if there was one.
        error: Option<String>,
        /// The message's body as it came.
        body: Bytes,
    },
    /// The shell is not there any more.
    #[error("{host} does not know the session any more: {text}")]
    ShellLost {
        /// Who.
        host: String,
        /// What it said.
        text: String,
        /// Whether that is a proof.
        proven: bool,
    },
    /// A pipeline that neither a stop nor a Terminate could end.
    #[error("{host} did not stop the pipeline, and its session cannot be used further; it is being closed")]
    WouldNotStop {
        /// Who.
        host: String,
    },
    /// The pipeline did not stop by itself, and was terminated.
    #[error("the pipeline did not stop by itself and was terminated; output may be missing")]
    Terminated,
    /// An answer was lost on the way, and with it objects.
    #[error("an answer of {host} was lost on the way, and objects are missing")]
    ObjectsLost {
        /// Who.
        host: String,
    },
    /// A pipeline sent more than the asker wants to take.
    #[error("the command sent more than {option} allows, which is {limit} bytes; it was ended, and output is missing")]
    OverLimit {
        /// The option of PSSessionOption that says so.
        option: &'static str,
        /// What it allows, in bytes.
        limit: u64,
    },
    /// The pipe's other end has gone.
    #[error("{host} closed the connection")]
    HungUp {
        /// Who.
        host: String,
    },
    /// The program at the pipe's other end has ended.
    #[error("{why}")]
    Exited {
        /// One sentence: which, how, and the cure.
        why: String,
        /// Whether another try is bound to end the same way until somebody has done something.
        lasting: bool,
    },
    /// The operation does not fit the pool's state.
    #[error("the session is {state}, so {operation} is not possible")]
    WrongTime {
        /// The operation.
        operation: &'static str,
        /// The pool's state, as shown.
        state: &'static str,
    },
    /// We closed the session ourselves.
    #[error("the session was closed")]
    Closed,
    /// The message does not fit what the carrier can take.
    #[error("{why}")]
    TooLarge {
        /// What, and the limit.
        why: String,
    },
}

impl Cause {
    /// Whether the very same request may be sent again, and when: `None` is never.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Http {
                status: 429 | 502 | 503 | 504,
                retry_after,
                ..
            } => Some(retry_after.unwrap_or(Duration::from_secs(5))),
            Self::Fault { fault, .. } => crate::faults::retry_after(fault),
            _ => None,
        }
    }
}

fn offered(challenges: &[String]) -> String {
    // Only the scheme: what follows may be a token.
    let mut schemes: Vec<&str> = challenges
        .iter()
        .filter_map(|line| line.split([' ', ',']).next())
        .collect();
    schemes.dedup();
    if schemes.is_empty() {
        "nothing".to_owned()
    } else {
        schemes.join(", ")
    }
}

fn retry(after: &Option<Duration>) -> String {
    after.map_or_else(String::new, |after| format!(" (try again in {} s)", after.as_secs()))
}

fn words(error: &Option<String>) -> String {
    error.as_ref().map_or_else(String::new, |error| format!(": {error}"))
}
