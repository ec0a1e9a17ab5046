//! Where a secret is to be had. Never the secret itself: a table ends up in files, histories and process lists.

use std::path::PathBuf;

use serde_json::Value;

use super::OptionError;
use super::value::Table;

/// Where a secret is to be had.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecretSource {
    /// From the person at the terminal.
    Prompt,
    /// From standard input, its first line.
    Stdin,
    /// From a file, its first line.
    File(PathBuf),
    /// From what a command prints, its first line.
    Command(Vec<String>),
    /// From systemd's credentials, by name.
    Systemd(String),
    /// From the operating system's keyring.
    Keyring,
}

const KNOWN: [(&str, &str); 8] = [
    ("UserName", "UserName"),
    ("User", "UserName"),
    ("Prompt", "Prompt"),
    ("Stdin", "Stdin"),
    ("File", "File"),
    ("Command", "Command"),
    ("Systemd", "Systemd"),
    ("Keyring", "Keyring"),
];

impl SecretSource {
    /// Reads `{ UserName, File | Command | ... }`; the user name too, where it may be there.
    pub(super) fn read(name: &str, value: &Value) -> Result<(Option<String>, Self), OptionError> {
        let secret = |key: &String| {
            let key = key.to_ascii_lowercase();
            ["password", "token", "secret", "value"]
                .iter()
                .any(|word| key.contains(word))
        };
        if value.as_object().is_some_and(|table| table.keys().any(secret)) {
            return Err(OptionError::Secret(name.to_owned()));
        }
        let table = Table::read(name, value, "a credential", &KNOWN)?;
        let mut found = Vec::new();
        if table.switch("Prompt")? == Some(true) {
            found.push(("Prompt", Self::Prompt));
        }
        if table.switch("Stdin")? == Some(true) {
            found.push(("Stdin", Self::Stdin));
        }
        if table.switch("Keyring")? == Some(true) {
            found.push(("Keyring", Self::Keyring));
        }
        if let Some(path) = table.text("File")? {
            found.push(("File", Self::File(path.into())));
        }
        if let Some(credential) = table.text("Systemd")? {
            found.push(("Systemd", Self::Systemd(credential)));
        }
        if let Some((written, command)) = table.get("Command") {
            let words = command.as_array().map(Vec::as_slice).unwrap_or_default();
            let words: Option<Vec<String>> = words.iter().map(|word| word.as_str().map(str::to_owned)).collect();
            let words = words
                .filter(|words| !words.is_empty())
                .ok_or_else(|| OptionError::Type {
                    name: format!("{name}.{written}"),
                    wanted: "a list of the program and its arguments",
                    found: "something else".to_owned(),
                })?;
            found.push(("Command", Self::Command(words)));
        }
        if let [(one, _), (other, _), ..] = found[..] {
            return Err(OptionError::Sets(one, other));
        }
        let source = found.pop().map_or(Self::Prompt, |(_, source)| source);
        Ok((table.text("UserName")?, source))
    }
}
