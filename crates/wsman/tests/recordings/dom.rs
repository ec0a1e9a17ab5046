//! A document as a tree, for comparing: namespaces resolved, texts trimmed, attributes by local name.

use std::collections::BTreeMap;

use quick_xml::events::Event;
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, XmlVersion};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) namespace: String,
    pub(crate) local: String,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) text: String,
    pub(crate) children: Vec<Node>,
}

impl Node {
    pub(crate) fn child(&self, namespace: &str, local: &str) -> Option<&Self> {
        self.children
            .iter()
            .find(|c| c.namespace == namespace && c.local == local)
    }

    pub(crate) fn attribute(&self, local: &str) -> Option<&str> {
        self.attributes.get(local).map(String::as_str)
    }

    /// The text of a header of an envelope.
    pub(crate) fn header(&self, local: &str) -> &str {
        let header = self.children.iter().find(|c| c.local == "Header").unwrap();
        header
            .children
            .iter()
            .find(|c| c.local == local)
            .map_or("", |c| c.text.as_str())
    }

    pub(crate) fn shell_id(&self) -> Option<&str> {
        let header = self.children.iter().find(|c| c.local == "Header").unwrap();
        let set = header.children.iter().find(|c| c.local == "SelectorSet")?;
        set.children.first().map(|c| c.text.as_str())
    }

    pub(crate) fn descendants(&self) -> Vec<&Self> {
        let mut all = Vec::new();
        for child in &self.children {
            all.push(child);
            all.extend(child.descendants());
        }
        all
    }

    pub(crate) fn walk(&mut self, visit: &mut impl FnMut(&mut Self)) {
        visit(self);
        self.children.iter_mut().for_each(|c| c.walk(visit));
    }
}

pub(crate) fn parse(text: &str) -> Node {
    let mut reader = NsReader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut stack = vec![Node::default()];
    loop {
        let (namespace, event) = reader.read_resolved_event().unwrap();
        let namespace = match namespace {
            ResolveResult::Bound(ns) => AsRef::<str>::as_ref(&ns).to_owned(),
            _ => String::new(),
        };
        match event {
            Event::Start(start) => {
                let attributes = start.attributes().map(Result::unwrap).filter(|a| {
                    let key: &str = a.key.as_ref();
                    !key.starts_with("xmlns")
                });
                let attributes = attributes.map(|a| {
                    let key: &str = a.key.as_ref();
                    let local = key.rsplit(':').next().unwrap().to_owned();
                    (local, a.normalized_value(XmlVersion::Implicit1_0).unwrap().into_owned())
                });
                let local = start.local_name();
                let local: &str = local.as_ref();
                let node = Node {
                    namespace,
                    local: local.to_owned(),
                    attributes: attributes.collect(),
                    ..Node::default()
                };
                stack.push(node);
            }
            Event::End(_) => {
                let mut node = stack.pop().unwrap();
                node.text = node.text.trim().to_owned();
                stack.last_mut().unwrap().children.push(node);
            }
            Event::Text(piece) => stack.last_mut().unwrap().text.push_str(&piece),
            Event::GeneralRef(reference) => {
                let name: &str = &reference;
                let c = match name {
                    "amp" => '&',
                    "lt" => '<',
                    "gt" => '>',
                    "quot" => '"',
                    "apos" => '\'',
                    _ => reference.resolve_char_ref().unwrap().unwrap(),
                };
                stack.last_mut().unwrap().text.push(c);
            }
            Event::Eof => return stack.pop().unwrap().children.pop().unwrap(),
            _ => {}
        }
    }
}
