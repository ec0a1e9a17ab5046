//! A pool over real HTTPS, on an endpoint that none of us wrote.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "a skipped test says so")]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this is a driver: it reads the clock"
)]

mod driver;
mod recovery;
mod server;

use std::time::Instant;

use bytes::Bytes;
use driver::Driver;
use link::{Credential, Session};
use psrp::Body as _;
use psrp::body::{Argument, Command, CreatePipeline};
use runspace::{
    Event, InvocationState, Listing, MessageType, Operation, Outcome, Pool, Proof, Remains, Shell, Stage, Wsman,
};
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
                    bytes: piece.weight(),
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
async fn shells_are_listed() {
    let Some(server) = Server::start("tenant.toml") else {
        return;
    };
    let mut first = open(&server, 0x71).await;
    let mut second = open(&server, 0x72).await;
    let shell = Shell::new(
        format!("{}{SKYPE}", server.url),
        "Microsoft.PowerShell",
        Uuid::from_u128(0x73),
    );
    let listing = || Listing::new(&shell, None, "localhost", 0x74 << 64);
    let shells = first.list(listing()).await.unwrap();
    let mut ids: Vec<&str> = shells.iter().map(|shell| shell.shell_id.as_str()).collect();
    ids.sort_unstable();
    assert_eq!(
        ids,
        [
            "00000000-0000-0000-0000-000000000071",
            "00000000-0000-0000-0000-000000000072"
        ]
    );
    for shell in &shells {
        assert_eq!(shell.state, Some(wsman::ShellState::Connected));
        assert!(shell.owner.is_some() && shell.client_ip.is_some(), "{shell:?}");
        assert!(shell.run_time.is_some() && shell.inactivity.is_some(), "{shell:?}");
    }
    close(&mut first).await;
    let shells = second.list(listing()).await.unwrap();
    assert_eq!(shells.len(), 1);
    close(&mut second).await;
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

/// Two primes of 1024 bits: a pair of one's own takes long to make.
const P: &str = "e1f4abb238689a1b05497a1562f53ebc7d6ebc3c5ae68b1d57a3ad1732529487a17819ffeee4b53e4546eb7c00169c8f\
    634412ed83acbd0b4e8b2afd98b4a1c595a6af790c4c0b797605b9917b792998ba871de9000c166c403c81bc9f2c822e\
    9fc04cd9712c50f49fab3e23126a2ca2c1b566f3e813d0fd633a49dbfca0d0ef";
const Q: &str = "e64db5bbb17c738c8d388087d0576bcfc2bfc96a6cb06b0dd1a07b102ac27d4e74ed276193357f74837f5dbdeee3170e\
    f58264ee08ad437b47a66948715da3cfc6e8c10b70c7806cbb7a1794a3967b12b0ced80f63d08373fc283b71fae73db8\
    9fcc0dfdad94b1ac43d5fe3048358e1e9182e2c36188f858b928b4973207835f";

fn number(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_servers_own_messages_come_through_and_a_key_is_exchanged() {
    let Some(server) = Server::start("tenant.toml") else {
        return;
    };
    let mut driver = open(&server, 0x91).await;
    let state = server.control("state", None).await;
    let announce = |what: &str| Some(json!({"shell": state["shells"][0]["id"], "what": what}));
    server.control("announce", announce("event")).await;
    let Event::Piece { pipeline: None, piece } = driver.event().await else {
        panic!("no event")
    };
    assert_eq!(piece.kind, MessageType::UserEvent);
    server.control("announce", announce("host")).await;
    let Event::Piece { pipeline: None, piece } = driver.event().await else {
        panic!("no host call")
    };
    assert_eq!(piece.kind, MessageType::RunspacePoolHostCall);
    server.control("announce", announce("key")).await;
    assert!(matches!(driver.event().await, Event::KeyRequested));
    driver.submit(Operation::ExchangeKey);
    let pair = runspace::KeyPair::from_primes(&number(P), &number(Q)).unwrap();
    driver.submit(Operation::Key(Box::new(pair)));
    assert!(matches!(driver.event().await, Event::KeyReady(_)));
    assert!(driver.key_wanted);
    server.control("announce", announce("broken")).await;
    let Event::Broken { cause, shell } = driver.event().await else {
        panic!("it should break")
    };
    assert!(cause.to_string().contains("The runspace pool is broken."), "{cause}");
    assert_eq!(
        shell,
        Remains::Shell {
            created: true,
            running: false
        }
    );
    assert_eq!(close(&mut driver).await, Proof::Deleted);
    assert_eq!(server.shells().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_and_an_affinity_cookie_are_followed_as_exchange_wants_it() {
    let Some(server) = Server::start("online.toml") else {
        return;
    };
    // The query keeps the slash before it, as PowerShell does; the peer's redirect insists on it.
    let uri = format!("{}/front/powershell-liveid/?DelegatedOrg=contoso.com", server.url);
    let session = Session::new(&server.network, &uri, Credential::basic("admin@contoso.com", "contoso")).unwrap();
    let shell = Shell::new(uri, "Microsoft.Exchange", Uuid::from_u128(2));
    let pool = Pool::new(Uuid::from_u128(1), 1, "localhost");
    let mut driver = Driver::new(Wsman::new(pool, shell), std::sync::Arc::clone(&session));
    driver.submit(Operation::Open);
    let kept = loop {
        match driver.event().await {
            Event::Redirected { to, .. } => {
                assert!(to.starts_with("https://localhost:"), "{to}");
                session.allow(&to).unwrap();
                driver.submit(Operation::Follow { uri: to });
            }
            Event::Opened(opened) => break opened.kept.unwrap(),
            Event::Opening(_) => {}
            other => panic!("{other:?}"),
        }
    };
    assert!(kept.uri.contains("/powershell-liveid"), "{kept:?}");
    assert!(session.has_cookies());
    let ran = run(&mut driver, Command::new("Get-TransportRule")).await;
    assert!(matches!(ran.outcome, Some(Outcome::Completed)), "{ran:?}");
    drop(driver);

    // Whoever comes later without the cookie is told "not found", and that proves nothing.
    let later = Session::new(
        &server.network,
        &kept.uri,
        Credential::basic("admin@contoso.com", "contoso"),
    )
    .unwrap();
    later.forget_cookies();
    let pool = Pool::new(Uuid::from_u128(1), 3, "localhost");
    let shell = Shell::new(kept.uri.clone(), "Microsoft.Exchange", Uuid::from_u128(2));
    let mut driver = Driver::new(Wsman::attach(pool, shell, kept), later);
    driver.submit(Operation::Close);
    let Event::CloseFailed { cause } = driver.event().await else {
        panic!("it cannot know")
    };
    assert!(
        matches!(cause, runspace::Cause::ShellLost { proven: false, .. }),
        "{cause}"
    );
    assert_eq!(server.shells().await, 1);
}
