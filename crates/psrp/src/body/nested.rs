//! A look at one member of a CREATE_PIPELINE without reading it.

use crate::message::without_mark;

/// Whether the pipeline says that it runs within the one that is running (`IsNested`, protocol.md 15).
///
/// Scans the tags and nothing else. Only the member of the message itself and that of its `PowerShell` count, wherever they
/// stand; an argument that has a property of the same name does not. What is no XML is not nested.
pub fn is_nested(body: &[u8]) -> bool {
    let mut rest = without_mark(body);
    // Obj, MS, and within: the message's own members; one Obj, MS deeper: those of its parts.
    let mut depth = 0usize;
    while let Some(at) = rest.iter().position(|byte| *byte == b'<') {
        rest = &rest[at..];
        if let Some(skipped) = passed_over(rest) {
            rest = skipped;
            continue;
        }
        let Some(end) = tag_end(rest) else { return false };
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        if tag.first() == Some(&b'/') {
            depth = depth.saturating_sub(1);
        } else if tag.last() != Some(&b'/') {
            if (depth == 2 || depth == 4) && names_it(tag) {
                let text = rest.split(|byte| *byte == b'<').next().unwrap_or_default();
                if matches!(text.trim_ascii(), b"true" | b"1") {
                    return true;
                }
            }
            depth += 1;
        }
    }
    false
}

/// What follows a comment, a CDATA section or a processing instruction.
fn passed_over(at: &[u8]) -> Option<&[u8]> {
    let forms: [(&[u8], &[u8]); 3] = [(b"<!--", b"-->"), (b"<![CDATA[", b"]]>"), (b"<?", b"?>")];
    let (_, end) = forms.iter().find(|(start, _)| at.starts_with(start))?;
    let found = at.windows(end.len()).position(|window| window == *end);
    Some(found.map_or(&[][..], |found| &at[found + end.len()..]))
}

/// Where the tag that begins at `at` ends: `>` outside of quotes.
fn tag_end(at: &[u8]) -> Option<usize> {
    let mut quote = None;
    for (index, byte) in at.iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(index),
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open), byte) if open == *byte => quote = None,
            _ => {}
        }
    }
    None
}

/// Whether it is `B` with the name in question.
fn names_it(tag: &[u8]) -> bool {
    let Some(attributes) = tag
        .strip_prefix(b"B")
        .filter(|rest| rest.first().is_some_and(u8::is_ascii_whitespace))
    else {
        return false;
    };
    let squeezed: Vec<u8> = attributes
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let lower = squeezed.to_ascii_lowercase();
    lower == b"n=\"isnested\"" || lower == b"n='isnested'"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::{Argument, Body, Command, CreatePipeline};
    use clixml::{Object, Value};

    #[test]
    fn only_the_messages_own_member_counts() {
        let trap = Value::from(Object::new().extended("IsNested", true));
        let text = "<B N=\"IsNested\">true</B>";
        let commands = vec![
            Command::new("x")
                .with(Argument::positional(trap))
                .with(Argument::positional(text)),
        ];
        let mut pipeline = CreatePipeline::new(commands);
        assert!(!is_nested(&pipeline.write()));
        pipeline.is_nested = true;
        assert!(is_nested(&pipeline.write()));
    }

    #[test]
    fn other_spellings_are_seen() {
        assert!(is_nested(
            b"\xEF\xBB\xBF<?xml version='1.0'?><Obj RefId='0'><MS><B  N = 'IsNested' > true </B></MS></Obj>"
        ));
        assert!(is_nested(
            b"<Obj><MS><S N='a>b' /><!-- <Obj> --><Obj N='PowerShell'><MS><B N='IsNested'>1</B></MS></Obj></MS></Obj>"
        ));
        assert!(!is_nested(
            b"<Obj><MS><S><![CDATA[<B N='IsNested'>true</B>]]></S><B N='IsNested'>false</B></MS></Obj>"
        ));
    }

    #[test]
    fn what_is_no_xml_is_not_nested() {
        for body in [
            &b""[..],
            b"<",
            b"<Obj",
            b"</></></>",
            b"<!-- ",
            b"<Obj><MS><B N='IsNested'>",
        ] {
            assert!(!is_nested(body));
        }
    }
}
