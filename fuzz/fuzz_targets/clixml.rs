//! CLIXML documents and bare values. What was read is written, and that is read and written to the same again.

#![no_main]

use clixml::Budget;
use libfuzzer_sys::fuzz_target;

const BUDGET: Budget = Budget {
    depth: 49,
    bytes: 1 << 20,
    values: 100_000,
};
/// Writing may lengthen a document.
const AGAIN: Budget = Budget {
    depth: 49,
    bytes: 64 << 20,
    values: 1_000_000,
};

fuzz_target!(|data: &[u8]| {
    let _ = clixml::read_value(data, &BUDGET);
    if let Ok(document) = clixml::read(data, &BUDGET) {
        // A document can hold what a bare body cannot: stray text between its values, which is kept as it is.
        let once = clixml::write_document(&document.values);
        let again = clixml::read(once.as_bytes(), &AGAIN).expect("what we write we read");
        assert_eq!(clixml::write_document(&again.values), once);
    }
});
