//! CLIXML, both ways.

use clixml::Budget;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::json;

use crate::psrpcore::leaves::leaves;
use crate::psrpcore::python::Python;
use crate::psrpcore::strategies::values;

/// How many values go each way.
const VALUES: u32 = 2_000;

#[test]
fn what_we_write_psrpcore_reads_to_the_same_value() {
    let Some(python) = Python::start() else { return };
    let python = std::cell::RefCell::new(python);
    let config = Config {
        cases: VALUES,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&values(), |value| {
        let xml = clixml::write(&value);
        let read = python.borrow_mut().ask(&json!({ "do": "read", "xml": xml }));
        let read = read.map_err(|error| TestCaseError::fail(format!("{xml}\n{error}")))?;
        proptest::prop_assert_eq!(read, leaves(&value), "{}", xml);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn what_psrpcore_writes_we_read_to_the_same_value() {
    let Some(mut python) = Python::start() else { return };
    for seed in 0..VALUES {
        let made = python.ask(&json!({ "do": "make", "seed": seed }));
        let made = made.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let xml = made["xml"].as_str().expect("a document");
        let value = clixml::read_value(xml.as_bytes(), &Budget::default())
            .unwrap_or_else(|error| panic!("seed {seed}: {error}\n{xml}"));
        assert_eq!(value.refused(), Vec::<&clixml::Opaque>::new(), "seed {seed}: {xml}");
        assert_eq!(leaves(&value), made["leaves"], "seed {seed}: {xml}");
    }
}
