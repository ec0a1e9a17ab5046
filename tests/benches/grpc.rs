//! Calls on a warm channel: an empty one, and one that acquires a lease.

use std::time::Instant;

use client::{Client, Dial, LeaseMode, wish};
use place::Place;
use proto::v1::HelloRequest;
use pslease_tests::Home;

use crate::sample::{Report, Sample};

const CALLS: usize = 3_000;

pub(crate) async fn calls(home: &Home, report: &mut Report) {
    let client = Client::connect(&Dial::at(Place::under(home.path())))
        .await
        .expect("the daemon runs");
    let mut empty = Vec::with_capacity(CALLS);
    let mut acquire = Vec::with_capacity(CALLS);
    // In turns, so that whatever else the machine does meets both alike.
    for round in 0..CALLS + 100 {
        let started = Instant::now();
        // Nothing is looked up for it: it says who is there.
        client
            .greeting()
            .hello(HelloRequest::default())
            .await
            .expect("an answer");
        let first = started.elapsed();
        let started = Instant::now();
        let lease = client
            .hold(wish("kenmyer", LeaseMode::Shared), |_| ())
            .await
            .expect("a shared lease is granted at once");
        let second = started.elapsed();
        lease.release().await.expect("released");
        if round >= 100 {
            empty.push(first);
            acquire.push(second);
        }
    }
    report.add("empty unary call", Sample::from(empty));
    report.add("acquire a lease, warm channel", Sample::from(acquire));
}
