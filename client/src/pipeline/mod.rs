//! One pipeline: from words to the body that asks for it, and from its streams to what is written.

mod body;
mod chunks;
mod echo;
mod host;
mod input;
mod progress;
mod records;
mod screen;
mod streams;

pub(crate) use body::Asked;
pub(crate) use chunks::Chunks;
pub(crate) use host::Host;
pub(crate) use input::{Bodies, standard as standard_input};
pub(crate) use records::error_text;
pub(crate) use screen::{Screen, printable};
pub(crate) use streams::Streams;
