//! The events of quick-xml as elements, text and strays, with the document's budget and namespaces kept.

use std::borrow::Cow;
use std::ops::Range;

use quick_xml::events::Event;

use super::start::{Scopes, Start, char_of_reference, scan};
use super::tables::{Ids, Names};
use crate::{Budget, Error, Opaque, Refusal, TypeNames, Value};

/// What outlives the reading of one value of a document.
#[derive(Debug)]
pub(super) struct State {
    pub(super) budget: Budget,
    pub(super) objects: Ids<()>,
    pub(super) types: Ids<TypeNames>,
    pub(super) names: Names,
    pub(super) scopes: Scopes,
    /// Values on the way from the top to where reading is.
    pub(super) depth: u16,
    pub(super) refused: usize,
    values: usize,
    /// The name of the root element around the values, if there is one.
    pub(super) root: Option<Box<str>>,
    /// Open elements, and those of them that declare namespaces: their level and how many.
    level: usize,
    declaring: Vec<(usize, usize)>,
}

impl State {
    pub(super) fn new(budget: &Budget) -> Self {
        State {
            budget: Budget {
                depth: budget.depth.min(Budget::DEEPEST),
                ..*budget
            },
            objects: Ids::default(),
            types: Ids::default(),
            names: Names::default(),
            scopes: Scopes::default(),
            depth: 0,
            refused: 0,
            values: 0,
            root: None,
            level: 0,
            declaring: Vec::new(),
        }
    }

    /// One more value.
    pub(super) fn count(&mut self) -> Result<(), Error> {
        self.values += 1;
        if self.values > self.budget.values {
            return Err(Error::Budget {
                what: "values",
                limit: self.budget.values,
            });
        }
        Ok(())
    }

    fn leave(&mut self) {
        self.level = self.level.saturating_sub(1);
        while let Some((level, count)) = self.declaring.pop_if(|(level, _)| *level > self.level) {
            debug_assert_eq!(level, self.level + 1);
            self.scopes.leave(count);
        }
    }
}

/// What stands next inside of an element that holds elements.
#[derive(Debug)]
pub(super) enum Node<'t> {
    Element(Start<'t>),
    /// Text, CDATA or references where an element was expected, as it stands there.
    Stray(Range<usize>),
    /// The end of the element that is read, with its name.
    End(&'t str),
    /// The end of the document.
    Eof,
}

/// What stands next, whatever it is.
enum Token<'t> {
    Open(Start<'t>),
    Close(&'t str),
    Text(&'t str),
    Verbatim(&'t str),
    Reference(&'t str),
    /// A comment, a processing instruction, a declaration.
    Nothing,
    Eof,
}

/// Reads from one place of a document on.
pub(super) struct Parser<'t, 's> {
    xml: quick_xml::Reader<&'t [u8]>,
    text: &'t str,
    from: usize,
    pub(super) state: &'s mut State,
}

impl<'t, 's> Parser<'t, 's> {
    pub(super) fn new(text: &'t str, from: usize, state: &'s mut State) -> Result<Self, Error> {
        if text[from..].starts_with('\u{feff}') {
            // quick-xml would swallow it without counting it.
            return Err(Error::Xml {
                at: from as u64,
                what: "a second byte order mark".to_owned(),
            });
        }
        let mut xml = quick_xml::Reader::from_str(&text[from..]);
        // `</Objs>` ends what another parser began.
        xml.config_mut().allow_unmatched_ends = true;
        Ok(Parser { xml, text, from, state })
    }

    /// Where reading is, in the whole document.
    pub(super) fn at(&self) -> usize {
        self.from + self.xml.buffer_position() as usize
    }

    fn token(&mut self) -> Result<Token<'t>, Error> {
        let at = self.at();
        let event = self.xml.read_event().map_err(|error| Error::Xml {
            at: self.from as u64 + self.xml.error_position(),
            what: error.to_string(),
        })?;
        let end = self.at();
        Ok(match event {
            Event::Start(_) => {
                let (start, declared) = scan(&self.text[at + 1..end - 1], at, false, &mut self.state.scopes)?;
                self.state.level += 1;
                if declared > 0 {
                    self.state.declaring.push((self.state.level, declared));
                }
                Token::Open(start)
            }
            Event::Empty(_) => {
                let (start, declared) = scan(&self.text[at + 1..end - 2], at, true, &mut self.state.scopes)?;
                if declared > 0 {
                    self.state.scopes.leave(declared);
                }
                Token::Open(start)
            }
            Event::End(_) => {
                self.state.leave();
                Token::Close(self.text[at + 2..end - 1].trim_ascii_end())
            }
            Event::Text(_) => Token::Text(&self.text[at..end]),
            Event::CData(_) => Token::Verbatim(&self.text[at + "<![CDATA[".len()..end - "]]>".len()]),
            Event::GeneralRef(_) => Token::Reference(&self.text[at + 1..end - 1]),
            Event::Comment(_) | Event::PI(_) => Token::Nothing,
            Event::Decl(_) if at == 0 => Token::Nothing,
            Event::Decl(_) => {
                return Err(Error::Xml {
                    at: at as u64,
                    what: "an XML declaration after the start".to_owned(),
                });
            }
            Event::DocType(_) => return Err(Error::Doctype { at: at as u64 }),
            Event::Eof => Token::Eof,
        })
    }

    /// The next element, stray or end inside of the element that is read.
    pub(super) fn node(&mut self) -> Result<Node<'t>, Error> {
        let mut stray: Option<usize> = None;
        loop {
            let at = self.at();
            if let Some(from) = stray
                && self.is_at_tag(at)
            {
                return Ok(Node::Stray(from..at));
            }
            match self.token()? {
                Token::Text(text) if text.trim_ascii().is_empty() => {}
                Token::Text(_) | Token::Verbatim(_) | Token::Reference(_) => stray = stray.or(Some(at)),
                Token::Nothing => {}
                Token::Open(start) => return Ok(Node::Element(start)),
                Token::Close(name) => return Ok(Node::End(name)),
                Token::Eof => return Ok(Node::Eof),
            }
        }
    }

    /// Whether an element begins or ends here, or the document ends: so a stray ends without reading on.
    fn is_at_tag(&self, at: usize) -> bool {
        match self.text.as_bytes()[at..] {
            [] => true,
            [b'<', next, ..] => !matches!(next, b'!' | b'?'),
            _ => false,
        }
    }

    /// The next node of an element that has to end before the document does.
    pub(super) fn child(&mut self) -> Result<Option<Node<'t>>, Error> {
        match self.node()? {
            Node::End(_) => Ok(None),
            Node::Eof => Err(self.cut_short()),
            node => Ok(Some(node)),
        }
    }

    fn cut_short(&self) -> Error {
        Error::Xml {
            at: self.at() as u64,
            what: "the document ends inside of an element".to_owned(),
        }
    }

    /// The text of an element that holds nothing else, with CDATA, references and comments resolved.
    pub(super) fn content(&mut self, start: &Start<'t>) -> Result<Result<Cow<'t, str>, Refusal>, Error> {
        let mut content = Cow::Borrowed("");
        let mut refusal = None;
        if start.empty {
            return Ok(Ok(content));
        }
        loop {
            match self.token()? {
                Token::Close(_) => break,
                Token::Text(text) | Token::Verbatim(text) => {
                    let text = normal(text);
                    if content.is_empty() {
                        content = text;
                    } else {
                        content.to_mut().push_str(&text);
                    }
                }
                Token::Reference(name) => match char_of_reference(name) {
                    Some(char) => content.to_mut().push(char),
                    None => refusal = refusal.or(Some(Refusal::Entity)),
                },
                Token::Nothing => {}
                Token::Open(inner) => {
                    self.skip(&inner)?;
                    refusal = refusal.or(Some(Refusal::StrayElement));
                }
                Token::Eof => return Err(self.cut_short()),
            }
        }
        Ok(match refusal {
            None => Ok(content),
            Some(refusal) => Err(refusal),
        })
    }

    /// Passes over the rest of an element, whatever its depth, without looking into it.
    pub(super) fn skip(&mut self, start: &Start<'t>) -> Result<(), Error> {
        if start.empty {
            return Ok(());
        }
        let mut open = 1_usize;
        while open > 0 {
            let at = self.at();
            match self.xml.read_event() {
                Ok(Event::Start(_)) => open += 1,
                Ok(Event::End(_)) => open -= 1,
                Ok(Event::DocType(_)) => return Err(Error::Doctype { at: at as u64 }),
                Ok(Event::Eof) => return Err(self.cut_short()),
                Ok(_) => {}
                Err(error) => {
                    let at = self.from as u64 + self.xml.error_position();
                    return Err(Error::Xml {
                        at,
                        what: error.to_string(),
                    });
                }
            }
        }
        self.state.leave();
        Ok(())
    }

    /// Keeps an element whose start alone was read.
    pub(super) fn keep(&mut self, start: &Start<'t>, why: Refusal) -> Result<Opaque, Error> {
        self.skip(start)?;
        Ok(self.refuse(start, why))
    }

    /// Keeps an element that was read to its end.
    pub(super) fn refuse(&mut self, start: &Start<'t>, why: Refusal) -> Opaque {
        self.refuse_span(start.at..self.at(), why)
    }

    /// As [`Parser::refuse`], as a value.
    pub(super) fn refused(&mut self, start: &Start<'t>, why: Refusal) -> Value {
        Value::from(self.refuse(start, why))
    }

    /// Keeps a part of the document, with the declarations that it needs.
    pub(super) fn refuse_span(&mut self, span: Range<usize>, why: Refusal) -> Opaque {
        self.state.refused += 1;
        let xml = &self.text[span];
        let needed = self.state.scopes.needed_by(xml);
        if needed.is_empty() || !xml.starts_with('<') {
            return Opaque::new(xml, why);
        }
        let name_ends = xml
            .find(|char: char| char.is_ascii_whitespace() || matches!(char, '>' | '/'))
            .unwrap_or(xml.len());
        let (name, rest) = xml.split_at(name_ends);
        let mut whole = name.to_owned();
        for (prefix, uri) in needed {
            let (colon, quote) = (
                if prefix.is_empty() { "" } else { ":" },
                if uri.contains('"') { '\'' } else { '"' },
            );
            whole.push_str(&format!(" xmlns{colon}{prefix}={quote}{uri}{quote}"));
        }
        whole.push_str(rest);
        Opaque::new(whole, why)
    }
}

/// Line ends as XML has them: `\r\n` and a lone `\r` are `\n`.
fn normal(text: &str) -> Cow<'_, str> {
    if text.as_bytes().contains(&b'\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    }
}
