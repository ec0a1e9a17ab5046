//! Exchanges of pypsrp with real Windows servers (2008 R2 to 2019 and newer): each request that PowerShell remoting
//! needs equals in meaning the one that we build, each response is read, each fault is typed.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are tests")]

mod dom;
mod yaml;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use dom::Node;
use wsman::{
    Answer, Command, CommandId, CommandState, Connect, Create, Cure, Disconnect, Enumerate, FaultKind, Item, Limits,
    MessageId, Operation, Receive, Request, Response, Send, Session, SessionId, ShellId, ShellState, Signal,
    SignalCode, Stream, StreamName, Verb, names,
};
use yaml::{Exchange, recordings};

const WSMAN: &str = names::WSMAN;
const SHELL: &str = names::SHELL;

fn base64(text: &str) -> Bytes {
    STANDARD.decode(text).unwrap().into()
}

/// The operation that a recorded request stands for, told from its XML without our own reader.
///
/// `None`: it is not PowerShell's. pypsrp also drives command shells, whose Create and Command hold environments and
/// command lines instead of fragments.
fn operation(envelope: &Node) -> Option<Operation> {
    let body = envelope.child(names::SOAP, "Body").unwrap();
    let payload = body.children.first();
    let command = |node: &Node| node.attribute("CommandId").map(CommandId::new);
    let option = |name: &str| {
        let options = envelope
            .child(names::SOAP, "Header")
            .unwrap()
            .child(WSMAN, "OptionSet")?;
        options
            .children
            .iter()
            .find(|o| o.attribute("Name") == Some(name))
            .map(|o| o.text.clone())
    };
    let verb = envelope.header("Action").rsplit('/').next().unwrap().to_owned();
    Some(match verb.as_str() {
        "Create" => {
            let shell = payload.unwrap();
            let creation = shell.child(names::POWERSHELL, "creationXml")?;
            let id = ShellId::new(shell.attribute("ShellId").unwrap());
            let timeout = shell
                .child(SHELL, "IdleTimeOut")
                .map(|t| wsman::duration::parse(&t.text).unwrap());
            Operation::Create(Create {
                idle_timeout: timeout,
                protocol: option("protocolversion"),
                no_profile: option("WINRS_NOPROFILE").is_some(),
                ..Create::new(id, base64(&creation.text))
            })
        }
        "Command" => {
            let line = payload.unwrap();
            let id = command(line)?;
            Operation::Command(Command::new(id, base64(&line.child(SHELL, "Arguments").unwrap().text)))
        }
        "Send" => {
            let streams = payload.unwrap().children.iter().map(|stream| Stream {
                name: match stream.attribute("Name").unwrap() {
                    "stdin" => StreamName::Stdin,
                    "pr" => StreamName::PromptResponse,
                    other => panic!("input goes to {other}"),
                },
                command: command(stream),
                end: stream.attribute("End") == Some("True"),
                data: base64(&stream.text),
            });
            Operation::Send(Send {
                streams: streams.collect(),
            })
        }
        "Receive" => {
            let desired = &payload.unwrap().children[0];
            Operation::Receive(Receive {
                streams: desired.text.clone(),
                ..Receive::new(command(desired))
            })
        }
        "Signal" => {
            let signal = payload.unwrap();
            let code = match signal.children[0].text.as_str() {
                names::SIGNAL_TERMINATE => SignalCode::Terminate,
                // pypsrp's oddity: it stops pipelines with a code that PowerShell does not know.
                "powershell/signal/ctrl_c" => SignalCode::Stop,
                other => SignalCode::Other(other.into()),
            };
            Operation::Signal(Signal {
                command: command(signal),
                code,
            })
        }
        "Delete" => Operation::Delete,
        "Disconnect" => Operation::Disconnect(Disconnect::default()),
        "Reconnect" => Operation::Reconnect(payload.and_then(command)),
        "Connect" => Operation::Connect(Connect {
            command: command(payload.unwrap()),
            protocol: option("protocolversion"),
            connect: payload
                .unwrap()
                .child(names::POWERSHELL, "connectXml")
                .map(|c| base64(&c.text)),
        }),
        "Get" if envelope.header("ResourceURI") == names::CONFIG => Operation::Config,
        "Get" => Operation::Get,
        "Enumerate" => Operation::Enumerate(match payload.unwrap().child(WSMAN, "Filter") {
            Some(filter) => Enumerate::commands(ShellId::new(filter.children[0].children[0].text.as_str())),
            None => Enumerate::shells(),
        }),
        other => panic!("{other} is recorded"),
    })
}

/// The session that a recorded request belongs to.
fn session(envelope: &Node) -> Session {
    let session_id = SessionId::new(envelope.header("SessionId"));
    let shell_id = ShellId::new(envelope.shell_id().unwrap_or_default());
    let mut session = Session::new(
        envelope.header("To"),
        envelope.header("ResourceURI"),
        session_id,
        shell_id,
    );
    session.max_envelope_size = envelope.header("MaxEnvelopeSize").parse().unwrap();
    session
}

/// Takes off what differs without a difference in meaning, and pypsrp's own oddities.
fn meaning(mut envelope: Node) -> Node {
    envelope.walk(&mut |node| {
        node.children.retain(|child| {
            // pypsrp's oddity: an option of command shells on pipelines.
            child.attribute("Name") != Some("WINRS_SKIP_CMD_SHELL")
        });
        // pypsrp's oddity: it says TRUE where PowerShell says 1.
        if node.attribute("Name") == Some("WINRS_NOPROFILE") {
            node.text = "1".to_owned();
        }
        // pypsrp's oddity: see `operation`.
        if node.text == "powershell/signal/ctrl_c" {
            node.text = names::SIGNAL_STOP.to_owned();
        }
        if node.local.to_ascii_lowercase().ends_with("timeout") {
            node.text = format!("{:?}", wsman::duration::parse(&node.text));
        }
        // Not to be the last is the default.
        if node.attribute("End") == Some("False") {
            node.attributes.remove("End");
        }
        if let Some(end) = node.attributes.get_mut("End") {
            end.make_ascii_lowercase();
        }
    });
    let header = envelope.children.iter_mut().find(|c| c.local == "Header").unwrap();
    // pypsrp numbers no operations.
    header
        .children
        .retain(|c| !matches!(c.local.as_str(), "OperationID" | "SequenceId"));
    // An option set of which nothing is left.
    header
        .children
        .retain(|c| c.local != "OptionSet" || !c.children.is_empty());
    // The order of headers means nothing.
    header
        .children
        .sort_by(|a, b| (&a.namespace, &a.local).cmp(&(&b.namespace, &b.local)));
    header.children.iter_mut().for_each(|c| {
        if c.local == "OptionSet" {
            c.children.sort_by(|a, b| a.attributes.cmp(&b.attributes));
        }
    });
    envelope
}

#[test]
fn every_request_of_powershell_equals_ours_in_meaning() {
    let Some(recordings) = recordings() else { return };
    let (mut ours, mut foreign) = (0, 0);
    for (file, exchange) in &recordings {
        let recorded = dom::parse(&exchange.request);
        let Some(operation) = operation(&recorded) else {
            foreign += 1;
            continue;
        };
        let Some(timeout) = wsman::duration::parse(recorded.header("OperationTimeout")) else {
            // One request asks for PT-1S, to see the fault.
            assert_eq!(recorded.header("OperationTimeout"), "PT-1S");
            continue;
        };
        let session = session(&recorded);
        let built = session.request(MessageId::new(recorded.header("MessageID")), timeout, operation);
        let bytes = built.to_bytes();
        let written = dom::parse(std::str::from_utf8(&bytes).unwrap());
        assert_eq!(meaning(written), meaning(recorded), "{file}");

        let mut read = Request::read(exchange.request.as_bytes(), &Limits::default()).unwrap();
        read.options.retain(|o| &*o.name != "WINRS_SKIP_CMD_SHELL");
        let mut built = Request::read(&bytes, &Limits::default()).map(|again| {
            assert_eq!(again, built, "{file}: what we write we read");
            built
        });
        let built = built.as_mut().unwrap();
        (built.operation_id, built.sequence_id) = (None, None);
        for request in [&mut read, built] {
            match &mut request.operation {
                Operation::Command(command) => command.text.clear(),
                Operation::Signal(signal) if signal.code == SignalCode::Other("powershell/signal/ctrl_c".into()) => {
                    signal.code = SignalCode::Stop;
                }
                _ => {}
            }
        }
        assert_eq!(&read, built, "{file}: what pypsrp writes we read");
        ours += 1;
    }
    assert!(
        ours > 330 && foreign < 40,
        "{ours} compared, {foreign} of command shells"
    );
}

#[test]
fn every_response_is_read_and_every_fault_is_typed() {
    let Some(recordings) = recordings() else { return };
    let (mut read, mut faults) = (0, 0);
    for (file, exchange) in &recordings {
        let Some(text) = &exchange.response else { continue };
        let request = dom::parse(&exchange.request);
        let verb = request.header("Action").rsplit('/').next().unwrap().to_owned();
        let verb = verb_of(&verb);
        let id = MessageId::new(request.header("MessageID"));
        let failed = exchange.fault().is_some();
        let status = if failed { 500 } else { 200 };
        let response = Response::read_http(status, None, text.as_bytes(), &id, verb, &Limits::default());
        let response = response.unwrap_or_else(|e| panic!("{file}: {e}\n{text}"));
        read += 1;
        assert_eq!(failed, response.status() == 500, "{file}");
        let other = MessageId::from(uuid::Uuid::nil());
        assert!(
            response.answers(&other, verb).is_err(),
            "{file}: an answer to {other} was taken for one to {id}"
        );
        check(file, &dom::parse(text), &response.answer);
        if let Answer::Fault(fault) = &response.answer {
            faults += 1;
            assert!(
                fault.code.is_some() && fault.kind != FaultKind::Unknown,
                "{file}: {fault:?}"
            );
            assert!(
                !fault.message.is_empty() && fault.machine.is_some(),
                "{file}: {fault:?}"
            );
        }
        let again = Response::read(&response.to_bytes(), &Limits::default()).unwrap();
        assert_eq!(again, response, "{file}: what we write is what was read");
    }
    assert!(read > 370 && faults >= 9, "{read} read, {faults} faults");
}

fn verb_of(name: &str) -> Verb {
    use Verb::*;
    let all = [
        Create, Command, Send, Receive, Signal, Delete, Disconnect, Reconnect, Connect, Get, Enumerate, Pull,
    ];
    all.into_iter().find(|v| v.name() == name).unwrap()
}

/// Compares an answer with the XML that it was read from, by a reader that shares no code with ours.
fn check(file: &str, envelope: &Node, answer: &Answer) {
    let body = envelope.child(names::SOAP, "Body").unwrap();
    let all = |local: &str| {
        body.descendants()
            .into_iter()
            .filter(|n| n.local == local)
            .cloned()
            .collect::<Vec<_>>()
    };
    let first = |local: &str| all(local).first().map(|n| n.text.clone());
    match answer {
        Answer::Received(received) => {
            let streams = all("Stream");
            assert_eq!(received.streams.len(), streams.len(), "{file}");
            for (stream, node) in received.streams.iter().zip(&streams) {
                assert_eq!(stream.data, base64(&node.text), "{file}");
                assert_eq!(stream.name.as_str(), node.attribute("Name").unwrap());
                assert_eq!(
                    stream.command.as_ref().map(CommandId::as_str),
                    node.attribute("CommandId")
                );
            }
            let state = all("CommandState")
                .first()
                .map(|n| n.attribute("State").unwrap().to_owned());
            let ours = received
                .status
                .as_ref()
                .map(|s| format!("{}{}", names::COMMAND_STATE, s.state.as_str()));
            assert_eq!(ours, state, "{file}");
            assert!(!matches!(
                received.status.as_ref().map(|s| &s.state),
                Some(CommandState::Other(_))
            ));
            let exit = received
                .status
                .as_ref()
                .and_then(|s| s.exit_code)
                .map(|c| c.to_string());
            assert_eq!(exit, first("ExitCode"), "{file}");
        }
        Answer::Created(created) => {
            assert_eq!(Some(created.shell_id.as_str()), first("Selector").as_deref(), "{file}");
            assert_eq!(
                Some(created.resource_uri.as_str()),
                first("ResourceURI").as_deref(),
                "{file}"
            );
            assert_eq!(created.shell.is_some(), !all("Shell").is_empty(), "{file}");
            let idle = created.shell.as_ref().and_then(|s| s.idle_timeout);
            assert_eq!(idle, first("IdleTimeOut").map(|t| wsman::duration::parse(&t).unwrap()));
            let most = created.shell.as_ref().and_then(|s| s.max_idle_timeout);
            assert_eq!(
                most,
                first("MaxIdleTimeOut").map(|t| wsman::duration::parse(&t).unwrap())
            );
        }
        Answer::Started(id) => assert_eq!(Some(id.as_str()), first("CommandId").as_deref(), "{file}"),
        Answer::Connected(fragments) => assert_eq!(*fragments, base64(&first("connectResponseXml").unwrap())),
        Answer::Described(shell) => {
            assert_eq!(Some(shell.shell_id.as_str()), first("ShellId").as_deref());
            assert_eq!(
                shell.state.as_ref().map(ShellState::as_str),
                first("State").as_deref(),
                "{file}"
            );
        }
        Answer::Configured(config) => {
            assert_eq!(
                (config.max_envelope_size / 1024).to_string(),
                first("MaxEnvelopeSizekb").unwrap()
            );
        }
        Answer::Listed(page) => {
            assert_eq!(page.items.len(), all("Shell").len() + all("Command").len(), "{file}");
            assert!(page.items.iter().all(|item| match item {
                Item::Shell(shell) => shell.owner.is_some(),
                Item::Command(_) => true,
            }));
            assert_eq!(page.context, None, "{file}: every recorded listing is whole");
        }
        Answer::Fault(fault) => {
            let innermost = all("WSManFault")
                .last()
                .map(|n| n.attribute("Code").unwrap().to_owned());
            assert_eq!(fault.code.map(|c| c.to_string()), innermost, "{file}");
            let text = all("ProviderFault")
                .last()
                .or(all("Message").last())
                .map(|n| n.text.clone());
            let text = text
                .filter(|t| !t.is_empty())
                .or_else(|| all("Message").last().map(|n| n.text.clone()));
            assert_eq!(Some(fault.message.as_str()), text.as_deref(), "{file}");
        }
        Answer::Sent | Answer::Signalled => assert_eq!(body.children.len(), 1, "{file}"),
        Answer::Deleted | Answer::Disconnected | Answer::Reconnected => assert!(body.children.is_empty(), "{file}"),
        Answer::Identified(_) => panic!("{file}: nobody asked"),
    }
}

#[test]
fn the_cure_of_every_recorded_fault_is_the_right_one() {
    let Some(recordings) = recordings() else { return };
    let mut cures = Vec::new();
    for (_, exchange) in &recordings {
        let Some(text) = exchange.fault() else {
            continue;
        };
        let Answer::Fault(fault) = Response::read(text.as_bytes(), &Limits::default()).unwrap().answer else {
            panic!()
        };
        let request = dom::parse(&exchange.request);
        let verb = verb_of(request.header("Action").rsplit('/').next().unwrap());
        let of_command = operation(&request).is_some_and(|o| o.command().is_some());
        cures.push((verb, fault.code.unwrap(), fault.cure(verb, of_command)));
    }
    cures.sort_by_key(|(verb, code, _)| (verb.name(), *code));
    assert_eq!(
        cures,
        [
            (Verb::Command, 2_147_942_402, Cure::GiveUp),
            (Verb::Get, 2_150_858_767, Cure::GiveUp),
            (Verb::Get, 2_150_858_843, Cure::Reopen),
            (Verb::Receive, 87, Cure::GiveUp),
            (Verb::Receive, 2_150_858_793, Cure::Repost),
            (Verb::Receive, 2_150_858_793, Cure::Repost),
            (Verb::Receive, 2_150_858_793, Cure::Repost),
            (Verb::Receive, 2_150_858_793, Cure::Repost),
            (Verb::Receive, 2_150_858_843, Cure::Finished),
            (Verb::Receive, 2_150_858_843, Cure::Finished),
        ]
    );
}

#[test]
fn an_envelope_that_is_cut_anywhere_is_never_taken_for_a_whole_one() {
    let Some(recordings) = recordings() else { return };
    let short: Vec<&Exchange> = recordings
        .iter()
        .map(|(_, e)| e)
        .filter(|e| e.request.len() < 3000)
        .collect();
    for exchange in short.iter().step_by(29) {
        for text in [Some(&exchange.request), exchange.response.as_ref()]
            .into_iter()
            .flatten()
        {
            for cut in 0..text.trim_end().len() {
                let piece = &text.as_bytes()[..cut];
                assert!(Response::read(piece, &Limits::default()).is_err(), "{cut} of {text}");
                assert!(Request::read(piece, &Limits::default()).is_err(), "{cut} of {text}");
            }
        }
    }
}

#[test]
fn the_budget_is_what_pypsrps_envelopes_left_room_for() {
    let Some(recordings) = recordings() else { return };
    for (file, exchange) in &recordings {
        let recorded = dom::parse(&exchange.request);
        let Some(operation @ (Operation::Create(_) | Operation::Command(_) | Operation::Send(_))) =
            operation(&recorded)
        else {
            continue;
        };
        let request =
            session(&recorded).request(MessageId::from(uuid::Uuid::nil()), Duration::from_secs(20), operation);
        let budget = request.payload_budget();
        let limit = request.max_envelope_size.unwrap() as usize;
        let fill = |len: usize| {
            let mut request = request.clone();
            let payload = Bytes::from(vec![0u8; len]);
            match &mut request.operation {
                Operation::Create(create) => create.creation = payload,
                Operation::Command(command) => command.arguments = payload,
                Operation::Send(send) => send.streams[0].data = payload,
                _ => unreachable!(),
            }
            request.to_bytes().len()
        };
        assert!(fill(budget) <= limit, "{file}: {} of {limit}", fill(budget));
        assert!(fill(budget + 6) > limit, "{file}: six more still fit into {limit}");
    }
}
