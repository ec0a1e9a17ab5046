//! Type names, and the ids by which an element refers to an earlier one.

use std::fmt;
use std::sync::Arc;

use crate::Text;

/// The id of an object, or of a list of type names, within one body (MS-PSRP 2.2.5.2.7 and 2.2.5.2.3).
///
/// PowerShell writes numbers but compares spellings, so any spelling is kept.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RefId(Id);

/// INVARIANT: `Spelled` is never the canonical spelling of a `u32`.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Id {
    Number(u32),
    Spelled(Arc<str>),
}

impl RefId {
    /// The id as it is spelled in an attribute.
    pub fn new(spelling: &str) -> Self {
        let canonical = spelling == "0" || !spelling.starts_with(['0', '+']);
        match spelling.parse() {
            Ok(number) if canonical => RefId(Id::Number(number)),
            _ => RefId(Id::Spelled(spelling.into())),
        }
    }

    /// As the number that PowerShell would have written.
    pub fn number(&self) -> Option<u32> {
        match self.0 {
            Id::Number(number) => Some(number),
            Id::Spelled(_) => None,
        }
    }
}

impl From<u32> for RefId {
    fn from(number: u32) -> Self {
        RefId(Id::Number(number))
    }
}

impl fmt::Display for RefId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Id::Number(number) => number.fmt(f),
            Id::Spelled(spelling) => f.write_str(spelling),
        }
    }
}

impl fmt::Debug for RefId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{self}")
    }
}

/// The .NET types of an object, most derived first. Objects of one kind share one list.
///
/// Equality is that of the names; the id under which a body lists them is only a label.
#[derive(Clone)]
pub struct TypeNames(Arc<Named>);

struct Named {
    names: Box<[Text]>,
    id: Option<RefId>,
}

impl TypeNames {
    /// The given names, most derived first.
    pub fn new<I>(names: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Text>,
    {
        TypeNames::labelled(names.into_iter().map(Into::into).collect(), None)
    }

    pub(crate) fn labelled(names: Vec<Text>, id: Option<RefId>) -> Self {
        TypeNames(Arc::new(Named {
            names: names.into_boxed_slice(),
            id,
        }))
    }

    /// The names in order.
    pub fn names(&self) -> &[Text] {
        &self.0.names
    }

    /// The most derived type.
    pub fn first(&self) -> Option<&Text> {
        self.0.names.first()
    }

    /// Whether `name` is among them, compared as PowerShell does; a `Deserialized.` in front of ours is ignored.
    pub fn contains(&self, name: &str) -> bool {
        self.0.names.iter().any(|own| {
            own.eq_ignore_case(name)
                || own
                    .as_str()
                    .and_then(|own| own.strip_prefix("Deserialized."))
                    .is_some_and(|own| own == name)
        })
    }

    /// The id under which the body that they came from lists them.
    pub fn id(&self) -> Option<&RefId> {
        self.0.id.as_ref()
    }

    pub(crate) fn is_same_list(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl PartialEq for TypeNames {
    fn eq(&self, other: &Self) -> bool {
        self.is_same_list(other) || self.names() == other.names()
    }
}

impl Eq for TypeNames {}

impl<T: Into<Text>, const N: usize> From<[T; N]> for TypeNames {
    fn from(names: [T; N]) -> Self {
        TypeNames::new(names)
    }
}

impl fmt::Debug for TypeNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_their_spelling() {
        assert_eq!(RefId::new("12"), RefId::from(12));
        assert_ne!(RefId::new("012"), RefId::from(12));
        assert_ne!(RefId::new("+12"), RefId::from(12));
        for spelling in ["0", "12", "012", "00", "x", "", "4294967296"] {
            assert_eq!(RefId::new(spelling).to_string(), spelling);
        }
    }

    #[test]
    fn a_deserialized_type_is_found_by_its_own_name() {
        let names = TypeNames::new(["Deserialized.System.IO.FileInfo", "System.Object"]);
        assert!(names.contains("System.IO.FileInfo"));
        assert!(names.contains("system.object"));
        assert!(!names.contains("FileInfo"));
    }
}
