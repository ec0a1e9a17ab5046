//! What an endpoint sends is what a console behind a door gets: message by message, byte for byte.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use pipe::Packet;
use pslease_tests::{Came, Console, Endpoint, Home, Peer};
use psrp::body::{Argument, Command};
use psrp::{Limits, MessageType, Reassembler};
use serde_json::json;
use uuid::Uuid;

use super::doors::{client, enter, pipeline, tenant, users};

/// The messages of each pipeline, in the order in which the pipelines began; `None` is what is no pipeline's.
fn by_pipeline(lines: &str) -> Vec<Vec<(MessageType, Bytes)>> {
    let mut order: Vec<Uuid> = Vec::new();
    let mut targets: HashMap<Uuid, (Reassembler, Vec<(MessageType, Bytes)>)> = HashMap::new();
    for line in lines.lines() {
        let Packet::Data { ps_guid, bytes, .. } = Packet::read(line.as_bytes()).expect("a packet") else {
            continue;
        };
        if ps_guid.is_nil() {
            continue;
        }
        let (reader, messages) = targets.entry(ps_guid).or_insert_with(|| {
            order.push(ps_guid);
            (Reassembler::new(Limits::CLIENT), Vec::new())
        });
        reader.push(bytes);
        while let Some(message) = reader.next().expect("fragments in order") {
            messages.push((message.kind, message.body));
        }
    }
    order
        .into_iter()
        .filter_map(|of| targets.remove(&of))
        .map(|(_, messages)| messages)
        .collect()
}

#[test]
fn what_a_program_sends_is_what_the_console_gets() {
    let Some(python) = Peer::python() else { return };
    let folder = tempfile::TempDir::new().expect("a folder");
    let (sent, got) = (folder.path().join("sent"), folder.path().join("got"));
    let peer = Peer::folder().canonicalize().expect("the peer's folder");
    let script = format!(
        "cd '{}' && PYTHONDONTWRITEBYTECODE=1 '{}' -m peer.pipe --config tenant.toml --service skype | tee '{}'",
        peer.display(),
        python.display(),
        sent.display()
    );
    let command = json!(["sh", "-c", script]);
    let home = Home::new(&format!(
        "[profile.local]\ntemplate = \"process\"\ncommand = {command}\nadmin = \"ken\"\n"
    ));
    let door = format!("pslease door local --stdio | tee '{}'", got.display());
    let mut console = client(
        &python,
        &[
            "--run",
            "Get-CsTenant",
            "--run",
            "Get-CsOnlineUser -ResultSize 3000",
            "--run",
            "Invoke-PeerStreams",
            "--run",
            "Invoke-PeerFailure -After 2",
            "--run",
            "Get-PeerBlob -Bytes 300000 -Count 3",
            "--script",
            "$x = 1..50; $x",
            "--",
            "sh",
            "-c",
            &door,
        ],
    );
    home.dress(&mut console);
    let finished = Console::start(console, None).finish();
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let read = |path: &Path| std::fs::read_to_string(path).expect("what was recorded");
    let (sent, got) = (by_pipeline(&read(&sent)), by_pipeline(&read(&got)));
    let counts: Vec<usize> = sent.iter().map(Vec::len).collect();
    assert_eq!((counts.len(), counts[1]), (6, 3001), "{counts:?}");
    assert_eq!(sent, got, "message by message, byte for byte");
}

/// What came on one connection, as it came.
type Heard = Arc<Mutex<Vec<u8>>>;

/// A fragment, behind the number of its object and its own.
type Placed = ((u64, u64), Bytes);

/// A relay in front of an endpoint that speaks plain http, which keeps what the endpoint said.
struct Relay {
    url: String,
    said: Arc<Mutex<Vec<Heard>>>,
}

impl Relay {
    fn before(endpoint: &str) -> Self {
        let far = endpoint.strip_prefix("http://").expect("plain http").to_owned();
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port of loopback");
        let url = format!("http://{}", listener.local_addr().expect("its number"));
        let said = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::clone(&said);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let Ok(far) = TcpStream::connect(&far) else { return };
                let heard = Heard::default();
                connections.lock().expect("the list").push(Arc::clone(&heard));
                let back = (far.try_clone().expect("a stream"), near.try_clone().expect("a stream"));
                std::thread::spawn(move || copy(near, far, None));
                std::thread::spawn(move || copy(back.0, back.1, Some(&heard)));
            }
        });
        Self { url, said }
    }

    /// The messages of each pipeline that the endpoint has sent, in the order in which the pipelines began to answer.
    fn by_pipeline(&self) -> Vec<Vec<(MessageType, Bytes)>> {
        let mut commands: HashMap<String, Vec<Placed>> = HashMap::new();
        for connection in self.said.lock().expect("the list").iter() {
            let text = String::from_utf8(connection.lock().expect("what was said").clone()).expect("text");
            for element in text.split("<rsp:Stream ").skip(1) {
                let (attributes, rest) = element.split_once('>').expect("a tag");
                let Some((_, id)) = attributes.split_once("CommandId=\"") else {
                    continue;
                };
                let id = id.split('"').next().expect("an id").to_ascii_uppercase();
                let content = rest.split('<').next().unwrap_or_default();
                let mut fragments = Bytes::from(STANDARD.decode(content.trim()).expect("base64"));
                while !fragments.is_empty() {
                    let number = |at: usize| u64::from_be_bytes(fragments[at..at + 8].try_into().expect("8 bytes"));
                    let place = (number(0), number(8));
                    let size = u32::from_be_bytes(fragments[17..21].try_into().expect("4 bytes"));
                    let fragment = fragments.split_to(21 + size as usize);
                    commands.entry(id.clone()).or_default().push((place, fragment));
                }
            }
        }
        // Connections have no order among each other; the objects of a pool are numbered.
        let mut commands: Vec<_> = commands.into_values().collect();
        for fragments in &mut commands {
            fragments.sort_by_key(|(place, _)| *place);
        }
        commands.sort_by_key(|fragments| fragments.first().map(|(place, _)| *place));
        let whole = |fragments: Vec<Placed>| {
            let mut reader = Reassembler::new(Limits::CLIENT);
            let mut messages = Vec::new();
            for (_, fragment) in fragments {
                reader.push(fragment);
                while let Some(message) = reader.next().expect("fragments in order") {
                    messages.push((message.kind, message.body));
                }
            }
            messages
        };
        commands.into_iter().map(whole).collect()
    }
}

/// Copies until the end, and notes what passes.
fn copy(mut from: TcpStream, mut to: TcpStream, heard: Option<&Mutex<Vec<u8>>>) {
    let mut piece = vec![0; 64 << 10];
    while let Ok(size @ 1..) = from.read(&mut piece) {
        if let Some(heard) = heard {
            heard.lock().expect("what was said").extend_from_slice(&piece[..size]);
        }
        if to.write_all(&piece[..size]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

#[test]
fn what_comes_over_ws_management_is_what_the_console_gets() {
    let endpoint = Endpoint::tenant();
    let Endpoint::Tenant(own, _) = &endpoint else {
        unreachable!("it is the tenant")
    };
    let relay = Relay::before(own.url());
    let admin = "kenmyer@litwareinc.com";
    let profile = endpoint.profile("kenmyer", "skype", admin, "");
    let home = Home::new(&profile.replace(own.url(), &relay.url));
    home.login("kenmyer", endpoint.password(admin));
    let mut door = enter(&home, &["--mode", "shared"]);
    let command = |name: &str, arguments: &[(&str, i32)]| {
        pipeline(arguments.iter().fold(Command::new(name), |command, (name, value)| {
            command.with(Argument::named(*name, *value))
        }))
    };
    let work = [
        tenant(),
        users(3000),
        command("Invoke-TenantStreams", &[]),
        command("Invoke-TenantFailure", &[("After", 2)]),
        command("Get-TenantBlob", &[("Bytes", 300_000), ("Count", 3)]),
        command("Get-NoSuchThing", &[]),
    ];
    let got: Vec<Vec<(MessageType, Bytes)>> = work
        .iter()
        .map(|work| {
            let id = door.start(work);
            let mut messages = Vec::new();
            while messages
                .last()
                .is_none_or(|(kind, _)| *kind != MessageType::PipelineState)
            {
                match door.came() {
                    Came::Message(of, message) if of == id => messages.push((message.kind, message.body)),
                    Came::Message(..) | Came::Packet(_) => {}
                    Came::End => panic!("the door closed in the middle of a pipeline"),
                }
            }
            door.close(id);
            messages
        })
        .collect();
    let counts: Vec<usize> = got.iter().map(Vec::len).collect();
    assert_eq!((counts.len(), counts[1], counts[4]), (6, 3001, 4), "{counts:?}");
    let sent = relay.by_pipeline();
    assert_eq!(sent.iter().map(Vec::len).collect::<Vec<_>>(), counts);
    assert_eq!(sent, got, "message by message, byte for byte");
}
