//! A start tag: its name, the attributes that CLIXML knows, and the namespaces that it declares.

use super::namespace::{Namespace, Scopes};
use super::parser::Fault;
use super::tag::Tag;
use crate::Error;

/// A start tag, borrowed from the document. Small, because every element makes one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start<'t> {
    /// Where its `<` stands.
    pub(super) at: usize,
    /// The name as it stands there, prefix included.
    pub(super) name: &'t str,
    /// The `N` attribute as it stands there.
    pub(super) label: Option<&'t str>,
    /// Whether `N` is known to mean just what it says: no reference, no escape, no white space to normalize.
    pub(super) verbatim: bool,
    /// The `RefId` attribute as it stands there.
    pub(super) id: Option<&'t str>,
    /// What it is, if its namespace is that of the document.
    pub(super) tag: Tag,
    /// The namespace of the name.
    pub(super) namespace: Namespace,
    /// Whether it is its own end.
    pub(super) empty: bool,
    /// Whether it is of another namespace.
    pub(super) foreign: bool,
}

impl<'t> Start<'t> {
    pub(super) const NONE: Start<'static> = Start {
        at: 0,
        name: "",
        label: None,
        verbatim: false,
        id: None,
        tag: Tag::Unknown,
        namespace: Namespace::None,
        empty: true,
        foreign: true,
    };

    /// The name without its prefix.
    pub(super) fn local(&self) -> &'t str {
        self.name.split_once(':').map_or(self.name, |(_, local)| local)
    }
}

/// Splits a tag's content (between `<` and `>`) into its name and attributes, and enters what it declares in `scopes`.
/// Returns how many declarations that were.
pub(super) fn scan<'t>(
    content: &'t str,
    name_ends: usize,
    at: usize,
    scopes: &mut Scopes,
) -> Result<(Start<'t>, usize), Fault> {
    let (name, mut rest) = content.split_at(name_ends);
    let mut start = Start {
        at,
        name,
        ..Start::NONE
    };
    let mut declared = 0;
    while let Some(attribute) = attribute(&mut rest) {
        let (name, value) = attribute.ok_or_else(|| broken(at, start.name))?;
        match name.as_bytes() {
            b"N" => start.label = Some(value),
            b"RefId" => start.id = Some(value),
            [b'x', b'm', b'l', b'n', b's', prefix @ ..] if prefix.first().is_none_or(|byte| *byte == b':') => {
                scopes.declare(name.strip_prefix("xmlns:").unwrap_or(""), value)?;
                declared += 1;
            }
            _ => {}
        }
    }
    let local;
    (start.namespace, local) = scopes.resolve(name);
    start.foreign = scopes.is_foreign(start.namespace);
    start.tag = Tag::of(local);
    Ok((start, declared))
}

/// The tag that begins at `at`, with its length, if it is one as PowerShell writes them: no prefix, and no attributes
/// but `N` and `RefId` in double quotes.
#[inline]
pub(super) fn plain_start<'t>(text: &'t str, at: usize, scopes: &Scopes) -> Option<(Start<'t>, usize)> {
    let bytes = text.as_bytes();
    if *bytes.get(at)? != b'<' {
        return None;
    }
    let mut next = at + 1;
    while NAME[usize::from(*bytes.get(next)?)] {
        next += 1;
    }
    let name = &text[at + 1..next];
    if name.is_empty() {
        return None;
    }
    let (namespace, foreign) = (scopes.default, scopes.is_foreign(scopes.default));
    let mut start = Start {
        at,
        name,
        tag: Tag::of(name),
        namespace,
        foreign,
        empty: false,
        ..Start::NONE
    };
    loop {
        match bytes[next..] {
            [b'>', ..] => return Some((start, next + 1 - at)),
            [b'/', b'>', ..] => return Some((Start { empty: true, ..start }, next + 2 - at)),
            [b' ', b'/', b'>', ..] => return Some((Start { empty: true, ..start }, next + 3 - at)),
            [b' ', b'N', b'=', b'"', ..] => {
                let (label, after, verbatim) = quoted(text, next + 4)?;
                (start.label, start.verbatim, next) = (Some(label), verbatim, after);
            }
            [b' ', b'R', b'e', b'f', b'I', b'd', b'=', b'"', ..] => {
                let (id, after, _) = quoted(text, next + 8)?;
                (start.id, next) = (Some(id), after);
            }
            _ => return None,
        }
    }
}

/// The value that begins at `from`, where its closing quote was passed, and whether the value means just what it says.
#[inline]
fn quoted(text: &str, from: usize) -> Option<(&str, usize, bool)> {
    let bytes = text.as_bytes().get(from..)?;
    let mut verbatim = true;
    let length = bytes.iter().position(|byte| {
        let kind = QUOTED[usize::from(*byte)];
        verbatim &= kind != Quoted::Special;
        kind == Quoted::End
    })?;
    let value = text.get(from..from + length)?;
    (bytes[length] == b'"').then_some((value, from + length + 1, verbatim))
}

/// The `Version` attribute in the content of a tag that was scanned before.
pub(super) fn version<'t>(content: &'t str, name: &str) -> Option<&'t str> {
    let mut rest = &content[name.len()..];
    let attributes = std::iter::from_fn(|| attribute(&mut rest).flatten());
    attributes
        .filter(|(name, _)| *name == "Version")
        .map(|(_, value)| value)
        .last()
}

#[cold]
fn broken(at: usize, name: &str) -> Fault {
    let what = format!("an attribute of the element {name:?} is not name=\"value\"");
    Error::Xml { at: at as u64, what }.into()
}

/// Takes ` name="value"` off the start of `text`. Nothing where nothing is left; `Some(None)` where it is no attribute.
fn attribute<'t>(text: &mut &'t str) -> Option<Option<(&'t str, &'t str)>> {
    let rest = text.trim_ascii_start();
    if rest.is_empty() {
        return None;
    }
    Some(split(rest).map(|(name, value, after)| {
        *text = after;
        (name, value)
    }))
}

fn split(text: &str) -> Option<(&str, &str, &str)> {
    let bytes = text.as_bytes();
    let equals = bytes.iter().position(|byte| *byte == b'=')?;
    let name = text[..equals].trim_ascii_end();
    let rest = text[equals + 1..].trim_ascii_start();
    let quote = *rest.as_bytes().first().filter(|byte| matches!(byte, b'"' | b'\''))?;
    let rest = &rest[1..];
    let end = rest.bytes().position(|byte| byte == quote)?;
    let good = !name.is_empty() && !name.bytes().any(|byte| byte.is_ascii_whitespace());
    good.then(|| (name, &rest[..end], &rest[end + 1..]))
}

/// How many bytes of an element's text mean just themselves before one that may mean more.
#[inline]
pub(super) fn plain_length(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .position(|byte| !PLAIN[usize::from(*byte)])
        .unwrap_or(bytes.len())
}

const PLAIN: [bool; 256] = {
    let mut plain = [true; 256];
    let special = b"<&\r_";
    let mut index = 0;
    while index < special.len() {
        plain[special[index] as usize] = false;
        index += 1;
    }
    plain
};

/// What a byte is inside of a quoted value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quoted {
    /// Itself.
    Verbatim,
    /// The start of a reference or perhaps of an escape, or white space to normalize.
    Special,
    /// The end, or what may not be there.
    End,
}

const QUOTED: [Quoted; 256] = {
    let mut quoted = [Quoted::Verbatim; 256];
    let special = b"&_\t\n\r";
    let mut index = 0;
    while index < special.len() {
        quoted[special[index] as usize] = Quoted::Special;
        index += 1;
    }
    quoted[b'"' as usize] = Quoted::End;
    quoted[b'<' as usize] = Quoted::End;
    quoted
};

/// Bytes of a name without a prefix, as far as CLIXML has such.
const NAME: [bool; 256] = {
    let mut name = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        name[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    name
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_split_whatever_their_quotes_and_spaces() {
        let mut scopes = Scopes::default();
        let (start, declared) = scan("S N = 'a>\"b'\n RefId=\"1\" Extra=\"\" ", 1, 0, &mut scopes).unwrap();
        assert_eq!(
            (start.name, start.label, start.id, declared),
            ("S", Some("a>\"b"), Some("1"), 0)
        );
        for broken in ["S N", "S N=", "S N=a", "S N=\"a", "S =\"a\"", "S a N=\"x\""] {
            let refused = scan(broken, 1, 0, &mut scopes).map(|_| ()).map_err(|fault| *fault);
            assert!(matches!(refused, Err(Error::Xml { .. })), "{broken}");
        }
    }
}
