//! Ids for objects and type names within one body.

use std::collections::HashMap;
use std::sync::Arc;

use crate::read::Ids;
use crate::{Content, Object, RefId, Text, TypeNames, Value};

/// Which ids are taken, and what type names were listed under theirs.
#[derive(Debug)]
pub(super) struct Labels {
    next_object: u32,
    next_types: u32,
    listed: Ids<TypeNames>,
    /// Lists without an id of their own, by their names.
    given: HashMap<Box<[Text]>, RefId>,
    /// The last list written, which the next object most likely shares.
    last: Option<(TypeNames, RefId)>,
    key: Text,
    value: Text,
}

impl Default for Labels {
    fn default() -> Self {
        Labels {
            next_object: 0,
            next_types: 0,
            listed: Ids::default(),
            given: HashMap::new(),
            last: None,
            key: Text::from(Arc::<str>::from("Key")),
            value: Text::from(Arc::<str>::from("Value")),
        }
    }
}

impl Labels {
    /// Keeps clear of the numbers that a value brings along.
    pub(super) fn begin(&mut self, value: &Value) {
        let mut taken = Taken {
            objects: self.next_object,
            types: self.next_types,
            unlabelled: false,
        };
        taken.look(value);
        if taken.unlabelled {
            self.next_object = taken.objects;
            self.next_types = taken.types;
        }
    }

    /// The id of an object: its own, or the next free one.
    pub(super) fn object(&mut self, object: &Object) -> RefId {
        object.id.clone().unwrap_or_else(|| {
            let id = RefId::from(self.next_object);
            self.next_object = self.next_object.wrapping_add(1);
            id
        })
    }

    /// The id of type names, and whether they are already listed under it.
    pub(super) fn type_names(&mut self, names: &TypeNames) -> (RefId, bool) {
        if let Some((last, id)) = &self.last
            && last.is_same_list(names)
        {
            return (id.clone(), true);
        }
        let (id, known) = match names.id() {
            Some(id) => match self.listed.get(id) {
                Some(listed) => (id.clone(), listed == names),
                None => (id.clone(), false),
            },
            None => match self.given.get(names.names()) {
                Some(id) if self.listed.get(id) == Some(names) => (id.clone(), true),
                _ => {
                    let id = RefId::from(self.next_types);
                    self.next_types = self.next_types.wrapping_add(1);
                    self.given.insert(names.names().into(), id.clone());
                    (id, false)
                }
            },
        };
        if !known {
            self.listed.insert(&id, names.clone());
        }
        self.last = Some((names.clone(), id.clone()));
        (id, known)
    }

    /// Raw XML was written. It may list other type names under an id that was listed before, so none counts as known.
    pub(super) fn passed(&mut self, xml: &str) {
        if xml.contains("RefId") {
            self.listed = Ids::default();
            self.last = None;
        }
    }

    pub(super) fn name(&self, label: &str) -> Text {
        if label == "Key" {
            self.key.clone()
        } else {
            self.value.clone()
        }
    }
}

/// The numbers above all that a value uses.
struct Taken {
    objects: u32,
    types: u32,
    unlabelled: bool,
}

impl Taken {
    fn look(&mut self, value: &Value) {
        match value {
            Value::Object(object) => {
                match &object.id {
                    Some(id) => self.objects = above(self.objects, id),
                    None => self.unlabelled = true,
                }
                if let Some(names) = &object.type_names {
                    match names.id() {
                        Some(id) => self.types = above(self.types, id),
                        None => self.unlabelled = true,
                    }
                }
                match &object.content {
                    Content::Empty => {}
                    Content::Value(base) => self.look(base),
                    Content::List(_, items) => items.iter().for_each(|item| self.look(item)),
                    Content::Dictionary(entries) => entries.iter().for_each(|(key, value)| {
                        self.look(key);
                        self.look(value);
                    }),
                }
                object.properties().for_each(|property| self.look(&property.value));
                object.opaque.iter().for_each(|opaque| self.look_into(opaque.xml()));
            }
            Value::Opaque(opaque) => self.look_into(opaque.xml()),
            Value::MemberSet(members) => members.iter().for_each(|member| self.look(&member.value)),
            Value::Progress(record) => self.look(&record.current_operation),
            Value::Reference(id) => self.objects = above(self.objects, id),
            _ => {}
        }
    }

    /// Raw XML may refer to what is not there: no number given here may turn up as it.
    fn look_into(&mut self, xml: &str) {
        for (at, name) in xml.match_indices("RefId") {
            let value = xml[at + name.len()..]
                .trim_start_matches(|char: char| char.is_ascii_whitespace() || "='\"".contains(char));
            let digits = value.bytes().take_while(u8::is_ascii_digit).count();
            let id = RefId::new(&value[..digits]);
            self.objects = above(self.objects, &id);
            self.types = above(self.types, &id);
        }
    }
}

fn above(next: u32, id: &RefId) -> u32 {
    id.number().map_or(next, |number| next.max(number.saturating_add(1)))
}
