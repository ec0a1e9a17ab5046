//! The tree that the parser makes: as much of PowerShell's as decides what is a list of commands with constants.

use crate::Constant;
use crate::token::{Not, VariablePath};

#[derive(Debug, PartialEq)]
pub(crate) enum Statement {
    Pipeline(Vec<Element>),
    /// `a && b`, `a || b`
    Chain(Vec<Vec<Element>>),
    /// `$x = a`
    Assignment {
        target: Expression,
        value: Box<Statement>,
    },
    /// `return a`, `exit 1`
    Flow(Option<Box<Statement>>),
    /// `if`, `function` and all others that are more than a pipeline; what is in them does not matter.
    Control,
    Trap,
}

/// One element of a pipeline.
#[derive(Debug, PartialEq)]
pub(crate) enum Element {
    Command(CommandSyntax),
    Expression {
        expression: Expression,
        redirections: Vec<Redirection>,
    },
}

#[derive(Debug, PartialEq)]
pub(crate) struct CommandSyntax {
    pub(crate) invocation: Invocation,
    /// The first is the command's name.
    pub(crate) words: Vec<Word>,
    pub(crate) redirections: Vec<Redirection>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Invocation {
    None,
    /// `& a`
    Call,
    /// `. a`
    Dot,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Word {
    Parameter {
        name: String,
        argument: Option<Expression>,
        spaced: bool,
        text: String,
    },
    Expression(Expression),
}

#[derive(Debug, PartialEq)]
pub(crate) enum Redirection {
    /// `2>&1`; stream 0 is all.
    Merge {
        from: u8,
        at: usize,
    },
    File {
        from: Expression,
    },
}

/// An expression and where it stands in its source.
#[derive(Debug, PartialEq)]
pub(crate) struct Expression {
    pub(crate) kind: ExpressionKind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

#[derive(Debug, PartialEq)]
pub(crate) enum ExpressionKind {
    Number(Constant),
    String(String),
    /// A string with something to evaluate in it.
    Expandable(Vec<Piece>),
    Variable {
        path: VariablePath,
        splatted: bool,
    },
    /// `$using:x` and what is taken from it.
    Using(Box<Expression>),
    /// `a, b`
    Array(Vec<Expression>),
    /// `@(...)`
    ArraySubexpression(Vec<Statement>),
    /// `$(...)`
    Subexpression(Vec<Statement>),
    /// `(...)`
    Paren(Box<Statement>),
    Hashtable(Vec<(Expression, Statement)>),
    ScriptBlock,
    Unary {
        operator: Unary,
        operand: Box<Expression>,
    },
    Binary(Box<Expression>, Box<Expression>),
    Ternary(Box<[Expression; 3]>),
    /// `[int]'5'`
    Convert {
        type_name: String,
        operand: Box<Expression>,
    },
    /// `[int]`
    Type,
    /// `$x.a`, `$x.a(b)`
    Member {
        target: Box<Expression>,
        member: Box<Expression>,
        arguments: Vec<Expression>,
    },
    /// `$x[0]`
    Index {
        target: Box<Expression>,
        index: Box<Expression>,
    },
}

#[derive(Debug, PartialEq)]
pub(crate) enum Piece {
    Text(String),
    Nested(Expression),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unary {
    Not(Not),
    Plus,
    Minus,
    /// `-split`, `-join`
    Text,
    /// `++`, `--`
    Step(&'static str),
}
