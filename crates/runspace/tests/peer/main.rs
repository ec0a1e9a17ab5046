//! A pool over real HTTPS, on an endpoint that none of us wrote.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "a skipped test says so")]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this is a driver: it reads the clock"
)]

mod driver;
mod server;

use std::time::Instant;

use bytes::Bytes;
use driver::Driver;
use link::{Credential, Session};
use psrp::Body as _;
use psrp::body::{Argument, Command, CreatePipeline};
use runspace::{Event, InvocationState, MessageType, Operation, Outcome, Pool, Proof, Remains, Shell, Stage, Wsman};
use serde_json::json;
use server::Server;
use uuid::Uuid;

const SKYPE: &str = "/OcsPowershellLiveId";

fn driver(server: &Server, path: &str, id: u128) -> Driver {
    let uri = format!("{}{path}", server.url);
    let credential = Credential::basic("kenmyer@litwareinc.com", "p@ssw0rd!");
    let session = Session::new(&server.network, &uri, credential).unwrap();
    let pool = Pool::new(Uuid::from_u128(id), id << 64, "localhost");
    let shell = Shell::new(uri, "Microsoft.PowerShell", Uuid::from_u128(id + 1));
    Driver::new(Wsman::new(pool, shell), session)
}

async fn open(server: &Server, id: u128) -> Driver {
    let mut driver = driver(server, SKYPE, id);
    driver.submit(Operation::Open);
    loop {
        match driver.event().await {
            Event::Opening(_) => {}
            Event::Opened(opened) => {
                assert_eq!(opened.protocol, "2.3");
                assert_eq!(opened.idle_timeout.unwrap().as_secs(), 900);
                assert!(opened.private_data.is_some());
                return driver;
            }
            other => panic!("{other:?}"),
        }
    }
}

fn pipeline(command: Command) -> Bytes {
    CreatePipeline::new(vec![command]).write()
}

/// What a pipeline gave.
#[derive(Debug, Default)]
struct Ran {
    outputs: usize,
    bytes: usize,
    state: Option<InvocationState>,
    outcome: Option<Outcome>,
}

async fn finish(driver: &mut Driver, id: Uuid) -> Ran {
    let mut ran = Ran::default();
    loop {
        match driver.event().await {
            Event::Started { .. } | Event::Notice(_) => {}
            Event::Piece {
                pipeline: Some(pipeline),
                piece,
            } if pipeline == id => {
                if piece.kind == MessageType::PipelineOutput && piece.last {
                    ran.outputs += 1;
                }
                ran.bytes += piece.bytes.len();
                driver.submit(Operation::Taken {
                    pipeline,
                    bytes: piece.bytes.len(),
                });
            }
            Event::State { pipeline, state, .. } if pipeline == id => ran.state = Some(state),
            Event::Ended { pipeline, outcome } if pipeline == id => {
                ran.outcome = Some(outcome);
                return ran;
            }
            other => panic!("{other:?}"),
        }
    }
}

async fn run(driver: &mut Driver, command: Command) -> Ran {
    let id = Uuid::from_u128(0x7000 + driver.requests as u128);
    driver.submit(Operation::Start {
        pipeline: id,
        kind: MessageType::CreatePipeline,
        body: pipeline(command),
    });
    finish(driver, id).await
}

async fn close(driver: &mut Driver) -> Proof {
    driver.submit(Operation::Close);
    loop {
        match driver.event().await {
            Event::Closed { proof } => return proof,
            Event::CloseFailed { cause } => panic!("{cause}"),
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_run_stop_delete() {
    let Some(server) = Server::start("tenant.toml") else {
        return;
    };
    let mut driver = open(&server, 0xA1).await;
    assert_eq!(server.shells().await, 1);

    let ran = run(&mut driver, Command::new("Get-CsTenant")).await;
    assert!(matches!(ran.outcome, Some(Outcome::Completed)), "{ran:?}");
    assert_eq!(ran.outputs, 1);

    let began = Instant::now();
    let many = Command::new("Get-CsOnlineUser").with(Argument::named("ResultSize", 10_000));
    let ran = run(&mut driver, many).await;
    assert!(matches!(ran.outcome, Some(Outcome::Completed)), "{ran:?}");
    assert_eq!(ran.outputs, 10_000);
    println!("10,000 objects, {} bytes, in {:?}", ran.bytes, began.elapsed());

    let id = Uuid::from_u128(0x5000);
    let sleep = pipeline(Command::new("Start-Sleep").with(Argument::named("Seconds", 60)));
    driver.submit(Operation::Start {
        pipeline: id,
        kind: MessageType::CreatePipeline,
        body: sleep,
    });
    loop {
        if let Event::Started { pipeline } = driver.event().await {
            assert_eq!(pipeline, id);
            break;
        }
    }
    driver.submit(Operation::Stop { pipeline: id });
    let ran = finish(&mut driver, id).await;
    assert_eq!(ran.state, Some(InvocationState::Stopped));
    assert!(matches!(ran.outcome, Some(Outcome::Stopped)), "{ran:?}");

    let ran = run(&mut driver, Command::new("Get-CsTenant")).await;
    assert!(
        matches!(ran.outcome, Some(Outcome::Completed)),
        "after a stop the next one runs: {ran:?}"
    );

    let ran = run(&mut driver, Command::new("Get-NoSuchThing")).await;
    assert!(matches!(ran.outcome, Some(Outcome::Failed)), "{ran:?}");

    assert_eq!(close(&mut driver).await, Proof::Deleted);
    assert_eq!(server.shells().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_log_on_leaves_nothing() {
    let Some(server) = Server::start("tenant.toml") else {
        return;
    };
    let uri = format!("{}{SKYPE}", server.url);
    let session = Session::new(
        &server.network,
        &uri,
        Credential::basic("kenmyer@litwareinc.com", "wrong"),
    )
    .unwrap();
    let shell = Shell::new(uri, "Microsoft.PowerShell", Uuid::from_u128(2));
    let mut driver = Driver::new(
        Wsman::new(Pool::new(Uuid::from_u128(1), 1, "localhost"), shell),
        session,
    );
    driver.submit(Operation::Open);
    assert!(matches!(driver.event().await, Event::Opening(Stage::Creating { .. })));
    let Event::OpenFailed { cause, shell } = driver.event().await else {
        panic!("it opened")
    };
    assert!(cause.to_string().contains("401"), "{cause}");
    assert_eq!(shell, Remains::Nothing(Proof::NeverCreated));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_on_the_way_do_not_lose_objects_silently() {
    let Some(server) = Server::start("tenant.toml") else {
        return;
    };
    let mut driver = open(&server, 0xB1).await;
    let many = || Command::new("Get-CsOnlineUser").with(Argument::named("ResultSize", 2_000));
    // The operation does not take place, or its answer comes twice: nothing is missing.
    for rule in [
        json!({"kind": "drop_before", "action": "Receive", "times": 3}),
        json!({"kind": "duplicate", "action": "Receive", "needs_data": true, "times": 4}),
        json!({"kind": "status", "status": 503, "retry_after": 0, "action": "Receive", "times": 2}),
        json!({"kind": "drip", "action": "Receive", "chunk": 200_000, "seconds": 0.01, "times": 3}),
        json!({"kind": "status", "status": 503, "retry_after": 0, "action": "Command", "times": 1}),
        json!({"kind": "drop_before", "action": "Signal", "times": 1}),
        json!({"kind": "drop_after", "action": "Signal", "times": 1}),
    ] {
        server.control("faults", Some(rule.clone())).await;
        let ran = run(&mut driver, many()).await;
        assert!(matches!(ran.outcome, Some(Outcome::Completed)), "{rule}: {ran:?}");
        assert_eq!(ran.outputs, 2_000, "{rule}");
    }
    // Its answer is lost: the objects in it are missing, and that is told.
    for kind in ["drop_after", "drop_mid", "garbage", "truncate_base64", "stale"] {
        let rule = json!({"kind": kind, "action": "Receive", "times": 1, "skip": 1, "needs_data": true});
        server.control("faults", Some(rule)).await;
        let ran = run(&mut driver, many()).await;
        let lost = ran.outputs < 2_000;
        let told = matches!(ran.outcome, Some(Outcome::Incomplete(_)));
        assert_eq!(lost, told, "{kind}: {ran:?}");
    }
    assert_eq!(close(&mut driver).await, Proof::Deleted);
    assert_eq!(server.shells().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_whose_answer_is_lost_is_not_run_twice() {
    let Some(server) = Server::start("tenant.toml") else {
        return;
    };
    let mut driver = open(&server, 0xC1).await;
    server
        .control("faults", Some(json!({"kind": "drop_after", "action": "Command"})))
        .await;
    let ran = run(&mut driver, Command::new("Get-CsTenant")).await;
    assert!(
        matches!(ran.outcome, Some(Outcome::Completed)),
        "it had arrived: {ran:?}"
    );
    server
        .control("faults", Some(json!({"kind": "drop_before", "action": "Command"})))
        .await;
    let ran = run(&mut driver, Command::new("Get-CsTenant")).await;
    assert!(
        matches!(ran.outcome, Some(Outcome::Unknown(_))),
        "it had not, but who knows: {ran:?}"
    );
    let state = server.control("state", None).await;
    assert_eq!(state["counts"]["commands"], 1, "{state}");
    assert_eq!(close(&mut driver).await, Proof::Deleted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_shell_is_lost_with_proof() {
    let Some(server) = Server::start("tenant.toml") else {
        return;
    };
    let mut driver = open(&server, 0xD1).await;
    server.control("kill", Some(json!({}))).await;
    let Event::Broken { cause, shell } = driver.event().await else {
        panic!("it should break")
    };
    assert_eq!(shell, Remains::Nothing(Proof::NotFound), "{cause}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disconnected_shell_is_taken_again() {
    let Some(server) = Server::start("tenant.toml") else {
        return;
    };
    let uri = format!("{}{SKYPE}", server.url);
    for connect in [false, true] {
        let mut driver = driver(&server, SKYPE, 0xE1);
        driver.submit(Operation::Open);
        let kept = loop {
            if let Event::Opened(opened) = driver.event().await {
                break opened.kept.unwrap();
            }
        };
        driver.submit(Operation::Disconnect { idle_timeout: None });
        assert!(matches!(driver.event().await, Event::Disconnected));
        drop(driver);

        let session = Session::new(
            &server.network,
            &uri,
            Credential::basic("kenmyer@litwareinc.com", "p@ssw0rd!"),
        )
        .unwrap();
        let own = if connect { 0xF1 } else { 0xE1 };
        let pool = Pool {
            objects_after: 1 << 32,
            ..Pool::new(Uuid::from_u128(0xE1), 0xF1 << 64, "localhost")
        };
        let shell = Shell::new(uri.clone(), "Microsoft.PowerShell", Uuid::from_u128(own + 1));
        let mut again = Driver::new(Wsman::attach(pool, shell, kept), session);
        again.submit(Operation::Get);
        let Event::Health { state } = again.event().await else {
            panic!("no health")
        };
        assert_eq!(state.as_deref(), Some("Disconnected"));
        again.submit(if connect {
            Operation::Connect
        } else {
            Operation::Reconnect
        });
        let event = again.event().await;
        assert!(
            matches!(event, Event::Reattached { connected } if connected == connect),
            "{event:?}"
        );
        let id = Uuid::from_u128(0x6000);
        let body = pipeline(Command::new("Get-CsTenant"));
        again.submit(Operation::Start {
            pipeline: id,
            kind: MessageType::CreatePipeline,
            body,
        });
        let mut outputs = 0;
        loop {
            match again.event().await {
                Event::Piece {
                    pipeline: Some(_),
                    piece,
                } if piece.kind == MessageType::PipelineOutput => outputs += 1,
                Event::Ended { outcome, .. } => break assert!(matches!(outcome, Outcome::Completed), "{outcome:?}"),
                _ => {}
            }
        }
        assert_eq!(outputs, 1);
        assert_eq!(close(&mut again).await, Proof::Deleted);
        assert_eq!(server.shells().await, 0);
    }
}
