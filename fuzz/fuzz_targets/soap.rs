//! Envelopes, as a client and as a server reads them. What was read is written, and that is read to the same again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wsman::{Answer, Limits, MessageId, Request, Response};

/// Escaping makes text longer than what was read.
const AGAIN: Limits = Limits {
    bytes: usize::MAX,
    depth: 64,
    attributes: 64,
    namespaces: 128,
};

fuzz_target!(|data: &[u8]| {
    let limits = Limits::default();
    if let Ok(response) = Response::read(data, &limits) {
        if let Answer::Fault(fault) = &response.answer {
            let _ = fault.cure(wsman::Verb::Receive, true);
        }
        let once = Response::read(&response.to_bytes(), &AGAIN).expect("what we write we read");
        let twice = Response::read(&once.to_bytes(), &AGAIN).expect("what we write we read");
        assert_eq!(once, twice);
    }
    match Request::read(data, &limits) {
        Ok(request) => {
            let _ = request.payload_budget();
            let once = Request::read(&request.to_bytes(), &AGAIN).expect("what we write we read");
            let twice = Request::read(&once.to_bytes(), &AGAIN).expect("what we write we read");
            assert_eq!(once, twice);
        }
        Err(rejected) => {
            let id = rejected.message_id.clone().unwrap_or_else(|| MessageId::new(""));
            let answer = Response::new(id.clone(), id, Answer::Fault(Box::new(rejected.fault())));
            Response::read(&answer.to_bytes(), &AGAIN).expect("what we write we read");
        }
    }
});
