//! From XML to values: a pull reader over quick-xml that takes one value after the other.

mod leaf;
mod namespace;
mod object;
mod parser;
mod reference;
mod source;
mod start;
mod state;
mod tables;
mod tag;

use std::borrow::Cow;
use std::fmt;

use self::parser::{Fault, Node, Parser, fault};
use self::reference::attribute_text;
use self::start::{Start, version};
use self::state::State;
pub(crate) use self::tables::Ids;
use self::tag::Tag;
use crate::{Budget, Error, Refusal, Value, Version};

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
    /// How many elements PowerShell would refuse; none if zero. [`Value::refused`] lists those of a value.
    pub refused: usize,
}

/// Reads a whole document or a bare body of any number of values.
///
/// UTF-8, or UTF-16 behind a byte order mark. A mark is read, a document type declaration never.
///
/// # Errors
/// When it is no XML, or costs more than the budget; see [`Error`].
pub fn read(xml: &[u8], budget: &Budget) -> Result<Document, Error> {
    let mut reader = Reader::new(xml, budget)?;
    let mut values = Vec::new();
    while let Some(value) = reader.next_value()? {
        values.push(value);
    }
    Ok(Document {
        form: reader.form(),
        values,
        refused: reader.refused(),
    })
}

/// Reads a body of exactly one value: what a PSRP message carries.
///
/// # Errors
/// As [`read`], and when there is not exactly one value.
pub fn read_value(xml: &[u8], budget: &Budget) -> Result<Value, Error> {
    let mut reader = Reader::new(xml, budget)?;
    let value = reader.next_value()?.ok_or(Error::NotOneValue { found: 0 })?;
    match reader.next_value()? {
        None => Ok(value),
        Some(_) => Err(Error::NotOneValue { found: 2 }),
    }
}

/// Pulls one value after the other out of a document. Only the value at hand is in memory beside the bytes.
pub struct Reader<'a> {
    text: Cow<'a, str>,
    at: usize,
    place: Place,
    state: State,
}

/// Where in the document reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before the first element.
    Start,
    /// Between the values of a body.
    Bare,
    /// Between the values of `<Objs>`.
    Inside,
    /// Behind `</Objs>`.
    After,
    /// At the end, or behind an error.
    Done,
}

impl<'a> Reader<'a> {
    /// Of these bytes. Nothing is read yet but the byte order mark.
    ///
    /// # Errors
    /// When the bytes are no text, or more than the budget allows.
    pub fn new(xml: &'a [u8], budget: &Budget) -> Result<Self, Error> {
        if xml.len() > budget.bytes {
            return Err(Error::Budget {
                what: "bytes",
                limit: budget.bytes,
            });
        }
        Ok(Reader {
            text: source::text(xml)?,
            at: 0,
            place: Place::Start,
            state: State::new(budget, xml.len()),
        })
    }

    /// The next value; `None` at the end.
    ///
    /// # Errors
    /// See [`read`]. After an error the rest is not read.
    pub fn next_value(&mut self) -> Result<Option<Value>, Error> {
        if self.place == Place::Done {
            return Ok(None);
        }
        let step = Parser::new(&self.text, self.at, &mut self.state).and_then(|mut parser| {
            let step = step(&mut parser, self.place)?;
            self.at = parser.at();
            Ok(step)
        });
        match step {
            Ok((place, value)) => {
                self.place = place;
                Ok(value)
            }
            Err(fault) => {
                self.place = Place::Done;
                Err(*fault)
            }
        }
    }

    /// How the document is wrapped, as far as has been read.
    pub fn form(&self) -> Form {
        if self.state.root.is_some() {
            Form::Document
        } else {
            Form::Bare
        }
    }

    /// How many elements so far PowerShell would refuse.
    pub fn refused(&self) -> usize {
        self.state.refused
    }
}

/// Reads up to the end of the next value, if there is one, and says where that is.
fn step(parser: &mut Parser<'_, '_>, mut place: Place) -> Result<(Place, Option<Value>), Fault> {
    loop {
        match parser.node()? {
            Node::Element(start) => match place {
                Place::Start if start.tag == Tag::Objs => match root(parser, &start) {
                    Some(refusal) => return Ok((Place::After, Some(parser.keep(&start, refusal)?.into()))),
                    None if start.empty => place = Place::After,
                    None => place = Place::Inside,
                },
                Place::Start | Place::Bare => return Ok((Place::Bare, Some(bare(parser, start)?))),
                Place::Inside => return Ok((Place::Inside, Some(parser.value(&start)?))),
                Place::After | Place::Done => return Err(outside(parser, "an element behind the root element")),
            },
            Node::Stray(span) if place == Place::Inside => {
                let stray = parser.refuse_span(span, Refusal::StrayText);
                return Ok((place, Some(stray.into())));
            }
            Node::Stray(_) => return Err(outside(parser, "text outside of an element")),
            Node::End(name) if place == Place::Inside && parser.state.root.as_deref() == Some(name) => {
                place = Place::After;
            }
            Node::End(_) => return Err(outside(parser, "the end of an element that did not begin")),
            Node::Eof if place == Place::Inside => {
                return Err(outside(parser, "the document ends before its root does"));
            }
            Node::Eof => return Ok((Place::Done, None)),
        }
    }
}

#[cold]
fn outside(parser: &Parser<'_, '_>, what: &str) -> Fault {
    fault(parser.at(), what)
}

/// Enters `<Objs>`, unless PowerShell would not.
fn root<'t>(parser: &mut Parser<'t, '_>, start: &Start<'t>) -> Option<Refusal> {
    if !parser.state.scopes.expect(start.namespace) {
        return Some(Refusal::Namespace);
    }
    let version = version(parser.tag(start), start.name).map(attribute_text).transpose();
    let readable = match version {
        Ok(None) => true,
        Ok(Some(version)) => version.parse::<Version>().is_ok_and(|version| version.major() == 1),
        Err(_) => false,
    };
    parser.state.root = readable.then(|| start.name.into());
    if readable { None } else { Some(Refusal::Version) }
}

/// A value that stands alone: its own namespace is that of its parts.
fn bare<'t>(parser: &mut Parser<'t, '_>, start: Start<'t>) -> Result<Value, Fault> {
    let foreign = !parser.state.scopes.expect(start.namespace);
    parser.value(&Start { foreign, ..start })
}

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Reader {
            text,
            at,
            place,
            state: _,
        } = self;
        f.debug_struct("Reader")
            .field("bytes", &text.len())
            .field("at", at)
            .field("place", place)
            .finish()
    }
}
