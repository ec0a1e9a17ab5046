//! Objects: their parts in any order, kept in their places (MS-PSRP 2.2.5.2).

use std::ops::Range;

use super::parser::{Fault, Node, Parser};
use super::reference::attribute_text;
use super::start::Start;
use super::tag::Tag;
use crate::escape::{is_plain, unescape};
use crate::{Content, Object, Opaque, Property, RefId, Refusal, Text, TypeNames, Value};

impl<'t> Parser<'t, '_> {
    /// The value of an element whose start was read.
    pub(super) fn value(&mut self, start: &Start<'t>) -> Result<Value, Fault> {
        let mut value = Value::Null;
        self.value_into(start, &mut value)?;
        Ok(value)
    }

    /// Puts the value of an element whose start was read into its place.
    pub(super) fn value_into(&mut self, start: &Start<'t>, place: &mut Value) -> Result<(), Fault> {
        self.state.count()?;
        if start.foreign {
            *place = self.keep(start, Refusal::Namespace)?.into();
            return Ok(());
        }
        let is_value = matches!(start.tag, Tag::Obj | Tag::Leaf(_));
        if is_value && self.state.depth == self.state.budget.depth {
            *place = self.keep(start, Refusal::TooDeep)?.into();
            return Ok(());
        }
        self.state.depth += 1;
        match start.tag {
            Tag::Leaf(leaf) => self.leaf(start, leaf, place)?,
            Tag::Obj => *place = self.object(start)?,
            _ => *place = self.keep(start, Refusal::UnknownTag)?.into(),
        }
        self.state.depth -= 1;
        Ok(())
    }

    fn object(&mut self, start: &Start<'t>) -> Result<Value, Fault> {
        let mut object = Object::new();
        if let Some(id) = start.id.and_then(|raw| attribute_text(raw).ok()) {
            let id = RefId::new(&id);
            // Known before its parts are read: they may refer to it.
            self.state.objects.insert(&id, ());
            object.id = Some(id);
        }
        let mut once = Once::default();
        while let Some(node) = self.child(start)? {
            match node {
                Node::Element(part) => self.part(&part, &mut object, &mut once)?,
                // Written one behind the other, two strays would be read as one: so they are one.
                Node::Stray(span) => {
                    let stray = self.refuse_span(span, Refusal::StrayText);
                    once.stray
                        .get_or_insert((object.opaque.len(), String::new()))
                        .1
                        .push_str(stray.xml());
                }
                Node::End(_) | Node::Eof => break,
            }
        }
        // In the order in which they would be found again.
        if let Some((place, stray)) = once.stray {
            object.opaque.insert(place, Opaque::new(stray, Refusal::StrayText));
        }
        object.opaque.extend(once.types.before);
        object.opaque.extend(once.text.before);
        object.opaque.extend(once.content.before);
        Ok(Value::from(object))
    }

    fn part(&mut self, part: &Start<'t>, object: &mut Object, once: &mut Once) -> Result<(), Fault> {
        if part.foreign {
            object.opaque.push(self.keep(part, Refusal::Namespace)?);
            return Ok(());
        }
        match part.tag {
            Tag::TypeNames | Tag::TypeNamesReference => match self.type_names(part)? {
                Ok(names) => {
                    object.type_names = Some(names);
                    self.only_once(part, &mut once.types);
                }
                Err(refusal) => object.opaque.push(self.refuse(part, refusal)),
            },
            Tag::ToString => match self.content(part)? {
                Ok(content) => {
                    object.to_string = Some(content.decoded());
                    self.only_once(part, &mut once.text);
                }
                Err(refusal) => object.opaque.push(self.refuse(part, refusal)),
            },
            Tag::Adapted => {
                let properties = object
                    .adapted
                    .get_or_insert_with(|| Vec::with_capacity(self.state.likely[0]));
                self.properties(part, properties)?;
                self.state.likely[0] = properties.len().min(MOST_LIKELY);
            }
            Tag::Extended => {
                let properties = object
                    .extended
                    .get_or_insert_with(|| Vec::with_capacity(self.state.likely[1]));
                self.properties(part, properties)?;
                self.state.likely[1] = properties.len().min(MOST_LIKELY);
            }
            Tag::List(kind) => {
                object.content = Content::List(kind, self.items(part)?);
                self.only_once(part, &mut once.content);
            }
            Tag::Dictionary => match self.entries(part)? {
                Ok(entries) => {
                    object.content = Content::Dictionary(entries);
                    self.only_once(part, &mut once.content);
                }
                Err(refusal) => object.opaque.push(self.refuse(part, refusal)),
            },
            Tag::Leaf(leaf) => {
                // A primitive belongs to the object that wraps it: it is no level of its own.
                self.state.count()?;
                let mut value = Value::Null;
                self.leaf(part, leaf, &mut value)?;
                object.content = Content::Value(value);
                self.only_once(part, &mut once.content);
            }
            Tag::Obj => {
                object.content = Content::Value(self.value(part)?);
                self.only_once(part, &mut once.content);
            }
            Tag::Objs | Tag::TypeName | Tag::Entry | Tag::Unknown => {
                object.opaque.push(self.keep(part, Refusal::UnknownTag)?);
            }
        }
        Ok(())
    }

    /// Remembers where a part stands; one that stood there before is kept as it was.
    fn only_once(&mut self, part: &Start<'t>, place: &mut Place) {
        if let Some(before) = place.span.replace(part.at..self.at()) {
            place.before.push(self.refuse_span(before, Refusal::Repeated));
        }
    }

    fn type_names(&mut self, part: &Start<'t>) -> Result<Result<TypeNames, Refusal>, Fault> {
        let id = part
            .id
            .and_then(|raw| attribute_text(raw).ok())
            .map(|id| RefId::new(&id));
        if part.tag == Tag::TypeNamesReference {
            self.skip(part)?;
            let known = id.and_then(|id| self.state.types.get(&id).cloned());
            return Ok(known.ok_or(Refusal::DanglingTypeNames));
        }
        let mut names = Vec::new();
        let mut refusal = None;
        while let Some(node) = self.child(part)? {
            match node {
                Node::Element(name) if name.tag == Tag::TypeName && !name.foreign => match self.content(&name)? {
                    Ok(content) => {
                        self.state.count()?;
                        names.push(self.share(&content.text));
                    }
                    Err(why) => refusal = Some(why),
                },
                Node::Element(other) => {
                    self.skip(&other)?;
                    refusal = Some(Refusal::UnknownTag);
                }
                Node::Stray(_) => refusal = Some(Refusal::StrayText),
                Node::End(_) | Node::Eof => break,
            }
        }
        if let Some(refusal) = refusal {
            return Ok(Err(refusal));
        }
        let names = TypeNames::labelled(names, id);
        if let Some(id) = names.id() {
            self.state.types.insert(id, names.clone());
        }
        Ok(Ok(names))
    }

    /// A name that others probably bear too.
    fn share(&mut self, raw: &str) -> Text {
        if is_plain(raw) {
            self.state.names.share(raw)
        } else {
            unescape(raw)
        }
    }

    fn properties(&mut self, part: &Start<'t>, properties: &mut Vec<Property>) -> Result<(), Fault> {
        while let Some(node) = self.child(part)? {
            match node {
                Node::Element(start) => self.property(&start, properties)?,
                Node::Stray(span) => {
                    properties.push(Property::new("", self.refuse_span(span, Refusal::StrayText)));
                }
                Node::End(_) | Node::Eof => break,
            }
        }
        Ok(())
    }

    fn property(&mut self, start: &Start<'t>, properties: &mut Vec<Property>) -> Result<(), Fault> {
        let name = match start.label {
            Some(raw) if start.verbatim && !raw.is_empty() => Ok(self.state.names.share(raw)),
            Some(raw) => match attribute_text(raw) {
                Ok(name) if !name.is_empty() => Ok(self.share(&name)),
                Ok(_) => Err(Refusal::Nameless),
                Err(refusal) => Err(refusal),
            },
            None => Err(Refusal::Nameless),
        };
        match name {
            Ok(name) => properties.push(Property {
                name,
                value: Value::Null,
            }),
            Err(refusal) => properties.push(Property::new("", self.keep(start, refusal)?)),
        }
        let Some(Property { name, value: place }) = properties.last_mut() else {
            return Ok(());
        };
        if name.is_empty() {
            Ok(())
        } else if start.tag == Tag::Extended && !start.foreign {
            self.member_set(start, place)
        } else {
            self.value_into(start, place)
        }
    }

    fn member_set(&mut self, start: &Start<'t>, place: &mut Value) -> Result<(), Fault> {
        self.state.count()?;
        if self.state.depth == self.state.budget.depth {
            *place = self.keep(start, Refusal::TooDeep)?.into();
            return Ok(());
        }
        self.state.depth += 1;
        let mut members = Vec::new();
        self.properties(start, &mut members)?;
        self.state.depth -= 1;
        *place = Value::MemberSet(members);
        Ok(())
    }

    fn items(&mut self, part: &Start<'t>) -> Result<Vec<Value>, Fault> {
        let mut items = Vec::new();
        while let Some(node) = self.child(part)? {
            match node {
                Node::Element(start) => {
                    items.push(Value::Null);
                    if let Some(place) = items.last_mut() {
                        self.value_into(&start, place)?;
                    }
                }
                Node::Stray(span) => items.push(self.refuse_span(span, Refusal::StrayText).into()),
                Node::End(_) | Node::Eof => break,
            }
        }
        Ok(items)
    }

    fn entries(&mut self, part: &Start<'t>) -> Result<Result<Vec<(Value, Value)>, Refusal>, Fault> {
        let mut entries = Vec::new();
        let mut refusal = None;
        while let Some(node) = self.child(part)? {
            match node {
                Node::Element(entry) if entry.tag == Tag::Entry && !entry.foreign && refusal.is_none() => {
                    match self.entry(&entry)? {
                        Some(pair) => entries.push(pair),
                        None => refusal = Some(Refusal::Entry),
                    }
                }
                Node::Element(other) => {
                    self.skip(&other)?;
                    refusal = refusal.or(Some(Refusal::UnknownTag));
                }
                Node::Stray(_) => refusal = refusal.or(Some(Refusal::StrayText)),
                Node::End(_) | Node::Eof => break,
            }
        }
        Ok(match refusal {
            None => Ok(entries),
            Some(refusal) => Err(refusal),
        })
    }

    /// One key and one value, in that order and so labelled.
    fn entry(&mut self, entry: &Start<'t>) -> Result<Option<(Value, Value)>, Fault> {
        let (mut key, mut value) = (None, None);
        let mut good = !entry.empty;
        while let Some(node) = self.child(entry)? {
            match node {
                Node::Element(start) if good && key.is_none() && start.label == Some("Key") => {
                    key = Some(match self.value(&start)? {
                        Value::Null => self.refused(&start, Refusal::NullKey),
                        key => key,
                    });
                }
                Node::Element(start) if good && key.is_some() && value.is_none() && start.label == Some("Value") => {
                    value = Some(self.value(&start)?);
                }
                Node::Element(start) => {
                    self.skip(&start)?;
                    good = false;
                }
                Node::Stray(_) => good = false,
                Node::End(_) | Node::Eof => break,
            }
        }
        Ok(key.zip(value).filter(|_| good))
    }
}

/// Room made for properties before they are read, at most.
const MOST_LIKELY: usize = 32;

/// The parts that an object has but once.
#[derive(Default)]
struct Once {
    types: Place,
    text: Place,
    content: Place,
    /// All text that stands where none should, and before which of the opaque parts.
    stray: Option<(usize, String)>,
}

/// Where such a part stands, and those of its kind that stood before it.
#[derive(Default)]
struct Place {
    span: Option<Range<usize>>,
    before: Vec<Opaque>,
}
