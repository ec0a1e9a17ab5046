//! Host calls, typed as far as a terminal needs (protocol.md 16).

use clixml::{Object, Text, Value};

use super::Body;
use super::host_call::HostCall;
use super::host_method::RemoteHostMethodId as Method;
use super::progress::ProgressRecord;

/// What the server wants of the terminal.
#[derive(Clone, PartialEq, Debug)]
pub enum HostRequest {
    /// Text, perhaps in colours (ConsoleColor, 0 to 15), perhaps with the end of the line.
    Write {
        /// The text.
        text: Text,
        /// Whether a line ends behind it.
        newline: bool,
        /// Foreground and background.
        colors: Option<(i32, i32)>,
    },
    /// A line for the error stream.
    ErrorLine(Text),
    /// A debug line.
    DebugLine(Text),
    /// A verbose line.
    VerboseLine(Text),
    /// A warning line.
    WarningLine(Text),
    /// A progress bar.
    Progress {
        /// Who writes it.
        source: i64,
        /// How far it is.
        record: ProgressRecord,
    },
    /// Read a line. Answer: a string.
    ReadLine,
    /// Read a line without an echo. Answer: a SecureString.
    ReadLineAsSecureString,
    /// Several questions. Answer: [`prompt_answers`].
    Prompt {
        /// The heading.
        caption: Text,
        /// The explanation.
        message: Text,
        /// One question each.
        fields: Vec<Field>,
    },
    /// A name and a password. Answer: [`credential`]. The words are the server's: show who asks.
    Credential {
        /// The heading.
        caption: Text,
        /// The explanation.
        message: Text,
        /// The name to begin with.
        user_name: Option<Text>,
        /// What it is for.
        target_name: Option<Text>,
    },
    /// A choice. Answer: the I32 of one, or an ArrayList of I32 where several may be chosen.
    Choice {
        /// The heading.
        caption: Text,
        /// The explanation.
        message: Text,
        /// What there is to choose.
        choices: Vec<Choice>,
        /// What Enter chooses; empty or below zero for nothing.
        defaults: Vec<i32>,
        /// Whether several may be chosen.
        multiple: bool,
    },
    /// The script set an exit code.
    SetShouldExit(i32),
    /// `Exit-PSSession` was run.
    PopRunspace,
    /// Anything else: the method and its parameters are in the call.
    Other(Method),
}

/// A question of a prompt.
#[derive(Clone, PartialEq, Debug)]
pub struct Field {
    /// The key of its answer.
    pub name: Text,
    /// What is shown instead; `&` marks a hot key.
    pub label: Option<Text>,
    /// The full name of the answer's .NET type; `System.Security.SecureString` wants no echo.
    pub type_name: Option<Text>,
    /// Shown on `!?`.
    pub help: Option<Text>,
    /// Whether an empty answer is refused.
    pub is_mandatory: bool,
}

/// One choice.
#[derive(Clone, PartialEq, Debug)]
pub struct Choice {
    /// What is shown; `&` marks a hot key.
    pub label: Text,
    /// Shown on `?`.
    pub help: Option<Text>,
}

impl HostCall {
    /// The call in terms of a terminal. One whose parameters are not what its method takes is [`HostRequest::Other`].
    pub fn request(&self) -> HostRequest {
        self.typed().unwrap_or(HostRequest::Other(self.method))
    }

    fn typed(&self) -> Option<HostRequest> {
        let value = |at: usize| self.parameters.get(at);
        let text = |at: usize| value(at)?.as_text().cloned();
        let number = |at: usize| value(at)?.as_i32();
        let words = |at: usize| match value(at) {
            None | Some(Value::Null) => Some(Text::default()),
            Some(other) => other.as_text().cloned(),
        };
        let colored = |newline| {
            Some(HostRequest::Write {
                text: words(2)?,
                newline,
                colors: Some((number(0)?, number(1)?)),
            })
        };
        Some(match self.method {
            Method::Write1 => HostRequest::Write {
                text: words(0)?,
                newline: false,
                colors: None,
            },
            Method::Write2 => colored(false)?,
            Method::WriteLine1 => HostRequest::Write {
                text: Text::default(),
                newline: true,
                colors: None,
            },
            Method::WriteLine2 => HostRequest::Write {
                text: words(0)?,
                newline: true,
                colors: None,
            },
            Method::WriteLine3 => colored(true)?,
            Method::WriteErrorLine => HostRequest::ErrorLine(words(0)?),
            Method::WriteDebugLine => HostRequest::DebugLine(words(0)?),
            Method::WriteVerboseLine => HostRequest::VerboseLine(words(0)?),
            Method::WriteWarningLine => HostRequest::WarningLine(words(0)?),
            Method::WriteProgress => HostRequest::Progress {
                source: value(0)?.as_i64()?,
                record: ProgressRecord::from_value(value(1)?).ok()?,
            },
            Method::ReadLine => HostRequest::ReadLine,
            Method::ReadLineAsSecureString => HostRequest::ReadLineAsSecureString,
            Method::Prompt => HostRequest::Prompt {
                caption: words(0)?,
                message: words(1)?,
                fields: value(2)?.as_list()?.iter().map(Field::of).collect::<Option<_>>()?,
            },
            Method::PromptForCredential1 | Method::PromptForCredential2 => HostRequest::Credential {
                caption: words(0)?,
                message: words(1)?,
                user_name: text(2),
                target_name: text(3),
            },
            Method::PromptForChoice | Method::PromptForChoiceMultipleSelection => {
                let multiple = self.method == Method::PromptForChoiceMultipleSelection;
                let defaults = match value(3) {
                    None | Some(Value::Null) => Vec::new(),
                    Some(one) if !multiple => vec![one.as_i32()?],
                    Some(several) => several.as_list()?.iter().map(Value::as_i32).collect::<Option<_>>()?,
                };
                HostRequest::Choice {
                    caption: words(0)?,
                    message: words(1)?,
                    choices: value(2)?.as_list()?.iter().map(Choice::of).collect::<Option<_>>()?,
                    defaults,
                    multiple,
                }
            }
            Method::SetShouldExit => HostRequest::SetShouldExit(number(0)?),
            Method::PopRunspace => HostRequest::PopRunspace,
            other => HostRequest::Other(other),
        })
    }
}

impl Field {
    fn of(value: &Value) -> Option<Field> {
        let text = |name| value.property(name).and_then(Value::as_text).cloned();
        Some(Field {
            name: text("name")?,
            label: text("label").filter(|label| !label.is_empty()),
            type_name: text("parameterTypeFullName"),
            help: text("helpMessage").filter(|help| !help.is_empty()),
            is_mandatory: value.property("isMandatory").and_then(Value::as_bool).unwrap_or(true),
        })
    }
}

impl Choice {
    fn of(value: &Value) -> Option<Choice> {
        let text = |name| value.property(name).and_then(Value::as_text).cloned();
        Some(Choice {
            label: text("label")?,
            help: text("helpMessage").filter(|help| !help.is_empty()),
        })
    }
}

/// The answer to a prompt: a Hashtable of names and values.
pub fn prompt_answers<I, K, V>(answers: I) -> Value
where
    I: IntoIterator<Item = (K, V)>,
    K: Into<Value>,
    V: Into<Value>,
{
    Value::dictionary(answers)
}

/// A PSCredential. `password` is the text of an `<SS>` element, already encrypted.
pub fn credential(user_name: impl Into<Text>, password: impl Into<Text>) -> Value {
    let type_name = "System.Management.Automation.PSCredential";
    Object::new()
        .with_types([type_name, "System.Object"])
        .with_text(type_name)
        .adapted("UserName", user_name.into())
        .adapted("Password", Value::SecureString(password.into()))
        .into()
}
