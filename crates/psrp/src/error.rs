//! What can be wrong with bytes, bodies and the order of things.

use crate::kind::MessageType;

/// The one error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A message shorter than its 40-byte header.
    #[error("message of {0} bytes is shorter than its 40-byte header")]
    MessageTooShort(usize),
    /// A destination other than client (1) and server (2).
    #[error("message is addressed to {0}, which is neither client nor server")]
    Destination(u32),
    /// An ObjectId that is zero or, read as signed, negative.
    #[error("fragment has object id {0}, which must be above zero")]
    ObjectId(u64),
    /// The start flag and fragment id 0 must come together.
    #[error("fragment {number} of object {object} has a wrong start flag")]
    StartFlag {
        /// The object of the fragment.
        object: u64,
        /// Its number in the object.
        number: u64,
    },
    /// A fragment of another object than the one that is under way.
    #[error("fragment belongs to object {got}, but object {expected} is under way")]
    OtherObject {
        /// The object under way.
        expected: u64,
        /// The object of the fragment.
        got: u64,
    },
    /// A fragment without a start, or after a hole, or twice.
    #[error("fragment {got} of object {object} came where {expected} was due")]
    OutOfSequence {
        /// The object of the fragment.
        object: u64,
        /// The number that was due.
        expected: u64,
        /// The number that came.
        got: u64,
    },
    /// A fragment that announces more than the limit.
    #[error("fragment of {size} bytes is above the limit of {limit}; raise it or send smaller fragments")]
    FragmentTooLarge {
        /// The announced size of the blob in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// A message that grows above the limit.
    #[error("message is above the limit of {limit} bytes; raise it or send smaller objects")]
    MessageTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The bytes ended within a fragment.
    #[error("stream ended within a fragment, {0} bytes of it had come")]
    Truncated(usize),
    /// A body that CLIXML cannot read.
    #[error("body of {kind} is not readable CLIXML")]
    Clixml {
        /// The message.
        kind: &'static str,
        /// What the reader says.
        #[source]
        source: clixml::Error,
    },
    /// A body without a member that the protocol demands.
    #[error("body of {kind} lacks the member {member}")]
    Missing {
        /// The message.
        kind: &'static str,
        /// The member.
        member: &'static str,
    },
    /// A member of another type than the protocol says.
    #[error("member {member} of {kind} is not {expected}")]
    WrongType {
        /// The message.
        kind: &'static str,
        /// The member.
        member: &'static str,
        /// What was to be there.
        expected: &'static str,
    },
    /// The state forbids this now.
    #[error("{what} cannot be sent while the {part} is {state}")]
    State {
        /// What was to be sent.
        what: MessageType,
        /// `runspace pool` or `pipeline`.
        part: &'static str,
        /// The state that it is in.
        state: &'static str,
    },
    /// A pipeline id that is not, or no longer, known.
    #[error("pipeline {0} is not known here; start it first")]
    UnknownPipeline(uuid::Uuid),
    /// A pipeline id that is in use.
    #[error("pipeline {0} is running already; use a fresh id")]
    PipelineExists(uuid::Uuid),
    /// A message to another pool.
    #[error("message is for pool {got}, but this is pool {expected}")]
    OtherPool {
        /// This pool.
        expected: uuid::Uuid,
        /// The pool of the message.
        got: uuid::Uuid,
    },
    /// The two ends share no protocol version.
    #[error("the other end speaks protocol {theirs}, this one {ours}; no version is common")]
    Version {
        /// What came.
        theirs: clixml::Version,
        /// What was offered.
        ours: clixml::Version,
    },
    /// A message that needs a later protocol version.
    #[error("{what} needs protocol {needs}, but {have} was agreed on")]
    Unsupported {
        /// What was to be sent.
        what: MessageType,
        /// The version that it came with.
        needs: clixml::Version,
        /// The version that was agreed on.
        have: clixml::Version,
    },
    /// A key blob that is not what CAPI writes.
    #[error("key blob is malformed: {0}")]
    KeyBlob(&'static str),
    /// An RSA operation that failed.
    #[error("the key exchange failed: {0}")]
    KeyExchange(&'static str),
    /// A SecureString that does not decrypt.
    #[error("secure string cannot be decrypted: {0}")]
    SecureString(&'static str),
}
