//! Why a document could not be read at all. The bytes stay with the caller, who can show or keep them.

/// A document that is no XML, is no CLIXML, or costs more than its [`Budget`](crate::Budget).
///
/// Anything less, such as a number out of range or an unknown tag, is no error but [`Opaque`](crate::Opaque) XML.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not text in UTF-8, or in UTF-16 behind its byte order mark.
    #[error("the document is not UTF-8 (at byte {at}): save it as UTF-8, or as UTF-16 with a byte order mark")]
    Encoding {
        /// The first byte that is not text.
        at: usize,
    },
    /// Not well-formed.
    #[error("the document is not well-formed XML at byte {at}: {what}")]
    Xml {
        /// Where reading stopped, in bytes from the start (the mark excluded).
        at: u64,
        /// What was found there.
        what: String,
    },
    /// A document type declaration: never part of CLIXML, and how XML bombs are built.
    #[error("the document declares a document type at byte {at}, which CLIXML never does: it is not read")]
    Doctype {
        /// Where it begins.
        at: u64,
    },
    /// Over a limit of the budget.
    #[error("the document has more than {limit} {what}: raise the budget to read it")]
    Budget {
        /// What there is too much of.
        what: &'static str,
        /// The limit that it passed.
        limit: usize,
    },
    /// One value was wanted, and the body holds another number of them.
    #[error("the body holds {found} values where exactly one was expected")]
    NotOneValue {
        /// How many it holds; two stands for more.
        found: usize,
    },
}
