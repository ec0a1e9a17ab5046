//! What PowerShell would print: objects as tables, lists, CSV and JSON, in the culture en-US.
//!
//! [`Formatter`] takes a pipeline's objects one by one and gives text as early as PowerShell's shape allows: the first
//! object decides between table and list, and a table waits until its columns are settled. [`Csv`] and [`json`] are for
//! programs, [`error_text`] is PowerShell's concise view of an error record.
//!
//! - `formatter`, `view`, `table`, `list`: shapes, the known types' columns, and the lines
//! - `seen`: what PowerShell would see of a value: types, properties, text
//! - `dotnet`: the properties and the spelling of .NET's own types
//! - `cells`: widths on a screen
#![forbid(unsafe_code)]

mod cells;
mod csv;
mod dotnet;
mod error_view;
mod formatter;
mod json;
mod list;
mod seen;
mod table;
mod view;

pub use csv::Csv;
pub use error_view::error_text;
pub use formatter::{Formatter, Shape};
pub use json::json;
pub use seen::text;
