//! `Invoke`: what is asked, looked up and checked, before a task runs it.

use std::sync::Arc;
use std::time::Duration;

use broker::{Fence, Holder, LeaseId, Mode, Priority};
use bytes::Bytes;
use moment::Moment;
use proto::v1;
use proto::v1::invoke_request::Message;
use proto::v1::pipelines_server::{Pipelines, PipelinesServer};
use psrp::body::{Argument, Body as _, Command, CreatePipeline, PipelineResultTypes};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::convert::{self, Peer};
use super::parameters::profile_for;
use super::{STREAM, error, invoke, value};
use crate::config::Profile;
use crate::hub::Hub;

/// An input object, or a pipeline's body, is no larger than this.
const LARGEST_MESSAGE: usize = 64 << 20;

#[derive(Debug)]
pub(crate) struct PipelineService {
    hub: Arc<Hub>,
}

pub(super) fn service(hub: Arc<Hub>) -> PipelinesServer<PipelineService> {
    PipelinesServer::new(PipelineService { hub }).max_decoding_message_size(LARGEST_MESSAGE)
}

/// By what right a pipeline runs.
#[derive(Debug)]
pub(super) enum Under {
    /// A lease that the caller holds.
    Lease(LeaseId, Fence),
    /// One that is taken for this pipeline.
    Profile(Arc<Profile>, Mode),
}

/// A pipeline that is to run.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) under: Under,
    pub(super) priority: Priority,
    pub(super) deadline: Option<Moment>,
    pub(super) timeout: Option<Duration>,
    pub(super) holder: Arc<Holder>,
    pub(super) peer: Peer,
    pub(super) encoding: v1::Encoding,
    pub(super) body: Bytes,
    pub(super) nested: bool,
    pub(super) has_input: bool,
    /// What is wrong with the last edit of the configuration.
    pub(super) bad: Option<String>,
}

#[tonic::async_trait]
impl Pipelines for PipelineService {
    type InvokeStream = ReceiverStream<Result<v1::InvokeEvent, Status>>;

    async fn invoke(
        &self,
        request: Request<Streaming<v1::InvokeRequest>>,
    ) -> Result<Response<Self::InvokeStream>, Status> {
        let peer = convert::peer(&request);
        let mut messages = request.into_inner();
        let first = messages.message().await?.and_then(|request| request.message);
        let Some(Message::Begin(begin)) = first else {
            return Err(error::usage("the first message must be `begin`"));
        };
        let plan = self.plan(begin, peer).await?;
        let (out, stream) = mpsc::channel(STREAM);
        tokio::spawn(invoke::invoke(self.hub.clone(), plan, messages, out));
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn stop(&self, request: Request<v1::StopRequest>) -> Result<Response<v1::StopResponse>, Status> {
        let id = request.into_inner().pipeline;
        let pipeline = id
            .parse()
            .map_err(|_| error::usage("the pipeline is named by the id that `started` gave"))?;
        let found = self.hub.stops.stop(pipeline);
        Ok(Response::new(v1::StopResponse { found }))
    }
}

impl PipelineService {
    async fn plan(&self, begin: v1::Begin, peer: Peer) -> Result<Plan, Status> {
        let caller = begin.caller.clone().unwrap_or_default();
        let (mode, priority) = (
            convert::mode(begin.mode()),
            convert::priority(begin.priority(), &caller),
        );
        let encoding = match begin.encoding() {
            v1::Encoding::Unspecified => return Err(error::usage("the encoding is missing: CLIXML or VALUE")),
            encoding => encoding,
        };
        let (under, bad) = match begin.with {
            Some(v1::begin::With::Lease(key)) => (Under::Lease(LeaseId(key.lease), Fence(key.fence)), None),
            Some(v1::begin::With::Profile(name)) => {
                let (profile, bad) = profile_for(&self.hub, &name, begin.parameters, &caller).await?;
                (Under::Profile(profile, mode), bad)
            }
            None => return Err(error::usage("`begin` must name a lease or a profile")),
        };
        let body = body(begin.what, begin.has_input)?;
        Ok(Plan {
            under,
            priority,
            deadline: convert::deadline(self.hub.clock.now(), begin.wait)?,
            timeout: convert::of_duration(begin.timeout, "timeout")?,
            holder: convert::holder(&peer, &caller),
            peer,
            encoding,
            has_input: begin.has_input,
            nested: psrp::body::is_nested(&body),
            body,
            bad,
        })
    }
}

/// The body of CREATE_PIPELINE. One that the caller made passes as it is.
fn body(what: Option<v1::begin::What>, has_input: bool) -> Result<Bytes, Status> {
    let mut pipeline = match what {
        Some(v1::begin::What::CreatePipeline(body)) if body.is_empty() => {
            return Err(error::usage("the pipeline's body is empty"));
        }
        Some(v1::begin::What::CreatePipeline(body)) => return Ok(body.into()),
        Some(v1::begin::What::Script(text)) if text.trim().is_empty() => {
            return Err(error::usage("the script is empty"));
        }
        Some(v1::begin::What::Script(text)) => CreatePipeline::new(vec![Command::script(text)]),
        Some(v1::begin::What::Commands(list)) => CreatePipeline::statements(statements(list)?),
        None => return Err(error::usage("`begin` must say what to run")),
    };
    pipeline.no_input = !has_input;
    Ok(pipeline.write())
}

fn statements(list: v1::CommandList) -> Result<Vec<Vec<Command>>, Status> {
    if list.statements.is_empty() || list.statements.iter().any(|statement| statement.commands.is_empty()) {
        return Err(error::usage(
            "there must be at least one statement, and a command in each",
        ));
    }
    let statement = |one: v1::Statement| one.commands.into_iter().map(command).collect();
    list.statements.into_iter().map(statement).collect()
}

fn command(given: v1::Command) -> Result<Command, Status> {
    if given.name.trim().is_empty() {
        return Err(error::usage("a command's name is empty"));
    }
    let mut command = Command::new(given.name);
    for stream in &given.merge_to_output {
        let output = Some(PipelineResultTypes::Output);
        match stream.as_str() {
            "Error" => {
                command.merge_error = output;
                // What servers of protocol 2.1 read instead.
                command.merge_my_result = PipelineResultTypes::Error;
                command.merge_to_result = PipelineResultTypes::Output;
            }
            "Warning" => command.merge_warning = output,
            "Verbose" => command.merge_verbose = output,
            "Debug" => command.merge_debug = output,
            "Information" => command.merge_information = output,
            "All" => {
                command.merge_my_result = PipelineResultTypes::Error;
                command.merge_to_result = PipelineResultTypes::Output;
                command.merge_error = output;
                command.merge_warning = output;
                command.merge_verbose = output;
                command.merge_debug = output;
                command.merge_information = output;
            }
            other => {
                let message = format!("{other:?} is no stream: Error, Warning, Verbose, Debug, Information or All");
                return Err(error::usage(message));
            }
        }
    }
    for argument in given.arguments {
        let value = match argument.value {
            Some(value) => value::to_clixml(value).map_err(error::usage)?,
            None => clixml::Value::Null,
        };
        command.arguments.push(Argument {
            name: argument.name.map(Into::into),
            value,
        });
    }
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_list_becomes_a_body() {
        let value = v1::Value {
            kind: Some(v1::value::Kind::String("ken".into())),
            ..v1::Value::default()
        };
        let argument = v1::Argument {
            name: Some("Identity".into()),
            value: Some(value),
        };
        let command = v1::Command {
            name: "Get-CsOnlineUser".into(),
            arguments: vec![argument],
            merge_to_output: vec!["Error".into()],
        };
        let list = v1::CommandList {
            statements: vec![v1::Statement {
                commands: vec![command],
            }],
        };
        let body = body(Some(v1::begin::What::Commands(list)), true).unwrap();
        let read = CreatePipeline::read(&body).unwrap();
        assert!(!read.no_input);
        let command = &read.power_shell.statements[0][0];
        assert_eq!(command.name, "Get-CsOnlineUser");
        assert_eq!(command.merge_error, Some(PipelineResultTypes::Output));
        assert_eq!(command.arguments[0].name, Some("Identity".into()));
    }

    #[test]
    fn nothing_to_run_is_refused() {
        assert!(body(None, false).is_err());
        assert!(body(Some(v1::begin::What::Script(" ".into())), false).is_err());
        assert!(body(Some(v1::begin::What::Commands(v1::CommandList::default())), false).is_err());
    }
}
