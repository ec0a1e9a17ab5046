//! Strings as .NET has them: UTF-16 units, of which a surrogate may stand alone.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A string that keeps lone surrogates, as a Rust `str` cannot.
///
/// Nearly every string has none and is kept as UTF-8; names that come again and again share one allocation.
#[derive(Clone)]
pub struct Text(Repr);

/// INVARIANT: `Wide` holds at least one lone surrogate, so equal texts are never one wide and one narrow.
#[derive(Clone)]
enum Repr {
    Owned(Box<str>),
    Shared(Arc<str>),
    Wide(Box<[u16]>),
}

impl Text {
    /// The text of UTF-16 units, as .NET would hold them.
    pub fn from_utf16(units: &[u16]) -> Self {
        match String::from_utf16(units) {
            Ok(text) => Text(Repr::Owned(text.into_boxed_str())),
            Err(_) => Text(Repr::Wide(units.into())),
        }
    }

    /// As UTF-8, unless a surrogate stands alone in it.
    pub fn as_str(&self) -> Option<&str> {
        match &self.0 {
            Repr::Owned(text) => Some(text),
            Repr::Shared(text) => Some(text),
            Repr::Wide(_) => None,
        }
    }

    /// As UTF-8 for people's eyes: a lone surrogate shows as U+FFFD.
    pub fn to_string_lossy(&self) -> Cow<'_, str> {
        match &self.0 {
            Repr::Owned(text) => Cow::Borrowed(text),
            Repr::Shared(text) => Cow::Borrowed(text),
            Repr::Wide(units) => Cow::Owned(String::from_utf16_lossy(units)),
        }
    }

    /// The UTF-16 units, lone surrogates included.
    pub fn to_utf16(&self) -> Vec<u16> {
        match &self.0 {
            Repr::Owned(text) => text.encode_utf16().collect(),
            Repr::Shared(text) => text.encode_utf16().collect(),
            Repr::Wide(units) => units.to_vec(),
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.as_str().is_some_and(str::is_empty)
    }

    /// Whether it is `other` when case is ignored, char by char as PowerShell compares names.
    pub fn eq_ignore_case(&self, other: &str) -> bool {
        self.as_str().is_some_and(|text| same_ignoring_case(text, other))
    }

    /// The units of a text that UTF-8 cannot hold.
    pub(crate) fn wide(&self) -> Option<&[u16]> {
        match &self.0 {
            Repr::Wide(units) => Some(units),
            Repr::Owned(_) | Repr::Shared(_) => None,
        }
    }
}

/// .NET's `OrdinalIgnoreCase`: each char by its one-char upper case.
fn same_ignoring_case(left: &str, right: &str) -> bool {
    if left.eq_ignore_ascii_case(right) {
        return true;
    }
    if left.is_ascii() && right.is_ascii() {
        return false;
    }
    left.chars().map(upper).eq(right.chars().map(upper))
}

fn upper(char: char) -> char {
    let mut mapped = char.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(single), None) => single,
        _ => char,
    }
}

impl Default for Text {
    fn default() -> Self {
        Text::from("")
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str() && self.wide() == other.wide()
    }
}

impl Eq for Text {}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == Some(other)
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == Some(*other)
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
        self.wide().hash(state);
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Text(Repr::Owned(text.into()))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Text(Repr::Owned(text.into_boxed_str()))
    }
}

impl From<&String> for Text {
    fn from(text: &String) -> Self {
        Text::from(text.as_str())
    }
}

impl From<Arc<str>> for Text {
    fn from(text: Arc<str>) -> Self {
        Text(Repr::Shared(text))
    }
}

impl From<Cow<'_, str>> for Text {
    fn from(text: Cow<'_, str>) -> Self {
        Text(Repr::Owned(text.into()))
    }
}

/// For people's eyes: see [`Text::to_string_lossy`].
impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_string_lossy())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Owned(text) => fmt::Debug::fmt(text, f),
            Repr::Shared(text) => fmt::Debug::fmt(text, f),
            Repr::Wide(units) => write!(f, "{:?}+utf16{units:04x?}", String::from_utf16_lossy(units)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_that_utf8_can_hold_are_narrow_whatever_way_they_came() {
        let units: Vec<u16> = "a😀".encode_utf16().collect();
        assert_eq!(Text::from_utf16(&units), Text::from("a😀"));
        assert_eq!(Text::from(Arc::<str>::from("a😀")), Text::from("a😀"));
    }

    #[test]
    fn a_lone_surrogate_is_kept() {
        let text = Text::from_utf16(&[0x68, 0xd83d, 0x69]);
        assert_eq!(text.as_str(), None);
        assert_eq!(text.to_utf16(), [0x68, 0xd83d, 0x69]);
        assert_eq!(text.to_string(), "h\u{fffd}i");
        assert_ne!(text, Text::from("h\u{fffd}i"));
    }

    #[test]
    fn names_compare_as_powershell_compares_them() {
        assert!(Text::from("Größe").eq_ignore_case("GRÖßE"));
        assert!(!Text::from("ß").eq_ignore_case("SS"));
        assert!(!Text::from("Name").eq_ignore_case("Nam"));
    }
}
