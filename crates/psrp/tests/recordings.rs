//! Every message that real clients and servers were recorded with: it decodes, comes together, re-encodes, and what it holds
//! survives being typed.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use clixml::{Budget, Content, Object, Property, Value};
use psrp::body::{self, Body};
use psrp::fragment::{Fragment, FragmentReader};
use psrp::{Assembly, Destination, Fragmenter, Limits, Message, MessageType, PieceReader, Reassembler};
use psrp::{client, server};

/// Bytes that one end sent on one stream.
struct Packet {
    from_client: bool,
    stream: String,
    bytes: Bytes,
}

fn vectors() -> Option<PathBuf> {
    reference::folder("vectors")
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries
        .filter(|path| path.extension().is_some_and(|own| own == extension))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

/// What stands between `before` and `after`.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let rest = &text[text.find(before)? + before.len()..];
    Some(&rest[..rest.find(after)?])
}

fn pipe_session(path: &Path) -> Vec<Packet> {
    let mut packets = Vec::new();
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let element = line["line"].as_str().unwrap();
        if !element.starts_with("<Data ") {
            continue;
        }
        packets.push(Packet {
            from_client: line["from"] == "client",
            stream: between(element, "PSGuid='", "'").unwrap().to_lowercase(),
            bytes: STANDARD.decode(between(element, ">", "<").unwrap()).unwrap().into(),
        });
    }
    packets
}

/// One exchange is two lines: the request and the response. Those of plain command shells carry no PSRP.
fn soap_session(path: &Path) -> Vec<Packet> {
    const ELEMENTS: [&str; 5] = ["creationXml", "connectXml", "connectResponseXml", "Arguments", "Stream"];
    let text = std::fs::read_to_string(path).unwrap();
    // Long ones go on in further lines.
    let mut envelopes: Vec<String> = Vec::new();
    for line in text.lines() {
        match envelopes.last_mut() {
            Some(envelope) if !line.starts_with("- request:") && !line.starts_with("  response:") => {
                envelope.push(' ');
                envelope.push_str(line.trim());
            }
            _ => envelopes.push(line.to_owned()),
        }
    }
    let mut packets = Vec::new();
    let mut is_psrp = false;
    for line in &envelopes {
        let from_client = line.starts_with("- request:");
        if from_client {
            is_psrp = line.contains("/powershell/") && !line.contains("shell/cmd");
        }
        if !is_psrp {
            continue;
        }
        let mut command = String::new();
        for tag in line.split('<').skip(1) {
            let Some((tag, content)) = tag.split_once('>') else {
                continue;
            };
            if let Some(id) = between(tag, "CommandId=\"", "\"") {
                command = id.to_lowercase();
            }
            let name = tag.split([' ', '/']).next().unwrap();
            let name = name.split(':').next_back().unwrap();
            if !ELEMENTS.contains(&name) || tag.starts_with('/') || content.trim().is_empty() {
                continue;
            }
            let own = between(tag, "CommandId=\"", "\"").map(str::to_lowercase);
            let stream = match name {
                "Arguments" => command.clone(),
                // A client that attaches, or lets another do so, begins a stream of its own.
                "connectXml" | "connectResponseXml" => format!("{name} {}", packets.len()),
                _ => own.unwrap_or_default(),
            };
            packets.push(Packet {
                from_client,
                stream,
                bytes: STANDARD.decode(content.trim()).unwrap().into(),
            });
        }
    }
    packets
}

fn sessions(vectors: &Path) -> Vec<(PathBuf, Vec<Packet>)> {
    let pipes = files(&vectors.join("pwsh/sessions"), "jsonl").into_iter().map(|path| {
        let packets = pipe_session(&path);
        (path, packets)
    });
    let soap = files(&vectors.join("pypsrp"), "yml").into_iter().map(|path| {
        let packets = soap_session(&path);
        (path, packets)
    });
    pipes.chain(soap).collect()
}

/// All messages of a session, in order; on the way the fragments are checked.
fn messages(path: &Path, packets: Vec<Packet>) -> Vec<Message> {
    let mut streams: BTreeMap<(bool, String), (Reassembler, PieceReader, Assembly)> = BTreeMap::new();
    let mut messages = Vec::new();
    for Packet {
        from_client,
        stream,
        bytes,
    } in packets
    {
        let fresh = || {
            (
                Reassembler::new(Limits::CLIENT),
                PieceReader::new(Limits::CLIENT),
                Assembly::new(200 << 20),
            )
        };
        let (whole, pieces, assembly) = streams.entry((from_client, stream)).or_insert_with(fresh);
        let mut reader = FragmentReader::new(Limits::CLIENT);
        reader.push(bytes.clone());
        let mut encoded = Vec::new();
        while let Some(fragment) = reader.next().unwrap() {
            encoded.extend_from_slice(&fragment.encode());
        }
        assert_eq!(encoded, bytes, "{}: fragments re-encode", path.display());

        whole.push(bytes.clone());
        pieces.push(bytes);
        let mut here = Vec::new();
        while let Some(message) = whole
            .next()
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        {
            here.push(message);
        }
        let mut from_pieces = Vec::new();
        while let Some(piece) = pieces.next().unwrap() {
            from_pieces.extend(assembly.push(piece).unwrap());
        }
        assert_eq!(here, from_pieces, "{}: both flavours agree", path.display());
        for message in &here {
            let destination = if from_client {
                Destination::Server
            } else {
                Destination::Client
            };
            assert_eq!(message.destination, destination);
            assert_eq!(Message::decode(message.encode()).unwrap(), *message);
        }
        messages.extend(here);
    }
    messages
}

/// A value reduced to what it means to PowerShell: no order among members, no difference between null and absent, an enum is its
/// number, the type of a list is nothing but its items.
fn meaning(value: &Value) -> Value {
    let Value::Object(object) = value else {
        return value.clone();
    };
    if value.is_a("System.Enum") {
        return value.base().clone();
    }
    let properties = |properties: &Option<Vec<Property>>| {
        let mut own: Vec<Property> = properties
            .iter()
            .flatten()
            .filter(|property| !property.value.is_null())
            .cloned()
            .collect();
        own.iter_mut()
            .for_each(|property| property.value = meaning(&property.value));
        own.sort_by_key(|property| property.name.to_string());
        (!own.is_empty()).then_some(own)
    };
    let content = match &object.content {
        Content::Empty => Content::Empty,
        Content::Value(value) => Content::Value(meaning(value)),
        Content::List(kind, items) => Content::List(*kind, items.iter().map(meaning).collect()),
        Content::Dictionary(entries) => {
            let mut entries: Vec<(Value, Value)> = entries
                .iter()
                .map(|(key, value)| (meaning(key), meaning(value)))
                .collect();
            entries.sort_by_key(|(key, _)| format!("{key:?}"));
            Content::Dictionary(entries)
        }
    };
    let is_list = matches!(content, Content::List(..));
    Value::from(Object {
        id: None,
        type_names: object.type_names.clone().filter(|_| !is_list),
        to_string: object.to_string.clone(),
        content,
        adapted: properties(&object.adapted),
        extended: properties(&object.extended),
        opaque: object.opaque.clone(),
    })
}

fn typed<B: Body + PartialEq + std::fmt::Debug>(path: &Path, message: &Message, value: &Value) {
    let place = format!("{}: {}", path.display(), message.kind);
    let body = B::from_value(value).unwrap_or_else(|error| panic!("{place}: {error}"));
    assert_eq!(meaning(&body.to_value()), meaning(value), "{place}");
    assert_eq!(B::read(&body.write()).unwrap(), body, "{place}: written and read");
    assert_eq!(B::read(&message.body).unwrap(), body, "{place}: read from bytes");
}

fn check(path: &Path, message: &Message) {
    if message.kind == MessageType::EndOfPipelineInput {
        return assert!(message.body.is_empty());
    }
    if message.body.is_empty() {
        assert_eq!(message.kind, MessageType::PipelineOutput, "null has no body");
        return assert_eq!(body::read_object(&message.body).unwrap(), Value::Null);
    }
    let budget = Budget::default();
    let value = clixml::read_value(message.xml(), &budget)
        .unwrap_or_else(|error| panic!("{}: {}: {error}", path.display(), message.kind));
    use MessageType as M;
    match message.kind {
        M::SessionCapability => typed::<body::SessionCapability>(path, message, &value),
        M::InitRunspacePool => typed::<body::InitRunspacePool>(path, message, &value),
        M::ConnectRunspacePool => typed::<body::ConnectRunspacePool>(path, message, &value),
        M::RunspacePoolInitData => typed::<body::RunspacePoolInitData>(path, message, &value),
        M::PublicKey => typed::<body::PublicKey>(path, message, &value),
        M::EncryptedSessionKey => typed::<body::EncryptedSessionKey>(path, message, &value),
        M::RunspaceAvailability => typed::<body::RunspaceAvailability>(path, message, &value),
        M::RunspacePoolState => typed::<body::RunspacePoolState>(path, message, &value),
        M::UserEvent => typed::<body::UserEvent>(path, message, &value),
        M::ApplicationPrivateData => typed::<body::ApplicationPrivateData>(path, message, &value),
        M::GetCommandMetadata => typed::<body::GetCommandMetadata>(path, message, &value),
        M::ResetRunspaceState => typed::<body::ResetRunspaceState>(path, message, &value),
        M::ErrorRecord => typed::<body::ErrorRecord>(path, message, &value),
        M::PipelineState => typed::<body::PipelineState>(path, message, &value),
        M::DebugRecord | M::VerboseRecord | M::WarningRecord => {
            typed::<body::InformationalRecord>(path, message, &value);
            assert_eq!(
                body::InformationalRecord::from_value(&value).unwrap().level.kind(),
                message.kind
            );
        }
        M::ProgressRecord => typed::<body::ProgressRecord>(path, message, &value),
        M::InformationRecord => typed::<body::InformationRecord>(path, message, &value),
        M::PipelineHostResponse => typed::<body::HostResponse>(path, message, &value),
        M::CreatePipeline => {
            typed::<body::CreatePipeline>(path, message, &value);
            let nested = body::CreatePipeline::from_value(&value).unwrap().is_nested;
            assert_eq!(body::is_nested(&message.body), nested, "{}", path.display());
        }
        M::PipelineHostCall => {
            typed::<body::HostCall>(path, message, &value);
            let call = body::HostCall::from_value(&value).unwrap();
            let request = call.request();
            assert!(
                !matches!(request, body::HostRequest::Other(_)),
                "{}: {call:?}",
                path.display()
            );
            assert_eq!(call.wants_answer(), !call.method.is_void());
        }
        M::PipelineOutput if value.property("CommandType").is_some() && value.property("Parameters").is_some() => {
            let metadata = body::CommandMetadata::from_value(&value).unwrap();
            assert!(!metadata.parameters.is_empty());
            assert_eq!(body::CommandMetadata::read(&metadata.write()).unwrap(), metadata);
        }
        M::PipelineOutput | M::PipelineInput => {}
        kind => panic!("{}: {kind} was not met before", path.display()),
    }
}

#[test]
fn every_recorded_message_decodes_and_keeps_its_meaning() {
    let Some(vectors) = vectors() else { return };
    let mut met: BTreeMap<String, usize> = BTreeMap::new();
    for (path, packets) in sessions(&vectors) {
        for message in messages(&path, packets) {
            check(&path, &message);
            *met.entry(message.kind.to_string()).or_default() += 1;
        }
    }
    println!("{met:#?}");
    let kinds: BTreeSet<&str> = met.keys().map(String::as_str).collect();
    let never_recorded: Vec<&str> = MessageType::ALL
        .iter()
        .map(|kind| kind.name())
        .filter(|name| !kinds.contains(name))
        .collect();
    assert_eq!(
        never_recorded,
        [
            "PUBLIC_KEY_REQUEST",
            "SET_MAX_RUNSPACES",
            "SET_MIN_RUNSPACES",
            "GET_AVAILABLE_RUNSPACES",
            "RUNSPACEPOOL_HOST_CALL",
            "RUNSPACEPOOL_HOST_RESPONSE"
        ]
    );
    assert!(met.values().sum::<usize>() > 2500);
}

#[test]
fn powershells_own_fragments_are_what_the_fragmenter_cuts() {
    let Some(vectors) = vectors() else { return };
    let mut compared = 0;
    for path in files(&vectors.join("pwsh/sessions"), "jsonl") {
        let mut streams: BTreeMap<(bool, String), Vec<u8>> = BTreeMap::new();
        for packet in pipe_session(&path) {
            let stream = streams.entry((packet.from_client, packet.stream)).or_default();
            stream.extend_from_slice(&packet.bytes);
        }
        for bytes in streams.into_values() {
            let bytes = Bytes::from(bytes);
            let mut reader = FragmentReader::new(Limits::CLIENT);
            let mut reassembler = Reassembler::new(Limits::CLIENT);
            reader.push(bytes.clone());
            reassembler.push(bytes);
            let mut recorded = Vec::new();
            while let Some(fragment) = reader.next().unwrap() {
                recorded.push(fragment.clone());
                if !fragment.last {
                    continue;
                }
                let message = reassembler.next().unwrap().unwrap();
                let size = recorded[0].blob.len();
                let cut = Fragmenter::starting_at(fragment.object).split(&message, size);
                let recorded: Vec<Bytes> = std::mem::take(&mut recorded).iter().map(Fragment::encode).collect();
                assert_eq!(cut, recorded, "{}", path.display());
                compared += 1;
            }
        }
    }
    assert!(compared > 2000, "{compared}");
}

/// Both roles hear what the recorded ends said, and find nothing odd in it.
#[test]
fn the_roles_understand_recorded_sessions() {
    let Some(vectors) = vectors() else { return };
    let mut pipelines = 0;
    for path in files(&vectors.join("pwsh/sessions"), "jsonl") {
        let capability = body::SessionCapability::new(body::V2_4);
        let mut server = server::Pool::new(server::Config {
            capability: capability.clone(),
            ..Default::default()
        });
        let mut client = None;
        let mut started: BTreeMap<uuid::Uuid, Option<body::InvocationState>> = BTreeMap::new();
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let element = line["line"].as_str().unwrap();
            let id: uuid::Uuid = between(element, "PSGuid='", "'").unwrap().parse().unwrap();
            let target = (!id.is_nil()).then_some(id);
            let of_client = line["from"] == "client";
            if element.starts_with("<Command ") {
                server.announce(id).unwrap();
            }
            // A console uses an id again as soon as its Close was confirmed.
            if let (Some(id), true) = (target, element.starts_with("<CloseAck ")) {
                server.close_pipeline(id);
                client
                    .as_mut()
                    .map(|client: &mut client::Pool| client.forget(id))
                    .unwrap();
            }
            if !element.starts_with("<Data ") {
                continue;
            }
            let bytes = Bytes::from(STANDARD.decode(between(element, ">", "<").unwrap()).unwrap());
            if of_client {
                server.receive(target, bytes).unwrap();
            } else {
                let client: &mut client::Pool = client.as_mut().unwrap();
                client.receive(target, bytes).unwrap();
                while let Some(event) = client.poll_event() {
                    match event {
                        client::Event::Ignored { .. } => panic!("{}: {event:?}", path.display()),
                        client::Event::PipelineState { pipeline, state, .. } => {
                            started.insert(pipeline, Some(state));
                        }
                        _ => {}
                    }
                }
            }
            while let Some(request) = server.poll_request() {
                match request {
                    server::Request::Opening { capability, init } => {
                        let config = client::Config {
                            capability,
                            ..client::Config::new(server.id().unwrap())
                        };
                        let client = client.insert(client::Pool::new(config));
                        let _ = client.open(&init).unwrap();
                        let _ = server.opened();
                    }
                    server::Request::CreatePipeline { pipeline, body } => {
                        let client = client.as_mut().unwrap();
                        let _ = client.start(pipeline, MessageType::CreatePipeline, body).unwrap();
                        started.insert(pipeline, None);
                    }
                    server::Request::GetCommandMetadata { pipeline, body } => {
                        let client = client.as_mut().unwrap();
                        let _ = client.start(pipeline, MessageType::GetCommandMetadata, body).unwrap();
                        started.insert(pipeline, None);
                    }
                    server::Request::PublicKey { blob, .. } => {
                        let _ = client.as_mut().unwrap().public_key(&blob).unwrap();
                    }
                    server::Request::Input { pipeline, body } => {
                        let _ = client.as_mut().unwrap().input(pipeline, body).unwrap();
                    }
                    server::Request::EndOfInput { pipeline } => {
                        let _ = client.as_mut().unwrap().end_of_input(pipeline).unwrap();
                    }
                    server::Request::HostResponse { pipeline, body } => {
                        let _ = client.as_mut().unwrap().host_response(pipeline, body).unwrap();
                    }
                    server::Request::Capability(_) => {}
                    other => panic!("{}: {other:?}", path.display()),
                }
            }
        }
        assert_eq!(client.unwrap().state(), client::State::Closed, "{}", path.display());
        for (id, state) in started {
            assert!(
                state.is_some_and(body::InvocationState::is_final),
                "{}: {id} ended",
                path.display()
            );
            pipelines += 1;
        }
    }
    assert!(pipelines > 50, "{pipelines}");
}
