//! The manifest is complete, and what is exported is there, documented, and named as PowerShell wants it.

use std::collections::{BTreeMap, BTreeSet};

use tree_sitter::Node;

use super::source::{Source, below, children, folder};

/// Verbs that `Get-Verb` lists, of those that a module like this may come to need.
const VERBS: &str = "Add Clear Close Copy Enter Exit Find Format Get Hide Join Lock Move New Open Optimize Pop Push Redo \
    Remove Rename Reset Resize Search Select Set Show Skip Split Step Switch Undo Unlock Watch Backup Checkpoint Compare \
    Compress Convert ConvertFrom ConvertTo Dismount Edit Expand Export Group Import Initialize Limit Merge Mount Out \
    Publish Restore Save Sync Unpublish Update Approve Assert Complete Confirm Deny Disable Enable Install Invoke \
    Register Request Restart Resume Start Stop Submit Suspend Uninstall Unregister Wait Debug Measure Ping Repair \
    Resolve Test Trace Connect Disconnect Read Receive Send Write Block Grant Protect Revoke Unblock Unprotect Use";

fn file(name: &str) -> Source {
    let found = Source::all().into_iter().find(|file| file.name == name);
    found.unwrap_or_else(|| panic!("{name} is not there"))
}

/// The entries of the hash table that stands alone, and of those in it, as `PrivateData.PSData.Tags`: the constants, or the
/// text of the value where it has none.
fn entries(file: &Source) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    let first = file
        .of_kind("hash_literal_body")
        .into_iter()
        .next()
        .expect("a hash table");
    read(file, first, "", &mut found);
    found
}

fn read(file: &Source, body: Node<'_>, above: &str, found: &mut BTreeMap<String, Vec<String>>) {
    for entry in children(body).into_iter().filter(|node| node.kind() == "hash_entry") {
        let parts = children(entry);
        let name = format!("{above}{}", file.text_of(parts[0]));
        let value = parts[parts.len() - 1];
        let nodes = below(value);
        if let Some(inner) = nodes.iter().find(|node| node.kind() == "hash_literal_body") {
            read(file, *inner, &format!("{name}."), found);
            continue;
        }
        let texts = nodes.iter().filter(|node| node.kind() == "verbatim_string_characters");
        let mut texts: Vec<String> = texts
            .map(|node| file.text_of(*node).trim_matches('\'').to_owned())
            .collect();
        if texts.is_empty() {
            texts.push(file.text_of(value).to_owned());
        }
        found.insert(name, texts);
    }
}

fn exported() -> BTreeSet<String> {
    entries(&file("PSLease.psd1"))["FunctionsToExport"]
        .iter()
        .cloned()
        .collect()
}

#[test]
fn the_manifest_is_complete() {
    let all = entries(&file("PSLease.psd1"));
    let one = |name: &str| {
        let values = all.get(name).unwrap_or_else(|| panic!("{name} is missing"));
        assert_eq!(values.len(), 1, "{name}");
        values[0].as_str()
    };
    assert_eq!(one("RootModule"), "PSLease.psm1");
    assert_eq!(
        one("ModuleVersion"),
        env!("CARGO_PKG_VERSION"),
        "module and programs are released together"
    );
    assert_eq!(one("PowerShellVersion"), "5.1");
    assert!(uuid::Uuid::parse_str(one("GUID")).is_ok_and(|guid| !guid.is_nil()));
    for name in ["Author", "CompanyName", "Copyright", "Description"] {
        assert!(one(name).len() > 10, "{name}");
    }
    assert_eq!(all["CompatiblePSEditions"], ["Desktop", "Core"]);
    assert_eq!(exported().len(), 6);
    for name in ["CmdletsToExport", "VariablesToExport", "AliasesToExport"] {
        assert_eq!(one(name), "@()", "{name}: functions only");
    }
    for name in &all["FormatsToProcess"] {
        assert!(folder().join(name).is_file(), "{name}");
    }
    let tags = &all["PrivateData.PSData.Tags"];
    assert!(tags.len() > 3 && tags.iter().all(|tag| !tag.contains(' ')), "{tags:?}");
    assert!(one("PrivateData.PSData.LicenseUri").starts_with("https://"));
}

#[test]
fn what_is_exported_is_there_and_nothing_else() {
    let public = Source::functions(&["Public"]);
    let files: BTreeSet<String> = public.iter().map(|file| file.stem().to_owned()).collect();
    assert_eq!(exported(), files);
    // The root module names them once for completion and once for export; the manifest's list is the narrower of the two.
    let root = file("PSLease.psm1");
    let export = root.text.split_once("Export-ModuleMember").expect("an export").1;
    let named: BTreeSet<String> = Source::of("", export)
        .constants()
        .into_iter()
        .map(str::to_owned)
        .collect();
    assert_eq!(named, exported());
}

#[test]
fn a_file_is_one_function_of_its_name() {
    let files = Source::functions(&["Public", "Private", "Core", "Desktop"]);
    for file in &files {
        let names: Vec<&str> = file
            .of_kind("function_name")
            .into_iter()
            .map(|node| file.text_of(node))
            .collect();
        assert_eq!(names, [file.stem()], "{}", file.name);
        let verb = file.stem().split('-').next().unwrap_or_default();
        assert!(VERBS.split_whitespace().any(|known| known == verb), "{}", file.name);
        let binding = file.text.contains("[CmdletBinding(");
        assert!(binding, "{}: without it a wrong parameter is no error", file.name);
    }
    let of = |folder: &str| -> Vec<&str> {
        let inside = files.iter().filter(|file| file.name.starts_with(folder));
        inside.map(Source::stem).collect()
    };
    assert_eq!(
        of("Core/"),
        of("Desktop/"),
        "what one PowerShell can, the other says that it cannot"
    );
}

#[test]
fn every_exported_function_is_documented() {
    for file in Source::functions(&["Public"]) {
        let function = file.of_kind("function_statement")[0];
        let comment = children(function).into_iter().find(|node| node.kind() == "comment");
        let help = comment.map(|node| file.text_of(node)).unwrap_or_default();
        for part in [".SYNOPSIS", ".DESCRIPTION", ".EXAMPLE", ".OUTPUTS", ".INPUTS", ".LINK"] {
            assert!(help.lines().any(|line| line.trim() == part), "{}: no {part}", file.name);
        }
        let described: Vec<&str> = help
            .lines()
            .filter_map(|line| line.trim().strip_prefix(".PARAMETER "))
            .collect();
        let parameters: Vec<String> = file.parameters().into_iter().map(|(name, _)| name).collect();
        let (mut left, mut right) = (
            described.clone(),
            parameters.iter().map(String::as_str).collect::<Vec<_>>(),
        );
        left.sort_unstable();
        right.sort_unstable();
        assert_eq!(left, right, "{}", file.name);
        // A keyword with nothing below it is no documentation.
        let lines: Vec<&str> = help.lines().map(str::trim).collect();
        for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.starts_with('.')) {
            assert!(
                lines.get(at + 1).is_some_and(|next| next.len() > 4),
                "{}: {line}",
                file.name
            );
        }
    }
}

#[test]
fn the_connection_is_described_alike_in_both_places() {
    let block = |name: &str| {
        let file = file(name);
        let from = file.text.find(".PARAMETER ProfileName").expect("the first");
        let to = file.text[from..].find("such as Microsoft.Exchange").expect("the third");
        file.text[from..from + to].to_owned()
    };
    assert_eq!(block("Public/Connect-PSLease.ps1"), block("Public/Import-PSLease.ps1"));
    let of = |name: &str| file(name).parameters();
    let import = of("Public/Import-PSLease.ps1");
    for parameter in of("Public/Connect-PSLease.ps1") {
        assert!(import.contains(&parameter), "{parameter:?}");
    }
}

#[test]
fn the_topic_and_the_views_are_whole() {
    let topic = std::fs::read_to_string(folder().join("en-US/about_PSLease.help.txt")).expect("the topic");
    for name in exported() {
        assert!(topic.contains(&name), "{name}");
    }
    assert!(topic.contains("Set-ExecutionPolicy -Scope CurrentUser -ExecutionPolicy RemoteSigned"));
    let views = std::fs::read_to_string(folder().join("PSLease.Format.ps1xml")).expect("the views");
    let mut reader = quick_xml::Reader::from_str(&views);
    let (mut headers, mut items, mut views) = (0, 0, 0);
    loop {
        match reader.read_event().expect("XML") {
            quick_xml::events::Event::Start(tag) | quick_xml::events::Event::Empty(tag) => match tag.name().as_ref() {
                "View" => views += 1,
                "TableColumnHeader" => headers += 1,
                "TableColumnItem" => items += 1,
                _ => {}
            },
            quick_xml::events::Event::Eof => break,
            _ => {}
        }
    }
    assert!(views > 0);
    assert_eq!(
        headers, items,
        "PowerShell leaves out a view whose heads are not as many as its columns"
    );
}
