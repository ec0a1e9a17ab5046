//! The books that survive a crash: one row for every remote shell, durable before the act
