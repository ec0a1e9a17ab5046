//! Why a document was not read.

use crate::fault::Fault;
use crate::{FaultKind, MessageId, Verb};

/// A document that is not what it should be. None of these is a fault of the service: those are
/// [`Answer::Fault`](crate::Answer::Fault).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is nothing.
    #[error("the answer is empty; something between here and the service swallowed it")]
    Empty,
    /// A web page, which a front end or a proxy made.
    #[error("a web page was answered instead of SOAP{}; check the URL and the proxy", titled(.title.as_ref()))]
    Html {
        /// The page's title.
        title: Option<String>,
    },
    /// Text that is no XML, or broken XML.
    #[error("the envelope is not well-formed XML near byte {offset}: {what}")]
    Malformed {
        /// Where reading stopped.
        offset: u64,
        /// What is wrong there.
        what: String,
    },
    /// The document ends in the middle.
    #[error("the envelope ends in the middle, after {read} bytes; the connection was cut")]
    Truncated {
        /// How many bytes there are.
        read: u64,
    },
    /// It is neither UTF-8 nor UTF-16.
    #[error("the envelope is neither UTF-8 nor UTF-16; set the service to charset=UTF-8")]
    Encoding,
    /// It declares a document type. No envelope does, and entities are an attack.
    #[error("the envelope declares a document type, which is never allowed in SOAP")]
    Dtd,
    /// It is beyond a limit.
    #[error("the envelope has more than {limit} {what}; it is refused")]
    TooMuch {
        /// Of what: "bytes", "levels", "attributes in one element", "namespaces", "items".
        what: &'static str,
        /// How much is allowed.
        limit: usize,
    },
    /// The root is something other than a SOAP 1.2 envelope.
    #[error("the document's root is {root}, not a SOAP 1.2 envelope; check the URL")]
    NotSoap {
        /// The root element's local name.
        root: String,
    },
    /// The action is none that is known.
    #[error("the action {action} is not known")]
    Action {
        /// The action.
        action: String,
    },
    /// The answer is to another request: a repeated or stale one.
    #[error("the answer relates to {}, not to our request {expected}; the path mixes up answers", got.as_ref().map_or("nothing", MessageId::as_str))]
    Unrelated {
        /// Our message.
        expected: MessageId,
        /// What `RelatesTo` says.
        got: Option<MessageId>,
    },
    /// The answer is to another kind of request.
    #[error("{expected:?} was answered by {got:?}; the path mixes up answers")]
    Verb {
        /// What was asked.
        expected: Verb,
        /// What was answered.
        got: Verb,
    },
    /// Something that the protocol demands is not there.
    #[error("the envelope has no {what}")]
    Missing {
        /// What is missing.
        what: &'static str,
    },
    /// An element's or an attribute's text is not what it should be.
    #[error("{what} says \"{value}\", which is not valid")]
    Value {
        /// The element or attribute.
        what: &'static str,
        /// The start of its text.
        value: String,
    },
    /// A payload is not base64.
    #[error("the payload of {what} is not base64; the answer was damaged on its way")]
    Base64 {
        /// The element.
        what: &'static str,
    },
}

fn titled(title: Option<&String>) -> String {
    title.map(|t| format!(" (\"{t}\")")).unwrap_or_default()
}

impl Error {
    pub(crate) fn value(what: &'static str, value: &str) -> Self {
        Self::Value {
            what,
            value: value.chars().take(80).collect(),
        }
    }
}

/// A request that a server could not read, with what is needed to answer it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the request was refused: {error}")]
pub struct Rejected {
    /// The message to answer, if it could be read. Without it a bare HTTP 400 is all that can be said.
    pub message_id: Option<MessageId>,
    /// What is wrong.
    pub error: Error,
}

impl Rejected {
    /// The fault to answer with.
    #[must_use]
    pub fn fault(&self) -> Fault {
        let (kind, code, subcode) = match &self.error {
            Error::Action { .. } => (FaultKind::Invalid, 2_150_858_753, "ActionNotSupported"),
            Error::TooMuch { .. } => (FaultKind::EnvelopeTooLarge, 2_150_858_824, "EncodingLimit"),
            Error::Missing { .. } | Error::Value { .. } => (FaultKind::Invalid, 2_150_858_767, "InvalidParameter"),
            Error::Base64 { .. } => (FaultKind::Invalid, 2_150_858_817, "SchemaValidationError"),
            _ => (FaultKind::Invalid, 2_150_858_819, "SchemaValidationError"),
        };
        Fault::new(kind, code, subcode, self.error.to_string())
    }
}
