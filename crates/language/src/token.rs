//! What the tokenizer makes of the text.

use crate::Constant;
use crate::source::Source;

/// A token and its place in the source.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    EndOfInput,
    NewLine,
    Semi,
    Variable {
        path: VariablePath,
        splatted: bool,
    },
    Parameter {
        name: String,
        colon: bool,
    },
    Number(Constant),
    Label,
    Identifier,
    Keyword(Keyword),
    /// A bare word that is more than an identifier.
    Generic(Expandable),
    /// `'...'` and `@'...'@`
    Literal(String),
    /// `"..."` and `@"..."@`
    Expandable(Expandable),
    LeftParen,
    RightParen,
    LeftCurly,
    RightCurly,
    LeftBracket,
    RightBracket,
    AtParen,
    AtCurly,
    DollarParen,
    Pipe,
    Ampersand,
    AndAnd,
    OrOr,
    Comma,
    Dot,
    DotDot,
    ColonColon,
    Colon,
    QuestionMark,
    QuestionDot,
    QuestionBracket,
    Exclaim,
    Plus,
    Minus,
    PlusPlus,
    MinusMinus,
    /// `*`, `/`, `%`, `??`
    Operator(Precedence),
    /// `-eq` and its like; the two that may also stand in front of an operand have `unary`.
    DashOperator {
        precedence: Precedence,
        unary: bool,
    },
    /// `-not`, `-bnot`
    DashNot(Not),
    /// `=`, `+=`, ...
    Assign,
    FileRedirection,
    MergeRedirection {
        from: u8,
        to: u8,
    },
    InputRedirection,
}

impl Kind {
    /// The same in both modes, so that it need not be scanned again when the parser changes its mind.
    pub(crate) fn is_mode_invariant(&self) -> bool {
        matches!(
            self,
            Self::EndOfInput
                | Self::NewLine
                | Self::Semi
                | Self::Literal(_)
                | Self::Expandable(_)
                | Self::LeftParen
                | Self::RightParen
                | Self::LeftCurly
                | Self::RightCurly
                | Self::RightBracket
                | Self::AtParen
                | Self::AtCurly
                | Self::DollarParen
                | Self::Pipe
                | Self::Ampersand
                | Self::AndAnd
                | Self::OrOr
                | Self::Comma
                | Self::InputRedirection
        )
    }

    /// The precedence, for a token that can join two operands.
    pub(crate) fn binary(&self) -> Option<Precedence> {
        match self {
            Self::Operator(precedence) | Self::DashOperator { precedence, .. } => Some(*precedence),
            Self::Plus | Self::Minus => Some(Precedence::Add),
            Self::DotDot => Some(Precedence::Range),
            _ => None,
        }
    }

    pub(crate) fn is_unary(&self) -> bool {
        matches!(
            self,
            Self::Comma
                | Self::PlusPlus
                | Self::MinusMinus
                | Self::Exclaim
                | Self::Plus
                | Self::Minus
                | Self::DashNot(_)
                | Self::DashOperator { unary: true, .. }
        )
    }
}

/// Loosest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Precedence {
    Logical,
    Bitwise,
    Comparison,
    Coalesce,
    Add,
    Multiply,
    Format,
    Range,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Not {
    Logical,
    Bitwise,
}

/// A string whose parts may have to be evaluated.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Expandable {
    pub(crate) parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Part {
    Text(String),
    Variable {
        path: VariablePath,
        raw: String,
    },
    /// `$(...)`, not scanned yet: its own small source with the doubled quotes taken out.
    SubExpression {
        source: Source,
        raw: String,
    },
}

impl Expandable {
    pub(crate) fn push(&mut self, c: char) {
        match self.parts.last_mut() {
            Some(Part::Text(text)) => text.push(c),
            _ => self.parts.push(Part::Text(c.to_string())),
        }
    }

    /// How much there is now, for [`Self::cut`].
    pub(crate) fn mark(&self) -> (usize, usize) {
        let last = match self.parts.last() {
            Some(Part::Text(text)) => text.len(),
            _ => 0,
        };
        (self.parts.len(), last)
    }

    /// Takes off everything that came after the mark.
    pub(crate) fn cut(&mut self, (parts, last): (usize, usize)) {
        self.parts.truncate(parts);
        if let Some(Part::Text(text)) = self.parts.last_mut() {
            text.truncate(last);
        }
    }

    pub(crate) fn is_constant(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Text(_)))
    }

    /// The text with its variables and subexpressions as they were written.
    pub(crate) fn text(&self) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Text(text) | Part::Variable { raw: text, .. } | Part::SubExpression { raw: text, .. } => {
                text.as_str()
            }
        });
        parts.collect()
    }
}

/// `x`, `global:x`, `env:x`, `variable:script:x`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VariablePath {
    /// As written.
    pub(crate) full: String,
    /// Behind scope or drive.
    pub(crate) name: String,
    pub(crate) place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// No scope, `local:` or `private:`.
    Local,
    /// `global:` or `script:`.
    OtherScope,
    /// Another drive than `variable:`.
    Drive,
}

impl VariablePath {
    pub(crate) fn new(full: String) -> Self {
        let mut rest = full.as_str();
        let mut place = Place::Local;
        let mut scoped = false;
        if let Some(behind) = strip_scope(rest, "variable") {
            rest = behind;
            scoped = true;
        }
        for (scope, there) in [
            ("local", Place::Local),
            ("private", Place::Local),
            ("global", Place::OtherScope),
            ("script", Place::OtherScope),
        ] {
            if let Some(behind) = strip_scope(rest, scope) {
                rest = behind;
                place = there;
                scoped = true;
                break;
            }
        }
        if !scoped
            && let Some((drive, name)) = full.split_once(':')
            && !drive.is_empty()
        {
            rest = name;
            place = Place::Drive;
        }
        // A colon in front belongs to no drive; PowerShell drops it from the name.
        let name = if scoped || place == Place::Drive {
            rest
        } else {
            rest.strip_prefix(':').unwrap_or(rest)
        }
        .to_owned();
        Self { full, name, place }
    }

    /// `$true`, `$false`, `$null`.
    pub(crate) fn is_constant(&self) -> bool {
        self.place == Place::Local
            && ["true", "false", "null"]
                .iter()
                .any(|name| self.name.eq_ignore_ascii_case(name))
    }

    /// `$args`, which every script block has; that of a text is empty.
    pub(crate) fn is_args(&self) -> bool {
        self.place == Place::Local && self.name.eq_ignore_ascii_case("args")
    }

    /// The drive's name, where there is one.
    pub(crate) fn drive(&self) -> Option<&str> {
        match self.place {
            Place::Drive => self.full.split_once(':').map(|(drive, _)| drive),
            Place::Local | Place::OtherScope => None,
        }
    }
}

fn strip_scope<'a>(path: &'a str, scope: &str) -> Option<&'a str> {
    let head = path.get(..scope.len())?;
    let rest = path.get(scope.len()..)?;
    head.eq_ignore_ascii_case(scope).then_some(rest)?.strip_prefix(':')
}

/// The words that begin a statement other than a pipeline, and those that only might.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keyword {
    If,
    /// `for`, `foreach`, `while`: an opening parenthesis must follow.
    Loop,
    /// Blocks and declarations, all of them more than a pipeline.
    Block,
    /// `return`, `exit`, `throw`, `break`, `continue`: a pipeline may follow.
    Flow,
    Trap,
    /// `param` at the very beginning.
    Param,
    /// `begin`, `process`, `end`, `clean`, `dynamicparam`.
    NamedBlock,
    Using,
    /// `from`, `define`, `var`.
    Reserved,
    /// A word only inside of other statements; a command's name elsewhere.
    Other,
}

impl Keyword {
    pub(crate) fn find(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "if" => Self::If,
            "for" | "foreach" | "while" => Self::Loop,
            "switch" | "do" | "function" | "filter" | "workflow" | "try" | "data" | "parallel" | "sequence"
            | "configuration" | "class" | "enum" => Self::Block,
            "return" | "exit" | "throw" | "break" | "continue" => Self::Flow,
            "trap" => Self::Trap,
            "param" => Self::Param,
            "begin" | "process" | "end" | "clean" | "dynamicparam" => Self::NamedBlock,
            "using" => Self::Using,
            "from" | "define" | "var" => Self::Reserved,
            "elseif" | "else" | "in" | "until" | "catch" | "finally" | "public" | "private" | "static"
            | "interface" | "namespace" | "module" | "type" | "assembly" | "command" | "hidden" | "base"
            | "default" => Self::Other,
            _ => return None,
        })
    }
}
