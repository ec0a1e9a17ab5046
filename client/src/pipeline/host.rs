//! Calls on our host: what writes is written, what asks is asked at the terminal with the asker's name, and what
//! cannot be answered is refused, because a call without its answer blocks the pipeline for ever.

use std::io;

use clixml::{Budget, Text, Value};
use proto::v1::host_response::Answer;
use proto::v1::{HostCall, HostResponse};
use psrp::body::{Choice, Field, HostRequest, RemoteHostMethodId, VOID, prompt_answers};

use super::echo::Way;
use super::screen::{Color, Screen, printable};
use crate::failure::Failure;
use crate::terminal;

/// Where questions go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Host {
    /// Whether a person sits there who can be asked.
    pub(crate) asks: bool,
}

impl Host {
    /// Does what the call wants; the answer, where one is due.
    pub(crate) async fn call(self, screen: &mut Screen, call: HostCall) -> Result<Option<HostResponse>, Failure> {
        let request = request(&call);
        let mut secrets = Secrets::default();
        let answer = match self.write(screen, &request)? {
            true => Ok(Value::Null),
            false => self.ask(screen, &request, &call.origin, &mut secrets).await?,
        };
        if let Err(refusal) = &answer {
            let method = RemoteHostMethodId::from_number(call.method).name();
            screen.line(
                Color::Yellow,
                &format!("refused: {method} of {}: {refusal}", call.origin),
            )?;
        }
        Ok(call.call.map(|number| HostResponse {
            call: number,
            method: call.method,
            answer: Some(match answer {
                Ok(Value::Null) => Answer::Value(Vec::new()),
                Ok(value) => Answer::Value(clixml::write(&value).into()),
                Err(refusal) => Answer::Refused(refusal),
            }),
            secrets: secrets.0,
        }))
    }

    /// Whether it was a call that writes, or one that wants nothing of a terminal.
    fn write(self, screen: &mut Screen, request: &HostRequest) -> io::Result<bool> {
        let line = |before: &str, text: &Text| format!("{before}{}", text.to_string_lossy());
        match request {
            HostRequest::Write {
                text, newline: true, ..
            } => screen.rest(Way::Call, &text.to_string_lossy())?,
            HostRequest::Write {
                text, newline: false, ..
            } => screen.part(&text.to_string_lossy())?,
            HostRequest::ErrorLine(text) => screen.line(Color::Red, &line("", text))?,
            HostRequest::WarningLine(text) => screen.once(Way::Call, Color::Yellow, &line("WARNING: ", text))?,
            HostRequest::VerboseLine(text) => screen.once(Way::Call, Color::Yellow, &line("VERBOSE: ", text))?,
            HostRequest::DebugLine(text) => screen.once(Way::Call, Color::Yellow, &line("DEBUG: ", text))?,
            HostRequest::Progress { record, .. } => screen.bar(record)?,
            HostRequest::SetShouldExit(_) | HostRequest::PopRunspace => {}
            HostRequest::Other(method) if method.is_void() => {}
            HostRequest::ReadLine
            | HostRequest::ReadLineAsSecureString
            | HostRequest::Prompt { .. }
            | HostRequest::Credential { .. }
            | HostRequest::Choice { .. }
            | HostRequest::Other(_) => return Ok(false),
        }
        Ok(true)
    }

    /// The answer, or in words why there is none.
    async fn ask(
        self,
        screen: &mut Screen,
        request: &HostRequest,
        origin: &str,
        secrets: &mut Secrets,
    ) -> Result<Result<Value, String>, Failure> {
        if let HostRequest::Other(method) = request {
            return Ok(Err(format!("this host has no {}", method.name())));
        }
        if !self.asks {
            return Ok(Err("there is nobody to ask: pslease runs without a terminal".to_owned()));
        }
        screen.line(Color::Plain, &format!("[{origin} asks]"))?;
        match request {
            HostRequest::ReadLine => Ok(Ok(text(terminal::ask("").await?))),
            HostRequest::Choice {
                caption,
                message,
                choices,
                defaults,
                multiple,
            } => {
                heading(screen, caption, message)?;
                choose(screen, choices, defaults, *multiple).await.map(Ok)
            }
            HostRequest::Prompt {
                caption,
                message,
                fields,
            } => {
                heading(screen, caption, message)?;
                prompt(fields, secrets).await.map(Ok)
            }
            HostRequest::ReadLineAsSecureString => {
                let mark = secrets.ask("").await?;
                Ok(Ok(Value::SecureString(mark)))
            }
            HostRequest::Credential {
                caption,
                message,
                user_name,
                ..
            } => {
                heading(screen, caption, message)?;
                let given = user_name.as_ref().filter(|name| !name.is_empty());
                let given = given.map(|name| name.to_string_lossy().into_owned());
                ask_credential(given, secrets).await.map(Ok)
            }
            _ => Ok(Err("this host has no such method".to_owned())),
        }
    }
}

/// The call in terms of a terminal. Parameters that cannot be read leave its method.
fn request(call: &HostCall) -> HostRequest {
    let budget = Budget {
        bytes: call.parameters.len(),
        ..Budget::default()
    };
    let parameters = clixml::read_value(psrp::without_mark(&call.parameters), &budget).ok();
    let parameters = parameters
        .as_ref()
        .and_then(Value::as_list)
        .map(<[Value]>::to_vec)
        .unwrap_or_default();
    let method = RemoteHostMethodId::from_number(call.method);
    psrp::body::HostCall {
        ci: call.call.unwrap_or(VOID),
        method,
        parameters,
    }
    .request()
}

fn heading(screen: &mut Screen, caption: &Text, message: &Text) -> io::Result<()> {
    for text in [caption, message].into_iter().filter(|text| !text.is_empty()) {
        screen.line(Color::Plain, &text.to_string_lossy())?;
    }
    Ok(())
}

fn text(line: String) -> Value {
    Value::String(line.into())
}

/// What was typed and must not be seen. Only the daemon has the session's key, so each stands as a mark in the answer.
#[derive(Default)]
struct Secrets(Vec<String>);

impl Secrets {
    /// Asks for one, unseen; its mark.
    async fn ask(&mut self, question: &str) -> Result<Text, Failure> {
        self.0.push(terminal::ask_secret(question).await?);
        Ok(format!("secret:{}", self.0.len() - 1).into())
    }
}

/// A name, unless it is given, and its password.
async fn ask_credential(given: Option<String>, secrets: &mut Secrets) -> Result<Value, Failure> {
    let user = match given {
        Some(user) => user,
        None => terminal::ask("User: ").await?,
    };
    let question = format!("Password for user {}: ", printable(&user));
    let password = secrets.ask(&question).await?;
    Ok(psrp::body::credential(user, password))
}

/// Asks field by field, as PowerShell does, unseen where a field wants a password.
async fn prompt(fields: &[Field], secrets: &mut Secrets) -> Result<Value, Failure> {
    let is = |field: &Field, name: &str| field.type_name.as_ref().is_some_and(|of| *of == name);
    let mut answers = Vec::new();
    for field in fields {
        let label = field
            .label
            .as_ref()
            .unwrap_or(&field.name)
            .to_string_lossy()
            .replace('&', "");
        let question = format!("{}: ", printable(&label));
        let answer = if is(field, "System.Security.SecureString") {
            Value::SecureString(secrets.ask(&question).await?)
        } else if is(field, "System.Management.Automation.PSCredential") {
            ask_credential(None, secrets).await?
        } else {
            text(terminal::ask(&question).await?)
        };
        answers.push((Value::String(field.name.clone()), answer));
    }
    Ok(prompt_answers(answers))
}

/// `[Y] Yes  [N] No  [?] Help (default is "Y"): `, until the answer is one of them.
async fn choose(screen: &mut Screen, choices: &[Choice], defaults: &[i32], multiple: bool) -> Result<Value, Failure> {
    let question = question(choices, defaults);
    let default: Vec<i32> = defaults.iter().copied().filter(|&at| at >= 0).collect();
    let mut chosen: Vec<i32> = Vec::new();
    loop {
        let line = terminal::ask(&question).await?;
        let word = line.trim();
        match (word, multiple) {
            ("?", _) => {
                for choice in choices {
                    let help = choice
                        .help
                        .as_ref()
                        .map(|help| help.to_string_lossy().into_owned())
                        .unwrap_or_default();
                    screen.line(Color::Plain, &format!("{} - {help}", key(choice)))?;
                }
            }
            ("", false) if !default.is_empty() => return Ok(Value::Int32(default[0])),
            ("", true) => return Ok(Value::list(if chosen.is_empty() { default } else { chosen })),
            _ => match (pick(choices, word), multiple) {
                (Some(at), false) => return Ok(Value::Int32(at)),
                (Some(at), true) => chosen.push(at),
                (None, _) => {}
            },
        }
    }
}

fn question(choices: &[Choice], defaults: &[i32]) -> String {
    let mut text = String::new();
    for choice in choices {
        text.push_str(&format!("[{}] {}  ", key(choice), label(choice)));
    }
    text.push_str("[?] Help");
    let default = defaults
        .iter()
        .filter_map(|&at| choices.get(usize::try_from(at).ok()?))
        .map(key);
    let default: Vec<String> = default.collect();
    if !default.is_empty() {
        text.push_str(&format!(" (default is \"{}\")", default.join(",")));
    }
    text.push_str(": ");
    printable(&text)
}

/// The letter behind `&`, else the whole label.
fn key(choice: &Choice) -> String {
    let label = choice.label.to_string_lossy();
    let hot = label.split_once('&').and_then(|(_, rest)| rest.chars().next());
    hot.map_or_else(|| label.into_owned(), |letter| letter.to_uppercase().to_string())
}

fn label(choice: &Choice) -> String {
    choice.label.to_string_lossy().replacen('&', "", 1)
}

fn pick(choices: &[Choice], word: &str) -> Option<i32> {
    let same = |text: &str| text.to_lowercase() == word.to_lowercase();
    let at = choices
        .iter()
        .position(|choice| same(&key(choice)) || same(&label(choice)))?;
    i32::try_from(at).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices() -> Vec<Choice> {
        ["&Yes", "Yes to &All", "&No"]
            .map(|label| Choice {
                label: label.into(),
                help: None,
            })
            .to_vec()
    }

    #[test]
    fn a_choice_is_put_and_picked_as_powershell_does() {
        assert_eq!(
            question(&choices(), &[0]),
            "[Y] Yes  [A] Yes to All  [N] No  [?] Help (default is \"Y\"): "
        );
        assert_eq!(pick(&choices(), "a"), Some(1));
        assert_eq!(pick(&choices(), "no"), Some(2));
        assert_eq!(pick(&choices(), "x"), None);
    }

    #[tokio::test]
    async fn without_a_terminal_every_question_is_answered_with_a_refusal() {
        for method in [
            RemoteHostMethodId::ReadLine,
            RemoteHostMethodId::PromptForChoice,
            RemoteHostMethodId::ReadKey,
        ] {
            let call = HostCall {
                call: Some(7),
                method: method.number(),
                ..HostCall::default()
            };
            let answer = Host { asks: false }
                .call(&mut Screen::new(true), call)
                .await
                .unwrap()
                .unwrap();
            assert_eq!((answer.call, answer.method), (7, method.number()));
            assert!(matches!(answer.answer, Some(Answer::Refused(_))), "{method:?}");
        }
    }

    #[test]
    fn parameters_are_read_from_their_list() {
        let list = clixml::write(&Value::list(["hello"]));
        let call = HostCall {
            method: 16,
            parameters: list.into(),
            ..HostCall::default()
        };
        let expected = HostRequest::Write {
            text: "hello".into(),
            newline: true,
            colors: None,
        };
        assert_eq!(request(&call), expected);
    }
}
