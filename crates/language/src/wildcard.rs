//! PowerShell's wildcard patterns, as its binder and `Get-Command` match them: without regard to case.
//!
//! `*` is any text, `?` one UTF-16 unit, `[a-c]` one of a set (`!` and `^` are nothing special in it), and a backtick takes
//! away the meaning of what follows.

use thiserror::Error;

/// A pattern that ends inside of a set, or has a range that runs backwards.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the wildcard pattern {pattern} is not valid; put a backtick before a [ that means itself")]
#[non_exhaustive]
pub struct BadPattern {
    /// As given.
    pub pattern: String,
}

/// A pattern, ready to match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wildcard {
    elements: Vec<Element>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Element {
    Unit(u16),
    AnyText,
    AnyUnit,
    /// Ranges, both ends in them.
    Set(Vec<(u16, u16)>),
}

impl Wildcard {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// [`BadPattern`] where PowerShell would throw.
    pub fn new(pattern: &str) -> Result<Self, BadPattern> {
        let bad = || BadPattern {
            pattern: pattern.to_owned(),
        };
        let mut elements = Vec::new();
        let mut set: Option<Vec<(u16, bool)>> = None;
        let mut escaped = false;
        for unit in pattern.encode_utf16() {
            let plain = if escaped { None } else { u8::try_from(unit).ok() };
            match (&mut set, plain) {
                // A closing bracket right behind the opening one belongs to the set.
                (Some(members), Some(b']')) if !members.is_empty() => {
                    elements.push(Element::Set(ranges(members).ok_or_else(bad)?));
                    set = None;
                }
                (None, Some(b'*')) => elements.push(Element::AnyText),
                (None, Some(b'?')) => elements.push(Element::AnyUnit),
                (None, Some(b'[')) => set = Some(Vec::new()),
                (_, Some(b'`')) => {}
                (Some(members), plain) => members.push((unit, plain == Some(b'-'))),
                (None, _) => elements.push(Element::Unit(lower(unit))),
            }
            escaped = plain == Some(b'`');
        }
        if set.is_some() {
            return Err(bad());
        }
        // A last backtick means itself, unless it is the whole pattern.
        if escaped && pattern != "`" {
            elements.push(Element::Unit(u16::from(b'`')));
        }
        Ok(Self { elements })
    }

    /// Whether the pattern matches the whole of `text`. Takes time in proportion to the product of both lengths at most.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let units: Vec<u16> = text.encode_utf16().collect();
        let (mut element, mut unit) = (0, 0);
        // The last `*` met, and how much text it stands for so far.
        let mut star: Option<(usize, usize)> = None;
        while unit < units.len() {
            match self.elements.get(element) {
                Some(Element::AnyText) => {
                    star = Some((element, unit));
                    element += 1;
                    continue;
                }
                Some(one) if one.matches(units[unit]) => {
                    element += 1;
                    unit += 1;
                    continue;
                }
                Some(_) | None => {}
            }
            let Some((at, taken)) = star else { return false };
            star = Some((at, taken + 1));
            element = at + 1;
            unit = taken + 1;
        }
        self.elements[element..].iter().all(|rest| *rest == Element::AnyText)
    }
}

impl Element {
    fn matches(&self, unit: u16) -> bool {
        match self {
            Self::Unit(other) => *other == lower(unit),
            Self::AnyUnit | Self::AnyText => true,
            Self::Set(ranges) => {
                let cases = [unit, lower(unit), upper(unit)];
                ranges
                    .iter()
                    .any(|(low, high)| cases.iter().any(|unit| (low..=high).contains(&unit)))
            }
        }
    }
}

/// A dash between two members makes a range of them.
fn ranges(members: &[(u16, bool)]) -> Option<Vec<(u16, u16)>> {
    let mut ranges = Vec::new();
    let mut rest = members;
    while let Some(((first, _), others)) = rest.split_first() {
        if let [(_, true), (last, _), behind @ ..] = others {
            if first > last {
                return None;
            }
            ranges.push((*first, *last));
            rest = behind;
        } else {
            ranges.push((*first, *first));
            rest = others;
        }
    }
    Some(ranges)
}

fn lower(unit: u16) -> u16 {
    folded(unit, |c| single(c.to_lowercase()))
}

fn upper(unit: u16) -> u16 {
    folded(unit, |c| single(c.to_uppercase()))
}

fn folded(unit: u16, fold: impl Fn(char) -> Option<char>) -> u16 {
    let folded = char::from_u32(u32::from(unit)).and_then(fold);
    folded.and_then(|c| u16::try_from(u32::from(c)).ok()).unwrap_or(unit)
}

/// .NET folds unit by unit: what would become several stays as it is.
fn single(mut chars: impl Iterator<Item = char>) -> Option<char> {
    let first = chars.next();
    if chars.next().is_none() { first } else { None }
}
