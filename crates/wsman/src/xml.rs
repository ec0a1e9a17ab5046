//! XML as envelopes use it: a bounded pull reader and a writer into a string.

mod ns;
mod page;
mod pull;
mod text;
mod write;

pub(crate) use ns::Ns;
pub(crate) use pull::{Element, Node, Pull};
pub(crate) use text::decode;
pub(crate) use write::{Writer, encoded_len};
