//! What was said, as one table: options over what came on standard input, and that over a file.

use std::path::{Path, PathBuf};

use prost_types::value::Kind;
use serde_json::{Map, Value, json};

use super::ParameterArgs;
use crate::config;
use crate::failure::Failure;

/// A name without what spellings differ in.
pub(super) fn folded(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, '-' | '_'))
        .flat_map(char::to_lowercase)
        .collect()
}

/// The first line of `--parameters -`.
pub(super) fn from_line(line: &str) -> Result<Value, Failure> {
    match serde_json::from_str(line) {
        Ok(table @ Value::Object(_)) => Ok(table),
        Ok(_) => Err(Failure::usage("the parameters must be one JSON object in one line")),
        // The text itself is not repeated: somebody may have put a secret first.
        Err(error) => Err(Failure::usage(format!("the parameters are no JSON: {error}"))),
    }
}

/// Everything that was said; `None` where nothing was.
pub(super) fn of(args: &ParameterArgs, first: Option<Value>) -> Result<Option<Value>, Failure> {
    let mut table = Map::new();
    if let Some(path) = &args.options {
        merge(&mut table, of_file(path)?);
    }
    if let Some(first) = first {
        merge(&mut table, first);
    }
    merge(&mut table, of_options(args)?);
    Ok((!table.is_empty()).then_some(Value::Object(table)))
}

fn of_options(args: &ParameterArgs) -> Result<Value, Failure> {
    let mut table = Map::new();
    let texts = [
        ("UserName", &args.user_name),
        ("OverrideAdminDomain", &args.override_admin_domain),
        ("OverrideDiscoveryUri", &args.override_discovery_uri),
        ("OverridePowerShellUri", &args.override_power_shell_uri),
        (
            "OverrideAccessTokenResourceUri",
            &args.override_access_token_resource_uri,
        ),
        ("ConnectionUri", &args.connection_uri),
        ("ConfigurationName", &args.configuration_name),
        ("Authentication", &args.authentication),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            table.insert(name.to_owned(), text.as_str().into());
        }
    }
    if args.allow_redirection {
        table.insert("AllowRedirection".to_owned(), true.into());
    }
    if let Some(user) = &args.credential {
        let mut credential = source(
            args.password_stdin,
            args.password_file.as_deref(),
            args.password_command.as_deref(),
        )?
        .unwrap_or_else(|| json!({ "Prompt": true }));
        credential["UserName"] = user.as_str().into();
        table.insert("Credential".to_owned(), credential);
    }
    let token = source(
        args.oauth_access_token_stdin,
        args.oauth_access_token_file.as_deref(),
        args.oauth_access_token_command.as_deref(),
    )?;
    if let Some(token) = token {
        table.insert("OAuthAccessToken".to_owned(), token);
    }
    let mut options = Map::new();
    for pair in &args.session_options {
        let (name, value) = pair
            .split_once('=')
            .ok_or_else(|| Failure::usage(format!("--session-option wants KEY=VALUE, not {pair:?}")))?;
        // A number and a truth are written bare; all else is text.
        let value = serde_json::from_str(value.trim()).unwrap_or_else(|_| value.trim().into());
        options.insert(name.trim().to_owned(), value);
    }
    for (name, culture) in [("Culture", &args.culture), ("UICulture", &args.ui_culture)] {
        if let Some(culture) = culture {
            options.insert(name.to_owned(), culture.as_str().into());
        }
    }
    if !options.is_empty() {
        table.insert("SessionOption".to_owned(), options.into());
    }
    Ok(table.into())
}

fn source(stdin: bool, file: Option<&Path>, command: Option<&str>) -> Result<Option<Value>, Failure> {
    if stdin {
        return Ok(Some(json!({ "Stdin": true })));
    }
    if let Some(file) = file {
        // psleased has a folder of its own.
        let whole = std::path::absolute(file)?;
        return Ok(Some(json!({ "File": whole.display().to_string() })));
    }
    let words = command.map(|command| command.split_whitespace().collect::<Vec<_>>());
    Ok(words.map(|words| json!({ "Command": words })))
}

/// A table of parameters, or of session options alone.
fn of_file(path: &PathBuf) -> Result<Value, Failure> {
    let wrong = |why: String| Failure::usage(format!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let is_json = path.extension().is_some_and(|extension| extension == "json");
    let table: Value = if is_json {
        serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?
    } else {
        config::to_json(&text).map_err(|error| wrong(error.to_string()))?
    };
    match endpoint::Parameters::read(&table) {
        Ok(_) => Ok(table),
        Err(_) if endpoint::SessionOption::read(&table).is_ok() => Ok(json!({ "SessionOption": table })),
        Err(error) => Err(wrong(error.to_string())),
    }
}

/// Puts a table over another; tables in it are merged, too.
fn merge(under: &mut Map<String, Value>, over: Value) {
    let Value::Object(over) = over else { return };
    for (name, value) in over {
        let same = under.keys().find(|known| folded(known) == folded(&name)).cloned();
        let before = same.and_then(|same| under.remove(&same));
        let value = match (before, value) {
            (Some(Value::Object(mut before)), value @ Value::Object(_)) if folded(&name) == "sessionoption" => {
                merge(&mut before, value);
                before.into()
            }
            (_, value) => value,
        };
        under.insert(name, value);
    }
}

/// The table as it travels.
pub(super) fn to_proto(table: &Value) -> prost_types::Struct {
    let fields = table.as_object().into_iter().flatten();
    prost_types::Struct {
        fields: fields.map(|(name, value)| (name.clone(), of_value(value))).collect(),
    }
}

fn of_value(value: &Value) -> prost_types::Value {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(set) => Kind::BoolValue(*set),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or_default()),
        Value::String(text) => Kind::StringValue(text.clone()),
        Value::Array(items) => Kind::ListValue(prost_types::ListValue {
            values: items.iter().map(of_value).collect(),
        }),
        Value::Object(_) => Kind::StructValue(to_proto(value)),
    };
    prost_types::Value { kind: Some(kind) }
}
