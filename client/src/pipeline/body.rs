//! From words to the body of a CREATE_PIPELINE message (MS-PSRP 2.2.2.10).

use clixml::{Text, Value};
use language::{CommandList, Constant, Merge};
use psrp::Body as _;
use psrp::body::{
    Argument, Command, CreatePipeline, HostDefaultData, HostInfo, PipelineResultTypes as To, RemoteStreamOptions,
};

use crate::failure::Failure;

/// What is said of an argument that may be a secret.
const HIDDEN: &str = "***";

/// A pipeline as it is asked for.
#[derive(Debug)]
pub(crate) struct Asked {
    statements: Vec<Vec<Command>>,
    /// In words for `status`; never holds what looks like a secret.
    pub(crate) said: String,
}

impl Asked {
    /// One word is PowerShell text, several are one command.
    pub(crate) fn commands(words: &[String]) -> Result<Self, Failure> {
        let list = match words {
            [text] => language::parse(text),
            words => language::words(words),
        };
        let list = list.map_err(|error| {
            let failure = Failure::usage(error.to_string());
            match words {
                [text] if text.contains('$') || text.is_empty() => {
                    failure.hint("put PowerShell text in single quotes, or the shell replaces what begins with $")
                }
                _ => failure,
            }
        })?;
        Ok(Self::of_list(&list))
    }

    /// The words as script text, for endpoints with a language.
    pub(crate) fn script(words: &[String]) -> Self {
        let text = words.join(" ");
        let first = text.split_whitespace().next().unwrap_or_default();
        let plain = first.chars().all(|c| c.is_alphanumeric() || "-_\\".contains(c));
        let said = if plain && !first.is_empty() {
            format!("{first} ... (script)")
        } else {
            "(script)".to_owned()
        };
        Self {
            statements: vec![vec![Command::script(text)]],
            said,
        }
    }

    fn of_list(list: &CommandList) -> Self {
        let mut statements: Vec<Vec<Command>> = vec![Vec::new()];
        for command in &list.commands {
            let made = self::command(command);
            if let Some(statement) = statements.last_mut() {
                statement.push(made);
            }
            if command.end_of_statement {
                statements.push(Vec::new());
            }
        }
        Self {
            statements,
            said: said(list),
        }
    }

    /// The body, for a terminal of this size, with input to come or without.
    pub(crate) fn body(self, (columns, lines): (i32, i32), has_input: bool) -> Vec<u8> {
        let mut pipeline = CreatePipeline::statements(self.statements);
        pipeline.no_input = !has_input;
        // With the command that wrote a record, as PowerShell itself asks for it.
        pipeline.stream_options = RemoteStreamOptions::AddInvocationInfo;
        // A host of its own, so that its calls come whatever the session was opened with.
        pipeline.host_info = HostInfo::console(HostDefaultData::terminal(columns, lines));
        pipeline.write().to_vec()
    }
}

fn command(command: &language::Command) -> Command {
    let mut made = Command::new(command.name.as_str());
    for argument in &command.arguments {
        let name = argument.name.as_deref().map(Text::from);
        let value = Value::from(&argument.value);
        made.arguments.push(Argument { name, value });
    }
    for &merge in &command.merges {
        self::merge(&mut made, merge);
    }
    made
}

/// `N>&1` as PowerShell says it: the pair for servers before 2.2 where it is about errors, a member for each stream.
fn merge(command: &mut Command, merge: Merge) {
    let output = Some(To::Output);
    match merge {
        Merge::Error => {
            command.merge_my_result = To::Error;
            command.merge_to_result = To::Output;
            command.merge_error = output;
        }
        Merge::Warning => command.merge_warning = output,
        Merge::Verbose => command.merge_verbose = output,
        Merge::Debug => command.merge_debug = output,
        Merge::Information => command.merge_information = output,
        Merge::All => {
            for each in [
                Merge::Error,
                Merge::Warning,
                Merge::Verbose,
                Merge::Debug,
                Merge::Information,
            ] {
                self::merge(command, each);
            }
        }
    }
}

/// The commands in one line, as somebody would type them, without what looks like a secret.
fn said(list: &CommandList) -> String {
    let mut text = String::new();
    for (at, command) in list.commands.iter().enumerate() {
        if at > 0 {
            text.push_str(if list.commands[at - 1].end_of_statement {
                "; "
            } else {
                " | "
            });
        }
        text.push_str(&command.name);
        let mut secret = false;
        for argument in &command.arguments {
            if let Some(name) = &argument.name {
                text.push(' ');
                text.push_str(name);
                secret = looks_secret(name);
            }
            let bare = argument
                .name
                .as_ref()
                .is_some_and(|name| !name.trim_end().ends_with(':'));
            if bare {
                continue;
            }
            text.push(' ');
            text.push_str(&if secret {
                HIDDEN.to_owned()
            } else {
                shown(&argument.value)
            });
            secret = false;
        }
    }
    text
}

fn shown(constant: &Constant) -> String {
    match constant {
        Constant::Null => "$null".to_owned(),
        Constant::Boolean(flag) => format!("${flag}"),
        Constant::String(text) if text.contains(char::is_whitespace) || text.is_empty() => format!("'{text}'"),
        Constant::Spelled { text, .. } => text.clone(),
        Constant::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(","),
        Constant::Hashtable(_) => "@{...}".to_owned(),
        other => other.to_string(),
    }
}

/// A parameter whose value nobody should read over a shoulder.
fn looks_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    ["pass", "pwd", "secret", "token", "cred", "key", "pin"]
        .iter()
        .any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &[&str]) -> Asked {
        Asked::commands(&line.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    fn read(asked: Asked) -> CreatePipeline {
        CreatePipeline::read(&asked.body((120, 50), false)).unwrap()
    }

    #[test]
    fn words_become_one_command_with_tokens_and_constants() {
        let pipeline = read(words(&[
            "Get-CsOnlineUser",
            "-ResultSize",
            "10",
            "-Identity",
            "Ken Myer",
            "-Force:$true",
        ]));
        let [statement] = &pipeline.power_shell.statements[..] else {
            panic!("one statement")
        };
        let [command] = &statement[..] else {
            panic!("one command")
        };
        assert_eq!(command.name, "Get-CsOnlineUser");
        assert!(!command.is_script && pipeline.no_input);
        let arguments: Vec<_> = command
            .arguments
            .iter()
            .map(|a| (a.name.as_ref().map(ToString::to_string), a.value.clone()))
            .collect();
        assert_eq!(
            arguments,
            [
                (Some("-ResultSize".to_owned()), Value::Null),
                (None, Value::Int32(10)),
                (Some("-Identity".to_owned()), Value::Null),
                (None, Value::from("Ken Myer")),
                (Some("-Force:".to_owned()), Value::Bool(true)),
            ]
        );
    }

    #[test]
    fn text_becomes_statements_of_commands_with_their_merges() {
        let pipeline = read(words(&["Get-A 2>&1 | Select-Object Name; Get-B"]));
        let names: Vec<Vec<String>> = pipeline
            .power_shell
            .statements
            .iter()
            .map(|statement| statement.iter().map(|command| command.name.to_string()).collect())
            .collect();
        assert_eq!(names, [vec!["Get-A", "Select-Object"], vec!["Get-B"]]);
        let first = &pipeline.power_shell.statements[0][0];
        assert_eq!((first.merge_my_result, first.merge_to_result), (To::Error, To::Output));
        assert_eq!(
            (first.merge_error, first.merge_warning),
            (Some(To::Output), Some(To::None))
        );
    }

    #[test]
    fn a_script_is_sent_as_it_is() {
        let pipeline = read(Asked::script(&["$x = 1;".to_owned(), "$x".to_owned()]));
        let command = &pipeline.power_shell.statements[0][0];
        assert!(command.is_script);
        assert_eq!(command.name, "$x = 1; $x");
    }

    #[test]
    fn the_host_has_the_terminals_size() {
        let host = read(words(&["Get-A"])).host_info;
        assert!(!host.use_runspace_host && !host.is_host_null);
        assert_eq!(host.default_data.unwrap().window_size.width, 120);
    }

    #[test]
    fn what_looks_like_a_secret_is_not_repeated() {
        let asked = words(&["New-Mailbox -Name 'Ken Myer' -Password 'p@ss w0rd' -ApiKey:abc; Get-B 1kb"]);
        assert_eq!(
            asked.said,
            "New-Mailbox -Name 'Ken Myer' -Password *** -ApiKey: ***; Get-B 1kb"
        );
        assert_eq!(Asked::script(&["$p = 'p@ss'".to_owned()]).said, "(script)");
    }

    #[test]
    fn text_that_is_no_command_list_is_refused_with_powershells_words() {
        let failure = Asked::commands(&["Get-A $x".to_owned()]).unwrap_err();
        let Failure::Said { message, hint, .. } = failure else {
            panic!("it is said")
        };
        assert!(message.contains("dereferencing variables undeclared"), "{message}");
        assert!(hint.contains("single quotes"));
    }
}
