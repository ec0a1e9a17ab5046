//! Why a text is no list of commands.

use thiserror::Error;

/// What [`crate::parse`] and [`crate::words`] say of text that they make no command list of.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// PowerShell's parser would not take it either.
    #[error("this is not valid PowerShell: {0}")]
    Syntax(SyntaxError),
    /// Valid PowerShell that is more than commands with constants.
    #[error("this needs a language on the server: {0} (send the text as it is with --script)")]
    Refused(Refusal),
    /// PowerShell may well make a command list of it, but this crate does not try.
    #[error("{what} is not understood here; send the text as it is with --script")]
    Unsupported {
        /// What was met.
        what: String,
    },
    /// No word was given.
    #[error("a command is missing; give one, or PowerShell text as one word")]
    NoWords,
    /// `-Name:` without a value among words, where the shell has most likely eaten it.
    #[error("the parameter {name} has an empty value; put text with $ in single quotes, or the shell replaces it")]
    EmptyValue {
        /// The word, with dash and colon.
        name: String,
    },
}

impl Error {
    /// PowerShell's own words, where they are PowerShell's.
    #[must_use]
    pub fn message(&self) -> Option<String> {
        match self {
            Self::Syntax(error) => Some(error.message.clone()),
            Self::Refused(refusal) => Some(refusal.to_string()),
            Self::Unsupported { .. } | Self::NoWords | Self::EmptyValue { .. } => None,
        }
    }

    /// More text could make it valid: an interactive reader asks for another line.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        matches!(self, Self::Syntax(error) if error.incomplete)
    }

    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into() }
    }
}

/// The first error that PowerShell's parser reports.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// PowerShell's name of the error (`TerminatorExpectedAtEndOfString`).
    pub id: &'static str,
    /// PowerShell's text, in English.
    pub message: String,
    /// Where, in UTF-16 units from the start of the text, as PowerShell counts.
    pub offset: usize,
    /// More text could make it valid.
    pub incomplete: bool,
}

/// Why PowerShell makes no command list of a script block; the texts are PowerShell's (protocol.md section 25).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Nothing there.
    #[error(
        "An empty script block cannot be converted. Verify that the script block contains exactly one pipeline or command."
    )]
    Empty,
    /// `begin`, `process`, `clean`, `dynamicparam`.
    #[error(
        "The script block cannot be converted because it contains more than one clause. Expressions or control structures are not permitted. Verify that the script block contains exactly one pipeline or command."
    )]
    Clauses,
    /// A statement that is no pipeline: `if`, an assignment, `a && b`.
    #[error(
        "Only a script block that contains exactly one pipeline or command can be converted. Expressions or control structures are not permitted. Verify that the script block contains exactly one pipeline or command."
    )]
    NotPipelines,
    /// A `trap` statement.
    #[error("A script block that contains a top-level trap statement cannot be converted.")]
    Trap,
    /// `1 | a`
    #[error("Cannot generate a PowerShell object for a ScriptBlock that starts a pipeline with an expression.")]
    StartsWithExpression,
    /// `. a`
    #[error("Cannot generate a PowerShell object for a ScriptBlock that uses dot sourcing.")]
    DotSourcing,
    /// `a (b)`
    #[error(
        "Cannot generate a PowerShell object for a ScriptBlock which invokes pipelines, commands or functions to evaluate arguments of the main pipeline."
    )]
    CommandInvocation,
    /// `& { a }`, or a command whose name is no text.
    #[error("Cannot generate a PowerShell object for a ScriptBlock that invokes other script blocks.")]
    ScriptBlockInvocation,
    /// `a { b }`
    #[error(
        "Cannot generate a PowerShell object for a ScriptBlock that tries to pass other script blocks inside argument values."
    )]
    ScriptBlockArgument,
    /// `a > f`
    #[error(
        "The script block cannot be converted to a PowerShell object because it contains forbidden redirection operators."
    )]
    Redirection,
    /// `a $x`
    #[error(
        "Cannot generate a PowerShell object for a ScriptBlock dereferencing variables undeclared in the param(...) block.  Name of undeclared variable: {name}."
    )]
    UndeclaredVariable {
        /// The name as written, with its scope or drive.
        name: String,
    },
    /// `a $using:x`
    #[error(
        "The value of the using variable '$using:{name}' cannot be retrieved because it has not been set in the local session."
    )]
    UsingVariable {
        /// The name behind `using:`.
        name: String,
    },
    /// `a (1 + 1)`
    #[error(
        "Cannot generate a PowerShell object for a ScriptBlock evaluating dynamic expressions. Dynamic expression: {text}."
    )]
    DynamicExpression {
        /// The argument as written.
        text: String,
    },
}
