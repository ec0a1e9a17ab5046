//! XML that PowerShell would have refused, kept as it came.

use std::fmt;

/// An element kept as raw XML because it is no value, with the reason.
///
/// PowerShell drops the whole document, and in a pipeline says nothing; here it costs only this element.
#[derive(Clone, Debug)]
pub struct Opaque {
    xml: Box<str>,
    why: Refusal,
}

impl Opaque {
    pub(crate) fn new(xml: impl Into<Box<str>>, why: Refusal) -> Self {
        Opaque { xml: xml.into(), why }
    }

    /// The XML, exactly as it came.
    pub fn xml(&self) -> &str {
        &self.xml
    }

    /// Why it is no value.
    pub fn why(&self) -> Refusal {
        self.why
    }
}

/// Equality is that of the XML.
impl PartialEq for Opaque {
    fn eq(&self, other: &Self) -> bool {
        self.xml == other.xml
    }
}

impl Eq for Opaque {}

/// For people's eyes: the reason and the XML.
impl fmt::Display for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.why, self.xml)
    }
}

/// Why PowerShell refuses an element (protocol.md section 26).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A tag that CLIXML does not know at this place.
    #[error("the tag is not recognized")]
    UnknownTag,
    /// A tag of another namespace.
    #[error("the element is of another namespace")]
    Namespace,
    /// The text is no value of the element's type.
    #[error("the text is not a value of its type")]
    Malformed,
    /// An entity that no XML document has without declaring it.
    #[error("the entity is not declared")]
    Entity,
    /// Text where only elements may be.
    #[error("text stands where an element was expected")]
    StrayText,
    /// An element inside a value that holds text only.
    #[error("an element stands inside of text")]
    StrayElement,
    /// A `Ref` to no object before it.
    #[error("no object before it has this id")]
    DanglingReference,
    /// A `TNRef` to no type names before it.
    #[error("no type names before it have this id")]
    DanglingTypeNames,
    /// A property without a name.
    #[error("the property has no name")]
    Nameless,
    /// A dictionary whose entries are not each a key followed by a value.
    #[error("a dictionary entry is not a key followed by a value")]
    Entry,
    /// Null as a dictionary's key.
    #[error("null is a dictionary's key")]
    NullKey,
    /// A second `TN`, `ToString` or base value of one object; PowerShell forgets the first.
    #[error("the object has another one of these")]
    Repeated,
    /// Nested deeper than the budget allows.
    #[error("it is nested too deeply")]
    TooDeep,
    /// A document whose major version is not 1.
    #[error("the document is of another version")]
    Version,
}
