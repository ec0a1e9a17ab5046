//! Whole documents: what PowerShell itself reads and writes, and generated values.

mod documents;
mod generated;
mod hostile;
mod leaves;
mod powershell;
