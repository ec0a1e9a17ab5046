//! Every file is PowerShell, and of the kind that Windows PowerShell 5.1 reads too.

use super::source::{Source, below, folder};

/// What is wrong with a text. The grammar knows 5.1's language, and `&&` and `||` of 7's.
fn faults(file: &Source) -> Vec<String> {
    let nodes = below(file.root());
    let wrong = nodes
        .into_iter()
        .filter(|node| node.is_error() || node.is_missing() || node.kind() == "pipeline_chain_tail");
    wrong
        .map(|node| {
            let place = node.start_position();
            format!("{}:{}: {:?}", file.name, place.row + 1, file.text_of(node))
        })
        .collect()
}

#[test]
fn every_file_is_parsed_by_either_powershell() {
    let faults: Vec<String> = Source::all().iter().flat_map(faults).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn what_only_powershell_7_reads_is_seen() {
    for text in [
        "$a = $b ?? 1",
        "$a = $b ? 1 : 2",
        "$a ??= 1",
        "$a = ${b}?.Length",
        "Get-X && Get-Y",
        "Get-X || Get-Y",
        "function f { if (",
    ] {
        assert!(!faults(&Source::of("x.ps1", text)).is_empty(), "{text}");
    }
    assert!(faults(&Source::of("x.ps1", "$a = if ($b) { 1 } else { 2 }")).is_empty());
}

/// 5.1 takes a file without a byte order mark for one of the system's code page.
#[test]
fn no_character_depends_on_a_code_page() {
    let mut files: Vec<(String, String)> = Source::all().into_iter().map(|file| (file.name, file.text)).collect();
    for name in ["en-US/about_PSLease.help.txt", "PSLease.Format.ps1xml"] {
        let text = std::fs::read_to_string(folder().join(name)).expect("a text");
        files.push((name.to_owned(), text));
    }
    for (name, text) in files {
        let odd = text.lines().position(|line| !line.is_ascii());
        assert_eq!(odd, None, "{name}: the line (from 0) is not ASCII");
        assert!(!text.contains('\t') && !text.contains('\r'), "{name}");
    }
}
