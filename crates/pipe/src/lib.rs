//! PowerShell's out-of-process framing, one XML element a line, both sides, without I/O
