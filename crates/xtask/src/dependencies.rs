//! Each dependency is named once, in the root manifest, and has its line in ARCHITECTURE.md that says what it earns.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::cargo::{self, Outcome};

/// The table of ARCHITECTURE.md, the root manifest and those of its members say the same.
pub(crate) fn check() -> Outcome {
    let root = cargo::root();
    let workspace = read(&root.join("Cargo.toml"))?;
    let named = foreign(&workspace);
    let told = table(&read(&root.join("ARCHITECTURE.md"))?);
    let mut used = BTreeSet::new();
    for manifest in members(&root)? {
        let text = read(&manifest)?;
        for (name, line) in dependencies(&text) {
            if !line.contains("workspace = true") {
                let manifest = manifest.display();
                return Err(format!(
                    "{manifest} names a version of {name} itself: write {name}.workspace = true, and the version in the root's Cargo.toml"
                ));
            }
            used.insert(name);
        }
    }
    if let Some(name) = named.difference(&told).next() {
        return Err(format!(
            "{name} has no line in ARCHITECTURE.md's table of dependencies: say there what it earns"
        ));
    }
    if let Some(name) = told.difference(&named).next() {
        return Err(format!(
            "ARCHITECTURE.md's table of dependencies has {name}, which is none: take it out"
        ));
    }
    if let Some(name) = named.difference(&used).next() {
        return Err(format!("nothing uses {name}: take it out of the root's Cargo.toml"));
    }
    cargo::say("xtask: each dependency says what it earns\n");
    Ok(())
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
}

/// The manifests of `members` in the root's: `proto client daemon tests crates/*`.
fn members(root: &Path) -> Result<Vec<PathBuf>, String> {
    let crates = root.join("crates");
    let entries = std::fs::read_dir(&crates).map_err(|error| format!("{}: {error}", crates.display()))?;
    let folders = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let top = ["proto", "client", "daemon", "tests"].map(|name| root.join(name));
    let manifests = folders.chain(top).map(|folder| folder.join("Cargo.toml"));
    Ok(manifests.filter(|manifest| manifest.is_file()).collect())
}

/// The dependencies that a manifest names, each with its line. One entry a line, as all of ours are.
fn dependencies(manifest: &str) -> Vec<(String, &str)> {
    let mut within = false;
    let mut found = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            within = line.ends_with("dependencies]");
        } else if within
            && let Some(end) = line.find(['.', ' ', '='])
            && line.starts_with(char::is_alphanumeric)
        {
            found.push((line[..end].to_owned(), line));
        }
    }
    found
}

/// Everybody else's, in the root manifest.
fn foreign(workspace: &str) -> BTreeSet<String> {
    let all = dependencies(workspace).into_iter();
    all.filter(|(_, line)| !line.contains("path = "))
        .map(|(name, _)| name)
        .collect()
}

/// The names in the first column of the table of dependencies, without what stands in parentheses.
fn table(architecture: &str) -> BTreeSet<String> {
    let (_, rest) = architecture.split_once("\n## Dependencies\n").unwrap_or_default();
    let section = rest.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix('|')).skip(2);
    rows.filter_map(|row| row.split('|').next())
        .flat_map(|names| names.split(','))
        .filter_map(|name| name.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_and_the_manifests_agree() {
        assert_eq!(check(), Ok(()));
    }

    #[test]
    fn a_manifest_is_read_line_by_line() {
        let manifest = "[package]\nname = \"x\"\n[dependencies]\na.workspace = true\n# why\nb = { workspace = true }\n\
                        [target.'cfg(unix)'.dev-dependencies]\nc = \"1\"\n[lints]\nworkspace = true\n";
        let names: Vec<String> = dependencies(manifest).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a", "b", "c"]);
    }

    #[test]
    fn a_row_may_name_several() {
        let text = "x\n\n## Dependencies\n\n| crate | for |\n|---|---|\n| a, b | x, y |\n| c (feature `d`) | z |\n\n## More\n| e | f |\n";
        assert_eq!(table(text), ["a", "b", "c"].map(str::to_owned).into());
    }
}
