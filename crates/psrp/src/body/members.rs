//! Asking an object for the members of a message.

use std::borrow::Cow;

use clixml::{Object, Property, References, Text, Value};
use uuid::Uuid;

use crate::Error;

/// An object that is a message, or a part of one.
#[derive(Clone, Copy)]
pub(super) struct Members<'a> {
    kind: &'static str,
    object: &'a Object,
    /// Where references lead: some clients write an equal enum once and refer to it.
    root: &'a Value,
}

impl<'a> Members<'a> {
    /// The members of the value that a body is.
    pub(super) fn of(kind: &'static str, root: &'a Value) -> Result<Members<'a>, Error> {
        let Some(object) = root.as_object() else {
            return Err(Error::WrongType {
                kind,
                member: "(body)",
                expected: "an object",
            });
        };
        Ok(Members { kind, object, root })
    }

    /// The members of an object within the body.
    pub(super) fn part(&self, member: &'static str, value: &'a Value) -> Result<Members<'a>, Error> {
        let object = match value {
            Value::Reference(_) => References::new(self.root).object(value),
            other => other.as_object(),
        };
        object
            .map(|object| Members { object, ..*self })
            .ok_or(self.wrong(member, "an object"))
    }

    pub(super) fn object(&self) -> &'a Object {
        self.object
    }

    /// What is there under this name, references followed.
    pub(super) fn get(&self, member: &'static str) -> Option<Cow<'a, Value>> {
        let value = self.object.property(member)?;
        if let Value::Reference(id) = value
            && let Some(object) = References::new(self.root).get(id)
        {
            return Some(Cow::Owned(Value::Object(Box::new(object.clone()))));
        }
        Some(Cow::Borrowed(value))
    }

    /// The member as it is; absent is Null.
    pub(super) fn value(&self, member: &str) -> Value {
        self.object.property(member).cloned().unwrap_or_default()
    }

    pub(super) fn need(&self, member: &'static str) -> Result<Cow<'a, Value>, Error> {
        self.get(member).ok_or(Error::Missing {
            kind: self.kind,
            member,
        })
    }

    pub(super) fn raw(&self, member: &'static str) -> Result<&'a Value, Error> {
        self.object.property(member).ok_or(Error::Missing {
            kind: self.kind,
            member,
        })
    }

    pub(super) fn wrong(&self, member: &'static str, expected: &'static str) -> Error {
        Error::WrongType {
            kind: self.kind,
            member,
            expected,
        }
    }

    pub(super) fn i32(&self, member: &'static str) -> Result<i32, Error> {
        self.need(member)?
            .as_i32()
            .ok_or(self.wrong(member, "a 32-bit integer"))
    }

    /// Absent or null is `None`.
    pub(super) fn optional_i32(&self, member: &'static str) -> Result<Option<i32>, Error> {
        self.optional(member, Value::as_i32, "a 32-bit integer")
    }

    pub(super) fn i64(&self, member: &'static str) -> Result<i64, Error> {
        self.need(member)?.as_i64().ok_or(self.wrong(member, "an integer"))
    }

    pub(super) fn bool(&self, member: &'static str) -> Result<bool, Error> {
        self.need(member)?.as_bool().ok_or(self.wrong(member, "a boolean"))
    }

    pub(super) fn optional_bool(&self, member: &'static str) -> Result<Option<bool>, Error> {
        self.optional(member, Value::as_bool, "a boolean")
    }

    pub(super) fn text(&self, member: &'static str) -> Result<Text, Error> {
        self.need(member)?
            .as_text()
            .cloned()
            .ok_or(self.wrong(member, "a string"))
    }

    pub(super) fn optional_text(&self, member: &'static str) -> Result<Option<Text>, Error> {
        self.optional(member, |value| value.as_text().cloned(), "a string")
    }

    pub(super) fn optional_uuid(&self, member: &'static str) -> Result<Option<Uuid>, Error> {
        self.optional(member, Value::as_uuid, "a GUID")
    }

    /// The items of a list; absent or null is an empty one.
    pub(super) fn list(&self, member: &'static str) -> Result<&'a [Value], Error> {
        let value = match self.object.property(member) {
            None | Some(Value::Null) => return Ok(&[]),
            Some(value) => value,
        };
        if let Some(items) = value.as_list() {
            return Ok(items);
        }
        if let Value::Reference(id) = value
            && let Some(object) = References::new(self.root).get(id)
            && let clixml::Content::List(_, items) = &object.content
        {
            return Ok(items);
        }
        // PowerShell reads one value where a list is due as a list of one.
        if value.as_object().is_none() {
            Ok(std::slice::from_ref(value))
        } else {
            Err(self.wrong(member, "a list"))
        }
    }

    /// The strings of a list.
    pub(super) fn texts(&self, member: &'static str) -> Result<Vec<Text>, Error> {
        let items = self.list(member)?.iter();
        items
            .map(|item| item.as_text().cloned().ok_or(self.wrong(member, "a list of strings")))
            .collect()
    }

    /// The extended members that are not among `known`, as they came.
    pub(super) fn rest(&self, known: &[&str]) -> Vec<Property> {
        let unknown = |property: &&Property| !known.iter().any(|known| property.name.eq_ignore_case(known));
        self.object.extended.iter().flatten().filter(unknown).cloned().collect()
    }

    fn optional<T>(
        &self,
        member: &'static str,
        read: impl Fn(&Value) -> Option<T>,
        expected: &'static str,
    ) -> Result<Option<T>, Error> {
        match self.get(member) {
            None => Ok(None),
            Some(value) if value.is_null() => Ok(None),
            Some(value) => read(&value).map(Some).ok_or(self.wrong(member, expected)),
        }
    }
}

/// `object` with one more member where there is something.
pub(super) fn with_optional(object: Object, name: &str, value: Option<impl Into<Value>>) -> Object {
    match value {
        Some(value) => object.extended(name, value),
        None => object,
    }
}
