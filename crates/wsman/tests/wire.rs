//! What recordings do not show: other servers' ways of writing, hostile documents, every fault of the table, and that
//! whatever is written is read. Over 600 lines of documents, each beside what is asserted of it.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are tests")]

use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use uuid::Uuid;
use wsman::{
    Answer, BufferMode, Command, CommandId, CommandItem, CommandState, CommandStatus, Config, Connect, Create, Created,
    Cure, Disconnect, Enumerate, Error, Fault, FaultKind, Identity, Item, Limits, MessageId, Operation, OptionValue,
    Page, Pull, Receive, Received, Request, Response, Scope, Send, Session, SessionId, Shell, ShellId, ShellState,
    Signal, SignalCode, Stream, StreamName, Verb, names,
};

const ID: Uuid = Uuid::from_u128(0xa7e1_0000_0000_4000_8000_0000_0000_0001);

fn read(text: &str) -> Result<Answer, Error> {
    Response::read(text.as_bytes(), &Limits::default()).map(|r| r.answer)
}

fn envelope(action: &str, body: &str) -> String {
    format!(
        "<e:Envelope xmlns:e='{}' xmlns:q='{}'><e:Header><q:Action>{action}</q:Action><q:RelatesTo>uuid:{ID}\
         </q:RelatesTo></e:Header><e:Body>{body}</e:Body></e:Envelope>",
        names::SOAP,
        names::ADDRESSING
    )
}

fn fault_of(detail: &str) -> Fault {
    let reason = "<e:Code><e:Value>e:Receiver</e:Value><e:Subcode><e:Value>k:InternalError</e:Value></e:Subcode></e:Code>\
                  <e:Reason><e:Text xml:lang='de'>Es ging nicht.</e:Text></e:Reason>";
    let body = format!("<e:Fault>{reason}<e:Detail>{detail}</e:Detail></e:Fault>");
    match read(&envelope(names::FAULT_ACTION, &body)).unwrap() {
        Answer::Fault(fault) => *fault,
        other => panic!("{other:?}"),
    }
}

fn coded(code: u32, message: &str) -> Fault {
    fault_of(&format!(
        "<f:WSManFault xmlns:f='{}' Code='{code}'><f:Message>{message}</f:Message></f:WSManFault>",
        names::FAULT
    ))
}

#[test]
fn prefixes_are_the_servers_business() {
    let action = Verb::Receive.response_action();
    let body = format!(
        "\n <ReceiveResponse xmlns='{shell}'><x:Stream xmlns:x='{shell}' Name='stdout' CommandId='{ID}'> YWJj\r\n ZGVm </x:Stream>\
         <Stream xmlns='urn:other' Name='stdout'>!</Stream><Stream Name='stdout'/>\
         <CommandState State='{shell}/CommandState/Done'><ExitCode>4294967295</ExitCode></CommandState></ReceiveResponse>",
        shell = names::SHELL
    );
    let Answer::Received(received) = read(&envelope(&action, &body)).unwrap() else {
        panic!()
    };
    assert_eq!(
        received.streams,
        [
            Stream::new(StreamName::Stdout, Some(ID.into()), Bytes::from_static(b"abcdef")),
            Stream::new(StreamName::Stdout, None, Bytes::new()),
        ]
    );
    let status = CommandStatus {
        command: None,
        state: CommandState::Done,
        exit_code: Some(-1),
    };
    assert_eq!(received.status, Some(status));
}

#[test]
fn a_2_1_server_reports_only_a_reference() {
    let body = format!(
        "<t:ResourceCreated xmlns:t='{}'><q:Address>http://h/wsman</q:Address><q:ReferenceParameters xmlns:w='{}'>\
         <w:ResourceURI>http://schemas.microsoft.com/powershell/Other</w:ResourceURI><w:SelectorSet>\
         <w:Selector Name='ShellId'>{ID}</w:Selector></w:SelectorSet></q:ReferenceParameters></t:ResourceCreated>",
        names::TRANSFER,
        names::WSMAN
    );
    let Answer::Created(created) = read(&envelope(&Verb::Create.response_action(), &body)).unwrap() else {
        panic!()
    };
    assert_eq!(created.resource_uri, "http://schemas.microsoft.com/powershell/Other");
    assert_eq!((created.shell_id.uuid(), created.shell), (Some(ID), None));
    let empty = read(&envelope(&Verb::Create.response_action(), ""));
    assert_eq!(
        empty,
        Err(Error::Missing {
            what: "ShellId in its CreateResponse"
        })
    );
}

#[test]
fn what_is_no_envelope_is_told_apart() {
    for (text, want) in [
        ("", Error::Empty),
        (" \r\n", Error::Empty),
        (
            "<!DOCTYPE HTML><html><head><title>Object\n moved</title></head>",
            Error::Html {
                title: Some("Object moved".into()),
            },
        ),
        (
            "\u{feff}<?xml version='1.0'?>\n<!doctype html PUBLIC 'x'><html/>",
            Error::Html { title: None },
        ),
        ("  <HTML></HTML>", Error::Html { title: None }),
        ("<a/>", Error::NotSoap { root: "a".into() }),
        (
            "<Envelope/>",
            Error::NotSoap {
                root: "Envelope".into(),
            },
        ),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", Error::Dtd),
        ("<!DOCTYPE a><a/>", Error::Dtd),
    ] {
        assert_eq!(read(text), Err(want), "{text}");
    }
    assert_eq!(
        Response::read(b"\xff\xfe<\0\0\xd8a\0", &Limits::default()),
        Err(Error::Encoding),
        "half of a surrogate pair"
    );
    assert_eq!(Response::read(b"<a>\xff</a>", &Limits::default()), Err(Error::Encoding));
    assert!(matches!(
        Response::read(b"\0\xff<s:Envelope", &Limits::default()),
        Err(Error::Malformed { .. })
    ));
    assert!(matches!(
        read("Service Unavailable"),
        Err(Error::Malformed { offset: 0, .. })
    ));
    let two = envelope(names::FAULT_ACTION, "").replace("</e:Envelope>", "</e:Envelope><x/>");
    assert!(read(&two).is_err());
    let entity = envelope(&Verb::Delete.response_action(), "&unknown;");
    assert!(
        matches!(read(&entity), Err(Error::Malformed { .. })),
        "{:?}",
        read(&entity)
    );
}

/// `UseUTF16` makes a service answer so, with a byte order mark or without.
#[test]
fn an_answer_in_utf_16_is_read() {
    let told = "Le nombre maximal de shells \u{2014} \u{1f6d1}";
    let detail = format!(
        "<f:WSManFault xmlns:f='{}' Code='2150859173'><f:Message>{told}</f:Message></f:WSManFault>",
        names::FAULT
    );
    let reason = format!(
        "<e:Fault><e:Code><e:Value>e:Receiver</e:Value></e:Code><e:Reason><e:Text>x</e:Text></e:Reason>\
         <e:Detail>{detail}</e:Detail></e:Fault>"
    );
    let text = format!(
        "<?xml version='1.0' encoding='utf-16'?>{}",
        envelope(names::FAULT_ACTION, &reason)
    );
    let plain = Response::read(text.as_bytes(), &Limits::default()).unwrap();
    assert!(
        matches!(&plain.answer, Answer::Fault(fault) if fault.kind == FaultKind::ShellsPerUser && fault.message == told)
    );
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (mark, bytes) in [
        (&b"\xff\xfe"[..], &little),
        (b"", &little),
        (b"\xfe\xff", &big),
        (b"", &big),
    ] {
        let document = [mark, bytes].concat();
        assert_eq!(Response::read(&document, &Limits::default()).as_ref(), Ok(&plain));
        let cut = &document[..document.len() - 1];
        assert!(
            matches!(Response::read(cut, &Limits::default()), Err(Error::Truncated { .. })),
            "half a character"
        );
        let tight = Limits {
            bytes: document.len() - 1,
            ..Limits::default()
        };
        assert!(matches!(Response::read(&document, &tight), Err(Error::TooMuch { .. })));
    }
    let page: Vec<u8> = "<html><head><title>Moved</title></head></html>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert!(
        matches!(Response::read(&page, &Limits::default()), Err(Error::Html { title: Some(title) }) if title == "Moved")
    );
}

#[test]
fn hostile_documents_meet_limits() {
    let limits = Limits {
        bytes: 100_000,
        ..Limits::default()
    };
    let read = |text: &str| Response::read(text.as_bytes(), &limits).map(|r| r.answer);
    let action = Verb::Delete.response_action();
    let too_much = |what, limit| Err(Error::TooMuch { what, limit });
    assert_eq!(read(&" ".repeat(100_001)), too_much("bytes", 100_000));
    assert_eq!(read(&envelope(&action, &"<a>".repeat(1000))), too_much("levels", 64));
    assert_eq!(read(&"<a>".repeat(10_000)), Err(Error::NotSoap { root: "a".into() }));
    let many: String = (0..1000).map(|n| format!(" a{n}=''")).collect();
    let body = format!("<d:EnumerateResponse xmlns:d='{}'{many}/>", names::ENUMERATION);
    assert_eq!(
        read(&envelope(&action, &body)),
        too_much("attributes in one element", 64)
    );
    let declared: String = (0..60).map(|n| format!(" xmlns:a{n}=''")).collect();
    let nested = format!("<d:EnumerateResponse xmlns:d='{}'{declared}>", names::ENUMERATION);
    let items = format!("<d:Items{declared}>").repeat(1);
    let deeper = format!("<d:Shell{declared}>");
    assert_eq!(
        read(&envelope(&action, &format!("{nested}{items}{deeper}"))),
        too_much("namespaces", 128)
    );
    let limits = Limits::default();
    let body = format!(
        "<d:Receive xmlns:d='x'/><ReceiveResponse xmlns='{}'>{}",
        names::SHELL,
        "<Stream/>".repeat(70_000)
    );
    let answer = Response::read(envelope(&action, &body).as_bytes(), &limits).map(|r| r.answer);
    assert_eq!(answer, too_much("items", 65_536));
    // Nesting that nothing reads counts, too, and so does a fault's.
    let fault = format!("<e:Fault><e:Code>{}", "<e:Subcode>".repeat(100));
    assert_eq!(read(&envelope(&action, &fault)), too_much("levels", 64));
}

#[test]
fn answers_belong_to_their_requests() {
    let id = MessageId::from(ID);
    let other = MessageId::from(Uuid::from_u128(7));
    let response = Response::new(other.clone(), id.clone(), Answer::Sent);
    assert_eq!(response.answers(&id, Verb::Send), Ok(()));
    assert_eq!(
        response.answers(&other, Verb::Send),
        Err(Error::Unrelated {
            expected: other.clone(),
            got: Some(id.clone())
        })
    );
    assert_eq!(
        response.answers(&id, Verb::Signal),
        Err(Error::Verb {
            expected: Verb::Signal,
            got: Verb::Send
        })
    );
    let without = Response {
        relates_to: None,
        ..response
    };
    assert_eq!(
        without.answers(&id, Verb::Send),
        Err(Error::Unrelated {
            expected: id.clone(),
            got: None
        })
    );
    let fault = Response {
        answer: Answer::Fault(Box::new(Fault::timed_out())),
        ..without
    };
    assert_eq!(
        fault.answers(&id, Verb::Send),
        Ok(()),
        "a service may fail before it has read the id"
    );
}

#[test]
fn a_front_ends_status_is_a_fault() {
    let id = MessageId::from(ID);
    let http = |status, body: &[u8]| {
        Response::read_http(
            status,
            Some(Duration::from_secs(9)),
            body,
            &id,
            Verb::Create,
            &Limits::default(),
        )
    };
    let kind = |status, body: &[u8]| match http(status, body).unwrap().answer {
        Answer::Fault(fault) => (fault.kind, fault.cure(Verb::Create, false)),
        other => panic!("{other:?}"),
    };
    let wait = Cure::RetryAfter(Duration::from_secs(9));
    assert_eq!(kind(401, b""), (FaultKind::LogonFailure, Cure::LogOn));
    assert_eq!(kind(403, b"<html>"), (FaultKind::AccessDenied, Cure::GiveUp));
    assert_eq!(kind(404, b"not here"), (FaultKind::Unavailable, wait));
    assert_eq!(kind(413, b""), (FaultKind::EnvelopeTooLarge, Cure::Smaller));
    assert_eq!(
        kind(302, b"<html><title>Object moved</title>"),
        (FaultKind::Redirected, Cure::Redirect)
    );
    assert_eq!(kind(503, b"<html><title>Busy</title>"), (FaultKind::Unavailable, wait));
    assert_eq!(kind(500, b""), (FaultKind::Unavailable, wait));
    let refused =
        b"[AuthZRequestId=1][FailureCategory=AuthZ-AuthorizationException] Fail to create a runspace because you have \
        exceeded your budget to create runspace. Please wait for 2 seconds.";
    assert_eq!(
        kind(500, refused),
        (FaultKind::CreationRate, Cure::RetryAfter(Duration::from_secs(2)))
    );
    let cafe = b"[ClientAccessServer=A,RequestId=2] [FailureCategory=Cafe-SendFailure] ";
    assert_eq!(kind(500, cafe).0, FaultKind::Unavailable);
    assert_eq!(
        http(200, b"<html><title>Sign in</title>"),
        Err(Error::Html {
            title: Some("Sign in".into())
        })
    );
    assert_eq!(http(200, b""), Err(Error::Empty));
    let damaged = &envelope(names::FAULT_ACTION, "<e:Fault>")[..300];
    assert!(
        matches!(http(500, damaged.as_bytes()), Err(Error::Truncated { .. })),
        "nothing is known then"
    );
}

#[test]
fn every_number_of_the_table_has_its_kind_and_cure() {
    use FaultKind as K;
    let short = Cure::RetryAfter(Duration::from_secs(1));
    let long = Cure::RetryAfter(Duration::from_secs(5));
    for (code, kind, cure) in [
        (0x8033_8029, K::TimedOut, Cure::Look),
        (0x8033_805B, K::NotFound, Cure::Reopen),
        (0x8033_81A5, K::ShellsPerUser, Cure::Queue(Scope::Admin)),
        (0x8033_81E4, K::ShellsPerUser, Cure::Queue(Scope::Admin)),
        (0x8033_81E5, K::ShellsPerService, Cure::Queue(Scope::Service)),
        (0x8033_81E6, K::ShellsPerService, Cure::Queue(Scope::Service)),
        (0x8033_81AB, K::ShellsPerService, Cure::Queue(Scope::Service)),
        (0x8033_81A6, K::Operations, Cure::Fewer),
        (0x8033_81E7, K::Operations, Cure::Fewer),
        (0x8033_81E8, K::Operations, Cure::Fewer),
        (0x8033_81E9, K::CommandsPerShell, Cure::Recycle),
        (0x8033_81A7, K::RequestRate, short),
        (0x8033_81A8, K::RequestRate, short),
        (0x8033_803F, K::Quota, long),
        (0x8033_81EA, K::Quota, long),
        (2_150_858_824, K::EnvelopeTooLarge, Cure::Smaller),
        (2_150_858_825, K::EnvelopeTooLarge, Cure::Smaller),
        (2_150_858_790, K::EnvelopeTooLarge, Cure::Smaller),
        (2_150_859_025, K::EnvelopeTooLarge, Cure::Smaller),
        (5, K::AccessDenied, Cure::GiveUp),
        (0x8007_0005, K::AccessDenied, Cure::GiveUp),
        (1326, K::LogonFailure, Cure::LogOn),
        (1311, K::NoLogonServer, Cure::GiveUp),
        (1312, K::NoLogonSession, Cure::LogOn),
        (2_150_858_811, K::UnknownResource, Cure::GiveUp),
        (2_150_858_754, K::UnknownResource, Cure::GiveUp),
        (2_150_858_752, K::UnknownResource, Cure::GiveUp),
        (0x8033_81AC, K::RemoteDisallowed, Cure::GiveUp),
        (0x8033_81E3, K::RemoteDisallowed, Cure::GiveUp),
        (0x8033_8199, K::Redirected, Cure::Redirect),
        (2_150_859_178, K::RedirectInvalid, Cure::GiveUp),
        (2_150_859_189, K::RedirectInvalid, Cure::GiveUp),
        (0x8033_81B6, K::RedirectInvalid, Cure::GiveUp),
        (0x8033_81B7, K::RedirectInvalid, Cure::GiveUp),
        (2_150_859_024, K::RedirectInvalid, Cure::GiveUp),
        (2_150_858_770, K::Unavailable, short),
        (2_150_859_027, K::Unavailable, short),
        (2_150_859_026, K::Unavailable, short),
        (2_150_859_120, K::Unavailable, short),
        (995, K::Aborted, short),
        (1722, K::Unavailable, short),
        (2_150_859_216, K::ConnectInvalid, short),
        (2_150_859_206, K::SessionMismatch, short),
        (0x8033_8126, K::NetworkTimeout, Cure::Look),
        (2_150_859_118, K::NotInitialized, short),
        (0x8033_81CD, K::InUse, Cure::Connect),
        (2_150_859_230, K::Disconnected, Cure::Reconnect),
        (2_150_859_231, K::RunAsFailed, Cure::GiveUp),
        (0x8033_810F, K::SessionIdMissing, Cure::GiveUp),
        (0x8054_0FA0, K::ProtocolVersion, Cure::GiveUp),
        (2_152_991_685, K::ProtocolVersion, Cure::GiveUp),
        (4_000_000_000, K::Provider, Cure::GiveUp),
    ] {
        let fault = coded(code, "");
        assert_eq!((fault.kind, fault.cure(Verb::Create, false)), (kind, cure), "{code:#x}");
        assert_eq!(fault.message, "Es ging nicht.");
    }
    assert_eq!(coded(2_150_858_843, "").signed_code(), Some(-2_144_108_453));
}

#[test]
fn the_number_counts_before_the_text() {
    let denied =
        "The user is allowed a maximum number of 3 concurrent shells, which has been exceeded. Access is denied.";
    assert_eq!(coded(2_150_859_173, denied).kind, FaultKind::ShellsPerUser);
    assert_eq!(coded(2_150_859_173, denied).limit, Some(3));
    assert_eq!(coded(2_150_858_793, denied).kind, FaultKind::TimedOut);
    assert_eq!(coded(1326, denied).kind, FaultKind::LogonFailure);
    // The organization's quota has the user's number, and Exchange says everything with the number for invalid XML.
    let tenant = "The maximum number of concurrent shells for this tenant has been exceeded.";
    assert_eq!(
        coded(2_150_859_173, tenant).cure(Verb::Create, false),
        Cure::Queue(Scope::Organization)
    );
    let exchange = "[FailureCategory=AuthZ-AuthorizationException] Fail to create a runspace because you have exceeded the \
        maximum number of connections allowed : 3 for the policy party : MaxConcurrency. Please close existing runspace and \
        try again.\nPolicy: CN=x; \nSnapshot: Owner:\tSid\nActiveRunspaces:\t3/3\nRunSpacesRemaining:\t5/5";
    let fault = coded(2_150_858_819, exchange);
    assert_eq!((fault.kind, fault.limit), (FaultKind::ShellsPerUser, Some(3)));
    let budget = fault.exchange.unwrap().budget.unwrap();
    assert_eq!(budget.active_runspaces.map(|c| (c.now, c.limit)), Some((3, Some(3))));
    assert_eq!(budget.runspaces_left.map(|c| (c.now, c.limit)), Some((5, Some(5))));
    let lost = "[ClientAccessServer=A] [FailureCategory=WSMan-InvalidShellID] The request failed.";
    assert_eq!(coded(2_150_858_819, lost).cure(Verb::Receive, true), Cure::Reopen);
    let rate = "The next request from this user will not be approved for at least 1500 milliseconds.";
    assert_eq!(
        coded(2_150_859_175, rate).cure(Verb::Receive, true),
        Cure::RetryAfter(Duration::from_millis(1500))
    );
}

#[test]
fn cures_depend_on_what_was_asked() {
    let gone = Fault::shell_not_found(&ShellId::from(ID));
    assert_eq!(
        gone.cure(Verb::Receive, true),
        Cure::Reopen,
        "the shell is gone, not just the command"
    );
    assert_eq!(Fault::command_not_found().cure(Verb::Receive, true), Cure::Finished);
    assert_eq!(Fault::timed_out().cure(Verb::Receive, true), Cure::Repost);
    assert_eq!(
        Fault::timed_out().cure(Verb::Command, true),
        Cure::Look,
        "it may have started"
    );
    assert_eq!(Fault::access_denied().cure(Verb::Create, false), Cure::GiveUp);
    assert_eq!(
        Fault::access_denied().cure(Verb::Command, true),
        Cure::LogOn,
        "a token has run out"
    );
    assert_eq!(
        Fault::access_denied().cure(Verb::Get, false),
        Cure::GiveUp,
        "tenants refuse it to all"
    );
    assert_eq!(Fault::aborted().cure(Verb::Command, true), Cure::Look);
}

#[test]
fn the_innermost_fault_counts() {
    let fault = fault_of(&format!(
        "<f:WSManFault xmlns:f='{}' Code='2150858755' Machine='outer'><f:Message>outer text\
         <f:ProviderFault provider='PowerShell' path='p'>middle<f:WSManFault Code='-2141975951' Machine='inner'>\
         <f:Message> a &amp; b\nc </f:Message></f:WSManFault></f:ProviderFault> </f:Message></f:WSManFault>",
        names::FAULT
    ));
    assert_eq!(fault.code, Some(2_152_991_345));
    assert_eq!(fault.message, "a & b\nc");
    assert_eq!(fault.reason, "Es ging nicht.");
    assert_eq!(
        (fault.machine.as_deref(), fault.provider.as_deref()),
        (Some("inner"), Some("PowerShell"))
    );
    assert_eq!((fault.subcode.as_deref(), fault.sender), (Some("InternalError"), false));
    assert_eq!(fault.kind, FaultKind::Provider);
}

#[test]
fn a_version_mismatch_names_the_servers_version() {
    let text = "&lt;PSProtocolVersionError ServerProtocolVersion=\"2.1\" ServerBuildVersion=\"6.1\"/&gt;";
    let element = "<PSProtocolVersionError ServerProtocolVersion='2.1'>words</PSProtocolVersionError>";
    for message in [text, element] {
        let fault = coded(2_152_992_672, message);
        assert_eq!(
            (fault.kind, fault.server_protocol.as_deref()),
            (FaultKind::ProtocolVersion, Some("2.1"))
        );
    }
}

#[test]
fn signals_are_written_exactly_and_read_in_either_case() {
    let session = session();
    for (code, text) in [
        (SignalCode::Stop, "powershell/signal/crtl_c"),
        (
            SignalCode::Terminate,
            "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/Terminate",
        ),
    ] {
        let signal = Operation::Signal(Signal {
            command: Some(ID.into()),
            code: code.clone(),
        });
        let bytes = session.request(ID.into(), Duration::from_secs(60), signal).to_bytes();
        let written = std::str::from_utf8(&bytes).unwrap();
        assert!(written.contains(&format!("<rsp:Code>{text}</rsp:Code>")), "{written}");
        let shouted = written.replace(text, &text.to_uppercase());
        let Operation::Signal(read) = Request::read(shouted.as_bytes(), &Limits::default()).unwrap().operation else {
            panic!()
        };
        assert_eq!(read.code, code);
    }
    assert!(matches!(
        SignalCode::of("powershell/signal/ctrl_c"),
        SignalCode::Other(_)
    ));
}

#[test]
fn a_request_that_cannot_be_read_can_be_answered() {
    let text = format!(
        "<e:Envelope xmlns:e='{}' xmlns:q='{}'><e:Header><q:MessageID>uuid:{ID}</q:MessageID><q:Action>urn:dance</q:Action>\
         </e:Header><e:Body/></e:Envelope>",
        names::SOAP,
        names::ADDRESSING
    );
    let rejected = Request::read(text.as_bytes(), &Limits::default()).unwrap_err();
    assert_eq!(rejected.message_id, Some(MessageId::from(ID)));
    assert_eq!(
        rejected.error,
        Error::Action {
            action: "urn:dance".into()
        }
    );
    assert_eq!(rejected.fault().kind, FaultKind::Invalid);
    let rejected = Request::read(b"<html>", &Limits::default()).unwrap_err();
    assert_eq!(
        (rejected.message_id, rejected.error),
        (None, Error::Html { title: None })
    );
}

#[test]
fn a_commands_text_is_cut_as_powershell_cuts_it() {
    let text = |script: &str| Command::new(ID.into(), Bytes::new()).with_text(script).text;
    assert_eq!(text(""), " ");
    assert_eq!(text("Get-CsTenant"), "Get-CsTenant");
    assert_eq!(text(&"x".repeat(256)), "x".repeat(256));
    assert_eq!(text(&"x".repeat(257)), "x".repeat(255));
    assert_eq!(
        text(&"\u{1f600}".repeat(200)),
        "\u{1f600}".repeat(127),
        "a pair is not cut apart"
    );
}

#[test]
fn half_a_megabyte_is_read_and_written() {
    let pieces = (0..12u8).map(|n| Stream::new(StreamName::Stdout, Some(ID.into()), vec![n; 32_768].into()));
    let status = CommandStatus {
        command: Some(ID.into()),
        state: CommandState::Running,
        exit_code: None,
    };
    let received = Received {
        streams: pieces.collect(),
        status: Some(status),
    };
    let response = Response::new(ID.into(), ID.into(), Answer::Received(received));
    let bytes = response.to_bytes();
    assert!(bytes.len() > 500_000);
    assert_eq!(Response::read(&bytes, &Limits::default()), Ok(response));
}

#[test]
fn a_servers_budget_fills_the_envelope_and_no_more() {
    for (max, streams) in [(153_600, 1), (512_000, 12), (4096, 3)] {
        let budget = Response::payload_budget(max, streams);
        let share = budget / streams;
        let piece = |n: usize| Stream::new(StreamName::Stdout, Some(ID.into()), vec![1; n].into());
        let mut pieces = vec![piece(share); streams];
        pieces[0] = piece(share + budget % streams);
        let status = CommandStatus {
            command: Some(ID.into()),
            state: CommandState::Pending,
            exit_code: Some(-1),
        };
        let received = Received {
            streams: pieces,
            status: Some(status),
        };
        let len = Response::new(ID.into(), ID.into(), Answer::Received(received))
            .to_bytes()
            .len();
        assert!(len <= max as usize && len + 150 > max as usize, "{len} of {max}");
    }
}

#[test]
fn the_clients_budget_is_of_the_real_envelope() {
    let mut session = session();
    let empty = || Operation::Send(Send::stdin(Some(ID.into()), Bytes::new()));
    let budget = session.blob_budget(empty());
    assert_eq!(budget, session.payload_budget(empty()) - 21);
    session.to.push_str(&"x".repeat(400));
    assert_eq!(
        session.blob_budget(empty()),
        budget - 300,
        "a longer address leaves less"
    );
    session.max_envelope_size = 512_000;
    assert_eq!(session.blob_budget(empty()), budget - 300 + (512_000 - 153_600) / 4 * 3);
    session.max_envelope_size = 100;
    assert_eq!(session.blob_budget(empty()), 0);
}

#[test]
fn a_servers_version_tells_how_much_it_takes() {
    for (version, size) in [
        ("2.1", 153_600),
        ("2.0", 153_600),
        ("2.2", 512_000),
        ("2.3", 512_000),
        ("3.0", 512_000),
        ("x", 153_600),
    ] {
        assert_eq!(wsman::envelope_size(version), size, "{version}");
    }
}

#[test]
fn a_session_goes_on_with_what_the_server_returned() {
    let mut session = session();
    let created = Created {
        resource_uri: "http://x/y".into(),
        shell_id: ShellId::new("theirs"),
        shell: None,
    };
    session.adopt(&created);
    let request = session.request(ID.into(), Duration::ZERO, Operation::Delete);
    assert_eq!(
        (request.resource_uri.as_str(), request.shell_id),
        ("http://x/y", Some(ShellId::new("theirs")))
    );
}

#[test]
fn each_request_is_the_first_message_of_an_operation_of_its_own() {
    let session = session();
    let envelope = |id: Uuid| session.request(id.into(), Duration::ZERO, Operation::Delete).to_bytes();
    let (one, other) = (envelope(ID), envelope(Uuid::from_u128(8)));
    let read = |bytes: &[u8]| Request::read(bytes, &Limits::default()).unwrap();
    assert_ne!(read(&one).operation_id.unwrap(), read(&other).operation_id.unwrap());
    assert_eq!((read(&one).sequence_id, read(&other).sequence_id), (Some(1), Some(1)));
    let text = std::str::from_utf8(&one).unwrap();
    let both = "<p:OperationID s:mustUnderstand=\"false\">uuid:";
    assert!(
        text.contains(both),
        "a server that does not know it passes over it: {text}"
    );
    assert!(text.contains("<p:SequenceId s:mustUnderstand=\"false\">1</p:SequenceId>"));
}

fn session() -> Session {
    let resource = wsman::resource_uri("Microsoft.Exchange");
    Session::new(
        "https://ps.litware.example/ps?PSVersion=5.1",
        resource,
        SessionId::from(ID),
        ShellId::from(ID),
    )
}

// What XML can hold, and what reading would trim off left out.
fn text() -> impl Strategy<Value = String> {
    "[!-~\u{e9}\u{4e2d}\u{1f600}]([ -~\u{e9}]{0,20}[!-~])?"
}

fn id() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

fn payload() -> impl Strategy<Value = Bytes> {
    proptest::collection::vec(any::<u8>(), 0..200).prop_map(Bytes::from)
}

fn time() -> impl Strategy<Value = Duration> {
    any::<u32>().prop_map(|ms| Duration::from_millis(u64::from(ms)))
}

fn maybe<T: std::fmt::Debug>(inner: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    proptest::option::of(inner)
}

fn stream() -> impl Strategy<Value = Stream> {
    let name = prop_oneof![
        Just(StreamName::Stdin),
        Just(StreamName::Stdout),
        Just(StreamName::Stderr),
        Just(StreamName::PromptResponse),
        Just(StreamName::Other("x".into())),
    ];
    (name, maybe(id()), any::<bool>(), payload()).prop_map(|(name, command, end, data)| Stream {
        name,
        command: command.map(CommandId::from),
        end,
        data,
    })
}

fn operation() -> impl Strategy<Value = Operation> {
    let buffer = prop_oneof![Just(BufferMode::Block), Just(BufferMode::Drop)];
    let create = (
        id(),
        maybe(text()),
        maybe(time()),
        maybe(text()),
        any::<bool>(),
        payload(),
        maybe(text()),
    );
    prop_oneof![
        create.prop_map(
            |(id, name, idle_timeout, protocol, no_profile, creation, compression)| {
                let create = Create::new(id.into(), creation);
                Operation::Create(Create {
                    name,
                    idle_timeout,
                    protocol,
                    no_profile,
                    compression,
                    ..create
                })
            }
        ),
        (id(), payload(), text())
            .prop_map(|(id, data, text)| Operation::Command(Command::new(id.into(), data).with_text(&text))),
        proptest::collection::vec(stream(), 0..4).prop_map(|streams| Operation::Send(Send { streams })),
        (maybe(id()), any::<bool>()).prop_map(|(id, keep_alive)| Operation::Receive(Receive {
            keep_alive,
            ..Receive::new(id.map(Into::into))
        })),
        (maybe(id()), text()).prop_map(|(id, code)| {
            Operation::Signal(Signal {
                command: id.map(Into::into),
                code: SignalCode::Other(code.into()),
            })
        }),
        Just(Operation::Delete),
        Just(Operation::Get),
        Just(Operation::Config),
        (maybe(time()), maybe(buffer)).prop_map(|(idle_timeout, buffer_mode)| {
            Operation::Disconnect(Disconnect {
                idle_timeout,
                buffer_mode,
            })
        }),
        maybe(id()).prop_map(|id| Operation::Reconnect(id.map(Into::into))),
        (maybe(id()), maybe(text()), maybe(payload())).prop_map(|(id, protocol, connect)| {
            Operation::Connect(Connect {
                command: id.map(Into::into),
                protocol,
                connect,
            })
        }),
        (maybe(id()), maybe(any::<u32>())).prop_map(|(id, max_elements)| {
            Operation::Enumerate(Enumerate {
                commands_of: id.map(Into::into),
                max_elements,
            })
        }),
        (text(), any::<bool>(), maybe(any::<u32>())).prop_map(|(context, commands, max_elements)| {
            Operation::Pull(Pull {
                context,
                commands,
                max_elements,
            })
        }),
    ]
}

fn shell() -> impl Strategy<Value = Shell> {
    let state = prop_oneof![
        Just(ShellState::Connected),
        Just(ShellState::Disconnected),
        Just(ShellState::Other("x".into()))
    ];
    (
        id(),
        maybe(text()),
        maybe(text()),
        maybe(text()),
        maybe(any::<u32>()),
        maybe(time()),
        maybe(state),
    )
        .prop_map(
            |(id, name, resource_uri, owner, process_id, idle_timeout, state)| Shell {
                name,
                resource_uri,
                owner,
                process_id,
                idle_timeout,
                max_idle_timeout: idle_timeout,
                run_time: idle_timeout,
                child_processes: process_id,
                state,
                ..Shell::new(id.into())
            },
        )
}

fn item() -> impl Strategy<Value = Item> {
    let command = (id(), maybe(id()), maybe(text())).prop_map(|(command, shell, text)| {
        Item::Command(CommandItem {
            command_id: command.into(),
            shell_id: shell.map(Into::into),
            state: text.clone(),
            text,
        })
    });
    prop_oneof![shell().prop_map(|s| Item::Shell(Box::new(s))), command]
}

fn answer() -> impl Strategy<Value = Answer> {
    let status = (maybe(id()), maybe(any::<i32>())).prop_map(|(command, exit_code)| CommandStatus {
        command: command.map(Into::into),
        state: CommandState::Pending,
        exit_code,
    });
    let fault = (any::<u32>(), text(), text(), maybe(text()), maybe(text())).prop_map(
        |(code, reason, message, machine, provider)| {
            let fault = Fault::new(FaultKind::Unknown, code, "InternalError", reason);
            Answer::Fault(Box::new(Fault {
                message,
                machine,
                provider,
                ..fault
            }))
        },
    );
    prop_oneof![
        (id(), text(), maybe(shell())).prop_map(|(id, uri, shell)| {
            let shell = shell.map(|s| Shell {
                shell_id: id.into(),
                resource_uri: Some(uri.clone()),
                ..s
            });
            Answer::Created(Box::new(Created {
                resource_uri: uri,
                shell_id: id.into(),
                shell,
            }))
        }),
        id().prop_map(|id| Answer::Started(id.into())),
        Just(Answer::Sent),
        Just(Answer::Signalled),
        Just(Answer::Deleted),
        Just(Answer::Disconnected),
        Just(Answer::Reconnected),
        payload().prop_map(Answer::Connected),
        (proptest::collection::vec(stream(), 0..4), maybe(status))
            .prop_map(|(streams, status)| Answer::Received(Received { streams, status })),
        shell().prop_map(|s| Answer::Described(Box::new(s))),
        (0u32..4_000_000).prop_map(|kb| Answer::Configured(Config {
            max_envelope_size: kb * 1024
        })),
        (proptest::collection::vec(item(), 0..4), maybe(text()), any::<bool>())
            .prop_map(|(items, context, pulled)| Answer::Listed(Page { items, context, pulled })),
        (maybe(text()), maybe(text())).prop_map(|(protocol_version, product_vendor)| {
            Answer::Identified(Identity {
                protocol_version,
                product_vendor,
                product_version: None,
            })
        }),
        fault,
    ]
}

proptest! {
    #[test]
    fn a_written_request_is_read(operation in operation(), message in id(), timeout in time(), option in maybe((text(), text(), any::<bool>()))) {
        let mut request = session().request(message.into(), timeout, operation);
        request.options.extend(option.map(|(name, value, must_comply)| {
            OptionValue { name: format!("x{name}").into(), value: value.into(), must_comply }
        }));
        prop_assert_eq!(Request::read(&request.to_bytes(), &Limits::default()), Ok(request));
    }

    #[test]
    fn a_written_response_is_read(answer in answer(), message in id(), related in id()) {
        let response = Response::new(message.into(), related.into(), answer);
        let read = Response::read(&response.to_bytes(), &Limits::default()).unwrap();
        match (&read.answer, &response.answer) {
            (Answer::Identified(read), Answer::Identified(written)) => prop_assert_eq!(read, written),
            (Answer::Fault(fault), Answer::Fault(written)) => {
                prop_assert_eq!(fault.code, written.code);
                prop_assert_eq!(&fault.message, &written.message);
                prop_assert_eq!(&fault.reason, &written.reason);
                prop_assert_eq!(&fault.provider, &written.provider);
            }
            _ => prop_assert_eq!(&read, &response),
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = Response::read(&bytes, &Limits::default());
        let _ = Request::read(&bytes, &Limits::default());
    }

    #[test]
    fn mutated_envelopes_never_panic(
        operation in operation(), answer in answer(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<prop::sample::Index>()), 1..6),
    ) {
        let request = session().request(ID.into(), Duration::from_secs(1), operation).to_bytes();
        let response = Response::new(ID.into(), ID.into(), answer).to_bytes();
        for bytes in [request, response] {
            let mut bytes = bytes.to_vec();
            for (at, byte, other) in &edits {
                let (at, other) = (at.index(bytes.len()), other.index(bytes.len()));
                match byte % 3 {
                    0 => bytes[at] = *byte,
                    1 => drop(bytes.drain(at.min(other)..at.max(other).min(at.min(other) + 40))),
                    _ => bytes.swap(at, other),
                }
                if bytes.is_empty() {
                    break;
                }
            }
            let _ = Response::read(&bytes, &Limits::default());
            let _ = Request::read(&bytes, &Limits::default());
        }
    }

    #[test]
    fn fault_texts_never_panic(text in "(\\[?[A-Za-z]{0,10}=?[^\\]]{0,10}\\]? ?|Snapshot: ?|Balance:\t?|[0-9/:.]{0,12}|Please wait for |LockRemaining: |Policy:|\\PC{0,8}){0,12}") {
        let fault = Fault::from_status(500, None, &text).unwrap();
        let _ = fault.cure(Verb::Create, false);
    }
}
