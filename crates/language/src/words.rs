//! The words of a command line: what the shell has split is never split again.

use crate::character::{is_dash, is_double_quote, is_letter, is_single_quote, is_space};
use crate::error::Error;
use crate::scan::Scanner;
use crate::source::Source;
use crate::token::Kind;
use crate::{Argument, Command, CommandList, Constant, parse};

/// The list of commands that the words behind `run` stand for.
///
/// One word is PowerShell text, as [`parse`] reads it. Several are one command: the first its name, each other exactly
/// one token. `-Name` is a parameter and `-Name:value` one with its value; a number, `$true`, `$false` and `$null` are
/// constants, `{...}` is the text in the braces, and all else is a string. Behind a word `--` no word is a parameter.
///
/// # Errors
///
/// Those of [`parse`], [`Error::NoWords`], and [`Error::EmptyValue`] for `-Name:` with nothing behind it.
pub fn words<W: AsRef<str>>(words: &[W]) -> Result<CommandList, Error> {
    let (name, rest) = match words {
        [] => return Err(Error::NoWords),
        [text] => return parse(text.as_ref()),
        [name, rest @ ..] => (name.as_ref(), rest),
    };
    if name.trim().is_empty() {
        return Err(Error::NoWords);
    }
    let mut command = Command::new(name.to_owned());
    let mut parameters = true;
    for word in rest {
        let word = word.as_ref();
        let argument = if parameters { parameter(word)? } else { None };
        if word == "--" {
            parameters = false;
        }
        command
            .arguments
            .push(argument.unwrap_or_else(|| Argument::positional(constant(word))));
    }
    Ok(CommandList {
        commands: vec![command],
    })
}

/// `None` for a word that PowerShell's tokenizer would not take as a parameter.
fn parameter(word: &str) -> Result<Option<Argument>, Error> {
    if word == "--" {
        return Ok(Some(Argument::parameter("--")));
    }
    let mut chars = word.chars();
    if !chars.next().is_some_and(is_dash) {
        return Ok(None);
    }
    let rest = chars.as_str();
    if !rest.starts_with(|c: char| is_letter(c) || matches!(c, '_' | '?')) {
        return Ok(None);
    }
    let (name, value) = match rest.split_once(':') {
        Some((name, value)) => (name, Some(value)),
        None => (rest, None),
    };
    let breaks = |c: char| {
        is_space(c)
            || is_single_quote(c)
            || is_double_quote(c)
            || matches!(
                c,
                '{' | '}' | '(' | ')' | ';' | ',' | '|' | '&' | '.' | '[' | '\r' | '\n' | '\0'
            )
    };
    if name.contains(breaks) {
        return Ok(None);
    }
    Ok(Some(match value {
        None => Argument::parameter(format!("-{name}")),
        Some("") => return Err(Error::EmptyValue { name: word.to_owned() }),
        Some(value) => Argument::named(format!("-{name}:"), constant(value)),
    }))
}

fn constant(word: &str) -> Constant {
    match word.to_ascii_lowercase().as_str() {
        "$true" => return Constant::Boolean(true),
        "$false" => return Constant::Boolean(false),
        "$null" => return Constant::Null,
        _ => {}
    }
    if let Some(inner) = word.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        return Constant::String(inner.to_owned());
    }
    number(word).unwrap_or_else(|| Constant::String(word.to_owned()))
}

/// A number, if the whole word is one to PowerShell.
fn number(word: &str) -> Option<Constant> {
    let mut scanner = Scanner::new(Source::new(word));
    let token = scanner.next_token().ok()?;
    let whole = token.start == 0 && token.end == word.chars().count();
    match token.kind {
        Kind::Number(value) if whole => {
            let spelled = value.to_string() != word;
            Some(if spelled {
                Constant::Spelled {
                    value: Box::new(value),
                    text: word.to_owned(),
                }
            } else {
                value
            })
        }
        _ => None,
    }
}
