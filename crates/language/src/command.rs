//! What a line of text becomes: commands with arguments that are constants.

use crate::Constant;

/// A list of commands, in order, as `CREATE_PIPELINE` carries them (MS-PSRP 2.2.3.11).
///
/// Commands up to and including one with [`Command::end_of_statement`] are one pipeline; the next starts another.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CommandList {
    /// The commands, in the order of the text. Never empty when made by this crate.
    pub commands: Vec<Command>,
}

/// One command of a pipeline.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// The name as written (quotes and escapes resolved). Never empty.
    pub name: String,
    /// Parameters and arguments in the order of the text.
    pub arguments: Vec<Argument>,
    /// Streams merged into the output (`2>&1`), in the order of their numbers.
    pub merges: Vec<Merge>,
    /// The last command of a statement that has another one behind it.
    pub end_of_statement: bool,
}

impl Command {
    pub(crate) fn new(name: String) -> Self {
        Self {
            name,
            arguments: Vec::new(),
            merges: Vec::new(),
            end_of_statement: false,
        }
    }
}

/// A parameter, an argument, or both (MS-PSRP 2.2.3.13; protocol.md section 25).
///
/// A name keeps its dash: `-Name` stands alone (the server's binder decides whether the next argument is its value),
/// `-Name:` has its value in `value`, and a space after the colon says that there was one in the text.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    /// `None` for a positional argument.
    pub name: Option<String>,
    /// [`Constant::Null`] for a name that stands alone.
    pub value: Constant,
}

impl Argument {
    /// An argument without a name.
    #[must_use]
    pub fn positional(value: Constant) -> Self {
        Self { name: None, value }
    }

    /// A name that stands alone, with its dash.
    #[must_use]
    pub fn parameter(name: impl Into<String>) -> Self {
        Self {
            name: Some(name.into()),
            value: Constant::Null,
        }
    }

    /// A name that ends in a colon, and its value.
    #[must_use]
    pub fn named(name: impl Into<String>, value: Constant) -> Self {
        Self {
            name: Some(name.into()),
            value,
        }
    }
}

/// A stream merged into the output by `N>&1` (`PipelineResultTypes`, MS-PSRP 2.2.3.31).
///
/// PowerShell's own conversion keeps only the first merge of a command, counted by stream; here all that the text asks
/// for are kept, because dropping one would be silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Merge {
    /// `*>&1`
    All,
    /// `2>&1`
    Error,
    /// `3>&1`
    Warning,
    /// `4>&1`
    Verbose,
    /// `5>&1`
    Debug,
    /// `6>&1`
    Information,
}
