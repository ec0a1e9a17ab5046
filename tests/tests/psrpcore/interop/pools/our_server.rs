//! Our server's role, with psrpcore's client at the other end.

use bytes::Bytes;
use clixml::{Object, Value};
use psrp::body::{
    ApplicationPrivateData, Availability, Body, CommandCount, CreatePipeline, ErrorCategory, ErrorRecord,
    GetCommandMetadata, HostCall, HostOutcome, HostResponse, InformationRecord, InformationalRecord, InvocationState,
    Level, PipelineState, ProgressRecord, RemoteHostMethodId, UserEvent, read_object,
};
use psrp::server::{Config, Pool, Request};
use psrp::{MessageType, Outgoing, SessionKey};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{PIPELINE, Theirs, fill, opened, sealed};

/// Our pool and their client, opened.
struct Session {
    ours: Pool,
    theirs: Theirs,
}

impl Session {
    fn open() -> Option<Self> {
        let pool = "ClientRunspacePool(application_arguments={'Who': 'Ken ☃'}, min_runspaces=1, max_runspaces=3)";
        let theirs = Theirs::start(pool)?;
        let ours = Pool::new(Config::default());
        let mut session = Session { ours, theirs };
        session.theirs.run("pool.open()");
        let requests = session.requests();
        let [Request::Capability(_), Request::Opening { init, .. }] = &requests[..] else {
            panic!("{requests:?}")
        };
        assert_eq!((init.min_runspaces, init.max_runspaces), (1, 3));
        assert_eq!(init.application_arguments.entry("who"), Some(&"Ken ☃".into()));
        let data = ApplicationPrivateData::with_version_table([("PSVersion", "7.6.5")]);
        for (message, event) in [
            (session.ours.capability(), "SessionCapabilityEvent"),
            (session.ours.private_data_of(&data), "ApplicationPrivateDataEvent"),
            (session.ours.opened(), "RunspacePoolStateEvent"),
        ] {
            session.sends(message, event);
        }
        let version = "str(pool.their_capability.protocolversion)";
        let data = "pool.application_private_data['PSVersionTable']['PSVersion']";
        let seen = session.theirs.is(&format!("[pool.state.name, {version}, {data}]"));
        assert_eq!(seen, json!(["Opened", "2.3", "7.6.5"]));
        Some(session)
    }

    /// What their client has sent since.
    #[track_caller]
    fn requests(&mut self) -> Vec<Request> {
        for (pipeline, packet) in self.theirs.sent() {
            if let Some(pipeline) = pipeline.filter(|pipeline| !self.ours.has(*pipeline)) {
                self.ours.announce(pipeline).expect("a new one");
            }
            self.ours.receive(pipeline, packet).expect("fragments");
        }
        std::iter::from_fn(|| self.ours.poll_request()).collect()
    }

    #[track_caller]
    fn request(&mut self) -> Request {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests.remove(0)
    }

    #[track_caller]
    fn sends(&mut self, message: Outgoing, event: &str) {
        assert_eq!(self.theirs.receives(message), [event]);
    }

    /// A message of ours, and what an expression of its event `e` is there.
    #[track_caller]
    fn shows(&mut self, kind: MessageType, body: Bytes, expression: &str) -> Json {
        let pipeline = kind.of_pipeline().then_some(PIPELINE);
        let message = self.ours.message(pipeline, kind, body).expect("it may be sent");
        assert_eq!(self.theirs.receives(message).len(), 1, "{kind:?}");
        self.theirs.run(&format!("e = EVENTS[-1]; answer = {expression}"))
    }

    /// Starts a pipeline of theirs; `commands` are calls on a `ClientPowerShell`.
    #[track_caller]
    fn started(&mut self, commands: &str) -> CreatePipeline {
        let shell = format!("ClientPowerShell(pool, no_input=False, pipeline_id=uuid.UUID('{PIPELINE}'))");
        self.theirs.run(&format!("shell = {shell}{commands}\nshell.start()"));
        let Request::CreatePipeline { pipeline, body } = self.request() else {
            panic!("no pipeline")
        };
        assert_eq!(pipeline, PIPELINE);
        CreatePipeline::read(&body).expect("a CREATE_PIPELINE")
    }

    /// Ends the pipeline; which state and reason they take from that.
    #[track_caller]
    fn ends(&mut self, state: &PipelineState) -> Json {
        let message = self.ours.pipeline_state(PIPELINE, state).expect("it runs");
        self.sends(message, "PipelineStateEvent");
        let seen = self
            .theirs
            .is("[shell.state.name, EVENTS[-1].reason and str(EVENTS[-1].reason)]");
        self.theirs.run("shell.close()");
        self.ours.close_pipeline(PIPELINE);
        seen
    }
}

#[test]
fn a_command_list_with_input_arrives_as_it_was_built() {
    let Some(mut session) = Session::open() else { return };
    let pipeline = session.started(
        ".add_command('Get-CsOnlineUser').add_parameter('Identity', 'Ken Myer').add_parameter('Tenant', None)\
         .add_argument(PSInt64(5)).add_command('Select-Object').add_parameter('First', 1)\
         .add_statement().add_script('1 + 1')",
    );
    assert!(!pipeline.no_input);
    let [first, second] = &pipeline.power_shell.statements[..] else {
        panic!("{pipeline:?}")
    };
    assert_eq!((first.len(), second.len()), (2, 1));
    assert_eq!(first[0].name, "Get-CsOnlineUser");
    let arguments: Vec<_> = first[0]
        .arguments
        .iter()
        .map(|own| (own.name.clone(), own.value.clone()))
        .collect();
    let expected = [
        (Some("Identity".into()), Value::from("Ken Myer")),
        (Some("Tenant".into()), Value::Null),
        (None, Value::Int64(5)),
    ];
    assert_eq!(arguments, expected);
    assert!(second[0].is_script && !first[1].is_script);
    session
        .theirs
        .run("shell.send('one'); shell.send(PSGuid(int=2)); shell.send_eof()");
    let requests = session.requests();
    let [
        Request::Input { body: one, .. },
        Request::Input { body: two, .. },
        Request::EndOfInput { .. },
    ] = &requests[..]
    else {
        panic!("{requests:?}")
    };
    assert_eq!(read_object(one).expect("an object"), "one".into());
    assert_eq!(read_object(two).expect("an object"), Uuid::from_u128(2).into());
    let seen = session.ends(&PipelineState::new(InvocationState::Completed));
    assert_eq!(seen, json!(["Completed", null]));
}

#[test]
fn every_stream_arrives() {
    let Some(mut session) = Session::open() else { return };
    session.started(".add_command('Get-CsOnlineUser')");
    let user = Object::custom()
        .with_text("Zoë")
        .extended("Name", "Zoë 😀")
        .extended("Id", 7);
    let output = session.ours.output(PIPELINE, &user.into()).expect("it runs");
    session.sends(output, "PipelineOutputEvent");
    let seen = session.theirs.is("[EVENTS[-1].data.Name, EVENTS[-1].data.Id]");
    assert_eq!(seen, json!(["Zoë 😀", 7]));
    let nothing = session.ours.output(PIPELINE, &Value::Null).expect("it runs");
    session.sends(nothing, "PipelineOutputEvent");
    assert_eq!(session.theirs.is("EVENTS[-1].data"), Json::Null);
    let error = ErrorRecord::new(
        "System.Exception",
        "no such user",
        "NoUser,Get",
        ErrorCategory::ObjectNotFound,
    );
    let seen = session.shows(
        MessageType::ErrorRecord,
        error.write(),
        "[str(e.record), e.record.FullyQualifiedErrorId, e.record.CategoryInfo.Category.name]",
    );
    assert_eq!(seen, json!(["no such user", "NoUser,Get", "ObjectNotFound"]));
    for (level, kind) in [
        (Level::Debug, MessageType::DebugRecord),
        (Level::Verbose, MessageType::VerboseRecord),
        (Level::Warning, MessageType::WarningRecord),
    ] {
        let record = InformationalRecord::new(level, "a line");
        assert_eq!(session.shows(kind, record.write(), "e.record.Message"), json!("a line"));
    }
    let record = InformationRecord {
        message_data: "told".into(),
        source: Some("here".into()),
        time_generated: None,
        tags: vec!["PSHOST".into()],
        user: Some("kenmyer".into()),
        computer: None,
        process_id: 42,
        native_thread_id: 1,
        managed_thread_id: 2,
    };
    let seen = session.shows(
        MessageType::InformationRecord,
        record.write(),
        "[e.record.MessageData, list(e.record.Tags), e.record.ProcessId]",
    );
    assert_eq!(seen, json!(["told", ["PSHOST"], 42]));
    let record = ProgressRecord {
        percent_complete: 40,
        ..ProgressRecord::new("Copying", "4 of 10")
    };
    let seen = session.shows(
        MessageType::ProgressRecord,
        record.write(),
        "[e.record.Activity, e.record.StatusDescription, e.record.PercentComplete]",
    );
    assert_eq!(seen, json!(["Copying", "4 of 10", 40]));
    let failure = ErrorRecord::new("System.Exception", "all is lost", "Lost", ErrorCategory::NotSpecified);
    let seen = session.ends(&PipelineState::failed(failure));
    assert_eq!(seen, json!(["Failed", "all is lost"]));
}

#[test]
fn host_calls_are_answered_and_a_stop_is_confirmed() {
    let Some(mut session) = Session::open() else { return };
    session.started(".add_command('Read-Host')");
    let line = HostCall::void(RemoteHostMethodId::WriteLine2, ["a line"]);
    let seen = session.shows(
        MessageType::PipelineHostCall,
        line.write(),
        "[e.ci, list(e.method_parameters)]",
    );
    assert_eq!(seen, json!([-100, ["a line"]]));
    let choices = ["&Yes", "&No"].map(|label| Object::new().extended("label", label).extended("helpMessage", "?"));
    let choice = HostCall {
        ci: 1,
        method: RemoteHostMethodId::PromptForChoice,
        parameters: vec!["Sure?".into(), "All of it?".into(), Value::list(choices), 1.into()],
    };
    let seen = session.shows(
        MessageType::PipelineHostCall,
        choice.write(),
        "[e.method_identifier.name, e.method_parameters[0], [c.Label for c in e.method_parameters[2]]]",
    );
    assert_eq!(seen, json!(["PromptForChoice", "Sure?", ["&Yes", "&No"]]));
    session.theirs.run("shell.host_response(1, return_value=0)");
    let Request::HostResponse {
        pipeline: Some(PIPELINE),
        body,
    } = session.request()
    else {
        panic!("no response")
    };
    let response = HostResponse::read(&body).expect("a host response");
    assert_eq!((response.ci, response.method), (1, RemoteHostMethodId::PromptForChoice));
    assert_eq!(response.outcome, HostOutcome::Value(0.into()));
    let question = HostCall {
        ci: 2,
        method: RemoteHostMethodId::ReadLine,
        parameters: Vec::new(),
    };
    let seen = session.shows(MessageType::RunspacePoolHostCall, question.write(), "e.ci");
    assert_eq!(seen, json!(2));
    let error = "ErrorRecord(Exception=NETException(Message='nobody is here'), CategoryInfo=ErrorCategoryInfo())";
    session
        .theirs
        .run(&format!("pool.host_response(2, error_record={error})"));
    let Request::HostResponse { pipeline: None, body } = session.request() else {
        panic!("no response")
    };
    let HostOutcome::Error(error) = HostResponse::read(&body).expect("a host response").outcome else {
        panic!("no error")
    };
    assert_eq!(error.message(), Some(&"nobody is here".into()));
    // The carrier asks for a stop, not a message.
    let seen = session.ends(&PipelineState::stopped());
    assert_eq!(seen, json!(["Stopped", "The pipeline has been stopped."]));
}

#[test]
fn secrets_travel_under_the_session_key() {
    let Some(mut session) = Session::open() else { return };
    session.theirs.run("pool.exchange_key()");
    let Request::PublicKey { blob, .. } = session.request() else {
        panic!("no key")
    };
    let mut bytes = [0; 32];
    fill(&mut bytes);
    let key = SessionKey::new(bytes);
    let message = key.seal(&blob, &mut fill).expect("a key of theirs");
    let message = session.ours.session_key(&message);
    session.sends(message, "EncryptedSessionKeyEvent");
    let secret = ".add_parameter('Password', PSSecureString('geheim ☃ 😀'))";
    let pipeline = session.started(&format!(".add_command('Set-CsUser'){secret}"));
    let argument = &pipeline.power_shell.statements[0][0].arguments[0];
    assert_eq!(opened(&key, &argument.value), "geheim ☃ 😀");
    for secret in ["", "pass word", "sixteen bytes ↯"] {
        let message = session.ours.output(PIPELINE, &sealed(&key, secret)).expect("it runs");
        session.sends(message, "PipelineOutputEvent");
        assert_eq!(session.theirs.is("str(EVENTS[-1].data.decrypt())"), json!(secret));
    }
}

#[test]
fn the_pool_answers_for_itself() {
    let Some(mut session) = Session::open() else { return };
    session.theirs.run("pool.set_max_runspaces(5)");
    let Request::SetMaxRunspaces { ci, max_runspaces: 5 } = session.request() else {
        panic!("another request")
    };
    let message = session.ours.availability(ci, Availability::Done(true));
    session.sends(message, "SetRunspaceAvailabilityEvent");
    assert_eq!(session.theirs.is("pool.max_runspaces"), json!(5));
    session.theirs.run("pool.get_available_runspaces()");
    let Request::GetAvailableRunspaces { ci } = session.request() else {
        panic!("another request")
    };
    let message = session.ours.availability(ci, Availability::Count(4));
    session.sends(message, "GetRunspaceAvailabilityEvent");
    assert_eq!(session.theirs.is("EVENTS[-1].count"), json!(4));
    session.theirs.run("pool.reset_runspace_state()");
    assert!(matches!(session.request(), Request::ResetRunspaceState { .. }));
    let event = UserEvent {
        event_identifier: 3,
        source_identifier: Some("Watch".into()),
        time_generated: None,
        sender: Value::Null,
        source_args: Value::array([1, 2]),
        message_data: "data".into(),
        computer_name: None,
        runspace_id: None,
    };
    let seen = session.shows(
        MessageType::UserEvent,
        event.write(),
        "[e.event.EventIdentifier, e.event.SourceIdentifier, list(e.event.SourceArgs), e.event.MessageData]",
    );
    assert_eq!(seen, json!([3, "Watch", [1, 2], "data"]));
    let shell = format!("ClientGetCommandMetadata(pool, ['Get-*', 'Set-*'], pipeline_id=uuid.UUID('{PIPELINE}'))");
    session.theirs.run(&format!("shell = {shell}\nshell.start()"));
    let Request::GetCommandMetadata { body, .. } = session.request() else {
        panic!("another request")
    };
    let question = GetCommandMetadata::read(&body).expect("a question");
    assert_eq!(question.names, ["Get-*", "Set-*"]);
    let count = CommandCount { count: 9 };
    let seen = session.shows(MessageType::PipelineOutput, count.write(), "e.data.Count");
    assert_eq!(seen, json!(9));
    let seen = session.ends(&PipelineState::new(InvocationState::Completed));
    assert_eq!(seen, json!(["Completed", null]));
    for message in session.ours.closed() {
        session.sends(message, "RunspacePoolStateEvent");
    }
    assert_eq!(session.theirs.is("pool.state.name"), json!("Closed"));
}
