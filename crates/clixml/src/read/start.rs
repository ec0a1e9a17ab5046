//! A start tag: its name, the attributes that CLIXML knows, and the namespaces that it declares.

use std::borrow::Cow;

use super::tag::Tag;
use crate::{Error, NAMESPACE, Refusal};

/// A start tag, borrowed from the document.
#[derive(Debug)]
pub(super) struct Start<'t> {
    /// Where its `<` stands.
    pub(super) at: usize,
    /// The name as it stands there, prefix included.
    pub(super) name: &'t str,
    /// The name without its prefix.
    pub(super) local: &'t str,
    /// The namespace of the name.
    pub(super) namespace: Namespace,
    /// What it is, if its namespace is that of the document.
    pub(super) tag: Tag,
    /// The `N` attribute as it stands there.
    pub(super) label: Option<&'t str>,
    /// The `RefId` attribute as it stands there.
    pub(super) id: Option<&'t str>,
    /// The `Version` attribute as it stands there.
    pub(super) version: Option<&'t str>,
    /// Whether it is its own end.
    pub(super) empty: bool,
    /// Whether it is of another namespace.
    pub(super) foreign: bool,
}

/// Splits a tag's content (between `<` and `>`) into its name and attributes, and enters what it declares in `scopes`.
/// Returns how many declarations that were.
pub(super) fn scan<'t>(
    content: &'t str,
    at: usize,
    empty: bool,
    scopes: &mut Scopes,
) -> Result<(Start<'t>, usize), Error> {
    let bytes = content.as_bytes();
    let end = bytes.iter().position(u8::is_ascii_whitespace).unwrap_or(bytes.len());
    let name = &content[..end];
    let mut start = Start {
        at,
        name,
        local: name,
        namespace: Namespace::None,
        tag: Tag::Unknown,
        label: None,
        id: None,
        version: None,
        empty,
        foreign: false,
    };
    let mut declared = 0;
    let mut rest = content[end..].trim_ascii_start();
    while !rest.is_empty() {
        let (name, value, after) = attribute(rest).ok_or_else(|| Error::Xml {
            at: at as u64,
            what: format!("an attribute of the element {:?} is not name=\"value\"", start.name),
        })?;
        rest = after;
        match name {
            "N" => start.label = Some(value),
            "RefId" => start.id = Some(value),
            "Version" => start.version = Some(value),
            _ => {
                if let Some(prefix) = name.strip_prefix("xmlns")
                    && let Some(prefix) = if prefix.is_empty() {
                        Some("")
                    } else {
                        prefix.strip_prefix(':')
                    }
                {
                    scopes.declare(prefix, value)?;
                    declared += 1;
                }
            }
        }
    }
    (start.namespace, start.local) = scopes.resolve(name);
    start.foreign = start.namespace != scopes.expected;
    start.tag = Tag::of(start.local);
    Ok((start, declared))
}

/// `name="value"` at the start of `text`, and what comes after it without white space.
fn attribute(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.split_at(text.bytes().position(|byte| byte == b'=')?);
    let rest = rest[1..].trim_ascii_start();
    let quote = *rest.as_bytes().first().filter(|byte| matches!(byte, b'"' | b'\''))?;
    let rest = &rest[1..];
    let (value, after) = rest.split_at(rest.bytes().position(|byte| byte == quote)?);
    let name = name.trim_ascii_end();
    (!name.is_empty() && !name.contains(char::is_whitespace)).then(|| (name, value, after[1..].trim_ascii_start()))
}

/// What an attribute's value means: white space becomes spaces, references their chars.
pub(super) fn attribute_text(raw: &str) -> Result<Cow<'_, str>, Refusal> {
    if !raw.bytes().any(|byte| matches!(byte, b'&' | b'\t' | b'\n' | b'\r')) {
        return Ok(Cow::Borrowed(raw));
    }
    let mut text = String::with_capacity(raw.len());
    let normal = raw.replace("\r\n", " ").replace(['\t', '\n', '\r'], " ");
    let mut rest = normal.as_str();
    while let Some((before, reference)) = rest.split_once('&') {
        let (name, after) = reference.split_once(';').ok_or(Refusal::Entity)?;
        text.push_str(before);
        text.push(char_of_reference(name).ok_or(Refusal::Entity)?);
        rest = after;
    }
    text.push_str(rest);
    Ok(Cow::Owned(text))
}

/// The char of `amp`, `#38` or `#x26`: what stands between `&` and `;`. Nothing else is ever declared in CLIXML.
pub(super) fn char_of_reference(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let digits = name.strip_prefix('#')?;
            let (digits, radix) = match digits.strip_prefix('x') {
                Some(digits) => (digits, 16),
                None => (digits, 10),
            };
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return None;
            }
            let char = char::from_u32(u32::from_str_radix(digits, radix).ok()?)?;
            let legal = char >= ' ' && !matches!(char, '\u{fffe}' | '\u{ffff}') || matches!(char, '\t' | '\n' | '\r');
            legal.then_some(char)
        }
    }
}

/// The namespaces in scope. Nearly every document declares one, on its root, or none.
#[derive(Debug, Default)]
pub(super) struct Scopes {
    declared: Vec<(Box<str>, Box<str>)>,
    /// The namespace of elements without a prefix.
    default: Namespace,
    /// That of the values: the root's.
    expected: Namespace,
}

/// As far as it matters here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Namespace {
    #[default]
    None,
    Ours,
    Other,
}

impl Namespace {
    fn of(uri: &str) -> Self {
        match uri {
            "" => Namespace::None,
            NAMESPACE => Namespace::Ours,
            _ => Namespace::Other,
        }
    }
}

impl Scopes {
    /// Declarations in scope at once. More make looking up a prefix slow, and no document has them.
    const MOST: usize = 64;

    fn declare(&mut self, prefix: &str, uri: &str) -> Result<(), Error> {
        if self.declared.len() == Self::MOST {
            return Err(Error::Budget {
                what: "namespace declarations in scope",
                limit: Self::MOST,
            });
        }
        if prefix.is_empty() {
            self.default = Namespace::of(uri);
        }
        self.declared.push((prefix.into(), uri.into()));
        Ok(())
    }

    /// Forgets the last `count` declarations.
    pub(super) fn leave(&mut self, count: usize) {
        self.declared.truncate(self.declared.len() - count);
        self.default = self.uri("").map_or(Namespace::None, Namespace::of);
    }

    fn uri(&self, prefix: &str) -> Option<&str> {
        self.declared
            .iter()
            .rev()
            .find(|(own, _)| **own == *prefix)
            .map(|(_, uri)| &**uri)
    }

    /// The namespace and the local name of an element.
    fn resolve<'t>(&self, name: &'t str) -> (Namespace, &'t str) {
        match name.split_once(':') {
            None => (self.default, name),
            Some((prefix, local)) => (self.uri(prefix).map_or(Namespace::Other, Namespace::of), local),
        }
    }

    /// Takes the namespace of a root for that of its values. One that is neither ours nor none is refused.
    pub(super) fn expect(&mut self, root: Namespace) -> bool {
        self.expected = root;
        root != Namespace::Other
    }

    /// The declarations that raw XML needs to mean the same outside of this document.
    pub(super) fn needed_by(&self, xml: &str) -> Vec<(&str, &str)> {
        let mut needed: Vec<(&str, &str)> = Vec::new();
        for (prefix, uri) in self.declared.iter().rev() {
            let plain = prefix.is_empty();
            let used = if plain {
                self.default != self.expected
            } else {
                xml.contains(&format!("{prefix}:"))
            };
            let redeclared = xml.split_once('>').is_some_and(|(tag, _)| {
                tag.contains(&if plain {
                    "xmlns=".to_owned()
                } else {
                    format!("xmlns:{prefix}=")
                })
            });
            if used && !redeclared && !needed.iter().any(|(known, _)| **known == **prefix) {
                needed.push((prefix, uri));
            }
        }
        if self.default == Namespace::None
            && self.expected == Namespace::Ours
            && !xml.contains("xmlns=")
            && self.uri("").is_none()
        {
            needed.push(("", ""));
        }
        needed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_split_whatever_their_quotes_and_spaces() {
        let mut scopes = Scopes::default();
        let (start, declared) = scan("S N = 'a>\"b'\n RefId=\"1\" Extra=\"\" ", 0, false, &mut scopes).unwrap();
        assert_eq!(
            (start.name, start.label, start.id, declared),
            ("S", Some("a>\"b"), Some("1"), 0)
        );
        for broken in ["S N", "S N=", "S N=a", "S N=\"a", "S =\"a\"", "S a N=\"x\""] {
            assert!(
                matches!(scan(broken, 0, false, &mut scopes), Err(Error::Xml { .. })),
                "{broken}"
            );
        }
    }

    #[test]
    fn references_are_chars_or_refused() {
        assert_eq!(attribute_text("a&lt;&#65;&#x1F600;\tb\r\nc").unwrap(), "a<A😀 b c");
        for broken in ["&e;", "&#0;", "&#xD83D;", "&amp", "&#;", "&#+5;"] {
            assert_eq!(attribute_text(broken), Err(Refusal::Entity), "{broken}");
        }
    }

    #[test]
    fn declarations_end_with_their_element() {
        let mut scopes = Scopes::default();
        scopes.declare("p", NAMESPACE).unwrap();
        assert_eq!(scopes.resolve("p:S"), (Namespace::Ours, "S"));
        scopes.declare("p", "urn:other").unwrap();
        assert_eq!(scopes.resolve("p:S"), (Namespace::Other, "S"));
        scopes.leave(1);
        assert_eq!(scopes.resolve("p:S"), (Namespace::Ours, "S"));
        scopes.leave(1);
        assert_eq!(scopes.resolve("p:S"), (Namespace::Other, "S"));
    }
}
