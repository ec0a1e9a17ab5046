//! `config.toml` as `pslease profile` edits it: what the user wrote stays as it is, comments included. Whether it makes
//! sense is for the daemon to say, with file, line and key.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, Table, Value};

use crate::exit::Exit;
use crate::failure::Failure;

/// The file, parsed.
#[derive(Debug)]
pub(crate) struct Config {
    path: PathBuf,
    document: DocumentMut,
}

/// One profile's table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a str,
    table: &'a Table,
}

impl Config {
    /// Reads it; a file that is not there is empty.
    pub(crate) fn read(path: PathBuf) -> Result<Self, Failure> {
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Failure::new(Exit::Config, format!("{}: {error}", path.display()))),
        };
        Self::parse(path, &text)
    }

    fn parse(path: PathBuf, text: &str) -> Result<Self, Failure> {
        let document = text.parse::<DocumentMut>().map_err(|error| {
            let line = error
                .span()
                .map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            let why = error.message().replace('\n', "; ");
            Failure::new(Exit::Config, format!("{}:{line}: {why}", path.display()))
        })?;
        Ok(Self { path, document })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The profiles in the order of the file.
    pub(crate) fn profiles(&self) -> impl Iterator<Item = Entry<'_>> {
        let tables = self
            .document
            .get("profile")
            .and_then(Item::as_table)
            .into_iter()
            .flatten();
        tables.filter_map(|(name, item)| {
            Some(Entry {
                name,
                table: item.as_table()?,
            })
        })
    }

    /// The profile that is meant where none is named: as the daemon decides it.
    pub(crate) fn default(&self) -> Option<&str> {
        let named = self.document.get("default").and_then(Item::as_str);
        named.or_else(|| {
            let mut all = self.profiles();
            all.next().filter(|_| all.next().is_none()).map(|only| only.name)
        })
    }

    pub(crate) fn set_default(&mut self, name: &str) {
        self.document["default"] = toml_edit::value(name);
    }

    /// Adds `[profile.NAME]` at the end, with `keys` in their order.
    pub(crate) fn add(&mut self, name: &str, keys: Vec<(String, Value)>) -> Result<(), Failure> {
        if self.profiles().any(|entry| entry.name == name) {
            let message = format!("there is a profile {name} already");
            return Err(Failure::usage(message).hint(format!(
                "pslease profile remove {name}, or edit {}",
                self.path.display()
            )));
        }
        if !self.document.contains_key("version") {
            self.document.insert("version", toml_edit::value(1));
        }
        let mut implicit = Table::new();
        implicit.set_implicit(true);
        let profiles = self.document.entry("profile").or_insert(Item::Table(implicit));
        let Some(profiles) = profiles.as_table_mut() else {
            return Err(Failure::new(
                Exit::Config,
                format!("{}: profile is not a table", self.path.display()),
            ));
        };
        let mut table = Table::new();
        for (key, value) in keys {
            table.insert(&key, Item::Value(value));
        }
        profiles.insert(name, Item::Table(table));
        Ok(())
    }

    /// Takes a profile out, and `default` with it if it names that one.
    pub(crate) fn remove(&mut self, name: &str) -> Result<(), Failure> {
        let profiles = self.document.get_mut("profile").and_then(Item::as_table_mut);
        if profiles.and_then(|profiles| profiles.remove(name)).is_none() {
            return Err(self.unknown(name));
        }
        if self.document.get("default").and_then(Item::as_str) == Some(name) {
            self.document.remove("default");
        }
        Ok(())
    }

    pub(crate) fn unknown(&self, name: &str) -> Failure {
        let all: Vec<&str> = self.profiles().map(|entry| entry.name).collect();
        let hint = match &all[..] {
            [] => "pslease profile add".to_owned(),
            all => format!("profiles are: {}", all.join(", ")),
        };
        Failure::usage(format!("there is no profile {name:?}")).hint(hint)
    }

    /// Writes it so that a reader sees the old file or the new one.
    pub(crate) fn write(&self) -> Result<(), Failure> {
        let failed = |error| Failure::new(Exit::Config, format!("{}: {error}", self.path.display()));
        // A link, as people who keep their settings elsewhere have, stays one.
        let path = std::fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        if let Some(folder) = path.parent() {
            let mut builder = std::fs::DirBuilder::new();
            std::os::unix::fs::DirBuilderExt::mode(builder.recursive(true), 0o700);
            builder.create(folder).map_err(failed)?;
        }
        let fresh = path.with_extension(format!("toml.{}", std::process::id()));
        let mut options = std::fs::File::options();
        std::os::unix::fs::OpenOptionsExt::mode(options.write(true).create(true).truncate(true), 0o600);
        let mut file = options.open(&fresh).map_err(failed)?;
        file.write_all(self.document.to_string().as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(failed)?;
        if let Ok(about) = std::fs::metadata(&path) {
            std::fs::set_permissions(&fresh, about.permissions()).map_err(failed)?;
        }
        std::fs::rename(&fresh, &path).map_err(failed)
    }
}

impl Entry<'_> {
    /// A key's text; empty where it has none.
    pub(crate) fn text(&self, key: &str) -> String {
        self.table
            .get(key)
            .and_then(Item::as_str)
            .unwrap_or_default()
            .to_owned()
    }

    /// The table as it stands in the file.
    pub(crate) fn source(&self) -> String {
        let mut alone = DocumentMut::new();
        let mut implicit = Table::new();
        implicit.set_implicit(true);
        let mut table = self.table.clone();
        table.set_position(None);
        implicit.insert(self.name, Item::Table(table));
        alone.insert("profile", Item::Table(implicit));
        alone.to_string().trim_start().to_owned()
    }

    /// The keys as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        let mut object = serde_json::Map::new();
        object.insert("name".to_owned(), self.name.into());
        object.extend(
            self.table
                .iter()
                .filter_map(|(key, item)| Some((key.to_owned(), json(item.as_value()?)))),
        );
        object.into()
    }
}

/// A TOML text as the JSON that says the same.
pub(crate) fn to_json(text: &str) -> Result<serde_json::Value, toml_edit::TomlError> {
    let document: DocumentMut = text.parse()?;
    Ok(table_json(document.as_table()))
}

fn table_json(table: &toml_edit::Table) -> serde_json::Value {
    let entry = |(key, item): (&str, &Item)| {
        let value = match item {
            Item::Table(table) => table_json(table),
            item => json(item.as_value()?),
        };
        Some((key.to_owned(), value))
    };
    table.iter().filter_map(entry).collect::<serde_json::Map<_, _>>().into()
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::String(text) => text.value().as_str().into(),
        Value::Integer(number) => (*number.value()).into(),
        Value::Float(number) => (*number.value()).into(),
        Value::Boolean(flag) => (*flag.value()).into(),
        Value::Datetime(time) => time.value().to_string().into(),
        Value::Array(items) => items.iter().map(json).collect(),
        Value::InlineTable(table) => table
            .iter()
            .map(|(key, value)| (key.to_owned(), json(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "# my profiles\nversion = 1\ndefault = \"old\" # mostly\n\n[profile.old]   # the lab\n\
                          template = \"winrm\"\nhost = \"dc1\"\nadmin = 'LAB\\ken'\n";

    fn config(text: &str) -> Config {
        Config::parse("/c/config.toml".into(), text).unwrap()
    }

    fn keys() -> Vec<(String, Value)> {
        vec![
            ("template".into(), "winrm".into()),
            ("max_concurrency".into(), Value::from(2)),
        ]
    }

    #[test]
    fn what_was_there_stays_to_the_letter() {
        let mut config = config(BEFORE);
        config.add("new", keys()).unwrap();
        let added = "\n[profile.new]\ntemplate = \"winrm\"\nmax_concurrency = 2\n";
        assert_eq!(config.document.to_string(), format!("{BEFORE}{added}"));
        config.remove("new").unwrap();
        assert_eq!(config.document.to_string(), BEFORE);
    }

    #[test]
    fn a_first_profile_makes_a_whole_file() {
        let mut config = config("");
        config.add("one", keys()).unwrap();
        let text = config.document.to_string();
        assert_eq!(
            text,
            "version = 1\n\n[profile.one]\ntemplate = \"winrm\"\nmax_concurrency = 2\n"
        );
        assert_eq!(config.default(), Some("one"));
    }

    #[test]
    fn a_default_goes_with_its_profile() {
        let mut config = config(BEFORE);
        assert_eq!(config.default(), Some("old"));
        config.remove("old").unwrap();
        assert_eq!(config.default(), None);
        assert!(!config.document.to_string().contains("default"));
        assert_eq!(config.remove("old").unwrap_err().exit(), Exit::Usage);
    }

    #[test]
    fn a_profile_is_shown_as_it_was_written() {
        let config = config(BEFORE);
        let shown = config.profiles().next().unwrap().source();
        assert_eq!(
            shown,
            "[profile.old]   # the lab\ntemplate = \"winrm\"\nhost = \"dc1\"\nadmin = 'LAB\\ken'\n"
        );
    }

    #[test]
    fn a_damaged_file_is_not_edited_but_named_with_its_line() {
        let failure = Config::parse("/c/config.toml".into(), "version = 1\n[profile.a\n").unwrap_err();
        assert_eq!(failure.exit(), Exit::Config);
        let Failure::Said { message, .. } = failure else {
            panic!("it is said")
        };
        assert!(message.starts_with("/c/config.toml:2: "), "{message}");
    }
}
