//! How much a document may cost before it is read no further.

/// Limits on one document. A server decides what it sends; these decide what it may cost here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Values on the way from the top to a leaf, both included. A deeper one becomes [`Opaque`](crate::Opaque) XML:
    /// it costs no stack and is not lost. At most [`Budget::DEEPEST`] is heeded.
    pub depth: u16,
    /// Bytes of the document. A longer one is an error before anything is read.
    pub bytes: usize,
    /// Values in the document, leaves, keys and references included. One more is an error.
    pub values: usize,
}

impl Budget {
    /// The deepest nesting that is ever read, so that no thread's stack is at risk.
    pub const DEEPEST: u16 = 200;
}

impl Default for Budget {
    /// PowerShell's own depth (a path of 49 values is read, one of 50 refused), 64 MiB and a million values.
    fn default() -> Self {
        Budget {
            depth: 49,
            bytes: 64 << 20,
            values: 1_000_000,
        }
    }
}
