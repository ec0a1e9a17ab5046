//! Who may hold which slot, and when: limits, leases, turns and waiting, without I/O
