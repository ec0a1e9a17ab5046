//! The PowerShell module, as far as it can be tried without PowerShell: it is parsed under a grammar, its names are held
//! against each other, and what it says to `pslease` against what `pslease` takes.

mod calls;
mod contract;
mod manifest;
mod source;
mod syntax;
