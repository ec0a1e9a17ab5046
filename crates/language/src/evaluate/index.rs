//! `'abc'[0]`, `(1, 2)[0, 1]`, `@{a = 1}['a']`.

use super::Failure;
use crate::Constant;

pub(super) fn indexed(target: &Constant, index: &Constant) -> Result<Constant, Failure> {
    match index {
        Constant::Null => Err(Failure::Dynamic),
        _ if *target == Constant::Null => Err(Failure::Dynamic),
        Constant::Array(indexes) => {
            let items = indexes
                .iter()
                .map(|index| single(target, index))
                .collect::<Result<_, _>>()?;
            Ok(Constant::Array(items))
        }
        index => single(target, index),
    }
}

fn single(target: &Constant, index: &Constant) -> Result<Constant, Failure> {
    match target {
        Constant::String(text) => {
            let units: Vec<u16> = text.encode_utf16().collect();
            Ok(place(units.len(), index)?.map_or(Constant::Null, |at| Constant::Char(units[at])))
        }
        Constant::Array(items) => Ok(place(items.len(), index)?.map_or(Constant::Null, |at| items[at].clone())),
        Constant::Hashtable(entries) => {
            if *index == Constant::Null {
                return Err(Failure::Dynamic);
            }
            let entry = entries.iter().find(|(key, _)| same_key(key, index));
            Ok(entry.map_or(Constant::Null, |(_, value)| value.clone()))
        }
        _ => Err(Failure::Dynamic),
    }
}

/// Negative indexes count from the end; PowerShell's constants never reach the first item that way.
fn place(length: usize, index: &Constant) -> Result<Option<usize>, Failure> {
    let Constant::Int32(index) = index else {
        return Err(Failure::Dynamic);
    };
    let Ok(distance) = usize::try_from(index.unsigned_abs()) else {
        return Ok(None);
    };
    if distance >= length {
        return Ok(None);
    }
    Ok(Some(if *index < 0 { length - distance } else { distance }))
}

/// Equal keys of a hashtable: text without regard to case, all else by type and value.
pub(super) fn same_key(left: &Constant, right: &Constant) -> bool {
    match (left, right) {
        (Constant::String(left), Constant::String(right)) => left.to_lowercase() == right.to_lowercase(),
        _ => left == right,
    }
}
