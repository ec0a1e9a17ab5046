//! The parameters of a connection: from the command line, a file and standard input to one table, and the secrets that
//! only the caller has beside it. docs/parameters.md is the page.
//!
//! - `args`: what may be said. - `table`: what it comes to.

mod args;
mod table;

pub(crate) use args::ParameterArgs;

use std::io::{self, BufRead};

use endpoint::SecretSource;
use proto::v1::Parameters;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::notice::say;
use crate::terminal;

impl ParameterArgs {
    /// What was said, checked; `None` where nothing was. Secrets that a prompt or standard input gives are asked for now.
    pub(crate) async fn gather(&self) -> Result<Option<Parameters>, Failure> {
        let mut lines = io::stdin().lock();
        let first = match self.parameters {
            Some(_) => Some(table::from_line(&line(&mut lines)?)?),
            None => None,
        };
        let Some(table) = table::of(self, first)? else {
            return Ok(None);
        };
        let read = endpoint::Parameters::read(&table).map_err(|error| Failure::usage(error.to_string()))?;
        for idle in read.without_effect.iter().chain(&read.session_option.without_effect) {
            say(&format!("{idle} changes nothing here"));
        }
        let mut found = Parameters {
            table: Some(table::to_proto(&table)),
            ..Parameters::default()
        };
        if let Some(credential) = &read.credential {
            let question = format!("Password for {}: ", credential.user);
            found.password = secret(&credential.password, &question, &mut lines).await?;
        }
        if let Some(source) = &read.oauth_access_token {
            found.token = secret(source, "Access token: ", &mut lines).await?;
        }
        if let Some(credential) = &read.session_option.proxy.credential {
            let question = format!("Password of {} for the proxy: ", credential.user);
            found.proxy_password = secret(&credential.password, &question, &mut lines).await?;
        }
        Ok(Some(found))
    }
}

/// A secret that only we can get; empty for one that psleased gets by itself.
async fn secret(source: &SecretSource, question: &str, lines: &mut impl BufRead) -> Result<Vec<u8>, Failure> {
    let secret = match source {
        SecretSource::Stdin => line(lines)?,
        SecretSource::Prompt if terminal::open().is_none() => {
            let missing = "there is no terminal to ask for the secret at";
            return Err(Failure::new(Exit::LogIn, missing).hint("say where it is: --password-stdin, -file or -command"));
        }
        SecretSource::Prompt => terminal::ask_secret(question).await?,
        _ => return Ok(Vec::new()),
    };
    if secret.is_empty() {
        return Err(Failure::usage("the secret is empty"));
    }
    Ok(secret.into_bytes())
}

/// One line without its end, and without the mark that .NET Framework writes before the first.
fn line(lines: &mut impl BufRead) -> Result<String, Failure> {
    let mut line = String::new();
    let read = lines.read_line(&mut line);
    read.map_err(|error| Failure::usage(format!("standard input cannot be read: {error}")))?;
    let text = line.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']);
    Ok(text.to_owned())
}

/// The profile's name that goes with the parameters: none, if they say by themselves where to connect.
pub(crate) fn profile(named: Option<&str>, parameters: Option<&Parameters>) -> String {
    let complete = |parameters: &Parameters| {
        let table = parameters.table.as_ref();
        table.is_some_and(|table| {
            let names = table.fields.keys();
            names.into_iter().any(|name| table::folded(name) == "connectionuri")
        })
    };
    match named {
        None if parameters.is_some_and(complete) => String::new(),
        named => crate::context::profile(named),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::Value;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        parameters: ParameterArgs,
    }

    fn made(words: &[&str], first: Option<&str>) -> Result<Value, Failure> {
        let line = Line::try_parse_from(["x"].iter().chain(words)).unwrap();
        let first = first.map(table::from_line).transpose()?;
        Ok(table::of(&line.parameters, first)?.unwrap_or_default())
    }

    #[test]
    fn options_become_a_table() {
        let words = [
            "--credential",
            "ken@litwareinc.com",
            "--password-stdin",
            "--override-admin-domain",
            "fabrikam.com",
            "--ui-culture",
            "fr-FR",
            "--session-option",
            "OperationTimeout=120000",
            "--session-option",
            "NoMachineProfile=true",
            "--session-option",
            "Proxy=http://proxy:8080",
            "--allow-redirection",
        ];
        assert_eq!(
            made(&words, None).unwrap(),
            serde_json::json!({
                "Credential": {"UserName": "ken@litwareinc.com", "Stdin": true},
                "OverrideAdminDomain": "fabrikam.com",
                "AllowRedirection": true,
                "SessionOption": {
                    "UICulture": "fr-FR",
                    "OperationTimeout": 120_000,
                    "NoMachineProfile": true,
                    "Proxy": "http://proxy:8080",
                },
            })
        );
        assert_eq!(made(&[], None).unwrap(), Value::Null);
    }

    #[test]
    fn an_option_counts_more_than_the_table_it_comes_with() {
        let first = r#"{"override_admin_domain":"a.com","SessionOption":{"uiculture":"de-DE","IdleTimeout":-1}}"#;
        let words = ["--override-admin-domain", "b.com", "--ui-culture", "fr-FR"];
        assert_eq!(
            made(&words, Some(first)).unwrap(),
            serde_json::json!({
                "OverrideAdminDomain": "b.com",
                "SessionOption": {"UICulture": "fr-FR", "IdleTimeout": -1},
            })
        );
    }

    #[test]
    fn a_file_is_a_table_of_parameters_or_of_options() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let toml = file(
            "a.toml",
            "OverrideAdminDomain = \"b.com\"\n[SessionOption]\nCulture = \"fr-FR\"\n",
        );
        assert_eq!(
            made(&["--options", &toml], None).unwrap(),
            serde_json::json!({"OverrideAdminDomain": "b.com", "SessionOption": {"Culture": "fr-FR"}})
        );
        let json = file("b.json", r#"{"OperationTimeout": 1000, "Culture": "fr-FR"}"#);
        assert_eq!(
            made(&["--options", &json], None).unwrap(),
            serde_json::json!({"SessionOption": {"OperationTimeout": 1000, "Culture": "fr-FR"}})
        );
        let both = file("c.json", r#"{"Nonsense": 1}"#);
        assert_eq!(made(&["--options", &both], None).unwrap_err().exit(), Exit::Usage);
    }

    #[tokio::test]
    async fn secrets_follow_on_lines_of_their_own() {
        let mut lines = io::Cursor::new("\u{feff}first\r\npässwörd\n\n");
        assert_eq!(line(&mut lines).unwrap(), "first");
        let found = secret(&SecretSource::Stdin, "", &mut lines).await.unwrap();
        assert_eq!(found, "pässwörd".as_bytes());
        let empty = secret(&SecretSource::Stdin, "", &mut lines).await;
        assert_eq!(empty.unwrap_err().exit(), Exit::Usage);
        let file = SecretSource::File("/x".into());
        assert!(secret(&file, "", &mut lines).await.unwrap().is_empty());
    }

    #[test]
    fn an_address_needs_no_profile() {
        let table = serde_json::json!({"connection_uri": "https://h/powershell"});
        let found = Parameters {
            table: Some(table::to_proto(&table)),
            ..Parameters::default()
        };
        assert_eq!(profile(None, Some(&found)), "");
        assert_eq!(profile(Some("lab"), Some(&found)), "lab");
    }
}
