//! A complex object: type names, ToString, base value, adapted and extended properties (MS-PSRP 2.2.5.2).

use crate::{Opaque, RefId, Text, TypeNames, Value};

/// An `Obj`: everything that PowerShell knows of an object, each part present or absent as it came.
#[derive(Clone, Debug, Default)]
pub struct Object {
    /// The id under which references find it. The writer gives one where this is `None`. Equality ignores it.
    pub id: Option<RefId>,
    /// Its types, most derived first.
    pub type_names: Option<TypeNames>,
    /// `ToString`: how the object's own system displays it.
    pub to_string: Option<Text>,
    /// What it wraps: a primitive (an enum, a boxed number), a list or a dictionary.
    pub content: Content,
    /// `Props`: the properties of the .NET object itself, in order.
    pub adapted: Option<Vec<Property>>,
    /// `MS`: properties that were added to it, in order. One may bear the name of an adapted one, and hides it.
    pub extended: Option<Vec<Property>>,
    /// Parts that PowerShell refuses or forgets, as they came.
    pub opaque: Vec<Opaque>,
}

/// Equality ignores the id: a value that was written without one is read back with one.
impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.type_names == other.type_names
            && self.to_string == other.to_string
            && self.content == other.content
            && self.adapted == other.adapted
            && self.extended == other.extended
            && self.opaque == other.opaque
    }
}

/// What an object wraps.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Content {
    /// Nothing: a bag of properties.
    #[default]
    Empty,
    /// A primitive, or (rarely) another object.
    Value(Value),
    /// A list of some kind.
    List(ListKind, Vec<Value>),
    /// `DCT`: pairs in order. Keys are of any type, and equal keys are all kept.
    Dictionary(Vec<(Value, Value)>),
}

/// The four kinds of lists (MS-PSRP 2.2.5.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListKind {
    /// `LST`.
    List,
    /// `IE`.
    Enumerable,
    /// `QUE`.
    Queue,
    /// `STK`: its top comes first.
    Stack,
}

/// A named value of an object or a member set.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// Its name. Empty only for [`Value::Opaque`] that came without one.
    pub name: Text,
    /// Its value.
    pub value: Value,
}

impl Property {
    /// A property of this name and value.
    pub fn new(name: impl Into<Text>, value: impl Into<Value>) -> Self {
        Property {
            name: name.into(),
            value: value.into(),
        }
    }
}
