//! Our client's role, with psrpcore's server at the other end.

use std::collections::BTreeMap;

use bytes::Bytes;
use clixml::{Object, Value, Version};
use psrp::body::{
    ApplicationPrivateData, Argument, Availability, Body, Command, CreatePipeline, ErrorCategory, ErrorRecord,
    GetCommandMetadata, HostCall, HostDefaultData, HostInfo, HostRequest, InformationRecord, InformationalRecord,
    InitRunspacePool, InvocationState, PipelineState, ProgressRecord, RunspacePoolState, RunspaceState, UserEvent,
    read_object,
};
use psrp::client::{Config, Event, Pool, Stage, State};
use psrp::{Assembly, KeyPair, MessageType, Outgoing};
use serde_json::json;
use uuid::Uuid;

use super::{PIPELINE, Theirs, fill, opened, sealed};

const POOL: Uuid = Uuid::from_u128(0x1111);

/// Our pool and their server, opened.
struct Session {
    ours: Pool,
    theirs: Theirs,
    assemblies: BTreeMap<Option<Uuid>, Assembly>,
}

/// What came: a whole message that the pool does not read itself, or an event.
#[derive(Debug)]
enum Came {
    Message(MessageType, Bytes),
    Event(Event),
}

impl Session {
    fn open() -> Option<Self> {
        let theirs = Theirs::start("ServerRunspacePool({'PSVersionTable': {'PSVersion': PSVersion('5.1.17763.1')}})")?;
        let mut session = Session {
            ours: Pool::new(Config::new(POOL)),
            theirs,
            assemblies: BTreeMap::new(),
        };
        // psrpcore knows no colour -1, which is what PowerShell sends of a terminal that does not say.
        let terminal = HostDefaultData {
            foreground: 7,
            background: 0,
            ..HostDefaultData::terminal(120, 30)
        };
        let init = InitRunspacePool {
            application_arguments: Value::dictionary([("Who", "Ken ☃")]),
            ..InitRunspacePool::new(HostInfo::console(terminal))
        };
        let [capability, init] = session.ours.open(&init).expect("a new pool");
        session.sends(capability, "SessionCapabilityEvent");
        session.sends(init, "InitRunspacePoolEvent");
        let width = "pool.host.HostDefaultData.WindowSize.Width";
        let arguments = "pool.application_arguments['Who']";
        let seen = session
            .theirs
            .is(&format!("[str(pool.runspace_pool_id), {arguments}, {width}]"));
        assert_eq!(seen, json!([POOL.to_string(), "Ken ☃", 120]));
        let came = session.came();
        let [
            Came::Event(Event::Capability(_)),
            Came::Event(Event::PrivateData(data)),
            Came::Event(Event::Opened),
        ] = &came[..]
        else {
            panic!("{came:?}")
        };
        let data = ApplicationPrivateData::read(data).expect("private data");
        let version = data.version_table().and_then(|table| table.entry("PSVersion"));
        let expected: Version = "5.1.17763.1".parse().expect("a version");
        assert_eq!(version, Some(&expected.into()));
        assert_eq!(session.ours.state(), State::Opened);
        Some(session)
    }

    #[track_caller]
    fn sends(&mut self, message: Outgoing, event: &str) {
        assert_eq!(self.theirs.receives(message), [event]);
    }

    /// What their server has sent since.
    #[track_caller]
    fn came(&mut self) -> Vec<Came> {
        for (pipeline, packet) in self.theirs.sent() {
            self.ours.receive(pipeline, packet).expect("fragments");
        }
        let mut came = Vec::new();
        while let Some(event) = self.ours.poll_event() {
            let Event::Piece { pipeline, piece } = event else {
                came.push(Came::Event(event));
                continue;
            };
            let assembly = self.assemblies.entry(pipeline);
            let assembly = assembly.or_insert_with(|| Assembly::new(1 << 20));
            if let Some(message) = assembly.push(piece).expect("in order") {
                came.push(Came::Message(message.kind, message.body));
            }
        }
        came
    }

    #[track_caller]
    fn only(&mut self, code: &str) -> Came {
        self.theirs.run(code);
        let mut came = self.came();
        assert_eq!(came.len(), 1, "{code}: {came:?}");
        came.remove(0)
    }

    /// The message that statements there make their server send.
    #[track_caller]
    fn message(&mut self, code: &str) -> (MessageType, Bytes) {
        match self.only(code) {
            Came::Message(kind, body) => (kind, body),
            Came::Event(event) => panic!("{code}: {event:?}"),
        }
    }

    /// The event that comes of it.
    #[track_caller]
    fn event(&mut self, code: &str) -> Event {
        match self.only(code) {
            Came::Event(event) => event,
            Came::Message(kind, _) => panic!("{code}: {kind:?}"),
        }
    }

    /// The state that they say the pipeline has.
    #[track_caller]
    fn state(&mut self, code: &str) -> PipelineState {
        match self.event(code) {
            Event::PipelineState { state, body, .. } => {
                let whole = PipelineState::read(&body).expect("a state");
                assert_eq!(whole.state, state);
                whole
            }
            event => panic!("{code}: {event:?}"),
        }
    }

    #[track_caller]
    fn start(&mut self, kind: MessageType, body: Bytes) {
        let shell = format!("ServerPipeline(pool, uuid.UUID('{PIPELINE}'))");
        self.theirs.run(&format!("shell = {shell}"));
        let message = self.ours.start(PIPELINE, kind, body).expect("the pool is open");
        let event = match kind {
            MessageType::CreatePipeline => "CreatePipelineEvent",
            _ => "GetCommandMetadataEvent",
        };
        self.sends(message, event);
        assert_eq!(self.state("shell.start()").state, InvocationState::Running);
    }

    #[track_caller]
    fn run(&mut self, command: Command) {
        self.start(MessageType::CreatePipeline, CreatePipeline::new(vec![command]).write());
    }
}

#[test]
fn a_command_list_with_input_arrives_as_it_was_built() {
    let Some(mut session) = Session::open() else { return };
    let commands = vec![
        Command::new("Get-CsOnlineUser")
            .with(Argument::named("Identity", "Ken Myer"))
            .with(Argument::named("Tenant", Value::Null))
            .with(Argument::positional(5_i64)),
        Command::new("Select-Object").with(Argument::named("First", 1)),
    ];
    let mut pipeline = CreatePipeline::statements(vec![commands, vec![Command::script("1 + 1")]]);
    pipeline.no_input = false;
    session.start(MessageType::CreatePipeline, pipeline.write());
    let arguments = "[[n, v is not None and [type(v).__name__, str(v)]] for n, v in c.parameters]";
    let seen = session.theirs.is(&format!(
        "[[c.command_text, c.is_script, c.end_of_statement, {arguments}] for c in shell.metadata.commands]"
    ));
    let first = json!([
        ["Identity", ["PSString", "Ken Myer"]],
        ["Tenant", false],
        [null, ["PSInt64", "5"]]
    ]);
    let expected = json!([
        ["Get-CsOnlineUser", false, false, first],
        ["Select-Object", false, true, [["First", ["PSInt", "1"]]]],
        ["1 + 1", true, true, []],
    ]);
    assert_eq!(seen, expected);
    assert_eq!(session.theirs.is("shell.metadata.no_input"), json!(false));
    let input = Value::from(Object::custom().extended("Name", "Zoë 😀"));
    let message = session
        .ours
        .input(PIPELINE, clixml::write(&input).into())
        .expect("it runs");
    session.sends(message, "PipelineInputEvent");
    assert_eq!(session.theirs.is("EVENTS[-1].data.Name"), json!("Zoë 😀"));
    let message = session.ours.end_of_input(PIPELINE).expect("it runs");
    session.sends(message, "EndOfPipelineInputEvent");
    assert_eq!(
        session.state("shell.complete()"),
        PipelineState::new(InvocationState::Completed)
    );
}

#[test]
fn every_stream_arrives() {
    let Some(mut session) = Session::open() else { return };
    session.run(Command::new("Get-CsOnlineUser"));
    session
        .theirs
        .run("user = PSCustomObject(); add_note_property(user, 'Name', 'Zoë 😀')");
    let (kind, body) = session.message("shell.write_output(user)");
    assert_eq!(kind, MessageType::PipelineOutput);
    let user = read_object(&body).expect("an object");
    assert_eq!(user.property("Name"), Some(&"Zoë 😀".into()));
    let (_, body) = session.message("shell.write_output(None)");
    assert_eq!(read_object(&body).expect("an object"), Value::Null);
    let category = "category_info=ErrorCategoryInfo(Category=ErrorCategory.ObjectNotFound)";
    let (kind, body) = session.message(&format!(
        "shell.write_error(NETException(Message='no such user'), {category}, fully_qualified_error_id='NoUser')"
    ));
    assert_eq!(kind, MessageType::ErrorRecord);
    let error = ErrorRecord::read(&body).expect("an error");
    assert_eq!(error.message(), Some(&"no such user".into()));
    assert_eq!(error.fully_qualified_error_id, Some("NoUser".into()));
    assert_eq!(error.category.category, ErrorCategory::ObjectNotFound);
    for (name, kind) in [
        ("debug", MessageType::DebugRecord),
        ("verbose", MessageType::VerboseRecord),
        ("warning", MessageType::WarningRecord),
    ] {
        let (came, body) = session.message(&format!("shell.write_{name}('a {name} line')"));
        assert_eq!(came, kind);
        let record = InformationalRecord::read(&body).expect("a record");
        assert_eq!(record.message, format!("a {name} line").as_str());
    }
    let (kind, body) = session.message("shell.write_information('told', 'here', tags=['PSHOST'], process_id=42)");
    assert_eq!(kind, MessageType::InformationRecord);
    let record = InformationRecord::read(&body).expect("a record");
    assert_eq!((record.message_data, record.process_id), ("told".into(), 42));
    assert_eq!(record.tags, ["PSHOST"]);
    let (kind, body) = session.message("shell.write_progress('Copying', 3, '4 of 10', percent_complete=40)");
    assert_eq!(kind, MessageType::ProgressRecord);
    let record = ProgressRecord::read(&body).expect("a record");
    assert_eq!((record.activity_id, record.percent_complete), (3, 40));
}

#[test]
fn host_calls_are_answered_and_a_stop_is_confirmed() {
    let Some(mut session) = Session::open() else { return };
    session.run(Command::new("Read-Host"));
    let (kind, body) = session.message("shell.host_call(HostMethodIdentifier.WriteLine2, ['a line'])");
    assert_eq!(kind, MessageType::PipelineHostCall);
    let call = HostCall::read(&body).expect("a call");
    assert!(!call.wants_answer());
    let HostRequest::Write {
        text, newline: true, ..
    } = call.request()
    else {
        panic!("{call:?}")
    };
    assert_eq!(text, "a line");
    let choices = "[ChoiceDescription('&Yes', 'go'), ChoiceDescription('&No', 'stay')]";
    let (_, body) = session.message(&format!(
        "shell.host_call(HostMethodIdentifier.PromptForChoice, ['Sure?', 'All of it?', {choices}, 1])"
    ));
    let call = HostCall::read(&body).expect("a call");
    let HostRequest::Choice {
        caption,
        choices,
        defaults,
        ..
    } = call.request()
    else {
        panic!("{call:?}")
    };
    assert_eq!((caption, defaults), ("Sure?".into(), vec![1]));
    let labels: Vec<_> = choices.iter().map(|choice| choice.label.to_string()).collect();
    assert_eq!(labels, ["&Yes", "&No"]);
    let answer = call.answer(0).expect("an answer is wanted").write();
    let answer = session.ours.host_response(Some(PIPELINE), answer).expect("it runs");
    assert!(answer.is_host_response());
    session.sends(answer, "PipelineHostResponseEvent");
    let seen = session
        .theirs
        .is("[EVENTS[-1].ci, EVENTS[-1].result, EVENTS[-1].error]");
    assert_eq!(seen, json!([call.ci, 0, null]));
    let (kind, body) = session.message("pool.host_call(HostMethodIdentifier.ReadLine)");
    assert_eq!(kind, MessageType::RunspacePoolHostCall);
    let call = HostCall::read(&body).expect("a call");
    assert_eq!(call.request(), HostRequest::ReadLine);
    let error = ErrorRecord::new(
        "System.Exception",
        "nobody is here",
        "Nobody",
        ErrorCategory::NotSpecified,
    );
    let answer = call.refuse(error).expect("an answer is wanted").write();
    let answer = session.ours.host_response(None, answer).expect("the pool is open");
    session.sends(answer, "RunspacePoolHostResponseEvent");
    assert_eq!(
        session.theirs.is("EVENTS[-1].error.Exception.Message"),
        json!("nobody is here")
    );
    // The carrier asks for a stop, not a message.
    session.ours.stopping(PIPELINE).expect("it runs");
    let state = session.state("shell.stop()");
    assert_eq!(state.state, InvocationState::Stopped);
    let id = state.error.and_then(|error| error.fully_qualified_error_id);
    assert_eq!(id, Some("PipelineStopped".into()));
    assert!(session.ours.stage(PIPELINE).is_some_and(Stage::has_ended));
}

#[test]
fn secrets_travel_under_the_session_key() {
    let Some(mut session) = Session::open() else { return };
    assert_eq!(session.event("pool.request_key()"), Event::KeyRequested);
    let pair = KeyPair::generate(&mut fill).expect("a pair");
    let message = session.ours.public_key(&pair.public_blob()).expect("it was asked for");
    session.sends(message, "PublicKeyEvent");
    let came = session.came();
    let [Came::Event(Event::SessionKey { sealed: key })] = &came[..] else {
        panic!("{came:?}")
    };
    let key = pair.open(key).expect("for this pair");
    session.run(Command::new("Set-CsUser").with(Argument::named("Password", sealed(&key, "geheim ☃ 😀"))));
    let seen = session
        .theirs
        .is("str(shell.metadata.commands[0].parameters[0][1].decrypt())");
    assert_eq!(seen, json!("geheim ☃ 😀"));
    for secret in ["", "pass word", "sixteen bytes ↯"] {
        let (_, body) = session.message(&format!("shell.write_output(PSSecureString('{secret}'))"));
        assert_eq!(opened(&key, &read_object(&body).expect("a value")), secret);
    }
}

#[test]
fn the_pool_asks_and_is_told() {
    let Some(mut session) = Session::open() else { return };
    for (request, event, response, expected) in [
        (
            session.ours.set_max_runspaces(5),
            "SetMaxRunspacesEvent",
            "True",
            Availability::Done(true),
        ),
        (
            session.ours.set_min_runspaces(2),
            "SetMinRunspacesEvent",
            "False",
            Availability::Done(false),
        ),
        (
            session.ours.get_available_runspaces(),
            "GetAvailableRunspacesEvent",
            "4",
            Availability::Count(4),
        ),
        (
            session.ours.reset_runspace_state(),
            "ResetRunspaceStateEvent",
            "True",
            Availability::Done(true),
        ),
    ] {
        let (number, message) = request.expect("the pool is open");
        session.sends(message, event);
        let answered = session.event(&format!(
            "pool.runspace_availability_response(EVENTS[-1].ci, {response})"
        ));
        let Event::Availability { ci, answer, .. } = answered else {
            panic!("{answered:?}")
        };
        assert_eq!((ci, answer), (number, expected), "{event}");
    }
    assert_eq!(
        session.theirs.is("[pool.min_runspaces, pool.max_runspaces]"),
        json!([1, 5])
    );
    let (kind, body) = session.message("pool.send_event(3, 'Watch', source_args=[1, 2], message_data='data')");
    assert_eq!(kind, MessageType::UserEvent);
    let event = UserEvent::read(&body).expect("an event");
    assert_eq!((event.event_identifier, event.message_data), (3, "data".into()));
    assert_eq!(event.source_args.as_list(), Some(&[1.into(), 2.into()][..]));
    let question = GetCommandMetadata::new(["Get-*", "Set-*"]);
    session.start(MessageType::GetCommandMetadata, question.write());
    assert_eq!(
        session.theirs.is("list(shell.metadata.name)"),
        json!(["Get-*", "Set-*"])
    );
    assert_eq!(session.state("shell.complete()").state, InvocationState::Completed);
    let error = "ErrorRecord(Exception=NETException(Message='gone'), CategoryInfo=ErrorCategoryInfo())";
    let broken = session.event(&format!("pool.set_broken({error})"));
    let Event::State {
        state: RunspaceState::Broken,
        body,
    } = broken
    else {
        panic!("{broken:?}")
    };
    let state = RunspacePoolState::read(&body).expect("a state");
    let message = state.error.as_ref().and_then(ErrorRecord::message);
    assert_eq!(message, Some(&"gone".into()));
    assert_eq!(session.ours.state(), State::Broken);
}
