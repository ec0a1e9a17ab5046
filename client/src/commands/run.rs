//! `pslease run`: one pipeline, its objects printed as they come, its end passed on as an exit code.

use std::io::{self, IsTerminal as _};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use proto::v1::invoke_event::Event;
use proto::v1::invoke_request::Message;
use proto::v1::pipelines_client::PipelinesClient;
use proto::v1::{
    Begin, Encoding, ErrorKind, InvokeEvent, InvokeRequest, LeaseMode, Parameters, PipelineEnd, PipelineOutcome,
    StopRequest, Stream, begin,
};
use pslease::LeaseKey;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::transport::Channel;

use crate::cli::{self, Format};
use crate::context::{self, Context, caller, priority, wait};
use crate::duration;
use crate::exit::Exit;
use crate::failure::{Done, Failure};
use crate::notice::{Notices, hint, say};
use crate::objects::Objects;
use crate::parameters;
use crate::pipeline::{Asked, Bodies, Chunks, Host, Screen, Streams, error_text, printable, standard_input};

/// What PowerShell says of a command on a closed session, which is what people search for.
const NOT_VALID: &str = "State of runspace is not valid for this operation.";

/// How long the first rows of a table wait for company before its columns are settled, as in PowerShell.
const GATHERING: Duration = Duration::from_millis(300);

/// Messages to the daemon that may wait to be sent: answers and a stop.
const OUTGOING: usize = 8;

/// Input objects that may: what waits travels together.
const INPUTS: usize = 32;

pub(super) async fn run(context: &Context, args: cli::Run) -> Done {
    let asked = if args.script {
        Asked::script(&args.words)
    } else {
        Asked::commands(&args.words)?
    };
    if args.streams && context.format() != Some(Format::Clixml) {
        return Err(Failure::usage("--streams goes with --output clixml"));
    }
    let lease = match &args.how.profile {
        Some(_) => None,
        None => context::lease(args.lease.as_deref())?,
    };
    let mut notices = if args.streams {
        Notices::new(true)
    } else {
        context.notices()
    };
    let parameters = match lease {
        None => args.how.parameters.gather().await?,
        Some(_) => None,
    };
    let began = begin(&args, asked, lease, parameters.clone());
    let (requests, outgoing) = mpsc::channel(OUTGOING);
    // Apart, so that a stop and an answer find room however much input waits.
    let (inputs, given) = mpsc::channel(INPUTS);
    let input = match args.input_format() {
        Some(format) => Some(Input {
            bodies: standard_input(format).map_err(|error| Failure::new(Exit::Failed, error.to_string()))?,
            inputs,
            next: None,
        }),
        None => None,
    };
    let first = InvokeRequest {
        message: Some(Message::Begin(began)),
    };
    // The queue is empty: there is room for the first.
    let _ = requests.try_send(first);
    let called = async {
        let client = context.client().await?;
        if lease.is_none() {
            let profile = parameters::profile(args.how.profile.as_deref(), parameters.as_ref());
            notices.ask_with(&client, &profile, parameters.as_ref());
        }
        let mut pipelines = client.pipelines();
        let events = pipelines
            .invoke(ReceiverStream::new(outgoing).merge(ReceiverStream::new(given)))
            .await?
            .into_inner();
        Ok((pipelines, events))
    };
    let (pipelines, events) = context::unless_interrupted(called).await?;
    let interrupts = signal(SignalKind::interrupt()).map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    let mut run = Running {
        pipelines,
        fed: None,
        events,
        requests,
        chunks: Chunks::default(),
        objects: Objects::new(context.format(), context::width()),
        screen: Screen::new(context.quiet()),
        notices,
        streams: args.streams.then(Streams::default),
        host: Host {
            asks: (input.is_some() || io::stdin().is_terminal()) && io::stderr().is_terminal(),
        },
        input,
        interrupts,
        settle_at: None,
        started: false,
        stopping: false,
    };
    let end = run.until_end().await?;
    run.finish(&end)
}

fn begin(args: &cli::Run, asked: Asked, lease: Option<LeaseKey>, parameters: Option<Parameters>) -> Begin {
    Begin {
        mode: match lease {
            Some(_) => LeaseMode::Unspecified,
            None => args.how.mode(),
        }
        .into(),
        with: Some(match lease {
            Some(key) => begin::With::Lease(key),
            None => begin::With::Profile(parameters::profile(args.how.profile.as_deref(), parameters.as_ref())),
        }),
        priority: priority().into(),
        wait: wait(args.how.wait),
        timeout: args.timeout.and_then(duration::to_proto),
        caller: Some(caller(asked.said.clone())),
        encoding: Encoding::Clixml.into(),
        has_input: args.input_format().is_some(),
        what: Some(begin::What::CreatePipeline(
            asked.body(context::host_size(), args.input_format().is_some()),
        )),
        parameters,
    }
}

/// Input on its way to a pipeline.
struct Input {
    bodies: Bodies,
    inputs: mpsc::Sender<InvokeRequest>,
    /// Read, and not sent yet.
    next: Option<Message>,
}

impl Input {
    /// Reads or sends what comes next. Says whether that was the end, or nobody takes any more, of which the events tell
    /// the reason. May be cancelled: nothing is lost.
    async fn go_on(&mut self) -> Result<bool, Failure> {
        if self.next.is_none() {
            self.next = Some(match self.bodies.recv().await.transpose()? {
                Some(body) => Message::Input(proto::v1::Input {
                    object: Some(proto::v1::input::Object::Clixml(body)),
                }),
                None => Message::EndOfInput(true),
            });
        }
        let Ok(permit) = self.inputs.reserve().await else {
            return Ok(true);
        };
        let message = self.next.take();
        let is_end = matches!(message, Some(Message::EndOfInput(_)));
        permit.send(InvokeRequest { message });
        Ok(is_end)
    }
}

/// A pipeline on its way.
struct Running {
    /// For what must not wait behind the input.
    pipelines: PipelinesClient<Channel>,
    /// The pipeline's id, where it is given input.
    fed: Option<String>,
    events: Streaming<InvokeEvent>,
    requests: mpsc::Sender<InvokeRequest>,
    chunks: Chunks,
    objects: Objects,
    screen: Screen,
    notices: Notices,
    /// Asked for with `--streams`.
    streams: Option<Streams>,
    host: Host,
    /// What the pipeline is given, until its end was sent.
    input: Option<Input>,
    interrupts: Signal,
    /// When the rows of a table have waited for company long enough.
    settle_at: Option<Instant>,
    /// The endpoint has it: a Ctrl-C before leaves the queue, one after stops it.
    started: bool,
    stopping: bool,
}

impl Running {
    async fn until_end(&mut self) -> Result<PipelineEnd, Failure> {
        loop {
            let event = tokio::select! {
                event = next(&mut self.events, &mut self.screen) => event?,
                _ = self.interrupts.recv() => {
                    self.interrupted()?;
                    continue;
                }
                // Not before the endpoint has it: what waits for a session waits without its input.
                is_end = given(&mut self.input), if self.started && !self.stopping && self.input.is_some() => {
                    if is_end? {
                        self.input = None;
                    }
                    continue;
                }
                () = tokio::time::sleep_until(self.settle_at.unwrap_or_else(Instant::now)), if self.settle_at.is_some() => {
                    self.settle_at = None;
                    self.objects.settle(&mut self.screen.out)?;
                    continue;
                }
            };
            match event {
                Some(InvokeEvent {
                    event: Some(Event::End(end)),
                }) => return Ok(end),
                Some(InvokeEvent { event: Some(event) }) => self.event(event).await?,
                Some(InvokeEvent { event: None }) => {}
                None => return Ok(broken_off()),
            }
        }
    }

    /// The first Ctrl-C of a running pipeline stops it, and its end still comes; any other returns at once.
    fn interrupted(&mut self) -> Result<(), Failure> {
        if !self.started || self.stopping {
            return Err(Failure::Silent(Exit::Interrupted));
        }
        self.stopping = true;
        let stop = InvokeRequest {
            message: Some(Message::Stop(true)),
        };
        let room = self.requests.try_send(stop);
        if let Some(pipeline) = self.fed.take() {
            // That one is heard when the input before it has been, which may be never.
            let mut pipelines = self.pipelines.clone();
            tokio::spawn(async move { pipelines.stop(StopRequest { pipeline }).await.is_ok() });
            return Ok(());
        }
        // No room for a stop: the daemon takes nothing from us, so there is nothing to wait for.
        room.map_err(|_| Failure::Silent(Exit::Interrupted))
    }

    async fn event(&mut self, event: Event) -> Result<(), Failure> {
        match event {
            Event::Waiting(waiting) => {
                self.notices.waiting(&waiting);
                if let Some(streams) = &mut self.streams {
                    let bar = streams.waiting(&waiting);
                    self.objects.marked(&mut self.screen.out, Some("progress"), &bar)?;
                }
            }
            Event::Notice(notice) => match &self.streams {
                None => self.notices.notice(&notice.message, &notice.hint),
                Some(_) => {
                    let warning = Streams::notice(&notice.message, &notice.hint);
                    self.objects.marked(&mut self.screen.out, Some("warning"), &warning)?;
                }
            },
            Event::Started(started) => {
                self.fed = self.input.is_some().then_some(started.pipeline);
                self.notices.served();
                if let Some(bar) = self.streams.as_mut().and_then(Streams::served) {
                    self.objects.marked(&mut self.screen.out, Some("progress"), &bar)?;
                }
                self.started = true;
            }
            Event::Chunk(chunk) => {
                let body = self.chunks.take(chunk).map_err(|_| out_of_order())?;
                if let Some((stream, body)) = body {
                    self.body(stream, &body)?;
                }
            }
            Event::HostCall(call) => {
                self.objects.settle(&mut self.screen.out)?;
                if let Some(answer) = self.host.call(&mut self.screen, call).await? {
                    let answer = InvokeRequest {
                        message: Some(Message::HostResponse(answer)),
                    };
                    // A pipeline that has ended meanwhile takes none; its end is among the events.
                    let _ = self.requests.send(answer).await;
                }
            }
            // Not asked for: values come as CLIXML.
            Event::Record(_) => return Err(out_of_order()),
            Event::End(_) => {}
        }
        Ok(())
    }

    fn body(&mut self, stream: Stream, body: &[u8]) -> Result<(), Failure> {
        if self.streams.is_some() && stream != Stream::Unspecified {
            return Ok(self.objects.marked(&mut self.screen.out, Streams::mark(stream), body)?);
        }
        match stream {
            Stream::Output => {
                self.objects.body(&mut self.screen.out, body)?;
                if !self.objects.is_gathering() {
                    self.settle_at = None;
                } else if self.settle_at.is_none() {
                    self.settle_at = Some(Instant::now() + GATHERING);
                }
            }
            Stream::Unspecified => return Err(out_of_order()),
            other => {
                // What was written before the warning is seen before it.
                self.objects.settle(&mut self.screen.out)?;
                self.screen.record(other, body)?;
            }
        }
        Ok(())
    }

    fn finish(mut self, end: &PipelineEnd) -> Done {
        let last = self.streams.as_ref().and_then(|_| Streams::last_error(end));
        if let Some(error) = last {
            self.objects.marked(&mut self.screen.out, Some("error"), error)?;
        }
        self.objects.end(&mut self.screen.out)?;
        self.screen.flush()?;
        let mut exit = Exit::of_pipeline(end, self.stopping);
        if self.chunks.is_open() && exit == Exit::Ok {
            exit = Exit::Incomplete;
        }
        let quiet = matches!(exit, Exit::Ok | Exit::Interrupted)
            || (exit == Exit::Failed && end.outcome() == PipelineOutcome::Completed)
            || last.is_some();
        drop(self.screen);
        if !quiet {
            tell(end);
        }
        Ok(exit)
    }
}

/// Gives the pipeline more of its input.
async fn given(input: &mut Option<Input>) -> Result<bool, Failure> {
    match input {
        Some(input) => input.go_on().await,
        None => std::future::pending().await,
    }
}

/// The next event; `None` where the stream has broken off. While there is none at hand, what is written so far is shown: objects are seen as they come, and a
/// flood of them is not written one by one.
async fn next(events: &mut Streaming<InvokeEvent>, screen: &mut Screen) -> Result<Option<InvokeEvent>, Failure> {
    let mut message = pin!(events.message());
    std::future::poll_fn(|waker| match message.as_mut().poll(waker) {
        Poll::Ready(Ok(event)) => Poll::Ready(Ok(event)),
        Poll::Ready(Err(status)) => Poll::Ready(match pslease::Error::from(status) {
            pslease::Error::Broken(_) => Ok(None),
            error => Err(error.into()),
        }),
        Poll::Pending => match screen.flush() {
            Ok(()) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error.into())),
        },
    })
    .await
}

/// Why it did not come to a good end.
fn tell(end: &PipelineEnd) {
    if matches!(end.kind(), ErrorKind::LeaseLost | ErrorKind::SessionLost) && !end.message.contains(NOT_VALID) {
        say(&format!("error: {NOT_VALID}"));
    }
    // Of a pipeline that failed the server's own words say why; of one that was stopped they only say that it was.
    let own = end.outcome() == PipelineOutcome::Failed && !end.error.is_empty();
    if own || end.message.is_empty() {
        say(&printable(&error_text(psrp::without_mark(&end.error))));
    } else {
        say(&format!("error: {}", end.message));
    }
    hint(&end.hint);
}

/// The stream ended without an end: the daemon died, or worse. It may have sent the command without having told us.
fn broken_off() -> PipelineEnd {
    let message = "psleased ended in the middle: whether the command ran, and how far, is unknown";
    let (outcome, kind) = (PipelineOutcome::Unknown, ErrorKind::Unspecified);
    PipelineEnd {
        outcome: outcome.into(),
        message: message.to_owned(),
        hint: "pslease daemon status".to_owned(),
        kind: kind.into(),
        ..PipelineEnd::default()
    }
}

fn out_of_order() -> Failure {
    Failure::new(
        Exit::Incomplete,
        "psleased sent what makes no sense here; part of the output is missing",
    )
}
