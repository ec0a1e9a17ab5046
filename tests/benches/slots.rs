//! From the death of an owner to a slot that somebody else can use.

use std::time::Instant;

use client::{Client, Dial, LeaseMode, wish};
use place::Place;
use pslease_tests::Home;

use crate::sample::{Report, Sample};

pub(crate) fn owner_death(home: &Home, report: &mut Report) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mut times = Vec::new();
    for _ in 0..40 {
        let mut owner = home.holder();
        let taken = runtime.block_on(async {
            let client = Client::connect(&Dial::at(Place::under(home.path())))
                .await
                .expect("the daemon runs");
            // Three more take every slot but the owner's; the last of them waits for it.
            let mut held = Vec::new();
            for _ in 0..2 {
                held.push(
                    client
                        .hold(wish("kenmyer", LeaseMode::Exclusive), |_| ())
                        .await
                        .expect("a slot"),
                );
            }
            let (queued, waits) = tokio::sync::oneshot::channel();
            let mut queued = Some(queued);
            let waiter = {
                let client = client.clone();
                async move {
                    let on_event = |_| {
                        if let Some(queued) = queued.take() {
                            let _ = queued.send(());
                        }
                    };
                    client
                        .hold(wish("kenmyer", LeaseMode::Exclusive), on_event)
                        .await
                        .expect("the freed slot")
                }
            };
            let killer = async {
                waits.await.expect("it waits");
                let killed = Instant::now();
                owner.signal(rustix::process::Signal::KILL);
                killed
            };
            let (lease, killed) = tokio::join!(async { (waiter.await, Instant::now()) }, killer);
            let (granted, at) = lease;
            // Given back in so many words: a stream that is dropped here is only closed when the runtime runs again.
            for lease in held.into_iter().chain([granted]) {
                lease.release().await.expect("released");
            }
            at - killed
        });
        owner.kill();
        times.push(taken);
    }
    report.add("owner killed -> slot reusable", Sample::from(times));
}
