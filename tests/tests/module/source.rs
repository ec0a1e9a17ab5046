//! The module's files and their trees.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tree_sitter::{Node, Parser, Tree};

/// A file and its tree.
pub(super) struct Source {
    /// Below the module's folder, with `/`.
    pub(super) name: String,
    pub(super) text: String,
    tree: Tree,
}

/// The module's folder.
pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/PSLease")
}

impl Source {
    /// A text as if it were a file.
    pub(super) fn of(name: &str, text: &str) -> Self {
        let mut parser = Parser::new();
        parser
            .set_language(&tree_sitter_powershell::LANGUAGE.into())
            .expect("the grammar fits the parser");
        Self {
            name: name.to_owned(),
            text: text.to_owned(),
            tree: parser.parse(text, None).expect("there is no limit"),
        }
    }

    /// Every file that PowerShell parses.
    pub(super) fn all() -> Vec<Self> {
        let mut found = Vec::new();
        gather(&folder(), "", &mut found);
        found.sort_by(|a, b| a.name.cmp(&b.name));
        assert!(found.len() > 20, "the module is there");
        found
    }

    /// The files of one function each, in these folders.
    pub(super) fn functions(folders: &[&str]) -> Vec<Self> {
        let mut all = Self::all();
        all.retain(|file| {
            folders
                .iter()
                .any(|folder| file.name.starts_with(&format!("{folder}/")))
        });
        all
    }

    /// The name of the file without folder and ending.
    pub(super) fn stem(&self) -> &str {
        let name = self.name.rsplit('/').next().unwrap_or_default();
        name.split('.').next().unwrap_or_default()
    }

    pub(super) fn root(&self) -> Node<'_> {
        self.tree.root_node()
    }

    pub(super) fn text_of(&self, node: Node<'_>) -> &str {
        &self.text[node.byte_range()]
    }

    /// Every node of a kind, in the order of the text.
    pub(super) fn of_kind(&self, kind: &str) -> Vec<Node<'_>> {
        below(self.root())
            .into_iter()
            .filter(|node| node.kind() == kind)
            .collect()
    }

    /// The texts of string constants.
    pub(super) fn constants(&self) -> Vec<&str> {
        let strings = self.of_kind("verbatim_string_characters");
        strings
            .into_iter()
            .map(|node| self.text_of(node).trim_matches('\''))
            .collect()
    }

    /// The names of the parameters of the function that the file holds, and which of them must be given.
    pub(super) fn parameters(&self) -> Vec<(String, bool)> {
        let Some(block) = self.of_kind("param_block").into_iter().next() else {
            return Vec::new();
        };
        let parameters = below(block)
            .into_iter()
            .filter(|node| node.kind() == "script_parameter");
        parameters
            .map(|parameter| {
                let name = children(parameter).into_iter().find(|node| node.kind() == "variable");
                let name = name.expect("a parameter has a name");
                let mandatory = self.text_of(parameter).contains("Mandatory = $true");
                (self.text_of(name).trim_start_matches('$').to_owned(), mandatory)
            })
            .collect()
    }

    /// The members that are read of a variable: `$news.text` is `text` of `news`.
    pub(super) fn members_of(&self, variable: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for access in self.of_kind("member_access") {
            let parts = children(access);
            let of = parts.first().map(|node| self.text_of(*node));
            let name = parts.last().map(|node| self.text_of(*node));
            if let (Some(of), Some(name)) = (of, name)
                && of.eq_ignore_ascii_case(&format!("${variable}"))
            {
                found.insert(name.to_owned());
            }
        }
        found
    }
}

/// A node and all below it, in the order of the text.
pub(super) fn below(node: Node<'_>) -> Vec<Node<'_>> {
    let mut found = vec![node];
    let mut at = 0;
    while at < found.len() {
        let inner = children(found[at]);
        found.splice(at + 1..at + 1, inner);
        at += 1;
    }
    found
}

pub(super) fn children(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.children(&mut cursor).collect()
}

fn gather(folder: &Path, above: &str, found: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).expect("the module's folder").flatten() {
        let name = format!("{above}{}", entry.file_name().to_string_lossy());
        let path = entry.path();
        if path.is_dir() {
            gather(&path, &format!("{name}/"), found);
        } else if [".ps1", ".psm1", ".psd1"].iter().any(|ending| name.ends_with(ending)) {
            let text = std::fs::read_to_string(&path).expect("a text");
            found.push(Source::of(&name, &text));
        }
    }
}
