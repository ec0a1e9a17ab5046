//! A row of the books, as some release wrote it or a bad disk left it. What was read is written, and that is read to the
//! same again: recovery must not change what it looks at. Bytes of no format are read as format 2's too, with the head
//! that its checksum asks for, or nothing would ever get past that.

#![no_main]

use ledger::{LeaseRow, Row};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    read(data);
    read(&sealed(data));
});

fn read(bytes: &[u8]) {
    if let Ok(row) = Row::read(bytes) {
        let written = row.to_bytes().expect("what was read can be written");
        assert_eq!(Row::read(&written).expect("what we write we read"), row);
    }
    if let Ok(row) = LeaseRow::read(bytes) {
        let written = row.to_bytes().expect("what was read can be written");
        assert_eq!(LeaseRow::read(&written).expect("what we write we read"), row);
    }
}

/// Format 2: its number, CRC-32 (ISO 3309) of what follows, and that.
fn sealed(json: &[u8]) -> Vec<u8> {
    let step = |sum: u32, byte: &u8| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xEDB8_8320 & (sum & 1).wrapping_neg())
        })
    };
    let sum = !json.iter().fold(u32::MAX, step);
    [&[2][..], &sum.to_le_bytes(), json].concat()
}
