//! What the console sends.

use bytes::Bytes;
use moment::Moment;
use pipe::{Packet, Stream};
use psrp::body::{Availability, ErrorRecord, PipelineState};
use psrp::server::Request;
use psrp::{Header, MessageType, body};
use uuid::Uuid;

use crate::door::Phase;
use crate::pipeline::{Pipeline, Stage};
use crate::{Action, Door, Run, words};

impl Door {
    /// Bytes from the console, cut anywhere.
    pub fn bytes(&mut self, now: Moment, bytes: &[u8]) {
        self.reader.feed(bytes);
        while self.phase != Phase::Gone {
            match self.reader.packet() {
                Ok(Some(packet)) => self.take(now, packet),
                Ok(None) => return,
                Err(error) => return self.fault(&error.to_string()),
            }
        }
    }

    /// The console broke a rule that nothing can be told apart after.
    fn fault(&mut self, why: &str) {
        self.break_with(words::broken(why));
        self.act(Action::HangUp);
    }

    fn take(&mut self, now: Moment, packet: Packet) {
        let of = packet.ps_guid();
        match packet {
            Packet::Data { stream, bytes, .. } if of.is_nil() => self.pool_data(now, stream, bytes),
            Packet::Data { stream, bytes, .. } => self.pipeline_data(now, of, stream, bytes),
            Packet::Command { .. } => self.announced(of),
            Packet::Signal { .. } => self.signalled(of),
            Packet::Close { .. } if of.is_nil() => self.pool_closed(),
            Packet::Close { .. } => self.closed(of),
            Packet::DataAck { .. } | Packet::CommandAck { .. } | Packet::CloseAck { .. } | Packet::SignalAck { .. } => {
                self.fault(&format!("a client does not send {}", packet.name()));
            }
        }
    }

    fn is_listening(&self) -> bool {
        match self.phase {
            Phase::Fresh | Phase::Greeted { .. } | Phase::Opened | Phase::Closing => true,
            Phase::Closed | Phase::Broken | Phase::Gone => false,
        }
    }

    fn pool_data(&mut self, now: Moment, stream: Stream, bytes: Bytes) {
        if self.is_listening() {
            if let Err(error) = self.receive(None, stream, bytes) {
                if matches!(error, psrp::Error::Version { .. }) {
                    // A console that learns what is spoken here has words of its own for it.
                    let capability = self.pool.capability();
                    self.send(capability);
                }
                return self.fault(&error.to_string());
            }
            self.requests(now);
        }
        self.packet(&Packet::DataAck { ps_guid: Uuid::nil() });
    }

    /// An answer to a host call may stand between two parts of an object of the other stream: PowerShell lets it overtake.
    fn receive(&mut self, target: Option<Uuid>, stream: Stream, bytes: Bytes) -> Result<(), psrp::Error> {
        match stream {
            Stream::Default => self.pool.receive(target, bytes),
            Stream::PromptResponse => self.pool.receive_response(target, bytes),
        }
    }

    /// What has no meaning is acknowledged and forgotten, as PowerShell's server does.
    fn pipeline_data(&mut self, now: Moment, of: Uuid, stream: Stream, bytes: Bytes) {
        let known = self.pipelines.get(&of).is_some_and(Pipeline::is_heard);
        if known && self.is_listening() {
            match self.receive(Some(of), stream, bytes) {
                Ok(()) => self.requests(now),
                Err(error @ psrp::Error::OtherPool { .. }) => return self.fault(&error.to_string()),
                Err(error) => self.spoiled(of, &error.to_string()),
            }
        }
        match self.pipelines.get_mut(&of) {
            Some(pipeline) if pipeline.is_heard() && pipeline.undelivered > self.config.most => {
                self.fault("input was sent on and on without waiting for its acknowledgement");
            }
            // The answer to a question is input of nobody's.
            Some(pipeline)
                if stream == Stream::Default && pipeline.is_heard() && pipeline.undelivered > self.config.ahead =>
            {
                pipeline.owed += 1;
            }
            _ => self.packet(&Packet::DataAck { ps_guid: of }),
        }
    }

    /// A pipeline whose stream cannot be told apart any more.
    fn spoiled(&mut self, of: Uuid, why: &str) {
        self.stop(of);
        self.finish(of, &PipelineState::failed(words::broken(why)));
        if let Some(pipeline) = self.pipelines.get_mut(&of)
            && !pipeline.stopping
        {
            pipeline.stage = Stage::Over;
        }
    }

    fn announced(&mut self, of: Uuid) {
        if self.phase == Phase::Opened && !self.pipelines.contains_key(&of) {
            if self.pipelines.len() >= self.config.pipelines {
                let most = self.config.pipelines;
                return self.fault(&format!("more than {most} pipelines are announced and not closed"));
            }
            if self.pool.announce(of).is_ok() {
                let run = self.next_run();
                self.pipelines.insert(of, Pipeline::new(run));
                self.runs.insert(run, of);
            }
        }
        self.packet(&Packet::CommandAck { ps_guid: of });
    }

    fn signalled(&mut self, of: Uuid) {
        match self.pipelines.get_mut(&of) {
            Some(pipeline) if pipeline.stage == Stage::Started && !pipeline.closing => {
                pipeline.signals += 1;
                self.stop(of);
            }
            _ => self.packet(&Packet::SignalAck { ps_guid: of }),
        }
    }

    fn closed(&mut self, of: Uuid) {
        match self.pipelines.get_mut(&of) {
            Some(pipeline) if pipeline.is_there() => {
                pipeline.closing = true;
                self.stop(of);
                self.acknowledge(of);
            }
            _ => {
                self.forget(of);
                self.packet(&Packet::CloseAck { ps_guid: of });
            }
        }
    }

    fn pool_closed(&mut self) {
        match self.phase {
            Phase::Fresh | Phase::Greeted { .. } | Phase::Opened => {
                self.phase = Phase::Closing;
                self.stop_all();
                self.close_if_over();
            }
            Phase::Closing => {}
            Phase::Closed | Phase::Broken => {
                self.packet(&Packet::CloseAck { ps_guid: Uuid::nil() });
                self.act(Action::Closed);
            }
            Phase::Gone => {}
        }
    }

    /// The pool's close is confirmed once nothing of it is left on the remote.
    pub(crate) fn close_if_over(&mut self) {
        if self.phase != Phase::Closing || !self.is_idle() {
            return;
        }
        self.phase = Phase::Closed;
        for state in self.pool.closed() {
            self.send(state);
        }
        self.packet(&Packet::CloseAck { ps_guid: Uuid::nil() });
        self.act(Action::Closed);
    }

    /// What the packets came to.
    fn requests(&mut self, now: Moment) {
        while let Some(request) = self.pool.poll_request() {
            match request {
                Request::Capability(_) => {
                    let capability = self.pool.capability();
                    self.send(capability);
                    let due = now + self.config.pause;
                    self.phase = Phase::Greeted { due, asked: false };
                }
                Request::Opening { .. } => {
                    if let Phase::Greeted { asked, .. } = &mut self.phase {
                        *asked = true;
                    }
                }
                Request::Connecting { .. } => {
                    self.fault("a door is opened anew each time; there is no pool to connect to");
                }
                Request::CreatePipeline { pipeline, body } => {
                    let nested = body::is_nested(&body);
                    self.start(pipeline, MessageType::CreatePipeline, body, nested);
                }
                Request::GetCommandMetadata { pipeline, body } => {
                    self.start(pipeline, MessageType::GetCommandMetadata, body, false);
                }
                Request::Input { pipeline, body } => self.input(pipeline, body),
                Request::EndOfInput { pipeline } => {
                    if let Some(run) = self.running(pipeline) {
                        self.act(Action::EndInput { run });
                    }
                }
                Request::HostResponse { pipeline: None, body } => {
                    self.act(Action::HostResponse { run: None, body });
                }
                Request::HostResponse {
                    pipeline: Some(pipeline),
                    body,
                } => {
                    if let Some(run) = self.running(pipeline) {
                        self.act(Action::HostResponse { run: Some(run), body });
                    }
                }
                // One runspace is what there is.
                Request::SetMaxRunspaces { ci, max_runspaces } => {
                    self.available(ci, Availability::Done(max_runspaces == 1));
                }
                Request::SetMinRunspaces { ci, min_runspaces } => {
                    self.available(ci, Availability::Done(min_runspaces == 1));
                }
                Request::GetAvailableRunspaces { ci } => {
                    let busy = self.pipelines.values().any(|pipeline| pipeline.stage == Stage::Started);
                    self.available(ci, Availability::Count(i32::from(!busy)));
                }
                Request::ResetRunspaceState { ci } if self.config.alone => self.act(Action::Reset { ci }),
                Request::ResetRunspaceState { ci } => self.available(ci, Availability::Done(false)),
                Request::PublicKey { body, .. } => self.act(Action::PublicKey { body }),
                Request::Ignored {
                    pipeline: Some(pipeline),
                    kind: Some(MessageType::CreatePipeline | MessageType::GetCommandMetadata),
                    ..
                } if self.is_announced(pipeline) => self.spoiled(pipeline, "the session is not open"),
                Request::Ignored { .. } => {}
            }
        }
    }

    /// Whether what it is to run has not come.
    fn is_announced(&self, of: Uuid) -> bool {
        self.pipelines
            .get(&of)
            .is_some_and(|pipeline| pipeline.stage == Stage::Announced)
    }

    pub(crate) fn available(&mut self, ci: i64, answer: Availability) {
        let message = self.pool.availability(ci, answer);
        self.send(message);
    }

    fn start(&mut self, of: Uuid, kind: MessageType, body: Bytes, nested: bool) {
        let Some(pipeline) = self.pipelines.get_mut(&of) else {
            return;
        };
        if pipeline.stage != Stage::Announced {
            return;
        }
        pipeline.stage = Stage::Started;
        let run = pipeline.run;
        self.act(Action::Start {
            run,
            kind,
            body,
            nested,
        });
    }

    fn input(&mut self, of: Uuid, body: Bytes) {
        let Some(run) = self.running(of) else { return };
        if let Some(pipeline) = self.pipelines.get_mut(&of) {
            pipeline.undelivered += body.len() + Header::SIZE;
        }
        self.act(Action::Input { run, body });
    }

    /// Its run, if it takes messages: one that is being stopped takes host responses and passes over the rest by itself.
    fn running(&self, of: Uuid) -> Option<Run> {
        let pipeline = self.pipelines.get(&of)?;
        (pipeline.stage == Stage::Started && !pipeline.closing).then_some(pipeline.run)
    }

    /// Sends the DataAcks that were withheld.
    pub(crate) fn acknowledge(&mut self, of: Uuid) {
        let Some(pipeline) = self.pipelines.get_mut(&of) else {
            return;
        };
        for _ in 0..std::mem::take(&mut pipeline.owed) {
            self.packet(&Packet::DataAck { ps_guid: of });
        }
    }

    pub(crate) fn forget(&mut self, of: Uuid) {
        if let Some(pipeline) = self.pipelines.remove(&of) {
            self.runs.remove(&pipeline.run);
        }
        self.pool.close_pipeline(of);
    }

    /// Tells the console a final state of ours.
    pub(crate) fn finish(&mut self, of: Uuid, state: &PipelineState) {
        let Some(pipeline) = self.pipelines.get_mut(&of) else {
            return;
        };
        let heard = pipeline.is_heard();
        if pipeline.stage != Stage::Over {
            pipeline.stage = Stage::Finished;
        }
        if heard && let Ok(message) = self.pool.pipeline_state(of, state) {
            self.send(message);
        }
        self.finished(of);
    }

    /// What a final state owes: acknowledgements that were withheld, and that of the signal.
    pub(crate) fn finished(&mut self, of: Uuid) {
        self.acknowledge(of);
        let signals = self
            .pipelines
            .get_mut(&of)
            .map(|pipeline| std::mem::take(&mut pipeline.signals));
        for _ in 0..signals.unwrap_or_default() {
            self.packet(&Packet::SignalAck { ps_guid: of });
        }
    }

    /// Fails what runs and breaks the pool, with the same words.
    pub(crate) fn break_with(&mut self, error: ErrorRecord) {
        match self.phase {
            Phase::Closed | Phase::Broken | Phase::Gone => return,
            Phase::Fresh | Phase::Greeted { .. } | Phase::Opened | Phase::Closing => {}
        }
        let all: Vec<Uuid> = self.pipelines.keys().copied().collect();
        for of in all {
            self.stop(of);
            if self.pipelines.get(&of).is_some_and(Pipeline::is_heard) {
                let there = self.pipelines.get(&of).is_some_and(Pipeline::is_there);
                self.finish(of, &PipelineState::failed(error.clone()));
                if let (false, Some(pipeline)) = (there, self.pipelines.get_mut(&of)) {
                    pipeline.stage = Stage::Over;
                }
            }
        }
        self.phase = Phase::Broken;
        let state = self.pool.broken(error);
        self.send(state);
    }
}
