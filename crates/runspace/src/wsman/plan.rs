//! What each free lane carries next.

use std::time::Duration;

use bytes::Bytes;
use moment::Moment;
use uuid::Uuid;
use wsman::{CommandId, MessageId, Operation, SignalCode};

use super::backoff::Backoff;
use super::flight::{Flight, Held, Job, Load};
use super::{Close, Creating, Task, Wsman};
use crate::machine::{Announce, Closing, Phase, Signal};
use crate::{Lane, Output, Ticket};

/// What a server is given for anything that it should do at once.
const AT_ONCE: Duration = Duration::from_secs(60);
/// What the way there and back is given on top, for answers that drip as well.
const NETWORK: Duration = Duration::from_secs(30);
/// For a Receive that only asks whether a command is there.
const LOOK: Duration = Duration::from_secs(1);

impl Wsman {
    /// Fills the free lanes.
    pub(super) fn plan(&mut self, now: Moment) {
        self.plan_lanes(now);
        self.machine.tell_forwarded();
    }

    fn plan_lanes(&mut self, now: Moment) {
        if self.paused || matches!(self.machine.phase, Phase::Fresh | Phase::Closed) {
            return;
        }
        self.go_on_closing(now);
        self.plan_again(now);
        self.plan_endings(now);
        self.plan_control(now);
        self.plan_shell(now);
        self.plan_pipelines(now);
    }

    fn is_free(&self, lane: Lane) -> bool {
        self.flights
            .iter()
            .chain(self.held.iter().map(|held| &held.flight))
            .all(|flight| flight.lane != lane)
    }

    fn free_pipeline_lane(&self) -> Option<Lane> {
        (0..=u8::MAX).map(Lane::Pipeline).find(|lane| self.is_free(*lane))
    }

    /// What waited to be sent again, unless its pipeline is gone.
    fn plan_again(&mut self, now: Moment) {
        let (due, waiting) = std::mem::take(&mut self.held)
            .into_iter()
            .partition(|held| held.until <= now);
        self.held = waiting;
        let due: Vec<Held> = due;
        for Held { flight, .. } in due {
            if flight
                .job
                .pipeline()
                .is_none_or(|id| self.machine.pipeline(id).is_some())
            {
                self.fly(now, flight);
            }
        }
    }

    /// What ends something waits for nobody: where the control lane is taken, perhaps by a request that is never answered,
    /// it has a lane of its own.
    fn plan_endings(&mut self, now: Moment) {
        loop {
            let lane = if self.is_free(Lane::Control) {
                Some(Lane::Control)
            } else {
                self.free_pipeline_lane()
            };
            let Some(lane) = lane else { return };
            let next = match self.tasks.front() {
                Some(Task::Delete) => {
                    self.tasks.pop_front();
                    Some(self.task(now, &Task::Delete))
                }
                Some(_) | None => self.next_ending(),
            };
            let Some((job, operation, timeout)) = next else { return };
            self.launch(now, lane, job, operation, timeout);
        }
    }

    fn plan_shell(&mut self, now: Moment) {
        let wanted = self.creating == Creating::Done
            && matches!(self.machine.phase, Phase::Opening | Phase::Opened)
            && !self.is_leaving();
        if wanted && !self.pool_backoff.is_waiting() && self.is_free(Lane::Shell) {
            self.receive(now, Lane::Shell, None, self.shell.operation_timeout);
        }
    }

    /// A Receive that is posted into a Disconnect would only come back as a fault.
    pub(super) fn is_leaving(&self) -> bool {
        let disconnecting = |flight: &Flight| flight.job == Job::Disconnect;
        self.tasks.iter().any(|task| matches!(task, Task::Disconnect(_))) || self.flights.iter().any(disconnecting)
    }

    fn plan_pipelines(&mut self, now: Moment) {
        if self.machine.phase != Phase::Opened {
            return;
        }
        for at in 0..self.machine.pipelines.len() {
            let (id, announce) = (self.machine.pipelines[at].id, self.machine.pipelines[at].announce);
            let waiting = self.backoffs.get(&id).is_some_and(Backoff::is_waiting);
            let posted = self.flights.iter().any(|flight| flight.job == Job::Receive(Some(id)));
            if !self.may_receive(at) || waiting || posted {
                continue;
            }
            let Some(lane) = self.free_pipeline_lane() else { return };
            let timeout = if announce == Announce::Looking {
                LOOK
            } else {
                self.shell.operation_timeout
            };
            self.receive(now, lane, Some(id), timeout);
        }
    }

    fn receive(&mut self, now: Moment, lane: Lane, target: Option<Uuid>, timeout: Duration) {
        let command = target.map(|id| self.command_id(id));
        let operation = Operation::Receive(wsman::Receive::new(command));
        self.launch(now, lane, Job::Receive(target), operation, timeout);
    }

    fn plan_control(&mut self, now: Moment) {
        if !self.is_free(Lane::Control) {
            return;
        }
        let next = match self.tasks.pop_front() {
            Some(task) => Some(self.task(now, &task)),
            None => self.next_for_pipelines(),
        };
        if let Some((job, operation, timeout)) = next {
            self.launch(now, Lane::Control, job, operation, timeout);
        }
    }

    fn task(&mut self, now: Moment, task: &Task) -> (Job, Operation, Duration) {
        let left = self.deadline.map_or(AT_ONCE, |deadline| deadline.since(now));
        match task {
            Task::Create => {
                self.creating = Creating::UnderWay;
                (Job::Create, Operation::Create(self.create()), left)
            }
            Task::Get => (Job::Get, Operation::Get, AT_ONCE),
            Task::Disconnect(idle) => {
                let disconnect = wsman::Disconnect {
                    idle_timeout: *idle,
                    buffer_mode: self.shell.buffer_mode,
                };
                (Job::Disconnect, Operation::Disconnect(disconnect), AT_ONCE)
            }
            Task::Reconnect => (Job::Reconnect, Operation::Reconnect(None), AT_ONCE),
            Task::Connect => {
                self.machine.connect();
                let connect = |bytes| wsman::Connect {
                    command: None,
                    protocol: Some("2.3".to_owned()),
                    connect: Some(bytes),
                };
                let room = self.session.payload_budget(Operation::Connect(connect(Bytes::new())));
                let bytes = self.machine.outbox.cut(room).unwrap_or_default();
                (Job::Connect, Operation::Connect(connect(bytes)), AT_ONCE)
            }
            Task::ListCommands(context) => (Job::ListCommands, self.list_commands(context.clone()), AT_ONCE),
            Task::TakeStray => (Job::TakeStray, self.take_stray(), AT_ONCE),
            Task::EndStray => (Job::EndStray, self.end_stray(), AT_ONCE),
            Task::Delete => (Job::Delete, Operation::Delete, left),
        }
    }

    /// Terminates, then stops.
    fn next_ending(&mut self) -> Option<(Job, Operation, Duration)> {
        if !self.serves_pipelines() {
            return None;
        }
        let pipelines = &mut self.machine.pipelines;
        if let Some(pipeline) = pipelines.iter_mut().find(|pipeline| pipeline.may_close()) {
            pipeline.closing = Closing::UnderWay;
            let id = pipeline.id;
            return Some((Job::Terminate(id), self.signal(id, SignalCode::Terminate), AT_ONCE));
        }
        // After the last part of the message that starts it has arrived, or the server would have nothing to stop. Input
        // is not waited for: a command that takes none would hold its own end up.
        let held = self.held.iter().map(|held| &held.flight);
        let sending: Vec<Job> = self.flights.iter().chain(held).map(|flight| flight.job).collect();
        let is_starting = |id| {
            sending
                .iter()
                .any(|job| matches!(job, Job::Send(Some(target), Load { start: true, .. }) if *target == id))
        };
        let pipeline = pipelines
            .iter_mut()
            .find(|pipeline| pipeline.may_signal() && !is_starting(pipeline.id))?;
        pipeline.signal = Signal::Sent;
        let id = pipeline.id;
        Some((Job::Stop(id), self.signal(id, SignalCode::Stop), AT_ONCE))
    }

    fn serves_pipelines(&self) -> bool {
        matches!(self.machine.phase, Phase::Opening | Phase::Opened | Phase::Closing)
            && self.creating == Creating::Done
            && !matches!(self.close, Close::Deleting | Close::Failed)
    }

    /// Answers to questions first, then new pipelines, then their input.
    fn next_for_pipelines(&mut self) -> Option<(Job, Operation, Duration)> {
        if !self.serves_pipelines() || self.machine.phase == Phase::Closing {
            return None;
        }
        if !self.machine.outbox.is_empty() {
            return self.send(None);
        }
        let known = |at: &usize| self.machine.pipelines[*at].announce == Announce::Known;
        let all = 0..self.machine.pipelines.len();
        if let Some(at) = all
            .clone()
            .filter(known)
            .find(|at| self.machine.pipelines[*at].outbox.is_response_next())
        {
            return self.send(Some(self.machine.pipelines[at].id));
        }
        if let Some(pipeline) = self
            .machine
            .pipelines
            .iter()
            .find(|pipeline| pipeline.announce == Announce::Waiting)
        {
            let id = pipeline.id;
            return self.command(id);
        }
        let at = all
            .filter(known)
            .find(|at| !self.machine.pipelines[*at].outbox.is_empty())?;
        self.send(Some(self.machine.pipelines[at].id))
    }

    fn signal(&self, id: Uuid, code: SignalCode) -> Operation {
        Operation::Signal(wsman::Signal {
            command: Some(self.command_id(id)),
            code,
        })
    }

    fn command(&mut self, id: Uuid) -> Option<(Job, Operation, Duration)> {
        let command = |bytes| Operation::Command(wsman::Command::new(CommandId::from(id), bytes));
        let room = self.session.payload_budget(command(Bytes::new()));
        let pipeline = self.machine.pipeline(id)?;
        // The first fragment alone: servers read the message that starts a pipeline from there (protocol.md 6).
        let bytes = pipeline.outbox.cut_one(room)?;
        pipeline.announce = Announce::UnderWay;
        Some((Job::Command(id), command(bytes), AT_ONCE))
    }

    fn send(&mut self, target: Option<Uuid>) -> Option<(Job, Operation, Duration)> {
        let command = target.map(|id| self.command_id(id));
        let outbox = match target {
            None => &mut self.machine.outbox,
            Some(id) => {
                &mut self
                    .machine
                    .pipelines
                    .iter_mut()
                    .find(|pipeline| pipeline.id == id)?
                    .outbox
            }
        };
        let send = if outbox.is_response_next() {
            wsman::Send::prompt_response
        } else {
            wsman::Send::stdin
        };
        let room = self
            .session
            .payload_budget(Operation::Send(send(command.clone(), Bytes::new())));
        let load = Load {
            repeatable: outbox.is_repeatable(),
            start: outbox.holds_start(),
        };
        let bytes = outbox.cut(room)?;
        Some((Job::Send(target, load), Operation::Send(send(command, bytes)), AT_ONCE))
    }

    fn launch(&mut self, now: Moment, lane: Lane, job: Job, operation: Operation, timeout: Duration) {
        let message_id = MessageId::from(self.ids.next());
        let verb = operation.verb();
        let request = self.session.request(message_id.clone(), timeout, operation);
        // Create and Delete have a deadline of their own that is not to be stretched.
        let deadline = if matches!(job, Job::Create | Job::Delete) {
            timeout
        } else {
            timeout + NETWORK
        };
        let (uri, body) = (self.session.to.clone(), request.to_bytes());
        self.fly(
            now,
            Flight {
                ticket: 0,
                lane,
                job,
                verb,
                message_id,
                uri,
                body,
                deadline,
                sent: now,
                unknown: 0,
            },
        );
    }

    /// Sends a request, for the first time or the very same one again.
    fn fly(&mut self, now: Moment, mut flight: Flight) {
        debug_assert!(
            self.is_free(flight.lane),
            "{:?} carries one request at a time",
            flight.lane
        );
        self.tickets += 1;
        flight.ticket = self.tickets;
        flight.sent = now;
        self.outputs.push_back(Output::Request {
            ticket: Ticket(flight.ticket),
            lane: flight.lane,
            request: flight.request(),
        });
        self.flights.push(flight);
    }
}
