//! RUNSPACEPOOL_STATE and PIPELINE_STATE (MS-PSRP 2.2.2.9 and 2.2.2.21, protocol.md 15).

use clixml::{Object, Value};

use super::enums::wire_enum;
use super::members::{Members, with_optional};
use super::{Body, ErrorRecord};
use crate::Error;

wire_enum! {
    /// The state of a pool. PowerShell casts its own enum, the numbers of MS-PSRP differ.
    RunspaceState: "System.Management.Automation.Runspaces.RunspacePoolState" {
        /// Not opened.
        BeforeOpen = 0, "BeforeOpen";
        /// Being opened.
        Opening = 1, "Opening";
        /// Ready.
        Opened = 2, "Opened";
        /// Closed.
        Closed = 3, "Closed";
        /// Being closed.
        Closing = 4, "Closing";
        /// Of no use any more.
        Broken = 5, "Broken";
        /// Being disconnected.
        Disconnecting = 6, "Disconnecting";
        /// Disconnected.
        Disconnected = 7, "Disconnected";
        /// Being attached to.
        Connecting = 8, "Connecting";
    }
}

wire_enum! {
    /// The state of a pipeline.
    InvocationState: "System.Management.Automation.PSInvocationState" {
        /// Not started.
        NotStarted = 0, "NotStarted";
        /// Running.
        Running = 1, "Running";
        /// Being stopped.
        Stopping = 2, "Stopping";
        /// Stopped.
        Stopped = 3, "Stopped";
        /// Through, perhaps with errors in the error stream.
        Completed = 4, "Completed";
        /// Ended by an error.
        Failed = 5, "Failed";
        /// Left alone on the server.
        Disconnected = 6, "Disconnected";
    }
}

impl InvocationState {
    /// Whether nothing more comes from the pipeline.
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            InvocationState::Stopped | InvocationState::Completed | InvocationState::Failed
        )
    }
}

/// The pool changed its state.
#[derive(Clone, PartialEq, Debug)]
pub struct RunspacePoolState {
    /// What it is now.
    pub state: RunspaceState,
    /// Why it is closed or broken.
    pub error: Option<ErrorRecord>,
}

/// A pipeline changed its state.
#[derive(Clone, PartialEq, Debug)]
pub struct PipelineState {
    /// What it is now.
    pub state: InvocationState,
    /// The error that ended it, which does not come as an ERROR_RECORD too.
    pub error: Option<ErrorRecord>,
}

impl RunspacePoolState {
    /// A state without an error.
    pub fn new(state: RunspaceState) -> RunspacePoolState {
        RunspacePoolState { state, error: None }
    }
}

impl PipelineState {
    /// A state without an error.
    pub fn new(state: InvocationState) -> PipelineState {
        PipelineState { state, error: None }
    }

    /// Ended by `error`.
    pub fn failed(error: ErrorRecord) -> PipelineState {
        PipelineState {
            state: InvocationState::Failed,
            error: Some(error),
        }
    }

    /// Stopped, with the error that PowerShell gives as the reason.
    pub fn stopped() -> PipelineState {
        let error = ErrorRecord::new(
            "System.Management.Automation.PipelineStoppedException",
            "The pipeline has been stopped.",
            "PipelineStopped",
            super::ErrorCategory::OperationStopped,
        );
        PipelineState {
            state: InvocationState::Stopped,
            error: Some(error),
        }
    }
}

fn error_of(members: &Members<'_>) -> Result<Option<ErrorRecord>, Error> {
    match members.object().property("ExceptionAsErrorRecord") {
        None | Some(Value::Null) => Ok(None),
        Some(error) => ErrorRecord::of(&members.part("ExceptionAsErrorRecord", error)?).map(Some),
    }
}

impl Body for RunspacePoolState {
    const NAME: &'static str = "RUNSPACEPOOL_STATE";

    fn to_value(&self) -> Value {
        let object = Object::new().extended("RunspaceState", self.state.number());
        with_optional(
            object,
            "ExceptionAsErrorRecord",
            self.error.as_ref().map(Body::to_value),
        )
        .into()
    }

    fn from_value(value: &Value) -> Result<Self, Error> {
        let members = Members::of(Self::NAME, value)?;
        let state = RunspaceState::from_number(members.i32("RunspaceState")?);
        Ok(RunspacePoolState {
            state,
            error: error_of(&members)?,
        })
    }
}

impl Body for PipelineState {
    const NAME: &'static str = "PIPELINE_STATE";

    fn to_value(&self) -> Value {
        let object = Object::new().extended("PipelineState", self.state.number());
        with_optional(
            object,
            "ExceptionAsErrorRecord",
            self.error.as_ref().map(Body::to_value),
        )
        .into()
    }

    fn from_value(value: &Value) -> Result<Self, Error> {
        let members = Members::of(Self::NAME, value)?;
        let state = InvocationState::from_number(members.i32("PipelineState")?);
        Ok(PipelineState {
            state,
            error: error_of(&members)?,
        })
    }
}
