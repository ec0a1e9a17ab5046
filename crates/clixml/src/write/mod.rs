//! From values to XML.

use crate::Value;

/// The value alone, as the body of a PSRP message.
pub fn write(value: &Value) -> String {
    let mut writer = Writer::bare();
    writer.write(value);
    writer.finish()
}

/// The values inside of `<Objs>`, as a file or on standard output.
pub fn write_document<'a>(values: impl IntoIterator<Item = &'a Value>) -> String {
    let mut writer = Writer::document();
    values.into_iter().for_each(|value| writer.write(value));
    writer.finish()
}

/// Writes any number of values into one body; ids and type names count within it.
#[derive(Debug)]
pub struct Writer(String);

impl Writer {
    /// Values alone, as in the body of a PSRP message.
    pub fn bare() -> Self {
        Writer(String::new())
    }

    /// Values inside of `<Objs>`.
    pub fn document() -> Self {
        Writer(String::new())
    }

    /// Appends a value.
    pub fn write(&mut self, value: &Value) {
        let _ = value;
    }

    /// Takes what was written so far, to send it on while more follows.
    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.0)
    }

    /// The rest of what was written, complete.
    pub fn finish(self) -> String {
        self.0
    }
}
