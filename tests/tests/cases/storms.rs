//! Many at once: bounded, fair, and never a slot too many.

use std::time::Duration;

use client::{Client, Dial, LeaseMode, wish};
use place::Place;
use pslease_tests::{Console, Endpoint, Home, eventually};
use serde_json::json;

pub(crate) fn fifty_consoles_share_three_slots(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "");
    if let Endpoint::Peer(_) = endpoint {
        let slow = json!({ "kind": "delay", "action": "Create", "seconds": 3, "times": 100 });
        endpoint.control("POST", "/control/faults", Some(&slow));
    }
    let mut consoles: Vec<Console> = (0..50)
        .map(|_| home.start(&["run", "Start-Sleep -Milliseconds 50"]))
        .collect();
    for console in &mut consoles {
        let finished = console.finish();
        assert_eq!(finished.code, 0, "{finished:?}");
    }
    let truth = endpoint.truth();
    assert!(truth.peak_admin <= 3 && truth.over_limit == 0, "{truth:?}");
    assert!(truth.created <= 3, "they took turns: {truth:?}");
}

pub(crate) fn a_limit_that_is_lowered_at_full_pool_is_never_exceeded(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "max_concurrency = 3");
    let mut holders: Vec<Console> = (0..3).map(|_| home.holder()).collect();
    let mut waiting: Vec<Console> = (0..3)
        .map(|_| home.start(&["run", "--mode", "exclusive", "Get-CsTenant", "--output", "jsonl"]))
        .collect();
    for console in &mut waiting {
        console.wait_for("kenmyer@litwareinc.com");
    }
    let file = home.path().join("config.toml");
    let text = std::fs::read_to_string(&file).expect("config.toml");
    std::fs::write(&file, text.replace("max_concurrency = 3", "max_concurrency = 1")).expect("written");
    assert_eq!(home.run(&["reload"]).code, 0);
    holders.pop();
    holders.pop();
    eventually("two have drained", || endpoint.truth().live == 1);
    assert_eq!(endpoint.truth().created, 3, "nobody opened above the new limit");
    holders.pop();
    for console in &mut waiting {
        let finished = console.finish();
        assert_eq!(finished.code, 0, "{finished:?}");
        assert!(endpoint.truth().live <= 1);
    }
    let truth = endpoint.truth();
    assert_eq!((truth.peak_admin, truth.over_limit), (3, 0), "{truth:?}");
}

/// How many wait; `PSLEASE_WAITERS=10000` for the whole crowd.
fn waiters() -> usize {
    let told = std::env::var("PSLEASE_WAITERS").ok();
    told.and_then(|number| number.parse().ok()).unwrap_or(1_000)
}

/// So many waits go over one connection.
const EACH: usize = 100;

pub(crate) fn a_crowd_of_waiters_is_served_and_forgotten(endpoint: &Endpoint) {
    let home = Home::with_admins(endpoint, "skype", &["kenmyer"], "max_concurrency = 1");
    let holder = home.holder();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut crowd = Vec::new();
        let (served, mut was_served) = tokio::sync::mpsc::channel(1);
        for _ in 0..waiters().div_ceil(EACH) {
            let dial = Dial::at(Place::under(home.path()));
            let client = Client::connect(&dial).await.expect("the daemon runs");
            for _ in 0..EACH {
                let client = client.clone();
                let served = served.clone();
                crowd.push(tokio::spawn(async move {
                    let wish = wish("kenmyer", LeaseMode::Exclusive);
                    let lease = client.hold(wish, |_| ()).await.expect("its turn came");
                    lease.release().await.expect("given back");
                    let _ = served.send(()).await;
                }));
            }
        }
        let dial = Dial::at(Place::under(home.path()));
        let client = Client::connect(&dial).await.expect("the daemon runs");
        let waiting = || async {
            let status = client
                .admin()
                .status(proto::v1::StatusRequest {})
                .await
                .expect("a status");
            status.into_inner().waiters.len()
        };
        let began = std::time::Instant::now();
        while waiting().await < crowd.len() {
            assert!(
                began.elapsed() < pslease_tests::PATIENCE,
                "they do not all get into the queue"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        drop(holder);
        // A few are served, each as the one before it leaves; nothing runs, so the session is passed on as it is.
        for _ in 0..20 {
            was_served.recv().await.expect("somebody's turn came");
        }
        for task in &crowd {
            task.abort();
        }
        while waiting().await > 0 {
            assert!(began.elapsed() < 2 * pslease_tests::PATIENCE, "the queue is not empty");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let truth = endpoint.truth();
    assert_eq!((truth.peak_admin, truth.over_limit), (1, 0), "{truth:?}");
    assert!(truth.created <= 2, "the session went from one to the next: {truth:?}");
    eventually("no lease is left", || {
        home.status()["leases"].as_array().is_some_and(Vec::is_empty)
    });
}
