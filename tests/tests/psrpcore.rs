//! CLIXML and PSRP against psrpcore, a Python implementation that none of us wrote, in both directions.
//!
//! One Python child a test reads a line of JSON and answers with one. What both sides must agree on is put in one
//! canonical form by both: [`leaves`] here, `leaves.py` there. Where psrpcore itself is at fault, nothing that meets the
//! fault is generated, and the generator says which one it is.

mod interop;
mod leaves;
mod python;
mod strategies;
