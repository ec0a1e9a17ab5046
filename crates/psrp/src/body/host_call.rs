//! Calls on the client's host and the answers (MS-PSRP 2.2.2.15, 16, 27, 28; protocol.md 16).

use clixml::{Object, Value};

use super::host_method::RemoteHostMethodId;
use super::members::Members;
use super::{Body, ErrorRecord};
use crate::Error;

/// The `ci` of a call that must not be answered.
pub const VOID: i64 = -100;

/// RUNSPACEPOOL_HOST_CALL or PIPELINE_HOST_CALL.
#[derive(Clone, PartialEq, Debug)]
pub struct HostCall {
    /// The number that the answer repeats, unique within a pipeline; [`VOID`] for calls without an answer.
    pub ci: i64,
    /// What to do.
    pub method: RemoteHostMethodId,
    /// Its parameters in order, in the host's own encoding.
    pub parameters: Vec<Value>,
}

impl HostCall {
    /// A call without an answer.
    pub fn void<I>(method: RemoteHostMethodId, parameters: I) -> HostCall
    where
        I: IntoIterator,
        I::Item: Into<Value>,
    {
        HostCall {
            ci: VOID,
            method,
            parameters: parameters.into_iter().map(Into::into).collect(),
        }
    }

    /// Whether an answer is due. The server waits for it forever.
    pub fn wants_answer(&self) -> bool {
        self.ci != VOID
    }

    /// The answer `value`; none if none is due.
    pub fn answer(&self, value: impl Into<Value>) -> Option<HostResponse> {
        self.respond(HostOutcome::Value(value.into()))
    }

    /// The answer that it failed or was refused; none if none is due.
    pub fn refuse(&self, error: ErrorRecord) -> Option<HostResponse> {
        self.respond(HostOutcome::Error(Box::new(error)))
    }

    fn respond(&self, outcome: HostOutcome) -> Option<HostResponse> {
        self.wants_answer().then_some(HostResponse {
            ci: self.ci,
            method: self.method,
            outcome,
        })
    }
}

impl Body for HostCall {
    const NAME: &'static str = "PIPELINE_HOST_CALL";

    fn to_value(&self) -> Value {
        Object::new()
            .extended("ci", self.ci)
            .extended("mi", method_value(self.method))
            .extended("mp", Value::list(self.parameters.iter().cloned()))
            .into()
    }

    fn from_value(value: &Value) -> Result<Self, Error> {
        let members = Members::of(Self::NAME, value)?;
        Ok(HostCall {
            ci: members.i64("ci")?,
            method: RemoteHostMethodId::from_number(members.i32("mi")?),
            parameters: members.list("mp")?.to_vec(),
        })
    }
}

/// RUNSPACEPOOL_HOST_RESPONSE or PIPELINE_HOST_RESPONSE.
#[derive(Clone, PartialEq, Debug)]
pub struct HostResponse {
    /// The number of the call.
    pub ci: i64,
    /// The method of the call.
    pub method: RemoteHostMethodId,
    /// What it returned.
    pub outcome: HostOutcome,
}

/// What a host method returned.
#[derive(Clone, PartialEq, Debug)]
pub enum HostOutcome {
    /// `mr`; Null is left out.
    Value(Value),
    /// `me`: the server throws it where the call was made.
    Error(Box<ErrorRecord>),
}

impl Body for HostResponse {
    const NAME: &'static str = "PIPELINE_HOST_RESPONSE";

    fn to_value(&self) -> Value {
        let object = match &self.outcome {
            HostOutcome::Value(Value::Null) => Object::new(),
            HostOutcome::Value(value) => Object::new().extended("mr", value.clone()),
            HostOutcome::Error(error) => Object::new().extended("me", error.bag()),
        };
        object
            .extended("ci", self.ci)
            .extended("mi", method_value(self.method))
            .into()
    }

    fn from_value(value: &Value) -> Result<Self, Error> {
        let members = Members::of(Self::NAME, value)?;
        let outcome = match members.object().property("me") {
            None | Some(Value::Null) => HostOutcome::Value(members.value("mr")),
            Some(error) => HostOutcome::Error(Box::new(ErrorRecord::of(&members.part("me", error)?)?)),
        };
        let method = RemoteHostMethodId::from_number(members.i32("mi")?);
        Ok(HostResponse {
            ci: members.i64("ci")?,
            method,
            outcome,
        })
    }
}

fn method_value(method: RemoteHostMethodId) -> Value {
    let name = match method {
        RemoteHostMethodId::Unknown(number) => number.to_string(),
        known => known.name().to_owned(),
    };
    Value::enumeration_of(
        "System.Management.Automation.Remoting.RemoteHostMethodId",
        name,
        method.number(),
    )
}
