//! A pipeline that runs: its statements one after the other, its stages step by step, until the end or a stop.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use clixml::{Object, Text, Value};
use psrp::MessageType;
use psrp::body::{
    Body, CategoryInfo, CreatePipeline, ErrorCategory, ErrorRecord, GetCommandMetadata, HostCall, HostOutcome,
    HostResponse, InformationRecord, InformationalRecord, InvocationState, Level, PipelineState, ProgressRecord,
    ProgressType, RemoteHostMethodId,
};
use tokio::sync::{Notify, mpsc};
use uuid::Uuid;

use crate::binder::Argument;
use crate::cmdlets;
use crate::config::LanguageMode;
use crate::failure::Failure;
use crate::metadata;
use crate::outbox::Outbox;
use crate::secret;
use crate::shared::lock;
use crate::shell::Shell;
use crate::stage::{Question, Stage, Step, Upstream, World};

/// After so many steps without a wait the runtime gets a chance to do something else.
const BREATH: u32 = 64;

/// Answers that may wait for a pipeline, which asks one question at a time.
const ANSWERS: usize = 8;

/// What a shell knows of one of its pipelines.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) id: Uuid,
    pub(crate) outbox: Outbox,
    /// Stop was asked for.
    stop: Notify,
    answers: mpsc::Sender<HostResponse>,
    input: Mutex<Input>,
    fed: Notify,
}

#[derive(Debug, Default)]
struct Input {
    values: VecDeque<Value>,
    ended: bool,
}

/// What is to run.
#[derive(Debug)]
pub(crate) enum Work {
    Commands(Box<CreatePipeline>),
    Metadata(GetCommandMetadata),
}

/// How it ended.
enum End {
    Completed,
    Stopped,
    Failed(Failure),
    /// Nobody will fetch its output any more.
    Abandoned,
}

impl Pipeline {
    /// Begins to run on a task of its own.
    pub(crate) fn start(id: Uuid, work: Work, shell: &Arc<Shell>) -> Arc<Self> {
        let (answers, answered) = mpsc::channel(ANSWERS);
        let pipeline = Arc::new(Self {
            id,
            outbox: Outbox::default(),
            stop: Notify::new(),
            answers,
            input: Mutex::default(),
            fed: Notify::new(),
        });
        let run = Run {
            pipeline: Arc::clone(&pipeline),
            shell: Arc::clone(shell),
            answered,
            calls: 0,
            steps: 0,
        };
        tokio::spawn(run.drive(work));
        pipeline
    }

    pub(crate) fn stop(&self) {
        self.stop.notify_one();
    }

    pub(crate) fn input(&self, value: Value) {
        lock(&self.input).values.push_back(value);
    }

    pub(crate) fn end_input(&self) {
        lock(&self.input).ended = true;
        self.fed.notify_one();
    }

    pub(crate) fn answer(&self, response: HostResponse) {
        // Nobody waits for it where the pipeline was stopped meanwhile; and nobody asked for more than there is room for.
        let _ = self.answers.try_send(response);
    }

    /// Input is small here: it is awaited whole before the first stage runs.
    async fn whole_input(&self) -> VecDeque<Value> {
        loop {
            let fed = self.fed.notified();
            {
                let mut input = lock(&self.input);
                if input.ended {
                    return std::mem::take(&mut input.values);
                }
            }
            fed.await;
        }
    }
}

struct Run {
    pipeline: Arc<Pipeline>,
    shell: Arc<Shell>,
    answered: mpsc::Receiver<HostResponse>,
    calls: i64,
    steps: u32,
}

impl Run {
    async fn drive(mut self, work: Work) {
        let pipeline = Arc::clone(&self.pipeline);
        self.shell.running(1);
        let end = tokio::select! {
            biased;
            () = pipeline.stop.notified() => End::Stopped,
            end = self.work(work) => end,
        };
        let state = match end {
            End::Completed => PipelineState::new(InvocationState::Completed),
            End::Stopped => PipelineState::stopped(),
            End::Failed(failure) => PipelineState::failed(record(&failure)),
            End::Abandoned => {
                self.shell.running(-1);
                return;
            }
        };
        self.send(MessageType::PipelineState, state.write());
        self.shell.running(-1);
        pipeline.outbox.finish();
    }

    async fn work(&mut self, work: Work) -> End {
        let create = match work {
            Work::Commands(create) => create,
            Work::Metadata(asked) => {
                for value in metadata::describe(self.shell.commands(), &asked) {
                    self.send(MessageType::PipelineOutput, clixml::write(&value).into());
                }
                return End::Completed;
            }
        };
        let mut input = match create.no_input {
            true => VecDeque::new(),
            false => self.pipeline.whole_input().await,
        };
        let mut world = self.shell.world();
        let statements = match self.statements(&create) {
            Ok(statements) => statements,
            Err(failure) => return End::Failed(failure),
        };
        for statement in statements {
            let (mut stages, from_script) = match statement {
                Statement::Stages(stages, from_script) => (stages, from_script),
                Statement::Fails(failure) => {
                    self.send(MessageType::ErrorRecord, record(&failure).write());
                    continue;
                }
            };
            match self.statement(&mut stages, &mut input, &mut world).await {
                End::Completed => {}
                // As in PowerShell a failing command ends its statement in a script, and everything else whole.
                End::Failed(failure) if from_script => {
                    self.send(MessageType::ErrorRecord, record(&failure).write());
                }
                other => return other,
            }
        }
        End::Completed
    }

    async fn statement(
        &mut self,
        stages: &mut [Box<dyn Stage>],
        input: &mut VecDeque<Value>,
        world: &mut World,
    ) -> End {
        loop {
            let step = Upstream::new(stages, input).step(world);
            let (kind, body) = match step {
                Step::Done => return End::Completed,
                Step::Fail(failure) => return End::Failed(failure),
                Step::Pause(pause) => {
                    tokio::time::sleep(pause).await;
                    continue;
                }
                Step::Ask(question) => {
                    world.answer = Some(self.ask(&question).await);
                    continue;
                }
                Step::Output(value) => (MessageType::PipelineOutput, clixml::write(&value).into()),
                Step::Error(failure) => (MessageType::ErrorRecord, record(&failure).write()),
                Step::Warning(line) => informational(Level::Warning, line),
                Step::Verbose(line) => informational(Level::Verbose, line),
                Step::Debug(line) => informational(Level::Debug, line),
                Step::Information(data, tags) => (MessageType::InformationRecord, self.information(data, tags).write()),
                Step::Progress {
                    activity,
                    status,
                    percent,
                    completed,
                } => {
                    let mut progress = ProgressRecord::new(activity, status);
                    progress.percent_complete = percent;
                    if completed {
                        progress.kind = ProgressType::Completed;
                    }
                    (MessageType::ProgressRecord, progress.write())
                }
                Step::WriteLine(line) => (
                    MessageType::PipelineHostCall,
                    HostCall::void(RemoteHostMethodId::WriteLine2, [line]).write(),
                ),
            };
            self.send(kind, body);
            if !self.pipeline.outbox.room().await {
                return End::Abandoned;
            }
            self.steps = self.steps.wrapping_add(1);
            if self.steps.is_multiple_of(BREATH) {
                tokio::task::yield_now().await;
            }
        }
    }

    /// The chains of stages that the commands mean.
    fn statements(&self, create: &CreatePipeline) -> Result<Vec<Statement>, Failure> {
        let mut statements = Vec::new();
        for commands in &create.power_shell.statements {
            if let [only] = commands.as_slice()
                && only.is_script
            {
                statements.extend(self.script(&only.name.to_string_lossy())?);
                continue;
            }
            let mut stages = Vec::new();
            for command in commands {
                if command.is_script && self.shell.language() == LanguageMode::No {
                    return Err(Failure::no_language());
                }
                let arguments: Vec<_> = command.arguments.iter().map(argument).collect();
                stages.push(cmdlets::begin(
                    self.shell.commands(),
                    &command.name.to_string_lossy(),
                    &arguments,
                )?);
            }
            statements.push(Statement::Stages(stages, false));
        }
        Ok(statements)
    }

    /// Script text, as far as it is statements of commands.
    fn script(&self, text: &str) -> Result<Vec<Statement>, Failure> {
        if self.shell.language() == LanguageMode::No {
            return Err(Failure::no_language());
        }
        let mut statements = Vec::new();
        for line in text.split([';', '\n']).map(str::trim).filter(|line| !line.is_empty()) {
            let parsed = language::parse(line).map_err(|error| Failure::script(error.to_string()))?;
            let mut stages = Vec::new();
            let mut failed = None;
            for command in &parsed.commands {
                let arguments: Vec<_> = command.arguments.iter().map(scripted).collect();
                match cmdlets::begin(self.shell.commands(), &command.name, &arguments) {
                    Ok(stage) => stages.push(stage),
                    Err(failure) => failed = Some(failure),
                }
            }
            statements.push(match failed {
                Some(failure) => Statement::Fails(failure),
                None => Statement::Stages(stages, true),
            });
        }
        Ok(statements)
    }

    async fn ask(&mut self, question: &Question) -> Option<Value> {
        self.calls += 1;
        let mut secrets = None;
        let (method, parameters) = match question {
            Question::ReadLine => (RemoteHostMethodId::ReadLine, Vec::new()),
            Question::ReadSecret => {
                // Before the call: a client without a key could not answer it.
                secrets = Some(self.shell.secrets().await);
                (RemoteHostMethodId::ReadLineAsSecureString, Vec::new())
            }
            Question::Confirm { caption, message } => {
                let choices = [
                    ("&Yes", "Continue with only the next step."),
                    ("Yes to &All", "Continue with all the steps."),
                    ("&No", "Skip this operation."),
                ];
                let choices = choices.map(|(label, help)| choice(label, help));
                let parameters = vec![
                    caption.as_str().into(),
                    message.as_str().into(),
                    Value::list(choices),
                    Value::Int32(0),
                ];
                (RemoteHostMethodId::PromptForChoice, parameters)
            }
        };
        let call = HostCall {
            ci: self.calls,
            method,
            parameters,
        };
        self.send(MessageType::PipelineHostCall, call.write());
        loop {
            let response = self.answered.recv().await?;
            if response.ci == self.calls {
                return match (response.outcome, &secrets) {
                    (HostOutcome::Value(value), Some(secrets)) => secret::anew(secrets, &value),
                    (HostOutcome::Value(value), None) => Some(value),
                    (HostOutcome::Error(_), _) => None,
                };
            }
        }
    }

    fn information(&self, data: Value, tags: &[&str]) -> InformationRecord {
        InformationRecord {
            message_data: data,
            source: Some("pslease-tenant".into()),
            time_generated: None,
            tags: tags.iter().map(|tag| Text::from(*tag)).collect(),
            user: Some(self.shell.admin().into()),
            computer: Some("tenant.example".into()),
            process_id: 0,
            native_thread_id: 0,
            managed_thread_id: 0,
        }
    }

    fn send(&self, kind: MessageType, body: Bytes) {
        self.shell
            .send(&self.pipeline.outbox, Some(self.pipeline.id), kind, body);
    }
}

enum Statement {
    /// Stages, and whether they come from script text.
    Stages(Vec<Box<dyn Stage>>, bool),
    Fails(Failure),
}

fn argument(argument: &psrp::body::Argument) -> Argument {
    match &argument.name {
        // A name without a dash always has its value beside it; with a dash, only behind a colon.
        Some(name) => {
            let name = name.to_string_lossy().into_owned();
            let bare = name.trim_start_matches(['-', '\u{2013}', '\u{2014}', '\u{2015}']);
            let has_value = bare.len() == name.len() || name.trim_end().ends_with(':');
            Argument {
                name: Some(name),
                value: has_value.then(|| argument.value.clone()),
            }
        }
        None => Argument {
            name: None,
            value: Some(argument.value.clone()),
        },
    }
}

/// An argument of script text, as the binder takes it.
fn scripted(argument: &language::Argument) -> Argument {
    let has_value = argument
        .name
        .as_deref()
        .is_none_or(|name| name.trim_end().ends_with(':'));
    Argument {
        name: argument.name.clone(),
        value: has_value.then(|| constant(&argument.value)),
    }
}

fn constant(constant: &language::Constant) -> Value {
    use language::Constant;
    match constant.value() {
        Constant::Boolean(truth) => Value::Bool(*truth),
        Constant::Int32(number) => Value::Int32(*number),
        Constant::Int64(number) => Value::Int64(*number),
        Constant::Double(number) => Value::Double(*number),
        Constant::String(text) => text.into(),
        Constant::Array(items) => Value::array(items.iter().map(self::constant)),
        // The cmdlets here take nothing else.
        _ => Value::Null,
    }
}

fn choice(label: &str, help: &str) -> Value {
    Object::new()
        .extended("label", label)
        .extended("helpMessage", help)
        .into()
}

fn informational(level: Level, line: String) -> (MessageType, Bytes) {
    (level.kind(), InformationalRecord::new(level, line).write())
}

fn record(failure: &Failure) -> ErrorRecord {
    let category = ErrorCategory::from_number(failure.category.number());
    let mut record = ErrorRecord::new(
        failure.exception,
        failure.message.as_str(),
        failure.id.as_str(),
        category,
    );
    let target = failure
        .target
        .as_text()
        .map(|text| text.to_string_lossy().into_owned())
        .unwrap_or_default();
    let target_type = if failure.target.is_null() { "" } else { "String" };
    let reason = failure.exception.rsplit('.').next().unwrap_or_default();
    record.target_object = failure.target.clone();
    record.category = CategoryInfo {
        activity: Some(failure.activity.as_str().into()),
        message: Some(
            format!(
                "{}: ({target}:{target_type}) [{}], {reason}",
                category.name(),
                failure.activity
            )
            .into(),
        ),
        target_name: Some(target.into()),
        target_type: Some(target_type.into()),
        ..record.category
    };
    record
}
