//! A row of the books, as some release wrote it or a bad disk left it. What was read is written, and that is read to the
//! same again: recovery must not change what it looks at.

#![no_main]

use ledger::Row;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(row) = Row::read(data) {
        let written = row.to_bytes().expect("what was read can be written");
        assert_eq!(Row::read(&written).expect("what we write we read"), row);
    }
});
