//! Making values.

use uuid::Uuid;

use crate::{
    Content, DateTime, Decimal, ListKind, Object, Opaque, Progress, Property, Text, TimeSpan, TypeNames, Value, Version,
};

impl Object {
    /// An object with nothing in it.
    pub fn new() -> Self {
        Object::default()
    }

    /// A `PSCustomObject`, as PowerShell makes of a hashtable literal.
    pub fn custom() -> Self {
        Object::new().with_types(["System.Management.Automation.PSCustomObject", "System.Object"])
    }

    /// With these type names, most derived first.
    pub fn with_types(mut self, names: impl Into<TypeNames>) -> Self {
        self.type_names = Some(names.into());
        self
    }

    /// With this ToString.
    pub fn with_text(mut self, text: impl Into<Text>) -> Self {
        self.to_string = Some(text.into());
        self
    }

    /// Wrapping this.
    pub fn with_content(mut self, content: Content) -> Self {
        self.content = content;
        self
    }

    /// One more adapted property (`Props`).
    pub fn adapted(mut self, name: impl Into<Text>, value: impl Into<Value>) -> Self {
        self.adapted.get_or_insert_default().push(Property::new(name, value));
        self
    }

    /// One more extended property (`MS`).
    pub fn extended(mut self, name: impl Into<Text>, value: impl Into<Value>) -> Self {
        self.extended.get_or_insert_default().push(Property::new(name, value));
        self
    }
}

impl Value {
    /// An enum: its types, most derived first, the name of the value and its number.
    pub fn enumeration(types: impl Into<TypeNames>, name: impl Into<Text>, number: i32) -> Self {
        let content = Content::Value(Value::Int32(number));
        Object::new()
            .with_types(types)
            .with_text(name)
            .with_content(content)
            .into()
    }

    /// An enum of this type: `System.Enum`, `System.ValueType` and `System.Object` are added to its names.
    pub fn enumeration_of(type_name: &str, name: impl Into<Text>, number: i32) -> Self {
        Value::enumeration(
            [type_name, "System.Enum", "System.ValueType", "System.Object"],
            name,
            number,
        )
    }

    /// An `ArrayList` of these.
    pub fn list<I>(items: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Value>,
    {
        Value::list_of(["System.Collections.ArrayList", "System.Object"], ListKind::List, items)
    }

    /// An `object[]` of these.
    pub fn array<I>(items: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Value>,
    {
        Value::list_of(
            ["System.Object[]", "System.Array", "System.Object"],
            ListKind::List,
            items,
        )
    }

    /// A list of this type and kind.
    pub fn list_of<I>(types: impl Into<TypeNames>, kind: ListKind, items: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Value>,
    {
        let items = items.into_iter().map(Into::into).collect();
        Object::new()
            .with_types(types)
            .with_content(Content::List(kind, items))
            .into()
    }

    /// A `Hashtable` of these pairs.
    pub fn dictionary<I, K, V>(entries: I) -> Self
    where
        I: IntoIterator<Item = (K, V)>,
        K: Into<Value>,
        V: Into<Value>,
    {
        Value::dictionary_of(["System.Collections.Hashtable", "System.Object"], entries)
    }

    /// A dictionary of this type.
    pub fn dictionary_of<I, K, V>(types: impl Into<TypeNames>, entries: I) -> Self
    where
        I: IntoIterator<Item = (K, V)>,
        K: Into<Value>,
        V: Into<Value>,
    {
        let entries = entries
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()))
            .collect();
        Object::new()
            .with_types(types)
            .with_content(Content::Dictionary(entries))
            .into()
    }
}

/// One `From` for each variant that takes its payload as it is.
macro_rules! from {
    ($($payload:ty => $variant:ident),+ $(,)?) => {
        $(impl From<$payload> for Value {
            fn from(payload: $payload) -> Self {
                Value::$variant(payload)
            }
        })+
    };
}

from! {
    bool => Bool, u8 => Byte, i8 => SByte, u16 => UInt16, i16 => Int16, u32 => UInt32, i32 => Int32, u64 => UInt64,
    i64 => Int64, f32 => Single, f64 => Double, Decimal => Decimal, DateTime => DateTime, TimeSpan => TimeSpan,
    Uuid => Guid, Version => Version, Text => String, Box<[u8]> => Bytes,
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::String(text.into())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Value::String(text.into())
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Value::Bytes(bytes.into())
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Value::Bytes(bytes.into())
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Value::Object(Box::new(object))
    }
}

impl From<Progress> for Value {
    fn from(record: Progress) -> Self {
        Value::Progress(Box::new(record))
    }
}

impl From<Opaque> for Value {
    fn from(opaque: Opaque) -> Self {
        Value::Opaque(Box::new(opaque))
    }
}

/// An `ArrayList`; see [`Value::list`].
impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Value::list(items)
    }
}

/// Nothing is `Nil`.
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}
