//! From values to XML, as PowerShell writes it but without white space between elements.

mod labels;
mod leaf;

use std::fmt::Write as _;

use self::labels::Labels;
use crate::escape::escape;
use crate::{Content, ListKind, NAMESPACE, Object, Opaque, Property, Text, TypeNames, Value};

/// The value alone, as the body of a PSRP message.
pub fn write(value: &Value) -> String {
    let mut writer = Writer::bare();
    writer.write(value);
    writer.finish()
}

/// The values inside of `<Objs>`, as a file or on standard output.
pub fn write_document<'a>(values: impl IntoIterator<Item = &'a Value>) -> String {
    let mut writer = Writer::document();
    values.into_iter().for_each(|value| writer.write(value));
    writer.finish()
}

/// Writes any number of values into one body; ids and type names count within it.
///
/// An object keeps its id; one without gets the next number that its value does not use. Type names are listed once
/// and then referred to.
#[derive(Debug)]
pub struct Writer {
    out: String,
    labels: Labels,
    document: bool,
}

impl Writer {
    /// Values alone, as in the body of a PSRP message.
    pub fn bare() -> Self {
        Writer {
            out: String::new(),
            labels: Labels::default(),
            document: false,
        }
    }

    /// Values inside of `<Objs>`.
    pub fn document() -> Self {
        let out = format!("<Objs Version=\"1.1.0.1\" xmlns=\"{NAMESPACE}\">");
        Writer {
            out,
            labels: Labels::default(),
            document: true,
        }
    }

    /// Appends a value.
    pub fn write(&mut self, value: &Value) {
        self.labels.begin(value);
        self.value(value, None);
    }

    /// Takes what was written so far, to send it on while more follows.
    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.out)
    }

    /// The rest of what was written, complete.
    pub fn finish(mut self) -> String {
        if self.document {
            self.out.push_str("</Objs>");
        }
        self.out
    }

    fn value(&mut self, value: &Value, name: Option<&Text>) {
        match value {
            Value::Object(object) => self.object(object, name),
            Value::Opaque(opaque) => self.opaque(opaque, name),
            Value::MemberSet(members) => {
                self.open("MS", name);
                self.properties("MS", members);
            }
            Value::Reference(id) => {
                self.open("Ref", name);
                self.id(&id.to_string());
                self.out.push_str(" />");
            }
            Value::Progress(record) => self.progress(record, name),
            leaf => self.leaf(leaf, name),
        }
    }

    /// `<tag N="name"`, still open.
    fn open(&mut self, tag: &str, name: Option<&Text>) {
        self.out.push('<');
        self.out.push_str(tag);
        if let Some(name) = name {
            self.out.push_str(" N=\"");
            escape(name, &mut self.out);
            self.out.push('"');
        }
    }

    fn close(&mut self, tag: &str) {
        self.out.push_str("</");
        self.out.push_str(tag);
        self.out.push('>');
    }

    fn id(&mut self, id: &str) {
        self.out.push_str(" RefId=\"");
        if id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            self.out.push_str(id);
        } else {
            // An id is compared as it is: no escapes but XML's own.
            for char in id.chars() {
                match char {
                    '&' | '<' | '>' | '"' | '\t' | '\n' | '\r' => {
                        let _ = write!(self.out, "&#{};", u32::from(char));
                    }
                    char => self.out.push(char),
                }
            }
        }
        self.out.push('"');
    }

    fn object(&mut self, object: &Object, name: Option<&Text>) {
        self.open("Obj", name);
        let id = self.labels.object(object);
        self.id(&id.to_string());
        self.out.push('>');
        for opaque in &object.opaque {
            self.out.push_str(opaque.xml());
            self.labels.passed(opaque.xml());
        }
        if let Some(names) = &object.type_names {
            self.type_names(names);
        }
        if let Some(text) = &object.to_string {
            self.out.push_str("<ToString>");
            escape(text, &mut self.out);
            self.out.push_str("</ToString>");
        }
        match &object.content {
            Content::Empty => {}
            Content::Value(base) => self.value(base, None),
            Content::List(kind, items) => self.list(*kind, items),
            Content::Dictionary(entries) => self.dictionary(entries),
        }
        if let Some(adapted) = &object.adapted {
            self.out.push_str("<Props");
            self.properties("Props", adapted);
        }
        if let Some(extended) = &object.extended {
            self.out.push_str("<MS");
            self.properties("MS", extended);
        }
        self.close("Obj");
    }

    fn type_names(&mut self, names: &TypeNames) {
        let (id, known) = self.labels.type_names(names);
        self.out.push_str(if known { "<TNRef" } else { "<TN" });
        self.id(&id.to_string());
        if known {
            self.out.push_str(" />");
            return;
        }
        self.out.push('>');
        for name in names.names() {
            self.out.push_str("<T>");
            escape(name, &mut self.out);
            self.out.push_str("</T>");
        }
        self.close("TN");
    }

    fn list(&mut self, kind: ListKind, items: &[Value]) {
        let tag = match kind {
            ListKind::List => "LST",
            ListKind::Enumerable => "IE",
            ListKind::Queue => "QUE",
            ListKind::Stack => "STK",
        };
        self.open(tag, None);
        self.out.push('>');
        items.iter().for_each(|item| self.value(item, None));
        self.close(tag);
    }

    fn dictionary(&mut self, entries: &[(Value, Value)]) {
        self.out.push_str("<DCT>");
        for (key, value) in entries {
            self.out.push_str("<En>");
            self.labelled(key, "Key");
            self.labelled(value, "Value");
            self.out.push_str("</En>");
        }
        self.out.push_str("</DCT>");
    }

    fn labelled(&mut self, value: &Value, label: &'static str) {
        let name = self.labels.name(label);
        self.value(value, Some(&name));
    }

    /// The rest of an element of properties whose tag is still open.
    fn properties(&mut self, tag: &str, properties: &[Property]) {
        self.out.push('>');
        properties
            .iter()
            .for_each(|property| self.value(&property.value, Some(&property.name)));
        self.close(tag);
    }

    /// The XML as it came. It bears its own name, or its place in the value gave it none; where it was put under
    /// another name since, that name is added.
    fn opaque(&mut self, opaque: &Opaque, name: Option<&Text>) {
        let xml = opaque.xml();
        self.labels.passed(xml);
        let Some(name) = name.filter(|name| !name.is_empty() && xml.starts_with('<')) else {
            return self.out.push_str(xml);
        };
        let tag_ends = xml.find('>').unwrap_or(xml.len());
        let name_ends = xml
            .find(|char: char| char.is_ascii_whitespace() || matches!(char, '>' | '/'))
            .unwrap_or(xml.len());
        let has_name = xml[name_ends..tag_ends.max(name_ends)]
            .split_ascii_whitespace()
            .any(|word| word.starts_with("N="));
        self.out.push_str(&xml[..name_ends]);
        if !has_name {
            self.out.push_str(" N=\"");
            escape(name, &mut self.out);
            self.out.push('"');
        }
        self.out.push_str(&xml[name_ends..]);
    }
}
