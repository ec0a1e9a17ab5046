//! Reading: one pass over the document, by namespace and local name, within [`Limits`].
//!
//! Namespaces are resolved here rather than by quick-xml so that both their number and the cost of a look-up are
//! bounded: a declaration is compared once with the names that matter, an element then only with numbers.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::Simd;
use base64::engine::general_purpose::PAD;
use bytes::Bytes;
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::ns::Ns;
use super::page::{is_html, title};
use crate::{Error, Limits};

/// A piece of mixed content.
pub(crate) enum Node<'a> {
    Element(Element<'a>),
    Text(Cow<'a, str>),
}

/// The same, before line ends are made uniform: base64 need not be searched for them.
enum Piece<'a> {
    Element(Element<'a>),
    Raw(Cow<'a, str>),
    Character(char),
}

/// A start tag.
#[derive(Debug)]
pub(crate) struct Element<'a> {
    pub(crate) ns: Ns,
    start: BytesStart<'a>,
}

impl Element<'_> {
    /// Namespace and local name, to match on.
    pub(crate) fn name(&self) -> (Ns, &str) {
        (self.ns, self.local())
    }

    pub(crate) fn local(&self) -> &str {
        local_of(self.start.name().into_inner())
    }

    /// The value of the attribute with this local name, whatever its prefix.
    pub(crate) fn attribute(&self, local: &str) -> Result<Option<Cow<'_, str>>, Error> {
        for attribute in attributes(&self.start) {
            let attribute = attribute.map_err(|e| malformed(0, &e.to_string()))?;
            if local_of(attribute.key.into_inner()) == local && !is_declaration(&attribute) {
                return value(&attribute).map(Some);
            }
        }
        Ok(None)
    }
}

fn local_of(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn is_declaration(attribute: &Attribute<'_>) -> bool {
    let key: &str = attribute.key.into_inner();
    key == "xmlns" || key.starts_with("xmlns:")
}

/// Without quick-xml's check for duplicates, which compares each attribute with all before it.
fn attributes<'s>(start: &'s BytesStart<'_>) -> quick_xml::events::attributes::Attributes<'s> {
    let mut attributes = start.attributes();
    attributes.with_checks(false);
    attributes
}

fn value<'v>(attribute: &Attribute<'v>) -> Result<Cow<'v, str>, Error> {
    attribute
        .normalized_value(XmlVersion::Implicit1_0)
        .map_err(|e| malformed(0, &e.to_string()))
}

fn malformed(offset: u64, what: &str) -> Error {
    Error::Malformed {
        offset,
        what: what.chars().take(160).collect(),
    }
}

/// A namespace declaration in scope.
#[derive(Debug)]
struct Binding {
    prefix: Box<str>,
    ns: Ns,
    depth: usize,
}

/// The reader. `next` goes from element to element among the children of the one that was entered last.
pub(crate) struct Pull<'a> {
    reader: Reader<&'a [u8]>,
    len: usize,
    limits: Limits,
    depth: usize,
    bindings: Vec<Binding>,
}

impl<'a> Pull<'a> {
    /// A reader of a whole document. What is no XML at all is told apart here.
    pub(crate) fn new(document: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        if document.len() > limits.bytes {
            return Err(Error::TooMuch {
                what: "bytes",
                limit: limits.bytes,
            });
        }
        let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
        let start = document.trim_ascii_start();
        if start.is_empty() {
            return Err(Error::Empty);
        }
        if is_html(start) {
            return Err(Error::Html { title: title(start) });
        }
        if !start.starts_with(b"<") {
            return Err(malformed(0, "the text does not begin with an element"));
        }
        let text = match std::str::from_utf8(document) {
            Ok(text) => text,
            // A character that is cut off at the end is a document that is cut off.
            Err(error) if error.error_len().is_none() => {
                return Err(Error::Truncated {
                    read: document.len() as u64,
                });
            }
            Err(_) => return Err(Error::Encoding),
        };
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        Ok(Self {
            reader,
            len: text.len(),
            limits: *limits,
            depth: 0,
            bindings: Vec::new(),
        })
    }

    /// The next child of the element that was entered last; `None` when that element ends, which leaves it.
    ///
    /// An element that `next` gave is entered: read its children, its `text`, or `skip` it before the next sibling.
    pub(crate) fn next(&mut self) -> Result<Option<Element<'a>>, Error> {
        loop {
            match self.piece()? {
                Some(Piece::Element(element)) => return Ok(Some(element)),
                Some(Piece::Raw(_) | Piece::Character(_)) => {}
                None => return Ok(None),
            }
        }
    }

    /// Like `next`, but with the texts between the children.
    pub(crate) fn node(&mut self) -> Result<Option<Node<'a>>, Error> {
        Ok(self.piece()?.map(|piece| match piece {
            Piece::Element(element) => Node::Element(element),
            Piece::Raw(text) => Node::Text(line_ends(text)),
            Piece::Character(c) => Node::Text(Cow::Owned(c.into())),
        }))
    }

    fn piece(&mut self) -> Result<Option<Piece<'a>>, Error> {
        loop {
            match self.event()? {
                Event::Start(start) => return self.enter(start).map(Piece::Element).map(Some),
                Event::End(_) => {
                    self.leave();
                    return Ok(None);
                }
                Event::Eof if self.depth == 0 => return Ok(None),
                Event::Eof => return Err(self.truncated()),
                Event::Text(piece) => return Ok(Some(Piece::Raw(piece.into_inner()))),
                Event::CData(piece) => return Ok(Some(Piece::Raw(piece.into_inner()))),
                Event::GeneralRef(reference) => return self.resolve(&reference).map(Piece::Character).map(Some),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Empty(_) => {}
            }
        }
    }

    /// The text of the element that was entered last, up to its end; elements within are skipped.
    pub(crate) fn text(&mut self) -> Result<Cow<'a, str>, Error> {
        let mut text = Cow::Borrowed("");
        loop {
            match self.node()? {
                Some(Node::Text(piece)) if text.is_empty() => text = piece,
                Some(Node::Text(piece)) => text.to_mut().push_str(&piece),
                Some(Node::Element(_)) => self.skip()?,
                None => return Ok(text),
            }
        }
    }

    /// The bytes in base64 of the element that was entered last; `what` names it.
    pub(crate) fn base64(&mut self, what: &'static str) -> Result<Bytes, Error> {
        let mut text = Cow::Borrowed("");
        loop {
            match self.piece()? {
                Some(Piece::Raw(piece)) if text.is_empty() => text = piece,
                Some(Piece::Raw(piece)) => text.to_mut().push_str(&piece),
                Some(Piece::Character(c)) => text.to_mut().push(c),
                Some(Piece::Element(_)) => return Err(Error::Base64 { what }),
                None => return decode(&text).ok_or(Error::Base64 { what }),
            }
        }
    }

    /// Leaves the element that was entered last.
    pub(crate) fn skip(&mut self) -> Result<(), Error> {
        let mut within = 0usize;
        loop {
            match self.event()? {
                // Depth still counts, names do not.
                Event::Start(_) => {
                    within += 1;
                    self.deep(self.depth + within)?;
                }
                Event::End(_) if within == 0 => {
                    self.leave();
                    return Ok(());
                }
                Event::End(_) => within -= 1,
                Event::Eof => return Err(self.truncated()),
                Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => {}
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Empty(_) => {}
            }
        }
    }

    /// Makes sure that nothing but blanks follows the root.
    pub(crate) fn end(&mut self) -> Result<(), Error> {
        match self.next()? {
            None => Ok(()),
            Some(_) => Err(malformed(self.reader.buffer_position(), "a second root element")),
        }
    }

    fn event(&mut self) -> Result<Event<'a>, Error> {
        match self.reader.read_event() {
            Ok(Event::DocType(_)) => Err(Error::Dtd),
            Ok(event) => Ok(event),
            // Whatever is unclosed at the end of the document was cut there.
            Err(quick_xml::Error::Syntax(quick_xml::errors::SyntaxError::InvalidBangMarkup)) => {
                Err(malformed(self.reader.error_position(), "invalid markup after <!"))
            }
            Err(quick_xml::Error::Syntax(_)) => Err(self.truncated()),
            Err(quick_xml::Error::IllFormed(quick_xml::errors::IllFormedError::MissingEndTag(_))) => {
                Err(self.truncated())
            }
            Err(error) => Err(malformed(self.reader.error_position(), &error.to_string())),
        }
    }

    fn resolve(&self, reference: &BytesRef<'_>) -> Result<char, Error> {
        resolve(reference).ok_or_else(|| malformed(self.reader.buffer_position(), "an unknown entity"))
    }

    fn truncated(&self) -> Error {
        Error::Truncated { read: self.len as u64 }
    }

    fn deep(&self, depth: usize) -> Result<(), Error> {
        if depth > self.limits.depth {
            Err(Error::TooMuch {
                what: "levels",
                limit: self.limits.depth,
            })
        } else {
            Ok(())
        }
    }

    fn enter(&mut self, start: BytesStart<'a>) -> Result<Element<'a>, Error> {
        self.depth += 1;
        self.deep(self.depth)?;
        for (n, attribute) in attributes(&start).enumerate() {
            if n >= self.limits.attributes {
                return Err(Error::TooMuch {
                    what: "attributes in one element",
                    limit: self.limits.attributes,
                });
            }
            let attribute = attribute.map_err(|e| malformed(self.reader.buffer_position(), &e.to_string()))?;
            let key: &str = attribute.key.into_inner();
            let prefix = match key.strip_prefix("xmlns") {
                Some("") => "",
                Some(rest) if rest.starts_with(':') => &rest[1..],
                _ => continue,
            };
            if self.bindings.len() >= self.limits.namespaces {
                return Err(Error::TooMuch {
                    what: "namespaces",
                    limit: self.limits.namespaces,
                });
            }
            let ns = Ns::of(&value(&attribute)?);
            self.bindings.push(Binding {
                prefix: prefix.into(),
                ns,
                depth: self.depth,
            });
        }
        let name = start.name().into_inner();
        let prefix = name.rsplit_once(':').map_or("", |(prefix, _)| prefix);
        let found = self.bindings.iter().rev().find(|b| &*b.prefix == prefix);
        let ns = found.map_or(Ns::Other, |b| b.ns);
        Ok(Element { ns, start })
    }

    fn leave(&mut self) {
        while self.bindings.last().is_some_and(|b| b.depth >= self.depth) {
            self.bindings.pop();
        }
        self.depth = self.depth.saturating_sub(1);
    }
}

/// Line ends as XML reads them. Only a text with CR is copied.
fn line_ends(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        text
    }
}

/// The five entities of XML, and characters by number. Others would need a DTD.
fn resolve(reference: &BytesRef<'_>) -> Option<char> {
    if let Some(c) = reference.resolve_char_ref().ok()? {
        return Some(c);
    }
    Some(match &**reference {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

/// Base64, which may be broken into lines.
fn decode(text: &str) -> Option<Bytes> {
    let text = text.trim_ascii();
    let engine = Simd::standard(PAD);
    match engine.decode(text) {
        Ok(bytes) => Some(bytes.into()),
        Err(_) if text.contains([' ', '\t', '\r', '\n']) => {
            let dense: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
            engine.decode(dense).ok().map(Bytes::from)
        }
        Err(_) => None,
    }
}
