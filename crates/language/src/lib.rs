//! PowerShell command text to a list of commands, exactly as PowerShell's `ScriptBlock.GetPowerShell()` makes it.
//!
//! Endpoints without a language take no script text, but they do take lists of commands with constant arguments; this
//! crate makes such lists from a line of text ([`parse`]) or from the words of a command line ([`words`]). Whatever
//! cannot be said as such a list is refused in PowerShell's own words, and nothing is guessed.
//!
//! Text goes through `scan` (tokens, in PowerShell's two modes), `parse` (a tree), `semantics` (errors of the whole),
//! `check` (what PowerShell refuses), `evaluate` (constants) and `convert` (commands), as in protocol.md section 25; `walk`
//! is the way through the tree that `semantics` and `check` share.
//! [`quote()`] and [`Wildcard`] stand beside them: PowerShell's escaping of names in generated code, and its pattern
//! matching.
#![forbid(unsafe_code)]

mod character;
mod check;
mod command;
mod constant;
mod convert;
mod error;
mod evaluate;
mod literal;
mod parse;
mod quote;
mod scan;
mod semantics;
mod source;
mod syntax;
mod token;
#[cfg(feature = "clixml")]
mod value;
mod walk;
mod wildcard;
mod words;

pub use command::{Argument, Command, CommandList, Merge};
pub use constant::Constant;
pub use convert::parse;
pub use error::{Error, Refusal, SyntaxError};
pub use quote::{quote, quote_block, quote_format, quote_variable, quote_wildcard, quoted};
pub use wildcard::{BadPattern, Wildcard};
pub use words::words;
