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
    let _ = clixml::read(data, &BUDGET);
    if let Ok(value) = clixml::read_value(data, &BUDGET) {
        let once = clixml::write(&value);
        let value = clixml::read_value(once.as_bytes(), &AGAIN).expect("what we write we read");
        assert_eq!(clixml::write(&value), once);
    }
});
