//! How much of a document is read.

use crate::Error;

/// Bounds on what is read. They keep a hostile or broken document from costing more than its own length does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest document, in bytes.
    pub bytes: usize,
    /// The deepest nesting of elements.
    pub depth: usize,
    /// The most attributes that one element may have.
    pub attributes: usize,
    /// The most namespace declarations that may be in scope at one place.
    pub namespaces: usize,
}

/// The most items of a listing, or pieces of streams, that one envelope may hold: each costs a multiple of its XML.
/// PowerShell asks for 32,000 items at a time.
const ITEMS: usize = 65_536;

/// Adds to a list that a document fills.
pub(crate) fn push<T>(list: &mut Vec<T>, item: T) -> Result<(), Error> {
    if list.len() >= ITEMS {
        return Err(Error::TooMuch {
            what: "items",
            limit: ITEMS,
        });
    }
    list.push(item);
    Ok(())
}

impl Default for Limits {
    /// 16 MiB, 64 levels, 64 attributes, 128 namespaces: several times what any known service sends.
    fn default() -> Self {
        Self {
            bytes: 16 * 1024 * 1024,
            depth: 64,
            attributes: 64,
            namespaces: 128,
        }
    }
}
