//! Borrow leases on remote PowerShell sessions.
