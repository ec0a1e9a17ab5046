//! The machine that runs a pipeline: a chain of stages, each asked for its next step.
//!
//! Nothing here waits. A stage that wants to sleep or to ask the user says so as a [`Step`], and whoever drives the chain
//! does it and comes back. So a pipeline can be stopped between any two steps.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use clixml::Value;

use crate::failure::Failure;
use crate::organization::Organization;
use crate::shared::lock;

/// What the last stage of a chain has to say.
#[derive(Debug)]
pub(crate) enum Step {
    Output(Value),
    /// An error that ends nothing.
    Error(Failure),
    Warning(String),
    Verbose(String),
    Debug(String),
    /// A message and its tags; `PSHOST` is what Write-Host writes.
    Information(Value, &'static [&'static str]),
    Progress {
        activity: String,
        status: String,
        percent: i32,
        completed: bool,
    },
    /// Come back after this long.
    Pause(Duration),
    /// Come back with the answer, in [`World::answer`].
    Ask(Question),
    /// The host shall write this line.
    WriteLine(String),
    /// The error that ends the pipeline.
    Fail(Failure),
    Done,
}

/// What a stage asks the user.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    ReadLine,
    /// A line that nobody sees, and that travels under the session key.
    ReadSecret,
    Confirm {
        caption: String,
        message: String,
    },
}

/// What every stage of a pipeline can see.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) organization: Arc<Mutex<Organization>>,
    pub(crate) admin: String,
    pub(crate) shell: uuid::Uuid,
    /// The answer to the last question. `None` when it was refused.
    pub(crate) answer: Option<Option<Value>>,
}

impl World {
    pub(crate) fn organization(&self) -> MutexGuard<'_, Organization> {
        lock(&self.organization)
    }
}

/// One command of a pipeline.
pub(crate) trait Stage: Send {
    fn step(&mut self, upstream: Upstream<'_>, world: &mut World) -> Step;
}

/// What stands before a stage: other stages, or the pipeline's input.
pub(crate) struct Upstream<'a> {
    stages: &'a mut [Box<dyn Stage>],
    input: &'a mut VecDeque<Value>,
}

impl<'a> Upstream<'a> {
    pub(crate) fn new(stages: &'a mut [Box<dyn Stage>], input: &'a mut VecDeque<Value>) -> Self {
        Self { stages, input }
    }

    /// The next step of the stage before; the pipeline's input for the first one.
    pub(crate) fn step(&mut self, world: &mut World) -> Step {
        match self.stages.split_last_mut() {
            Some((last, before)) => last.step(Upstream::new(before, self.input), world),
            None => self.input.pop_front().map_or(Step::Done, Step::Output),
        }
    }
}

/// A stage that has all its output at once.
pub(crate) struct Ready(VecDeque<Step>);

impl Ready {
    pub(crate) fn stage(steps: impl IntoIterator<Item = Step>) -> Box<dyn Stage> {
        Box::new(Self(steps.into_iter().collect()))
    }
}

impl Stage for Ready {
    fn step(&mut self, _: Upstream<'_>, _: &mut World) -> Step {
        self.0.pop_front().unwrap_or(Step::Done)
    }
}

/// A stage made of a closure.
pub(crate) struct Run<F>(pub(crate) F);

impl<F: FnMut(Upstream<'_>, &mut World) -> Step + Send> Stage for Run<F> {
    fn step(&mut self, upstream: Upstream<'_>, world: &mut World) -> Step {
        (self.0)(upstream, world)
    }
}
