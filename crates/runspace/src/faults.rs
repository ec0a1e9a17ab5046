//! What a fault asks of us.

use std::time::Duration;

use wsman::{Cure, Fault, Verb};

/// How long the service wants an open to wait before the next try, where a next try makes sense.
pub(crate) fn retry_after(fault: &Fault) -> Option<Duration> {
    match fault.cure(Verb::Create, false) {
        Cure::RetryAfter(wait) => Some(wait),
        _ => fault.wait,
    }
}
