//! Asking a value what it holds.

use uuid::Uuid;

use crate::{Content, ListKind, Object, Opaque, Property, Text, TypeNames, Value};

impl Value {
    /// The object, if it is one.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The object to change, if it is one.
    pub fn as_object_mut(&mut self) -> Option<&mut Object> {
        match self {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    /// What an object wraps, however often; any other value is itself.
    pub fn base(&self) -> &Value {
        let mut value = self;
        while let Value::Object(object) = value
            && let Content::Value(base) = &object.content
        {
            value = base;
        }
        value
    }

    /// The property of this name, case ignored: an extended one before an adapted one, and of equal names the last,
    /// as PowerShell has it.
    pub fn property(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Object(object) => object.property(name),
            Value::MemberSet(members) => last_named(members, name),
            _ => None,
        }
    }

    /// The value of a dictionary's key, a string compared case-insensitively as a PowerShell hashtable does; the last
    /// of equal ones.
    pub fn entry(&self, key: &str) -> Option<&Value> {
        let found = self
            .as_dictionary()?
            .iter()
            .rev()
            .find(|(own, _)| own.as_text().is_some_and(|own| own.eq_ignore_case(key)));
        found.map(|(_, value)| value)
    }

    /// Whether it is `Nil`.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The text of a string, script block, address or XML document, also of one that an object wraps.
    pub fn as_text(&self) -> Option<&Text> {
        match self.base() {
            Value::String(text) | Value::Uri(text) | Value::ScriptBlock(text) | Value::Xml(text) => Some(text),
            _ => None,
        }
    }

    /// [`Value::as_text`] in UTF-8; `None` also where a surrogate stands alone.
    pub fn as_str(&self) -> Option<&str> {
        self.as_text()?.as_str()
    }

    /// An integer of any width that fits, also an enum's or another one that an object wraps.
    pub fn as_i64(&self) -> Option<i64> {
        match *self.base() {
            Value::Byte(number) => Some(number.into()),
            Value::SByte(number) => Some(number.into()),
            Value::UInt16(number) => Some(number.into()),
            Value::Int16(number) => Some(number.into()),
            Value::UInt32(number) => Some(number.into()),
            Value::Int32(number) => Some(number.into()),
            Value::UInt64(number) => number.try_into().ok(),
            Value::Int64(number) => Some(number),
            _ => None,
        }
    }

    /// [`Value::as_i64`] where it fits an `i32`.
    pub fn as_i32(&self) -> Option<i32> {
        self.as_i64()?.try_into().ok()
    }

    /// A boolean, also one that an object wraps.
    pub fn as_bool(&self) -> Option<bool> {
        match self.base() {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// A GUID, also one that an object wraps.
    pub fn as_uuid(&self) -> Option<Uuid> {
        match self.base() {
            Value::Guid(guid) => Some(*guid),
            _ => None,
        }
    }

    /// The bytes of a byte array, also of one that an object wraps.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self.base() {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The items of a list of any kind.
    pub fn as_list(&self) -> Option<&[Value]> {
        match &innermost(self)?.content {
            Content::List(_, items) => Some(items),
            _ => None,
        }
    }

    /// The pairs of a dictionary.
    pub fn as_dictionary(&self) -> Option<&[(Value, Value)]> {
        match &innermost(self)?.content {
            Content::Dictionary(entries) => Some(entries),
            _ => None,
        }
    }

    /// The type names of an object.
    pub fn type_names(&self) -> Option<&TypeNames> {
        self.as_object()?.type_names.as_ref()
    }

    /// Whether an object is of this type or derived from it; see [`TypeNames::contains`].
    pub fn is_a(&self, type_name: &str) -> bool {
        self.type_names().is_some_and(|names| names.contains(type_name))
    }

    /// Everything in this value that PowerShell refuses, in order.
    pub fn refused(&self) -> Vec<&Opaque> {
        let mut found = Vec::new();
        collect(self, &mut found);
        found
    }
}

impl Object {
    /// The property of this name; see [`Value::property`].
    pub fn property(&self, name: &str) -> Option<&Value> {
        let extended = self
            .extended
            .as_deref()
            .and_then(|properties| last_named(properties, name));
        extended.or_else(|| {
            self.adapted
                .as_deref()
                .and_then(|properties| last_named(properties, name))
        })
    }

    /// Every property: the adapted ones, then the extended ones, each in order.
    pub fn properties(&self) -> impl Iterator<Item = &Property> {
        self.adapted.iter().flatten().chain(self.extended.iter().flatten())
    }

    /// The kind of the list that it is.
    pub fn list_kind(&self) -> Option<ListKind> {
        match self.content {
            Content::List(kind, _) => Some(kind),
            _ => None,
        }
    }
}

fn last_named<'a>(properties: &'a [Property], name: &str) -> Option<&'a Value> {
    properties
        .iter()
        .rev()
        .find(|property| property.name.eq_ignore_case(name))
        .map(|property| &property.value)
}

/// The object within objects that has the list or dictionary.
fn innermost(value: &Value) -> Option<&Object> {
    let mut object = value.as_object()?;
    while let Content::Value(Value::Object(inner)) = &object.content {
        object = inner;
    }
    Some(object)
}

fn collect<'a>(value: &'a Value, found: &mut Vec<&'a Opaque>) {
    match value {
        Value::Opaque(opaque) => found.push(opaque),
        Value::MemberSet(members) => members.iter().for_each(|member| collect(&member.value, found)),
        Value::Progress(record) => collect(&record.current_operation, found),
        Value::Object(object) => {
            found.extend(&object.opaque);
            match &object.content {
                Content::Empty => {}
                Content::Value(base) => collect(base, found),
                Content::List(_, items) => items.iter().for_each(|item| collect(item, found)),
                Content::Dictionary(entries) => entries.iter().for_each(|(key, value)| {
                    collect(key, found);
                    collect(value, found);
                }),
            }
            object.properties().for_each(|property| collect(&property.value, found));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extended_property_hides_an_adapted_one_and_the_last_of_a_name_wins() {
        let value = Value::from(
            Object::new()
                .adapted("State", 1)
                .extended("state", 2)
                .extended("STATE", 3)
                .adapted("Id", 4),
        );
        assert_eq!(value.property("State"), Some(&Value::Int32(3)));
        assert_eq!(value.property("id").and_then(Value::as_i64), Some(4));
        assert_eq!(value.property("Identity"), None);
    }

    #[test]
    fn a_wrapped_value_answers_for_its_object() {
        let day = Value::enumeration(["System.DayOfWeek", "System.Enum"], "Friday", 5);
        assert_eq!(day.as_i64(), Some(5));
        let noted = Value::from(
            Object::new()
                .with_content(Content::Value("x".into()))
                .extended("Note", true),
        );
        assert_eq!(noted.as_str(), Some("x"));
        assert_eq!(noted.property("note").and_then(Value::as_bool), Some(true));
    }

    #[test]
    fn numbers_too_large_are_none_rather_than_wrong() {
        assert_eq!(Value::UInt64(u64::MAX).as_i64(), None);
        assert_eq!(Value::Int64(1 << 40).as_i32(), None);
        assert_eq!(Value::from("5").as_i64(), None);
    }

    #[test]
    fn the_last_of_equal_keys_answers() {
        let table = Value::dictionary([("Name", Value::from(1)), ("name", 2.into())]);
        assert_eq!(table.entry("NAME"), Some(&Value::Int32(2)));
        assert_eq!(table.as_dictionary().map(<[_]>::len), Some(2));
    }
}
