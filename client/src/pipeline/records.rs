//! The streams beside output, as PowerShell words them: `WARNING: ...`, `VERBOSE: ...`, errors with their category.

use std::io::{self, Write as _};

use clixml::{Budget, Text};
use proto::v1::Stream;
use psrp::Body as _;
use psrp::body::{ErrorRecord, InformationRecord, InformationalRecord, ProgressRecord};

use super::echo::Way;
use super::screen::{Color, Screen};
use crate::context;

impl Screen {
    /// Writes the record of any stream but output. One that is not understood is shown as far as it is.
    pub(crate) fn record(&mut self, stream: Stream, body: &[u8]) -> io::Result<()> {
        match stream {
            Stream::Error => self.line(Color::Red, &error_text(body)),
            Stream::Warning => self.once(Way::Record, Color::Yellow, &line("WARNING: ", body)),
            Stream::Verbose => self.once(Way::Record, Color::Yellow, &line("VERBOSE: ", body)),
            Stream::Debug => self.once(Way::Record, Color::Yellow, &line("DEBUG: ", body)),
            Stream::Information => self.once(Way::Record, Color::Plain, &information(body)),
            Stream::Progress => match ProgressRecord::read(body) {
                Ok(record) => self.bar(&record),
                Err(_) => Ok(()),
            },
            Stream::Output | Stream::Unspecified => Ok(()),
        }
    }

    /// Brings the line at the terminal's foot up to date.
    pub(crate) fn bar(&mut self, record: &ProgressRecord) -> io::Result<()> {
        let bytes = self.progress.show(record, context::error_width());
        if !bytes.is_empty() {
            self.out.flush()?;
            let _ = io::stderr().lock().write_all(&bytes);
        }
        Ok(())
    }
}

fn line(before: &str, body: &[u8]) -> String {
    match InformationalRecord::read(body) {
        Ok(record) => format!("{before}{}", record.message.to_string_lossy()),
        Err(_) => format!("{before}{}", anything(body)),
    }
}

fn information(body: &[u8]) -> String {
    match InformationRecord::read(body) {
        Ok(record) => display::text(&record.message_data),
        Err(_) => anything(body),
    }
}

/// An error record as Windows PowerShell prints it, with the two lines that people search the web for and scripts look
/// at, which PowerShell 7's concise view leaves out:
/// ```text
/// Get-CsUser : Management object not found for identity "x".
///     + CategoryInfo          : NotSpecified: (:) [Get-CsUser], ManagementException
///     + FullyQualifiedErrorId : Microsoft.Rtc.Management.AD.ManagementException,Get-CsUser
/// ```
pub(crate) fn error_text(body: &[u8]) -> String {
    let Ok(record) = ErrorRecord::read(body) else {
        return anything(body);
    };
    let plain = |text: &Text| text.to_string_lossy().into_owned();
    let message = record.message().map(plain).unwrap_or_default();
    let command = record
        .other
        .iter()
        .find(|property| property.name.eq_ignore_case("InvocationInfo_InvocationName"))
        .and_then(|property| property.value.as_text().map(plain))
        .or_else(|| record.category.activity.as_ref().map(plain))
        .filter(|name| !name.is_empty());
    let mut text = match command {
        Some(command) => format!("{command} : {message}"),
        None => message,
    };
    let category = record
        .category
        .message
        .as_ref()
        .map(plain)
        .filter(|category| !category.is_empty());
    if let Some(category) = category {
        text.push_str(&format!("\n    + CategoryInfo          : {category}"));
    }
    if let Some(id) = record
        .fully_qualified_error_id
        .as_ref()
        .map(plain)
        .filter(|id| !id.is_empty())
    {
        text.push_str(&format!("\n    + FullyQualifiedErrorId : {id}"));
    }
    text
}

/// The text of whatever it is.
fn anything(body: &[u8]) -> String {
    match clixml::read_value(
        body,
        &Budget {
            bytes: body.len(),
            ..Budget::default()
        },
    ) {
        Ok(value) => display::text(&value),
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use psrp::body::{ErrorCategory, Level};

    use super::*;

    #[test]
    fn an_error_reads_as_admins_know_it() {
        let mut record = ErrorRecord::new(
            "System.Management.Automation.CommandNotFoundException",
            "The term 'Get-X' is not recognized as the name of a cmdlet.",
            "CommandNotFoundException",
            ErrorCategory::ObjectNotFound,
        );
        record.category.activity = Some("Get-X".into());
        record.category.message = Some("ObjectNotFound: (Get-X:String) [], CommandNotFoundException".into());
        assert_eq!(
            error_text(&record.write()),
            "Get-X : The term 'Get-X' is not recognized as the name of a cmdlet.\n\
             \x20   + CategoryInfo          : ObjectNotFound: (Get-X:String) [], CommandNotFoundException\n\
             \x20   + FullyQualifiedErrorId : CommandNotFoundException"
        );
    }

    #[test]
    fn lines_bear_their_stream() {
        let record = InformationalRecord::new(Level::Warning, "it is late");
        assert_eq!(line("WARNING: ", &record.write()), "WARNING: it is late");
    }

    #[test]
    fn what_is_no_record_is_shown_all_the_same() {
        assert_eq!(error_text(b"<S>it broke</S>"), "it broke");
        assert_eq!(error_text(b"not XML <"), "not XML <");
    }
}
