//! From a `Ref` to the object that it means.

use std::collections::HashMap;

use crate::{Content, Object, Property, RefId, Value};

/// The objects of a value by their ids.
///
/// Ids count within one body, so build this from the whole value that was read. Where a body uses an id twice the last
/// object counts.
#[derive(Debug, Default)]
pub struct References<'a>(HashMap<&'a RefId, &'a Object>);

impl<'a> References<'a> {
    /// Of all objects in `value`.
    pub fn new(value: &'a Value) -> Self {
        let mut references = References::default();
        references.add(value);
        references
    }

    /// The object of this id.
    pub fn get(&self, id: &RefId) -> Option<&'a Object> {
        self.0.get(id).copied()
    }

    /// What `value` is: the object that it refers to, or the object that it is. Following it again inside may go round
    /// in a circle: keep count of the depth.
    pub fn object(&self, value: &'a Value) -> Option<&'a Object> {
        match value {
            Value::Reference(id) => self.get(id),
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    fn add(&mut self, value: &'a Value) {
        match value {
            Value::Object(object) => {
                if let Some(id) = &object.id {
                    self.0.insert(id, object);
                }
                match &object.content {
                    Content::Empty => {}
                    Content::Value(base) => self.add(base),
                    Content::List(_, items) => items.iter().for_each(|item| self.add(item)),
                    Content::Dictionary(entries) => entries.iter().for_each(|(key, value)| {
                        self.add(key);
                        self.add(value);
                    }),
                }
                object.properties().for_each(|property| self.add(&property.value));
            }
            Value::MemberSet(members) => members.iter().for_each(|Property { value, .. }| self.add(value)),
            Value::Progress(record) => self.add(&record.current_operation),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_leads_back_to_its_object() {
        let mut object = Object::custom().extended("Self", Value::Reference(7.into()));
        object.id = Some(7.into());
        let value = Value::from(object);
        let references = References::new(&value);
        let inner = references.object(value.property("Self").unwrap()).unwrap();
        assert!(std::ptr::eq(inner, value.as_object().unwrap()));
        assert!(references.get(&8.into()).is_none());
    }
}
