//! Which namespace an element is of.

use super::parser::Fault;
use crate::{Error, NAMESPACE};

/// The namespaces in scope. Nearly every document declares one, on its root, or none.
#[derive(Debug, Default)]
pub(super) struct Scopes {
    declared: Vec<(Box<str>, Box<str>)>,
    /// The namespace of elements without a prefix.
    pub(super) default: Namespace,
    /// That of the values: the root's.
    pub(super) expected: Namespace,
}

/// As far as it matters here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Namespace {
    #[default]
    None,
    Ours,
    Other,
}

impl Namespace {
    fn of(uri: &str) -> Self {
        match uri {
            "" => Namespace::None,
            NAMESPACE => Namespace::Ours,
            _ => Namespace::Other,
        }
    }
}

impl Scopes {
    /// Declarations in scope at once. More make looking up a prefix slow, and no document has them.
    const MOST: usize = 64;

    pub(super) fn declare(&mut self, prefix: &str, uri: &str) -> Result<(), Fault> {
        if self.declared.len() == Self::MOST {
            let (what, limit) = ("namespace declarations in scope", Self::MOST);
            return Err(Error::Budget { what, limit }.into());
        }
        if prefix.is_empty() {
            self.default = Namespace::of(uri);
        }
        self.declared.push((prefix.into(), uri.into()));
        Ok(())
    }

    /// Forgets the last `count` declarations.
    pub(super) fn leave(&mut self, count: usize) {
        self.declared.truncate(self.declared.len() - count);
        self.default = self.uri("").map_or(Namespace::None, Namespace::of);
    }

    fn uri(&self, prefix: &str) -> Option<&str> {
        self.declared
            .iter()
            .rev()
            .find(|(own, _)| **own == *prefix)
            .map(|(_, uri)| &**uri)
    }

    /// The namespace and the local name of an element.
    pub(super) fn resolve<'t>(&self, name: &'t str) -> (Namespace, &'t str) {
        match name.bytes().position(|byte| byte == b':') {
            None => (self.default, name),
            // No prefix is empty: that is a colon too many, in whatever namespace the elements around it are.
            Some(0) => (Namespace::Other, name),
            Some(colon) => {
                let (prefix, local) = (&name[..colon], &name[colon + 1..]);
                (self.uri(prefix).map_or(Namespace::Other, Namespace::of), local)
            }
        }
    }

    /// Takes the namespace of a root for that of its values. One that is neither ours nor none is refused.
    pub(super) fn expect(&mut self, root: Namespace) -> bool {
        self.expected = root;
        root != Namespace::Other
    }

    /// Whether an element of this namespace is none of the values. Ours is never foreign: where the values are of none,
    /// it means the same, and written into a document it would be one of them.
    pub(super) fn is_foreign(&self, namespace: Namespace) -> bool {
        namespace != self.expected && namespace != Namespace::Ours
    }

    /// The declarations that raw XML needs to mean the same outside of this document.
    pub(super) fn needed_by(&self, xml: &str) -> Vec<(&str, &str)> {
        let mut needed: Vec<(&str, &str)> = Vec::new();
        for (prefix, uri) in self.declared.iter().rev() {
            let plain = prefix.is_empty();
            let used = if plain {
                self.default != self.expected
            } else {
                xml.contains(&format!("{prefix}:"))
            };
            let redeclared = xml.split_once('>').is_some_and(|(tag, _)| {
                tag.contains(&if plain {
                    "xmlns=".to_owned()
                } else {
                    format!("xmlns:{prefix}=")
                })
            });
            if used && !redeclared && !needed.iter().any(|(known, _)| **known == **prefix) {
                needed.push((prefix, uri));
            }
        }
        if self.default == Namespace::None
            && self.expected == Namespace::Ours
            && !xml.contains("xmlns=")
            && self.uri("").is_none()
        {
            needed.push(("", ""));
        }
        needed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_prefix_is_of_no_document() {
        let mut scopes = Scopes::default();
        assert_eq!(scopes.resolve(":Nil").0, Namespace::Other);
        scopes.declare("", NAMESPACE).unwrap();
        assert_eq!(scopes.resolve("Nil").0, Namespace::Ours);
        assert_eq!(scopes.resolve(":Nil").0, Namespace::Other);
    }

    #[test]
    fn declarations_end_with_their_element() {
        let mut scopes = Scopes::default();
        scopes.declare("p", NAMESPACE).unwrap();
        assert_eq!(scopes.resolve("p:S"), (Namespace::Ours, "S"));
        scopes.declare("p", "urn:other").unwrap();
        assert_eq!(scopes.resolve("p:S"), (Namespace::Other, "S"));
        scopes.leave(1);
        assert_eq!(scopes.resolve("p:S"), (Namespace::Ours, "S"));
        scopes.leave(1);
        assert_eq!(scopes.resolve("p:S"), (Namespace::Other, "S"));
    }
}
