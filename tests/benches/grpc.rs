//! Calls on a warm channel: an empty one, and one that acquires a lease.

use std::time::Instant;

use client::{Client, Dial, LeaseMode, wish};
use place::Place;
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
        client.list_sessions_nothing().await;
        let first = started.elapsed();
        let started = Instant::now();
        let lease = client
            .hold(wish("kenmyer", LeaseMode::Shared), |_| ())
            .await
            .expect("a shared lease is granted at once");
        let second = started.elapsed();
        lease.release(&client).await.expect("released");
        if round >= 100 {
            empty.push(first);
            acquire.push(second);
        }
    }
    report.add("empty unary call", Sample::from(empty));
    report.add("acquire a lease, warm channel", Sample::from(acquire));
}

/// The emptiest call that the contract has.
trait Empty {
    async fn list_sessions_nothing(&self);
}

impl Empty for Client {
    async fn list_sessions_nothing(&self) {
        // A profile that is not there: the daemon looks it up and answers.
        let _ = self.accounts().list(proto::v1::ListAccountsRequest {}).await;
    }
}
