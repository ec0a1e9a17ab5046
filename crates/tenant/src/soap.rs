//! From an envelope to an answer: the operations of a shell (MS-WSMV 3.1.4).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;
use wsman::{
    Answer, CommandId, CommandState, CommandStatus, Created, Fault, FaultKind, Identity, Item, Limits, MessageId,
    Operation, Page, Received, Request, Response, ShellId, ShellState, SignalCode, Stream, StreamName,
};

use crate::books::{Denied, EndedBy, Row};
use crate::config::{Over, User};
use crate::outbox::Taken;
use crate::shared::Shared;
use crate::shell::Shell;

/// The envelope that a client is taken to read when it does not say: what Windows 2008 R2 took.
const ENVELOPE: u32 = 153_600;

/// How long a Receive waits for output when the client does not say.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(60);

/// The resource under which shells are listed and described.
const SHELL_RESOURCE: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell";

const CONFIGURATION: &str = "http://schemas.microsoft.com/powershell/";

/// The status and the envelope to answer with; nothing where what came is no envelope at all.
pub(crate) async fn answer(shared: &Arc<Shared>, service: usize, user: &User, body: &[u8]) -> Option<(u16, Bytes)> {
    let request = match Request::read(body, &Limits::default()) {
        Ok(request) => request,
        Err(rejected) => {
            let relates_to = rejected.message_id?;
            let fault = Fault::new(
                FaultKind::Unknown,
                2_150_858_817,
                "InvalidMessageInformationHeader",
                rejected.error.to_string(),
            );
            let response = Response::new(Uuid::new_v4().into(), relates_to, Answer::Fault(Box::new(fault)));
            return Some((response.status(), response.to_bytes()));
        }
    };
    shared.books().count("requests");
    let relates_to = request.message_id.clone();
    let answer = Call {
        shared,
        service,
        user,
        request,
    }
    .answer()
    .await?;
    let response = match answer {
        Answer::Identified(_) => Response {
            message_id: None,
            relates_to: None,
            answer,
        },
        answer => Response::new(MessageId::from(Uuid::new_v4()), relates_to, answer),
    };
    Some((response.status(), response.to_bytes()))
}

struct Call<'a> {
    shared: &'a Arc<Shared>,
    service: usize,
    user: &'a User,
    request: Request,
}

impl Call<'_> {
    async fn answer(mut self) -> Option<Answer> {
        let operation = std::mem::replace(&mut self.request.operation, Operation::Delete);
        let done = match operation {
            Operation::Identify => Ok(Answer::Identified(identity())),
            Operation::Create(create) => return self.create(create).await,
            Operation::Enumerate(enumerate) => Ok(self.list(enumerate.commands_of)),
            Operation::Pull(_) => Ok(Answer::Listed(Page {
                pulled: true,
                ..Page::default()
            })),
            Operation::Config => Err(Fault::access_denied()),
            operation => match self.shell() {
                Ok(shell) => self.on(&shell, operation).await,
                Err(fault) => Err(fault),
            },
        };
        Some(done.unwrap_or_else(|fault| Answer::Fault(Box::new(fault))))
    }

    async fn create(&self, create: wsman::Create) -> Option<Answer> {
        let fault = |fault: Fault| Some(Answer::Fault(Box::new(fault)));
        let service = &self.shared.config.services[self.service];
        let uri = &self.request.resource_uri;
        let known = uri
            .strip_prefix(CONFIGURATION)
            .is_some_and(|name| service.configurations.iter().any(|own| own.eq_ignore_ascii_case(name)));
        if !known {
            return fault(Fault::unknown_resource(uri));
        }
        let id = create
            .shell_id
            .as_ref()
            .and_then(ShellId::uuid)
            .unwrap_or_else(Uuid::new_v4);
        let idle = create
            .idle_timeout
            .map_or(service.limits.idle, |asked| asked.min(service.limits.idle));
        let now = self.shared.clock.now();
        let row = Row {
            service: self.service,
            admin: self.user.name.clone(),
            organization: self.user.organization.clone(),
            created: now,
            last_activity: now,
            idle,
            running: 0,
            locales: (self.request.locale.clone(), self.request.data_locale.clone()),
        };
        let admitted = self.shared.books().admit(id, row, &service.limits);
        match admitted {
            Ok(()) => {}
            Err(Denied::Admin(Over::Hang) | Denied::Organization(Over::Hang)) => {
                tokio::time::sleep(service.limits.hang).await;
                return None;
            }
            Err(Denied::Admin(Over::Refuse)) => return fault(Fault::shells_of_user(service.limits.per_admin)),
            Err(Denied::Organization(Over::Refuse)) => return fault(Fault::shells_of_tenant()),
            Err(Denied::Exists) => {
                return fault(Fault::new(
                    FaultKind::Unknown,
                    2_150_858_999,
                    "AlreadyExists",
                    "a shell of this id exists",
                ));
            }
        }
        let shell = Arc::new(Shell::new(id, self.service, self.user, Arc::clone(self.shared)));
        self.shared.keep(Arc::clone(&shell));
        shell.feed(None, &create.creation, false);
        let mut described = self.describe(id);
        described.resource_uri = Some(uri.clone());
        Some(Answer::Created(Box::new(Created {
            resource_uri: uri.clone(),
            shell_id: described.shell_id.clone(),
            shell: Some(described),
        })))
    }

    /// The shell that the request selects, if it is the user's own.
    fn shell(&self) -> Result<Arc<Shell>, Fault> {
        let id = self.request.shell_id.as_ref().ok_or_else(Fault::access_denied)?;
        let shell = id.uuid().and_then(|id| self.shared.shell(id));
        let own = shell
            .filter(|shell| shell.service() == self.service && shell.admin().eq_ignore_ascii_case(&self.user.name));
        own.ok_or_else(|| {
            self.shared.books().count("shell_not_found");
            Fault::shell_not_found(id)
        })
    }

    async fn on(&self, shell: &Arc<Shell>, operation: Operation) -> Result<Answer, Fault> {
        let parked = matches!(operation, Operation::Receive(_) | Operation::Get);
        if !parked {
            // Output that is fetched counts too, but a Receive that only waits does not keep a shell alive.
            self.shared.books().touch(shell.id(), self.shared.clock.now());
        }
        match operation {
            Operation::Command(command) => {
                let id = command
                    .id
                    .as_ref()
                    .and_then(CommandId::uuid)
                    .unwrap_or_else(Uuid::new_v4);
                shell.begin(id, &command.arguments)?;
                self.shared.books().count("commands");
                Ok(Answer::Started(id.into()))
            }
            Operation::Send(send) => {
                for stream in send.streams {
                    let command = pipeline_of(stream.command.as_ref())?;
                    let responses = stream.name == StreamName::PromptResponse;
                    if command.is_some() && !responses {
                        self.shared.takes_input(|| shell.source(command).is_none()).await;
                    }
                    if !shell.feed(command, &stream.data, responses) {
                        return Err(Fault::command_not_found());
                    }
                }
                Ok(Answer::Sent)
            }
            Operation::Receive(receive) => self.receive(shell, receive.command).await,
            Operation::Signal(signal) => {
                let Some(command) = pipeline_of(signal.command.as_ref())? else {
                    return Ok(Answer::Signalled);
                };
                match signal.code {
                    SignalCode::Stop => shell.stop(command),
                    // PowerShell's plug-in takes any other code for Terminate.
                    SignalCode::Terminate | SignalCode::Other(_) => shell.terminate(command),
                }
                self.shared.look_again();
                Ok(Answer::Signalled)
            }
            Operation::Delete => {
                self.shared.end(shell.id(), EndedBy::Delete);
                Ok(Answer::Deleted)
            }
            Operation::Get => Ok(Answer::Described(Box::new(self.describe(shell.id())))),
            Operation::Disconnect(_) | Operation::Reconnect(_) | Operation::Connect(_) => {
                let reason = "This endpoint does not support disconnecting: close the session instead.";
                Err(Fault::new(
                    FaultKind::Unknown,
                    2_150_858_754,
                    "ActionNotSupported",
                    reason,
                ))
            }
            // INVARIANT of the caller: these never select a shell.
            Operation::Create(_)
            | Operation::Config
            | Operation::Enumerate(_)
            | Operation::Pull(_)
            | Operation::Identify => Err(Fault::access_denied()),
        }
    }

    async fn receive(&self, shell: &Arc<Shell>, command: Option<CommandId>) -> Result<Answer, Fault> {
        let id = pipeline_of(command.as_ref())?;
        let source = shell.source(id).ok_or_else(Fault::command_not_found)?;
        let budget = Response::payload_budget(self.request.max_envelope_size.unwrap_or(ENVELOPE), 1);
        let patience = self.request.operation_timeout.unwrap_or(OPERATION_TIMEOUT);
        let taken = tokio::time::timeout(patience, source.outbox().take(budget))
            .await
            .map_err(|_| Fault::timed_out())?;
        let status = |done: bool| {
            command.is_some().then(|| CommandStatus {
                command: command.clone(),
                state: if done {
                    CommandState::Done
                } else {
                    CommandState::Running
                },
                exit_code: done.then_some(0),
            })
        };
        match taken {
            Taken::Data(data, last) => {
                self.shared.books().touch(shell.id(), self.shared.clock.now());
                let streams = vec![Stream::new(StreamName::Stdout, command.clone(), data)];
                Ok(Answer::Received(Received {
                    streams,
                    status: status(last && id.is_some()),
                }))
            }
            Taken::Finished if id.is_some() => Ok(Answer::Received(Received {
                streams: Vec::new(),
                status: status(true),
            })),
            Taken::Finished => Err(Fault::timed_out()),
            Taken::Gone if shell.is_gone() => Err(Fault::shell_not_found(&shell.id().into())),
            Taken::Gone => Err(Fault::command_not_found()),
        }
    }

    fn list(&self, commands_of: Option<ShellId>) -> Answer {
        if commands_of.is_some() {
            return Answer::Listed(Page::default());
        }
        let own: Vec<Uuid> = self
            .shared
            .books()
            .rows()
            .filter(|(_, row)| row.service == self.service && row.admin.eq_ignore_ascii_case(&self.user.name))
            .map(|(id, _)| *id)
            .collect();
        let items = own
            .into_iter()
            .map(|id| Item::Shell(Box::new(self.describe(id))))
            .collect();
        Answer::Listed(Page {
            items,
            ..Page::default()
        })
    }

    fn describe(&self, id: Uuid) -> wsman::Shell {
        let mut shell = wsman::Shell::new(id.into());
        shell.resource_uri = Some(SHELL_RESOURCE.to_owned());
        shell.owner = Some(self.user.name.clone());
        shell.client_ip = Some("127.0.0.1".to_owned());
        shell.state = Some(ShellState::Connected);
        let now = self.shared.clock.now();
        let books = self.shared.books();
        if let Some(row) = books.row(id) {
            shell.idle_timeout = Some(row.idle);
            shell.max_idle_timeout = Some(row.idle);
            shell.run_time = Some(now.since(row.created));
            shell.inactivity = Some(now.since(row.last_activity));
        }
        shell
    }
}

/// The pipeline that a command id means; none for the pool.
fn pipeline_of(command: Option<&CommandId>) -> Result<Option<Uuid>, Fault> {
    match command {
        None => Ok(None),
        Some(command) => command.uuid().map(Some).ok_or_else(Fault::command_not_found),
    }
}

fn identity() -> Identity {
    Identity {
        protocol_version: Some("http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd".to_owned()),
        product_vendor: Some("pslease".to_owned()),
        product_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
    }
}
