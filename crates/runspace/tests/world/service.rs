//! A WS-Management service in memory: one shell, and pipelines that do what their command's name says.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use moment::Moment;
use psrp::Body as _;
use psrp::body::{CreatePipeline, InvocationState, PipelineState};
use psrp::server::{Config, Pool, Request as Wanted};
use psrp::{MessageType, Outgoing};
use uuid::Uuid;
use wsman::{
    Answer, CommandId, CommandState, CommandStatus, Created, Fault, Limits, MessageId, Operation, Received, Request,
    Response, SessionId, ShellId, SignalCode, Stream, StreamName,
};

/// What became of a request.
pub(crate) enum Outcome {
    /// Answered at once.
    Answer(u16, Bytes),
    /// It waits; asked again whenever something happened, until the moment given.
    Park(Moment),
    /// Never answered.
    Silence,
}

#[derive(Default)]
struct Pipeline {
    command: String,
    out: VecDeque<Bytes>,
    done: bool,
    inputs: usize,
}

/// The service, and what it counts.
pub(crate) struct Service {
    pub(crate) ran: BTreeMap<Uuid, usize>,
    pub(crate) requests: Vec<&'static str>,
    pub(crate) largest: usize,
    pub(crate) redirect: Option<String>,
    pub(crate) refuse_log_on: bool,
    pub(crate) protocol: clixml::Version,
    pub(crate) quota: bool,
    pub(crate) silent_create: bool,
    shell: Option<Shell>,
    messages: u128,
}

struct Shell {
    id: ShellId,
    session: SessionId,
    pool: Pool,
    out: VecDeque<Bytes>,
    pipelines: BTreeMap<Uuid, Pipeline>,
}

const BLOB: usize = 900;

impl Service {
    pub(crate) fn new() -> Self {
        Self {
            ran: BTreeMap::new(),
            requests: Vec::new(),
            largest: 0,
            redirect: None,
            refuse_log_on: false,
            protocol: psrp::body::V2_3,
            quota: false,
            silent_create: false,
            shell: None,
            messages: 0,
        }
    }

    pub(crate) fn has_shell(&self) -> bool {
        self.shell.is_some()
    }

    pub(crate) fn kill(&mut self) {
        self.shell = None;
    }

    /// A message of the pool's own accord.
    pub(crate) fn announce(&mut self, kind: MessageType, body: Bytes) {
        let Some(shell) = &mut self.shell else { return };
        let message = shell.pool.message(None, kind, body).unwrap();
        shell.out.extend(cut(message));
    }

    /// `first` is false when a parked request is looked at again.
    pub(crate) fn handle(&mut self, now: Moment, arrived: Moment, bytes: &[u8], first: bool) -> Outcome {
        let request = Request::read(bytes, &Limits::default()).unwrap();
        if first {
            self.requests.push(request.verb().name());
            self.largest = self.largest.max(bytes.len());
        }
        if self.refuse_log_on {
            return Outcome::Answer(401, Bytes::new());
        }
        let until = arrived + request.operation_timeout.unwrap_or(Duration::from_secs(60));
        let id = request.message_id.clone();
        let answer = match self.answer(&request, now >= until) {
            Some(Ok(answer)) => answer,
            Some(Err(fault)) => Answer::Fault(Box::new(fault)),
            None if matches!(request.operation, Operation::Receive(_)) => return Outcome::Park(until),
            None => return Outcome::Silence,
        };
        self.messages += 1;
        let response = Response::new(MessageId::from(Uuid::from_u128(self.messages)), id, answer);
        Outcome::Answer(response.status(), response.to_bytes())
    }

    fn answer(&mut self, request: &Request, timed_out: bool) -> Option<Result<Answer, Fault>> {
        if let Operation::Create(create) = &request.operation {
            return self.create(request, create);
        }
        let found = request
            .shell_id
            .as_ref()
            .is_some_and(|id| self.shell.as_ref().is_some_and(|shell| shell.id == *id));
        if !found {
            return Some(Err(Fault::shell_not_found(request.shell_id.as_ref().unwrap())));
        }
        let shell = self.shell.as_mut().unwrap();
        assert_eq!(
            request.session_id.as_ref(),
            Some(&shell.session),
            "SessionId on every request"
        );
        let answer = match &request.operation {
            Operation::Command(command) => {
                let id = command.id.clone().unwrap();
                let pipeline = id.uuid().unwrap();
                if shell.pipelines.contains_key(&pipeline) {
                    panic!("the command {pipeline} was sent twice");
                }
                shell.pool.announce(pipeline).unwrap();
                shell.pipelines.insert(pipeline, Pipeline::default());
                shell.feed(Some(pipeline), command.arguments.clone(), &mut self.ran);
                Ok(Answer::Started(id))
            }
            Operation::Send(send) => {
                let mut result = Ok(Answer::Sent);
                for stream in &send.streams {
                    let target = stream.command.as_ref().and_then(CommandId::uuid);
                    if target.is_some_and(|id| !shell.pipelines.contains_key(&id)) {
                        result = Err(Fault::command_not_found());
                    } else {
                        shell.feed(target, stream.data.clone(), &mut self.ran);
                    }
                }
                result
            }
            Operation::Receive(receive) => {
                let target = receive.command.as_ref().and_then(CommandId::uuid);
                return shell.receive(target, timed_out);
            }
            Operation::Signal(signal) => {
                let id = signal.command.as_ref().and_then(CommandId::uuid).unwrap();
                let Some(pipeline) = shell.pipelines.get(&id) else {
                    return Some(Err(Fault::command_not_found()));
                };
                let command = pipeline.command.clone();
                match signal.code {
                    SignalCode::Stop if command == "Deaf" || command == "Stuck" => Ok(Answer::Signalled),
                    SignalCode::Stop => {
                        shell.end(id, &PipelineState::stopped());
                        Ok(Answer::Signalled)
                    }
                    SignalCode::Terminate if command == "Stuck" => return None,
                    SignalCode::Terminate => {
                        shell.pipelines.remove(&id);
                        shell.pool.close_pipeline(id);
                        Ok(Answer::Signalled)
                    }
                    SignalCode::Other(_) => panic!("an unknown signal"),
                }
            }
            Operation::Delete => {
                self.shell = None;
                Ok(Answer::Deleted)
            }
            Operation::Disconnect(_) => Ok(Answer::Disconnected),
            Operation::Reconnect(None) => Ok(Answer::Reconnected),
            Operation::Get => Ok(Answer::Described(Box::new(wsman::Shell {
                state: Some(wsman::ShellState::Connected),
                ..wsman::Shell::new(shell.id.clone())
            }))),
            other => panic!("{other:?} is not served here"),
        };
        Some(answer)
    }

    fn create(&mut self, request: &Request, create: &wsman::Create) -> Option<Result<Answer, Fault>> {
        if self.silent_create {
            return None;
        }
        if self.quota {
            return Some(Err(Fault::shells_of_user(3)));
        }
        assert!(self.shell.is_none(), "a second shell");
        let capability = psrp::body::SessionCapability::new(self.protocol);
        let mut shell = Shell {
            // A server may choose another id; ours is to be forgotten then.
            id: ShellId::new("spelt-by-the-server"),
            session: request.session_id.clone().unwrap(),
            pool: Pool::new(Config {
                capability,
                ..Config::default()
            }),
            out: VecDeque::new(),
            pipelines: BTreeMap::new(),
        };
        shell
            .pool
            .named(create.shell_id.as_ref().and_then(ShellId::uuid).unwrap());
        shell.feed(None, create.creation.clone(), &mut self.ran);
        let described = wsman::Shell {
            idle_timeout: Some(Duration::from_secs(900)),
            ..wsman::Shell::new(shell.id.clone())
        };
        let created = Created {
            resource_uri: format!("{}/returned", request.resource_uri),
            shell_id: shell.id.clone(),
            shell: Some(described),
        };
        self.shell = Some(shell);
        Some(Ok(Answer::Created(Box::new(created))))
    }
}

impl Shell {
    fn feed(&mut self, target: Option<Uuid>, bytes: Bytes, ran: &mut BTreeMap<Uuid, usize>) {
        self.pool.receive(target, bytes).unwrap();
        while let Some(wanted) = self.pool.poll_request() {
            match wanted {
                Wanted::Capability(_) => {
                    let capability = self.pool.capability();
                    self.out.extend(cut(capability));
                }
                Wanted::Opening { init, .. } => {
                    assert!(!init.host_info.is_host_null, "a pool is opened with a host");
                    let data = self
                        .pool
                        .private_data(Bytes::from_static(b"<Obj RefId=\"0\"><MS /></Obj>"));
                    let opened = self.pool.opened();
                    self.out.extend(cut(data).into_iter().chain(cut(opened)));
                }
                Wanted::CreatePipeline { pipeline, body } => {
                    *ran.entry(pipeline).or_default() += 1;
                    let create = CreatePipeline::read(&body).unwrap();
                    let command = create.power_shell.statements[0][0].name.to_string();
                    self.begin(pipeline, &command);
                }
                Wanted::Input { pipeline, body } => {
                    let running = self.pipelines.get_mut(&pipeline).unwrap();
                    running.inputs += 1;
                    if running.command.starts_with("Echo") {
                        self.put(pipeline, MessageType::PipelineOutput, body);
                    }
                }
                Wanted::EndOfInput { pipeline } => self.end(pipeline, &PipelineState::new(InvocationState::Completed)),
                Wanted::HostResponse {
                    pipeline: Some(pipeline),
                    body,
                } => {
                    self.put(pipeline, MessageType::PipelineOutput, body);
                    self.end(pipeline, &PipelineState::new(InvocationState::Completed));
                }
                // Input for a pipeline that was stopped meanwhile, and what was sent twice.
                Wanted::Ignored { .. } => {}
                other => panic!("{other:?} was not expected"),
            }
        }
    }

    /// `Emit-N-SIZE`, `Echo`, `Ask`, and `Sleep`, `Deaf` (to a stop), `Stuck` (to everything).
    fn begin(&mut self, id: Uuid, command: &str) {
        self.pipelines.get_mut(&id).unwrap().command = command.to_owned();
        let mut words = command.split('-');
        match words.next() {
            Some("Emit") => {
                let mut number = || words.next().map_or(0, |word| word.parse::<usize>().unwrap());
                let (count, size) = (number(), number());
                for n in 0..count {
                    self.put(
                        id,
                        MessageType::PipelineOutput,
                        format!("<S>{n:08}{}</S>", "x".repeat(size)).into(),
                    );
                }
                self.end(id, &PipelineState::new(InvocationState::Completed));
            }
            Some("Ask") => self.put(
                id,
                MessageType::PipelineHostCall,
                Bytes::from_static(b"<S>question</S>"),
            ),
            _ => {}
        }
    }

    fn put(&mut self, id: Uuid, kind: MessageType, body: Bytes) {
        let Ok(message) = self.pool.message(Some(id), kind, body) else {
            return;
        };
        self.pipelines.get_mut(&id).unwrap().out.extend(cut(message));
    }

    fn end(&mut self, id: Uuid, state: &PipelineState) {
        let Ok(message) = self.pool.pipeline_state(id, state) else {
            return;
        };
        let pipeline = self.pipelines.get_mut(&id).unwrap();
        pipeline.out.extend(cut(message));
        pipeline.done = true;
    }

    fn receive(&mut self, target: Option<Uuid>, timed_out: bool) -> Option<Result<Answer, Fault>> {
        let (out, done) = match target {
            None => (&mut self.out, false),
            Some(id) => match self.pipelines.get_mut(&id) {
                None => return Some(Err(Fault::command_not_found())),
                Some(pipeline) => (&mut pipeline.out, pipeline.done),
            },
        };
        if out.is_empty() && !done {
            return timed_out.then(|| Err(Fault::timed_out()));
        }
        let command = target.map(CommandId::from);
        let mut streams = Vec::new();
        while streams.len() < 20
            && let Some(data) = out.pop_front()
        {
            streams.push(Stream::new(StreamName::Stdout, command.clone(), data));
        }
        let state = if done && out.is_empty() {
            CommandState::Done
        } else {
            CommandState::Running
        };
        let status = command.map(|command| CommandStatus {
            command: Some(command),
            state,
            exit_code: None,
        });
        Some(Ok(Answer::Received(Received { streams, status })))
    }
}

fn cut(mut message: Outgoing) -> Vec<Bytes> {
    std::iter::from_fn(|| message.fragment(BLOB)).collect()
}
