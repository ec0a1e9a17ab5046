//! Whole documents: what PowerShell itself reads and writes, and generated values.
