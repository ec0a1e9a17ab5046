//! Strings with values in them.

use super::{Failure, evaluate};
use crate::Constant;
use crate::syntax::{Expression, Piece};

pub(super) fn nested(pieces: &[Piece]) -> impl Iterator<Item = &Expression> {
    pieces.iter().filter_map(|piece| match piece {
        Piece::Text(_) => None,
        Piece::Nested(expression) => Some(expression),
    })
}

pub(super) fn expand(pieces: &[Piece]) -> Result<String, Failure> {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(plain) => text.push_str(plain),
            Piece::Nested(expression) => text.push_str(&joined(&evaluate(expression)?)),
        }
    }
    Ok(text)
}

/// Arrays and the arrays in them are joined by spaces; deeper ones print their type.
fn joined(value: &Constant) -> String {
    let Constant::Array(items) = value else {
        return value.to_string();
    };
    let parts = items.iter().map(|item| match item {
        Constant::Array(inner) => spaced(inner.iter().map(ToString::to_string)),
        other => other.to_string(),
    });
    spaced(parts)
}

fn spaced(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(" ")
}
