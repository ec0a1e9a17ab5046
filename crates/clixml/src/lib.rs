//! PowerShell values and CLIXML, lossless in both directions (MS-PSRP 2.2.5).
//!
//! [`read`] and [`Reader`] turn a document, or the bare element that a message body is, into [`Value`] trees within a
//! [`Budget`]; [`write`] and [`Writer`] turn values back into the same XML. What PowerShell would refuse stays in the
//! tree as [`Opaque`] XML with its [`Refusal`], so nothing that a server sent is lost.
//!
//! - `value`, `object`, `access`, `build`: the tree, how to ask it and how to make it
//! - `text`, `escape`: strings of UTF-16 units and their `_xHHHH_` escapes
//! - `scalar`: decimals, dates, durations, versions, floats, addresses: their values and their spelling
//! - `names`: type names and reference ids; `references`: from a `Ref` to its object
//! - `read`: elements to values; `write`: values to elements
#![forbid(unsafe_code)]

mod access;
mod budget;
mod build;
mod error;
mod escape;
mod names;
mod object;
mod opaque;
mod read;
mod references;
mod scalar;
mod text;
mod value;
mod write;

#[cfg(test)]
mod tests;

pub use budget::Budget;
pub use error::Error;
pub use names::{RefId, TypeNames};
pub use object::{Content, ListKind, Object, Property};
pub use opaque::{Opaque, Refusal};
pub use read::{Document, Form, Reader, read, read_value};
pub use references::References;
pub use scalar::{DateTime, Decimal, TimeSpan, Version, Zone};
pub use text::Text;
pub use value::{Progress, Value};
pub use write::{Writer, write, write_document};

/// The namespace of every CLIXML element in a whole document; bare message bodies carry none.
pub const NAMESPACE: &str = "http://schemas.microsoft.com/powershell/2004/04";
