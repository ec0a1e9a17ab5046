//! The events of quick-xml as elements, text and strays, with the document's budget and namespaces kept.

use std::borrow::Cow;
use std::io::BufRead as _;
use std::ops::Range;

use quick_xml::events::Event;

use super::reference::char_of_reference;
use super::start::{Start, plain_length, plain_start, scan};
use super::state::State;
use crate::escape::unescape;
use crate::{Error, Opaque, Refusal, Text, Value};

/// An error on its way out. Boxed, so that the results of the many small steps stay small.
pub(super) type Fault = Box<Error>;

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
    /// An element begins: `Parser::start` has it.
    Open,
    Close(&'t str),
    Text(&'t str),
    Verbatim(&'t str),
    Reference(&'t str),
    /// A comment, a processing instruction, a declaration.
    Nothing,
    Eof,
}

/// The text of an element, with what XML itself escapes resolved.
pub(super) struct Content<'t> {
    pub(super) text: Cow<'t, str>,
    /// Whether there is no `_` in it, and so no escape.
    plain: bool,
}

impl Content<'_> {
    /// What it means as a string.
    pub(super) fn decoded(&self) -> Text {
        if self.plain {
            Text::from(&*self.text)
        } else {
            unescape(&self.text)
        }
    }
}

/// Reads from one place of a document on.
///
/// What PowerShell itself writes is taken off the text directly: a tag with at most `N` and `RefId` in double quotes,
/// plain text and the end behind it. That is what makes building values nearly as fast as quick-xml's own scan. All
/// else, comments, CDATA, references, other attributes, prefixes and errors, is quick-xml's. Its list of open elements
/// is not complete then, so the names of ends are compared here.
pub(super) struct Parser<'t, 's> {
    xml: quick_xml::Reader<&'t [u8]>,
    text: &'t str,
    from: usize,
    /// The element that began last.
    start: Start<'t>,
    /// Whether quick-xml stands behind a tag, and has not looked at what follows.
    settled: bool,
    /// Where byte order marks stand that were stepped over and are text.
    marks: Option<usize>,
    pub(super) state: &'s mut State,
}

impl<'t, 's> Parser<'t, 's> {
    pub(super) fn new(text: &'t str, from: usize, state: &'s mut State) -> Result<Self, Fault> {
        let rest = text[from..].trim_start_matches('\u{feff}');
        let behind = text.len() - rest.len();
        // quick-xml would swallow one without counting it. The document's own is gone: between values they are text.
        if behind > from && from == 0 {
            return Err(fault(from, "a second byte order mark"));
        }
        let mut xml = quick_xml::Reader::from_str(rest);
        let config = xml.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        Ok(Parser {
            xml,
            text,
            from: behind,
            start: Start::NONE,
            settled: false,
            marks: (behind > from).then_some(from),
            state,
        })
    }

    /// Where reading is, in the whole document.
    pub(super) fn at(&self) -> usize {
        self.from + self.xml.buffer_position() as usize
    }

    /// The content of a start tag that was just read, between its `<` and `>`.
    pub(super) fn tag(&self, start: &Start<'t>) -> &'t str {
        &self.text[start.at + 1..self.at() - if start.empty { 2 } else { 1 }]
    }

    /// Steps over bytes that need no event.
    #[inline]
    fn pass(&mut self, bytes: usize) {
        debug_assert!(self.settled);
        self.xml.stream().consume(bytes);
    }

    fn event(&mut self) -> Result<Event<'t>, Fault> {
        let event = self.xml.read_event();
        event.map_err(|error| fault(self.from + self.xml.error_position() as usize, &error.to_string()))
    }

    fn token(&mut self) -> Result<Token<'t>, Fault> {
        let at = self.at();
        let event = self.event()?;
        let end = self.at();
        self.settled = true;
        Ok(match event {
            Event::Start(start) => {
                let name_ends = start.name().0.len();
                let (start, declared) = scan(&self.text[at + 1..end - 1], name_ends, at, &mut self.state.scopes)?;
                self.start = Start { empty: false, ..start };
                self.state.level += 1;
                if declared > 0 {
                    self.state.declaring.push((self.state.level, declared));
                }
                Token::Open
            }
            Event::Empty(start) => {
                let name_ends = start.name().0.len();
                let (start, declared) = scan(&self.text[at + 1..end - 2], name_ends, at, &mut self.state.scopes)?;
                self.start = start;
                if declared > 0 {
                    self.state.scopes.leave(declared);
                }
                Token::Open
            }
            Event::End(_) => {
                self.state.leave();
                Token::Close(self.text[at + 2..end - 1].trim_ascii_end())
            }
            Event::Text(_) => {
                self.settled = false;
                Token::Text(&self.text[at..end])
            }
            Event::CData(_) => Token::Verbatim(&self.text[at + "<![CDATA[".len()..end - "]]>".len()]),
            Event::GeneralRef(_) => Token::Reference(&self.text[at + 1..end - 1]),
            Event::Comment(_) | Event::PI(_) => Token::Nothing,
            Event::Decl(_) if at == 0 => Token::Nothing,
            Event::Decl(_) => return Err(fault(at, "an XML declaration after the start")),
            Event::DocType(_) => return Err(Error::Doctype { at: at as u64 }.into()),
            Event::Eof => Token::Eof,
        })
    }

    /// The next element, stray or end inside of the element that is read.
    pub(super) fn node(&mut self) -> Result<Node<'t>, Fault> {
        if let Some(start) = self.plain_start() {
            return Ok(Node::Element(start));
        }
        let mut stray = self.marks.take();
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
                Token::Open => return Ok(Node::Element(self.start)),
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

    /// The next node inside of `parent`, until it ends.
    #[inline]
    pub(super) fn child(&mut self, parent: &Start<'t>) -> Result<Option<Node<'t>>, Fault> {
        if parent.empty {
            return Ok(None);
        }
        if let Some(start) = self.plain_start() {
            return Ok(Some(Node::Element(start)));
        }
        if self.settled && self.passes_end(parent, self.at()) {
            return Ok(None);
        }
        self.other_child(parent)
    }

    #[inline(never)]
    fn other_child(&mut self, parent: &Start<'t>) -> Result<Option<Node<'t>>, Fault> {
        match self.node()? {
            Node::End(name) if name == parent.name => Ok(None),
            Node::End(name) => Err(self.mismatch(parent.name, name)),
            Node::Eof => Err(self.cut_short()),
            node => Ok(Some(node)),
        }
    }

    /// Steps over white space and over a start tag as PowerShell writes them.
    #[inline]
    fn plain_start(&mut self) -> Option<Start<'t>> {
        if !self.settled {
            return None;
        }
        let bytes = &self.text.as_bytes()[self.at()..];
        if bytes.first() != Some(&b'<') {
            let blank = bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            if blank == 0 || bytes.get(blank) != Some(&b'<') {
                return None;
            }
            self.pass(blank);
        }
        let (start, length) = plain_start(self.text, self.at(), &self.state.scopes)?;
        self.pass(length);
        self.state.level += usize::from(!start.empty);
        Some(start)
    }

    #[cold]
    fn mismatch(&self, began: &str, ended: &str) -> Fault {
        fault(self.at(), &format!("the element {began:?} ends as {ended:?}"))
    }

    #[cold]
    fn cut_short(&self) -> Fault {
        fault(self.at(), "the document ends inside of an element")
    }

    /// The text of an element that holds nothing else, with CDATA, references and comments resolved.
    #[inline]
    pub(super) fn content(&mut self, start: &Start<'t>) -> Result<Result<Content<'t>, Refusal>, Fault> {
        if start.empty {
            return Ok(Ok(Content {
                text: Cow::Borrowed(""),
                plain: true,
            }));
        }
        match self.short_cut(start) {
            Some(content) => Ok(Ok(content)),
            None => self.mixed(start),
        }
    }

    /// The text of an element and its end at once, where that is all that follows.
    #[inline]
    fn short_cut(&mut self, start: &Start<'t>) -> Option<Content<'t>> {
        let (from, bytes) = (self.at(), self.text.as_bytes());
        let mut plain = true;
        let mut to = from;
        loop {
            to += plain_length(&bytes[to..]);
            match *bytes.get(to)? {
                b'<' => break,
                b'_' => plain = false,
                _ => return None,
            }
            to += 1;
        }
        if !self.passes_end(start, to) {
            return None;
        }
        Some(Content {
            text: Cow::Borrowed(&self.text[from..to]),
            plain,
        })
    }

    /// Steps over what leads to `at` and over the end of `start` there, if that is what stands there.
    #[inline]
    fn passes_end(&mut self, start: &Start<'t>, at: usize) -> bool {
        let (name, rest) = (start.name.as_bytes(), &self.text.as_bytes()[at..]);
        let length = name.len() + "</>".len();
        let ends =
            rest.len() >= length && rest[..2] == *b"</" && rest[2..length - 1] == *name && rest[length - 1] == b'>';
        if ends {
            self.pass(at - self.at() + length);
            self.state.leave();
        }
        ends
    }

    #[inline(never)]
    fn mixed(&mut self, start: &Start<'t>) -> Result<Result<Content<'t>, Refusal>, Fault> {
        let mut content = Cow::Borrowed("");
        let mut refusal = None;
        loop {
            match self.token()? {
                Token::Close(name) if name == start.name => break,
                Token::Close(name) => return Err(self.mismatch(start.name, name)),
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
                Token::Open => {
                    let inner = self.start;
                    self.skip(&inner)?;
                    refusal = refusal.or(Some(Refusal::StrayElement));
                }
                Token::Eof => return Err(self.cut_short()),
            }
        }
        Ok(match refusal {
            None => Ok(Content {
                text: content,
                plain: false,
            }),
            Some(refusal) => Err(refusal),
        })
    }

    /// Passes over the rest of an element, whatever its depth, without looking into it.
    #[inline(never)]
    pub(super) fn skip(&mut self, start: &Start<'t>) -> Result<(), Fault> {
        if start.empty {
            return Ok(());
        }
        // Where the open elements begin: their names stand there.
        let mut open = vec![start.at];
        while let Some(innermost) = open.last() {
            let at = self.at();
            match self.event()? {
                Event::Start(_) => open.push(at),
                Event::End(_) => {
                    let ended = self.text[at + 2..self.at() - 1].trim_ascii_end();
                    let began = &self.text.as_bytes()[innermost + 1..];
                    let same = began.strip_prefix(ended.as_bytes()).and_then(<[u8]>::first);
                    if !same.is_some_and(|byte| byte.is_ascii_whitespace() || *byte == b'>') {
                        return Err(fault(
                            at,
                            &format!("an element ends as {ended:?} that did not begin so"),
                        ));
                    }
                    open.pop();
                }
                Event::DocType(_) => return Err(Error::Doctype { at: at as u64 }.into()),
                Event::Eof => return Err(self.cut_short()),
                Event::Empty(_)
                | Event::Text(_)
                | Event::CData(_)
                | Event::Comment(_)
                | Event::Decl(_)
                | Event::PI(_)
                | Event::GeneralRef(_) => {}
            }
        }
        self.settled = true;
        self.state.leave();
        Ok(())
    }

    /// Keeps an element whose start alone was read.
    pub(super) fn keep(&mut self, start: &Start<'t>, why: Refusal) -> Result<Opaque, Fault> {
        self.state.count()?;
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

/// An error at a place of the document.
#[cold]
pub(super) fn fault(at: usize, what: &str) -> Fault {
    Error::Xml {
        at: at as u64,
        what: what.to_owned(),
    }
    .into()
}

/// Line ends as XML has them: `\r\n` and a lone `\r` are `\n`.
fn normal(text: &str) -> Cow<'_, str> {
    if text.as_bytes().contains(&b'\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    }
}
