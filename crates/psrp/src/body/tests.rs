//! What PowerShell demands of bodies, apart from recordings (those are in tests/recordings.rs).

use clixml::{Property, Value};

use super::*;

/// The member names of the object at the end of `path`.
fn members(value: &Value, path: &[&str]) -> Vec<String> {
    let mut value = value;
    for name in path {
        value = value.property(name).unwrap();
    }
    value
        .as_object()
        .unwrap()
        .extended
        .iter()
        .flatten()
        .map(|property| property.name.to_string())
        .collect()
}

fn without(value: &Value, name: &str) -> Value {
    let mut value = value.clone();
    let object = value.as_object_mut().unwrap();
    object
        .extended
        .as_mut()
        .unwrap()
        .retain(|Property { name: own, .. }| *own != name);
    value
}

#[test]
fn an_opening_has_every_member_and_lacks_none() {
    let value = InitRunspacePool::new(HostInfo::none()).to_value();
    let expected = [
        "MinRunspaces",
        "MaxRunspaces",
        "PSThreadOptions",
        "ApartmentState",
        "ApplicationArguments",
        "HostInfo",
    ];
    assert_eq!(members(&value, &[]), expected);
    for member in [
        "MinRunspaces",
        "MaxRunspaces",
        "PSThreadOptions",
        "ApartmentState",
        "HostInfo",
    ] {
        match InitRunspacePool::from_value(&without(&value, member)) {
            Err(Error::Missing { member: named, .. }) => assert_eq!(named, member),
            other => panic!("{member}: {other:?}"),
        }
    }
}

#[test]
fn a_host_brings_all_ten_answers() {
    let host = HostInfo::console(HostDefaultData::terminal(120, 30));
    let value = host.to_value();
    let data = value.property("_hostDefaultData").unwrap().property("data").unwrap();
    let keys: Vec<i64> = data
        .as_dictionary()
        .unwrap()
        .iter()
        .map(|(key, _)| key.as_i64().unwrap())
        .collect();
    assert_eq!(keys, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    let size = data.as_dictionary().unwrap()[3]
        .1
        .property("V")
        .unwrap()
        .property("width")
        .unwrap();
    assert_eq!(size.as_i64(), Some(120));
    let back = InitRunspacePool::read(&InitRunspacePool::new(host.clone()).write()).unwrap();
    assert_eq!(back.host_info, host);
}

#[test]
fn a_pipeline_has_every_member() {
    let value = CreatePipeline::new(vec![Command::new("Get-CsTenant")]).to_value();
    assert_eq!(
        members(&value, &[]),
        [
            "PowerShell",
            "NoInput",
            "ApartmentState",
            "RemoteStreamOptions",
            "AddToHistory",
            "HostInfo",
            "IsNested"
        ]
    );
    assert_eq!(
        members(&value, &["PowerShell"]),
        ["Cmds", "IsNested", "History", "RedirectShellErrorOutputPipe"]
    );
    let command = &value
        .property("PowerShell")
        .unwrap()
        .property("Cmds")
        .unwrap()
        .as_list()
        .unwrap()[0];
    assert_eq!(members(command, &[]).len(), 12);
}

#[test]
fn several_statements_are_all_extra_and_the_first_is_repeated() {
    let statements: Vec<Vec<Command>> = ["a", "b", "c"].map(|name| vec![Command::new(name)]).into();
    let pipeline = CreatePipeline::statements(statements);
    let value = pipeline.to_value();
    let power_shell = value.property("PowerShell").unwrap();
    assert_eq!(power_shell.property("ExtraCmds").unwrap().as_list().unwrap().len(), 3);
    let first = &power_shell.property("Cmds").unwrap().as_list().unwrap()[0];
    assert_eq!(first.property("Cmd").unwrap().as_str(), Some("a"));
    assert_eq!(CreatePipeline::read(&pipeline.write()).unwrap(), pipeline);
}

#[test]
fn older_servers_get_no_merges_that_they_do_not_know() {
    let at = |version| {
        CreatePipeline::new(vec![Command::new("x")])
            .for_protocol(version)
            .to_value()
    };
    let count = |value: Value| {
        let commands = value
            .property("PowerShell")
            .unwrap()
            .property("Cmds")
            .unwrap()
            .as_list()
            .unwrap()
            .to_vec();
        members(&commands[0], &[]).len()
    };
    assert_eq!((count(at(V2_1)), count(at(V2_2)), count(at(V2_3))), (7, 11, 12));
}

#[test]
fn an_argument_keeps_name_and_value_apart() {
    let command = Command::new("Get-CsOnlineUser")
        .with(Argument::named("-ResultSize", Value::Null))
        .with(Argument::positional(10))
        .with(Argument::named("-Force:", true));
    let pipeline = CreatePipeline::new(vec![command, Command::script("$_.Id")]);
    assert_eq!(CreatePipeline::read(&pipeline.write()).unwrap(), pipeline);
}

#[test]
fn an_enum_may_come_as_a_reference_or_a_number() {
    let xml = "<Obj RefId='0'><MS><I32 N='MinRunspaces'>1</I32><I32 N='MaxRunspaces'>2</I32>\
        <Obj N='PSThreadOptions' RefId='1'><I32>2</I32></Obj><Ref N='ApartmentState' RefId='1' /><Nil N='ApplicationArguments' />\
        <Obj N='HostInfo' RefId='2'><MS><B N='_isHostNull'>true</B><B N='_isHostUINull'>true</B>\
        <B N='_isHostRawUINull'>true</B><B N='_useRunspaceHost'>true</B></MS></Obj></MS></Obj>";
    let init = InitRunspacePool::read(xml.as_bytes()).unwrap();
    assert_eq!(init.thread_options, ThreadOptions::ReuseThread);
    assert_eq!(init.apartment_state, ApartmentState::Unknown);
}

#[test]
fn versions_agree_on_the_lower_one() {
    assert_eq!(SessionCapability::agree(V2_3, V2_1).unwrap(), V2_1);
    assert_eq!(SessionCapability::agree(V2_3, V2_4).unwrap(), V2_3);
    assert!(matches!(
        SessionCapability::agree(V2_3, clixml::Version::new(3, 0)),
        Err(Error::Version { .. })
    ));
}

#[test]
fn a_call_is_answered_exactly_if_an_answer_is_due() {
    let write = HostCall::void(RemoteHostMethodId::WriteLine2, ["x"]);
    assert!(write.answer(Value::Null).is_none());
    let ask = HostCall {
        ci: 3,
        method: RemoteHostMethodId::ReadLine,
        parameters: Vec::new(),
    };
    let answer = ask.answer("ken").unwrap();
    assert_eq!(HostResponse::read(&answer.write()).unwrap(), answer);
    let error = ErrorRecord::new(
        "System.NotImplementedException",
        "there is nobody to ask",
        "HostRefused",
        ErrorCategory::NotImplemented,
    );
    let refusal = ask.refuse(error).unwrap();
    let value = refusal.to_value();
    let me = value.property("me").unwrap();
    assert!(
        me.type_names().is_none() && me.as_object().unwrap().to_string.is_none(),
        "a bare bag"
    );
    match HostResponse::read(&refusal.write()).unwrap().outcome {
        HostOutcome::Error(error) => assert_eq!(error.message().unwrap(), &"there is nobody to ask"),
        other => panic!("{other:?}"),
    }
    assert!(
        ask.answer(Value::Null).unwrap().to_value().property("mr").is_none(),
        "null is left out"
    );
}

#[test]
fn calls_that_are_not_what_their_method_takes_stay_untyped() {
    let odd = HostCall {
        ci: 1,
        method: RemoteHostMethodId::Prompt,
        parameters: vec![Value::Int32(1)],
    };
    assert_eq!(odd.request(), HostRequest::Other(RemoteHostMethodId::Prompt));
    let several = HostCall {
        ci: 1,
        method: RemoteHostMethodId::PromptForChoiceMultipleSelection,
        parameters: vec![
            "c".into(),
            "m".into(),
            Value::list(Vec::<Value>::new()),
            Value::list([0, 1]),
        ],
    };
    assert!(matches!(several.request(), HostRequest::Choice { multiple: true, defaults, .. } if defaults == [0, 1]));
}

#[test]
fn states_carry_the_error_that_ended_them() {
    let stopped = PipelineState::read(&PipelineState::stopped().write()).unwrap();
    assert_eq!(stopped.state, InvocationState::Stopped);
    assert_eq!(
        stopped.error.unwrap().fully_qualified_error_id.unwrap(),
        "PipelineStopped"
    );
    let broken = RunspacePoolState {
        state: RunspaceState::Broken,
        error: PipelineState::stopped().error,
    };
    assert_eq!(RunspacePoolState::read(&broken.write()).unwrap(), broken);
    assert_eq!(InvocationState::from_number(9), InvocationState::Other(9));
}

#[test]
fn a_count_is_told_from_a_yes() {
    for answer in [
        Availability::Done(true),
        Availability::Done(false),
        Availability::Count(3),
    ] {
        let body = RunspaceAvailability { answer, ci: 5 };
        assert_eq!(RunspaceAvailability::read(&body.write()).unwrap(), body);
    }
    let xml = b"<Obj RefId='0'><MS><I64 N='SetMinMaxRunspacesResponse'>2</I64><I64 N='ci'>5</I64></MS></Obj>";
    assert_eq!(RunspaceAvailability::read(xml).unwrap().answer, Availability::Count(2));
}

#[test]
fn kinds_of_commands_are_spelled_as_flags() {
    let name = |types: CommandTypes| types.to_value().as_object().unwrap().to_string.clone().unwrap();
    assert_eq!(
        name(CommandTypes::DEFAULT),
        "Alias, Function, Filter, Cmdlet, Configuration"
    );
    assert_eq!(name(CommandTypes::ALL), "All");
    assert_eq!(name(CommandTypes(1024)), "1024");
}

#[test]
fn a_body_that_is_no_object_names_itself() {
    let error = CreatePipeline::read(b"<S>x</S>").unwrap_err();
    assert_eq!(error.to_string(), "member (body) of CREATE_PIPELINE is not an object");
    assert!(matches!(PipelineState::read(b"<Obj"), Err(Error::Clixml { .. })));
    assert!(matches!(PipelineState::read(b""), Err(Error::Clixml { .. })));
}
