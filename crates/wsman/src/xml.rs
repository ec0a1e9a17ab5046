//! XML as envelopes use it: a bounded pull reader and a writer into a string.

mod pull;
mod write;

pub(crate) use pull::{Element, Node, Ns, Pull};
pub(crate) use write::{Writer, encoded_len};
