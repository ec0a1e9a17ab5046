//! Rows as bytes: a checksum and JSON, so that a later release can read what an earlier one wrote, and nobody takes what
//! a disk has made of it for the truth.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::row::{LeaseRow, Row};
use crate::version1;

/// The first byte of a record: its format. Version 1 had none, and began with JSON's brace; 3 is 2 with more members.
const VERSION: u8 = 3;
const OLDEST: u8 = 2;
const HEAD: usize = 5;

/// Why bytes are no row.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// They are not what was written.
    #[error("its checksum is wrong")]
    Checksum,
    /// They stop before their head is over.
    #[error("it is cut short")]
    Short,
    /// A later release wrote them.
    #[error("it has format {0}, this release reads up to {VERSION}")]
    Newer(u8),
    /// Their JSON is not that of a row.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
}

/// Reads a shell's row of this or any earlier format.
pub(crate) fn read_row(bytes: &[u8]) -> Result<Row, Unreadable> {
    match bytes.first() {
        Some(b'{') => Ok(serde_json::from_slice::<version1::Row>(bytes)?.into()),
        _ => read(bytes),
    }
}

/// Reads a lease's row.
pub(crate) fn read_lease(bytes: &[u8]) -> Result<LeaseRow, Unreadable> {
    read(bytes)
}

/// A value as a record of this format.
pub(crate) fn write<T: Serialize>(value: &T) -> Result<Vec<u8>, Unreadable> {
    let mut bytes = vec![VERSION, 0, 0, 0, 0];
    serde_json::to_writer(&mut bytes, value)?;
    let sum = sum_of(VERSION, &bytes[HEAD..]);
    bytes[1..HEAD].copy_from_slice(&sum.to_le_bytes());
    Ok(bytes)
}

pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Unreadable> {
    let Some((head, json)) = bytes.split_first_chunk::<HEAD>() else {
        return Err(Unreadable::Short);
    };
    let [version, sum @ ..] = *head;
    match version {
        OLDEST..=VERSION if sum_of(version, json) == u32::from_le_bytes(sum) => Ok(serde_json::from_slice(json)?),
        newer if newer > VERSION && newer != b'{' => Err(Unreadable::Newer(newer)),
        _ => Err(Unreadable::Checksum),
    }
}

/// What protects a record: since format 3 its format, too.
fn sum_of(version: u8, json: &[u8]) -> u32 {
    let sum = checksum(json);
    match version {
        OLDEST => sum,
        later => sum ^ u32::from_be_bytes([later; 4]),
    }
}

/// CRC-32 as in ISO 3309 (reflected, 0xEDB88320). Every change of up to 32 bits in a row is seen.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    let step = |sum: u32, byte: &u8| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xEDB8_8320 & (sum & 1).wrapping_neg())
        })
    };
    !bytes.iter().fold(u32::MAX, step)
}

/// A row that could not be read, for people.
pub(crate) fn damaged(what: impl fmt::Display, why: &Unreadable) -> String {
    format!("{what}: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::row;

    #[test]
    fn the_checksum_is_the_usual_one() {
        assert_eq!(checksum(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn no_flipped_bit_goes_unseen() {
        let row = row(1, crate::Stage::Open);
        let bytes = write(&row).unwrap();
        assert_eq!(read_row(&bytes).unwrap(), row);
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut spoilt = bytes.clone();
                spoilt[at] ^= 1 << bit;
                assert!(read_row(&spoilt).is_err(), "bit {bit} of byte {at}");
            }
            assert!(read_row(&bytes[..at]).is_err(), "{at} bytes");
        }
    }
}
