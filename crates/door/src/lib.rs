//! A door without I/O: the server's end of a console's PSSession, whose pipelines run in a session that others use too
//! (protocol.md 23 and 24). Bytes of the console go in, [`Action`]s for the session come out; what the session answers goes
//! in, [`Output`] for the console comes out. Message bodies pass as they are, both ways.
//!
//! - [`Door`]: the machine; [`Config`], [`Facts`]: what it begins with
//! - [`Action`], [`Run`]: what the console wants of the session; [`Ending`]: how a pipeline ended there
//! - [`Output`]: lines for the console, and whose output they were
//! - [`keep`]: which answers are worth keeping, under what key, and how they are replayed
//! - [`words`]: error records that name a cause and a cure
//!
//! Inside: `console` takes what the console sends, `remote` what the session says, `pipeline` is how far one has come.
#![forbid(unsafe_code)]

mod action;
mod console;
mod door;
mod facts;
pub mod keep;
mod pipeline;
mod remote;
pub mod words;

pub use action::{Action, Ending, Output, Run};
pub use door::{Config, Door};
pub use facts::Facts;
