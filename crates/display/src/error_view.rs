//! An error record as PowerShell's concise view shows it, without colours.

use clixml::{References, Value};

use crate::cells::lines;
use crate::seen::Seen;

/// The width where none is given, as PowerShell has it.
const WIDTH: usize = 120;
/// `ErrorCategory.ParserError`
const PARSER_ERROR: i64 = 17;

/// The text of an error record (MS-PSRP 2.2.3.15), with a line end behind its last line.
#[must_use]
pub fn error_text(record: &Value, width: Option<usize>) -> String {
    let references = References::new(record);
    let view = ErrorView {
        record: Seen {
            value: record,
            references: &references,
        },
        width,
    };
    view.text()
}

struct ErrorView<'a> {
    record: Seen<'a>,
    width: Option<usize>,
}

impl ErrorView<'_> {
    fn text(&self) -> String {
        let message = self.message();
        let id = of(self.record, &["FullyQualifiedErrorId"]);
        if matches!(id.as_str(), "NativeCommandErrorMessage" | "NativeCommandError") {
            return format!("{message}\n");
        }
        let text = format!("{}: {}", self.reason(), self.positioned(&message));
        let advice = of(self.record, &["ErrorDetails_RecommendedAction"]);
        let advice = if advice.trim().is_empty() {
            String::new()
        } else {
            format!("\n  Recommendation: {advice}")
        };
        format!("{text}{advice}\n")
    }

    fn message(&self) -> String {
        let details = of(self.record, &["ErrorDetails_Message"]);
        if !details.is_empty() {
            return details;
        }
        let message = of(self.record, &["Exception", "Message"]);
        if message.is_empty() {
            self.record.text()
        } else {
            message
        }
    }

    /// Who says so: the command, as far as the record tells.
    fn reason(&self) -> String {
        let thrown = of(self.record, &["Exception", "WasThrownFromThrowStatement"]);
        if thrown == "True" {
            return "Exception".to_owned();
        }
        let names: [&[&str]; 4] = [
            &["ErrorCategory_Activity"],
            &["InvocationInfo", "MyCommand"],
            &["InvocationInfo", "InvocationName"],
            &["ErrorCategory_Reason"],
        ];
        let found = names
            .iter()
            .map(|path| of(self.record, path))
            .find(|name| !name.is_empty());
        found.unwrap_or_else(|| "Error".to_owned())
    }

    /// The message, under the line of the script that it comes from.
    fn positioned(&self, message: &str) -> String {
        let script = of(self.record, &["InvocationInfo", "ScriptName"]);
        let number = of(self.record, &["InvocationInfo", "ScriptLineNumber"]);
        let parser = of(self.record, &["ErrorCategory_Category"]).parse() == Ok(PARSER_ERROR);
        let shows_line =
            (!script.is_empty() || number.parse::<i64>().is_ok_and(|number| number > 1)) && !script.ends_with(".psm1");
        let position = lines(&of(self.record, &["InvocationInfo", "PositionMessage"]));
        let (mut text, mut prefix) = (String::new(), String::new());
        if shows_line && position.len() > 1 {
            let wider = " ".repeat(number.len().saturating_sub(4));
            text = if script.is_empty() {
                "\n".to_owned()
            } else {
                format!("{script}:{number}\n")
            };
            prefix = format!("{wider}     | ");
            let line = without_mark(&position[1]);
            let marks = position.last().map(|line| without_mark(line)).unwrap_or_default();
            text.push_str(&format!("{wider}Line |\n{number:>4} | {line}\n"));
            if !marks.is_empty() {
                text.push_str(&format!("{prefix}{marks}\n"));
            }
        }
        let message = format!("{prefix}{message}");
        if !script.is_empty() || parser {
            let message = message.replace('\r', "").replace(['\n', '\t'], " ");
            return format!("{text}{}\n", folded(&message, &prefix, self.width.unwrap_or(WIDTH)));
        }
        text + &message
    }
}

/// The text of a property of a property.
fn of(seen: Seen<'_>, path: &[&str]) -> String {
    let [name, rest @ ..] = path else {
        return if seen.is_null() { String::new() } else { seen.text() };
    };
    let Some(value) = seen.property(name) else {
        return String::new();
    };
    of(
        Seen {
            value: value.as_ref(),
            references: seen.references,
        },
        rest,
    )
}

/// A line of a position message begins with a plus.
fn without_mark(line: &str) -> String {
    line.strip_prefix('+').unwrap_or(line).to_owned()
}

/// Breaks a long message at white space; every further line begins with `prefix`.
fn folded(message: &str, prefix: &str, width: usize) -> String {
    if width == 0 || message.chars().count() <= width {
        return message.to_owned();
    }
    let first = cut(message, width);
    let mut text = first.to_owned();
    let mut rest = message[first.len()..].trim();
    text.push('\n');
    while rest.chars().count() + prefix.len() > width {
        let line = format!("{prefix}{rest}");
        let taken = cut(&line, width);
        if taken.len() <= prefix.len() {
            break;
        }
        text.push_str(taken);
        text.push('\n');
        rest = rest[taken.len() - prefix.len()..].trim();
    }
    text + prefix + rest.trim()
}

/// At most `width` characters, without the word that does not fit.
fn cut(text: &str, width: usize) -> &str {
    let Some((end, _)) = text.char_indices().nth(width) else {
        return text;
    };
    let text = &text[..end];
    match text.rfind(char::is_whitespace) {
        Some(at) => &text[..at],
        None => text,
    }
}
