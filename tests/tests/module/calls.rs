//! Names are held against each other: every command that is called exists and takes what it is given, every variable that is
//! read was set. PowerShell itself would say so only when it comes there.

use std::collections::{BTreeMap, BTreeSet};

use tree_sitter::Node;

use super::source::{Source, below, children};

/// Commands that Windows PowerShell 5.1 and PowerShell 7 both have, with the parameters that are used of them.
const KNOWN: &[(&str, &str)] = &[
    ("ConvertFrom-Json", "InputObject"),
    ("ConvertTo-Json", "InputObject Compress Depth"),
    ("Export-ModuleMember", "Function"),
    ("ForEach-Object", "Process"),
    ("Get-ChildItem", "LiteralPath Filter"),
    ("Get-Command", "Name CommandType TotalCount ErrorAction"),
    ("Import-Module", "Name Global PassThru DisableNameChecking Prefix"),
    (
        "Import-PSSession",
        "Session Prefix CommandName AllowClobber DisableNameChecking",
    ),
    ("Join-Path", "Path ChildPath"),
    ("New-Module", "Name ScriptBlock"),
    ("New-Object", "TypeName ArgumentList"),
    ("Register-ArgumentCompleter", "ParameterName CommandName ScriptBlock"),
    ("Remove-PSSession", "Session Confirm WhatIf"),
    ("Resolve-Path", "LiteralPath"),
    ("Select-Object", "First"),
    ("Set-StrictMode", "Off"),
    ("Sort-Object", "Property"),
    ("Split-Path", "Path Parent"),
    ("Test-Path", "LiteralPath PathType"),
    ("Where-Object", "FilterScript"),
    ("Write-Debug", "Message"),
    (
        "Write-Progress",
        "Id ParentId Activity Status CurrentOperation PercentComplete SecondsRemaining Completed",
    ),
    ("Write-Verbose", "Message"),
    ("Write-Warning", "Message"),
];

/// Variables that PowerShell sets.
const AUTOMATIC: &str =
    "_ null true false Host PSCmdlet PSBoundParameters PSScriptRoot PSVersionTable Matches IsWindows";

/// Ours: by name, the parameters, and those that must be given.
fn ours(files: &[Source]) -> BTreeMap<&str, Vec<(String, bool)>> {
    let functions = files.iter().filter(|file| file.name.contains('/'));
    functions.map(|file| (file.stem(), file.parameters())).collect()
}

#[test]
fn every_call_is_of_a_command_that_takes_it() {
    let files = Source::all();
    let ours = ours(&files);
    let mut wrong = Vec::new();
    for file in &files {
        for call in file.of_kind("command") {
            let Some(name) = children(call).into_iter().find(|node| node.kind() == "command_name") else {
                // `& $between`, `. $file.FullName`: what is called is a value.
                continue;
            };
            let name = file.text_of(name);
            let name = name.rsplit('\\').next().unwrap_or(name);
            let given = Given::of(file, call);
            let unknown = match (ours.get(name), KNOWN.iter().find(|(known, _)| *known == name)) {
                (Some(parameters), _) => {
                    for (parameter, mandatory) in parameters {
                        if *mandatory && !given.names.contains(parameter.as_str()) && !given.splatted {
                            wrong.push(format!("{}: {name} needs -{parameter}", file.name));
                        }
                    }
                    let known = |given: &str| parameters.iter().any(|(parameter, _)| parameter == given);
                    given.names.into_iter().find(|name| !known(name))
                }
                (None, Some((_, parameters))) => {
                    let known = |given: &str| parameters.split(' ').any(|parameter| parameter == given);
                    given.names.into_iter().find(|name| !known(name))
                }
                (None, None) => {
                    wrong.push(format!("{}: {name} is no known command", file.name));
                    continue;
                }
            };
            if let Some(parameter) = unknown {
                wrong.push(format!("{}: {name} has no -{parameter}", file.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What a command is called with.
struct Given<'a> {
    names: BTreeSet<&'a str>,
    splatted: bool,
}

impl<'a> Given<'a> {
    fn of(file: &'a Source, call: Node<'a>) -> Self {
        let elements = children(call)
            .into_iter()
            .filter(|node| node.kind() == "command_elements");
        let mut given = Self {
            names: BTreeSet::new(),
            splatted: false,
        };
        for element in elements.flat_map(children) {
            let text = file.text_of(element);
            if element.kind() == "command_parameter" {
                given.names.insert(text.trim_start_matches('-').trim_end_matches(':'));
            } else if text.starts_with('@') && !text.starts_with("@(") && !text.starts_with("@{") {
                given.splatted = true;
            }
        }
        given
    }
}

/// The name of a variable without its scope; `env:` and the like are nobody's to set.
fn name_of(text: &str) -> Option<String> {
    let bare = text.trim_start_matches(['$', '@']).trim_matches(['{', '}']);
    match bare.split_once(':') {
        Some((scope, _)) if scope.eq_ignore_ascii_case("env") => None,
        Some((_, name)) => Some(name.to_ascii_lowercase()),
        None => Some(bare.to_ascii_lowercase()),
    }
}

/// The variables that a file sets: by assignment, as parameters, in loops.
fn set_in(file: &Source) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for node in below(file.root()) {
        let holder = match node.kind() {
            // `$a.b = 1` and `$a['b'] = 1` set no variable.
            "left_assignment_expression" => {
                let text = file.text_of(node).trim();
                let bare = text.rsplit(']').next().unwrap_or(text).trim();
                (bare.starts_with('$') && !bare.contains('.')).then_some(bare)
            }
            "script_parameter" | "foreach_statement" => children(node)
                .into_iter()
                .find(|inner| inner.kind() == "variable")
                .map(|inner| file.text_of(inner)),
            _ => None,
        };
        found.extend(holder.and_then(name_of));
    }
    found
}

#[test]
fn every_variable_that_is_read_was_set() {
    let files = Source::all();
    let root = files.iter().find(|file| file.name == "PSLease.psm1").expect("the root");
    let of_module = set_in(root);
    let mut wrong = Vec::new();
    for file in &files {
        let mine = set_in(file);
        for node in file.of_kind("variable") {
            let text = file.text_of(node);
            let Some(name) = name_of(text) else { continue };
            let scoped = text.starts_with("$script:");
            let automatic = AUTOMATIC.split(' ').any(|known| known.eq_ignore_ascii_case(&name));
            // The module that Import-PSSession writes has a variable of that name.
            let theirs = file.stem() == "Import-Door" && name == "pssession";
            let is_set = if scoped {
                of_module.contains(&name) || theirs
            } else {
                mine.contains(&name) || automatic
            };
            if !is_set {
                wrong.push(format!("{}:{}: {text}", file.name, node.start_position().row + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Whether a node stands in a `finally`, which Ctrl-C passes through; no `catch` sees it.
fn is_in_finally(node: Node<'_>) -> bool {
    std::iter::successors(Some(node), Node::parent).any(|above| above.kind() == "finally_clause")
}

#[test]
fn what_is_started_or_opened_is_ended_whatever_comes_between() {
    let files = Source::all();
    let calls_of = |file: &Source, name: &str| -> Vec<bool> {
        let calls = file.of_kind("command").into_iter();
        let calls = calls.filter(|call| children(*call).iter().any(|part| file.text_of(*part) == name));
        calls.map(is_in_finally).collect()
    };
    let mut started = 0;
    for file in &files {
        let starts = calls_of(file, "Start-Program").len();
        let ends = calls_of(file, "Stop-Program");
        assert_eq!(starts, ends.len(), "{}: each start has its end", file.name);
        assert!(ends.iter().all(|finally| *finally), "{}", file.name);
        started += starts;
    }
    assert!(started >= 4, "{started} programs");
    // The lease of a session that did not open goes back, and the session whose commands were not imported is removed.
    for (name, call) in [("Open-Door", "Invoke-Program"), ("Import-PSLease", "Remove-PSSession")] {
        let file = files
            .iter()
            .find(|file| file.stem() == name && !file.name.starts_with("Desktop/"));
        let file = file.expect("it is there");
        assert!(calls_of(file, call).contains(&true), "{name}");
    }
}

/// A caller's `$WhatIfPreference` and `$ConfirmPreference` are answered once, by us.
#[test]
fn what_cleans_up_asks_nobody() {
    for file in Source::all() {
        for call in file.of_kind("command") {
            let text = file.text_of(call);
            if text.starts_with("Remove-PSSession") {
                assert!(
                    text.contains("-Confirm:$false") && text.contains("-WhatIf:$false"),
                    "{}: {text}",
                    file.name
                );
            }
        }
    }
}

/// What `Set-StrictMode` at a prompt says holds in modules too, unless they say otherwise before anything else.
#[test]
fn a_callers_strictness_is_not_ours() {
    let files = Source::all();
    let root = files.iter().find(|file| file.name == "PSLease.psm1").expect("the root");
    let calls = root.of_kind("command");
    assert_eq!(
        calls.first().map(|call| root.text_of(*call)),
        Some("Set-StrictMode -Off")
    );
}

#[test]
fn a_misspelt_name_is_seen() {
    let file = Source::of(
        "x.ps1",
        "function f { param([string] $Name)\n $other = \"$Nmae\"\n $t = @{}\n $t['a'] = $other }",
    );
    let set = set_in(&file);
    assert_eq!(set, ["name", "other", "t"].map(str::to_owned).into());
    let read: Vec<&str> = file
        .of_kind("variable")
        .into_iter()
        .map(|node| file.text_of(node))
        .collect();
    assert!(read.contains(&"$Nmae"), "{read:?}: also within a text");
    let file = Source::of("x.ps1", "Get-X -Nmae 1 -Now:(-not $a) @more");
    let given = Given::of(&file, file.of_kind("command")[0]);
    assert_eq!(given.names, ["Nmae", "Now"].into());
    assert!(given.splatted);
}
