//! A shell that an earlier process left on the server, taken again by a machine that knows of it what the books keep.

use link::{Credential, Session};
use psrp::body::{Argument, Command};
use runspace::{Cause, Event, Kept, MessageType, Operation, Outcome, Pool, Proof, Shell, Wsman};
use serde_json::json;
use uuid::Uuid;

use crate::driver::Driver;
use crate::server::Server;
use crate::{SKYPE, close, driver, pipeline, run};

const SHELL: u128 = 0xE1;

/// A process that opens a shell, runs something long in it, and dies.
async fn crashed(server: &Server) -> Kept {
    let mut driver = driver(server, SKYPE, SHELL);
    driver.submit(Operation::Open);
    let kept = loop {
        if let Event::Opened(opened) = driver.event().await {
            break opened.kept.unwrap();
        }
    };
    let sleep = Command::new("Start-Sleep").with(Argument::named("Seconds", 600));
    driver.submit(Operation::Start {
        pipeline: Uuid::from_u128(0x5000),
        kind: MessageType::CreatePipeline,
        body: pipeline(sleep),
    });
    assert!(matches!(driver.event().await, Event::Started { .. }));
    kept
}

/// The process after it. Ids of messages go on above the epoch; `own` is the SessionId, kept or new.
fn successor(server: &Server, kept: Kept, own: u128) -> Driver {
    let uri = format!("{}{SKYPE}", server.url);
    let credential = Credential::basic("kenmyer@litwareinc.com", "p@ssw0rd!");
    let session = Session::new(&server.network, &uri, credential).unwrap();
    let pool = Pool {
        objects_after: 1 << 32,
        ..Pool::new(Uuid::from_u128(SHELL), 0xF1 << 64, "localhost")
    };
    let shell = Shell::new(uri, "Microsoft.PowerShell", Uuid::from_u128(own));
    Driver::new(Wsman::attach(pool, shell, kept), session)
}

async fn health(driver: &mut Driver) -> Option<String> {
    driver.submit(Operation::Get);
    match driver.event().await {
        Event::Health { state } => state,
        other => panic!("{other:?}"),
    }
}

async fn running(server: &Server) -> usize {
    let state = server.control("state", None).await;
    state["shells"][0]["commands"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_process_left_running_is_ended_and_the_shell_goes_on() {
    let Some(server) = Server::start("tenant.toml") else {
        return;
    };
    for connect in [false, true] {
        let kept = crashed(&server).await;
        let own = if connect { 0xF7 } else { SHELL + 1 };
        let mut again = successor(&server, kept, own);
        // Nobody disconnected it: the server does not know yet that its client is gone.
        assert_eq!(health(&mut again).await.as_deref(), Some("Connected"));
        again.submit(Operation::Disconnect { idle_timeout: None });
        assert!(matches!(again.event().await, Event::Disconnected));
        assert_eq!(health(&mut again).await.as_deref(), Some("Disconnected"));
        assert_eq!(running(&server).await, 1);
        again.submit(if connect {
            Operation::Connect
        } else {
            Operation::Reconnect
        });
        let event = again.event().await;
        assert!(
            matches!(event, Event::Reattached { connected, ended: Some(1) } if connected == connect),
            "{event:?}"
        );
        assert_eq!(running(&server).await, 0);
        if connect {
            // To a new client the server says once more what it is.
            let Event::Piece { pipeline: None, piece } = again.event().await else {
                panic!("no private data")
            };
            assert_eq!(piece.kind, MessageType::ApplicationPrivateData);
        }
        assert_eq!(health(&mut again).await.as_deref(), Some("Connected"));
        for _ in 0..2 {
            let ran = run(&mut again, Command::new("Get-CsTenant")).await;
            assert!(matches!(ran.outcome, Some(Outcome::Completed)), "{ran:?}");
            assert_eq!(ran.outputs, 1);
        }
        assert_eq!(close(&mut again).await, Proof::Deleted);
        assert_eq!(server.shells().await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_lists_no_commands_leaves_it_unknown_what_runs() {
    let Some(server) = Server::start("tenant.toml") else {
        return;
    };
    let kept = crashed(&server).await;
    let mut again = successor(&server, kept, SHELL + 1);
    again.submit(Operation::Disconnect { idle_timeout: None });
    assert!(matches!(again.event().await, Event::Disconnected));
    let denied = json!({"kind": "soap_fault", "action": "Enumerate", "code": 5, "message": "Access is denied."});
    server.control("faults", Some(denied)).await;
    again.submit(Operation::Reconnect);
    let event = again.event().await;
    assert!(
        matches!(
            event,
            Event::Reattached {
                connected: false,
                ended: None
            }
        ),
        "{event:?}"
    );
    assert_eq!(close(&mut again).await, Proof::Deleted);
    assert_eq!(server.shells().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shell_that_another_client_holds_is_not_reconnected_but_connected() {
    let Some(server) = Server::start("tenant.toml") else {
        return;
    };
    let kept = crashed(&server).await;
    let mut first = successor(&server, kept.clone(), SHELL + 1);
    first.submit(Operation::Reconnect);
    let event = first.event().await;
    assert!(
        matches!(
            event,
            Event::Refused {
                operation: "reconnect",
                cause: Cause::Fault { .. }
            }
        ),
        "a connected shell is not taken: {event:?}"
    );
    first.submit(Operation::Disconnect { idle_timeout: None });
    assert!(matches!(first.event().await, Event::Disconnected));

    // Another SessionId may not reconnect; as a new client it may connect.
    let mut other = successor(&server, kept, 0xF8);
    other.submit(Operation::Reconnect);
    let Event::Refused {
        cause: Cause::Fault { fault, .. },
        ..
    } = other.event().await
    else {
        panic!("another session is not this one")
    };
    assert_eq!(fault.code, Some(2_150_859_213));
    other.submit(Operation::Connect);
    let event = other.event().await;
    assert!(
        matches!(
            event,
            Event::Reattached {
                connected: true,
                ended: Some(1)
            }
        ),
        "{event:?}"
    );
    assert_eq!(close(&mut other).await, Proof::Deleted);
    assert_eq!(server.shells().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_had_queued_belongs_to_nobody() {
    let Some(server) = Server::start("tenant.toml") else {
        return;
    };
    let mut driver = driver(&server, SKYPE, SHELL);
    driver.submit(Operation::Open);
    let kept = loop {
        if let Event::Opened(opened) = driver.event().await {
            break opened.kept.unwrap();
        }
    };
    // 20,000 objects wait for a reader that dies.
    driver.submit(Operation::Start {
        pipeline: Uuid::from_u128(0x5000),
        kind: MessageType::CreatePipeline,
        body: pipeline(Command::new("Get-CsOnlineUser").with(Argument::named("ResultSize", 20_000))),
    });
    while !matches!(driver.event().await, Event::Piece { .. }) {}
    drop(driver);
    let mut again = successor(&server, kept, SHELL + 1);
    again.submit(Operation::Disconnect { idle_timeout: None });
    assert!(matches!(again.event().await, Event::Disconnected));
    again.submit(Operation::Reconnect);
    let event = again.event().await;
    assert!(matches!(event, Event::Reattached { ended: Some(_), .. }), "{event:?}");
    let ran = run(&mut again, Command::new("Get-CsTenant")).await;
    assert!(matches!(ran.outcome, Some(Outcome::Completed)), "{ran:?}");
    assert_eq!(ran.outputs, 1, "nothing of what was queued");
    assert_eq!(close(&mut again).await, Proof::Deleted);
}
