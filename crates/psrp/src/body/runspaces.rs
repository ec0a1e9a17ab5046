//! How many runspaces: SET_MAX/MIN_RUNSPACES, GET_AVAILABLE_RUNSPACES, RESET_RUNSPACE_STATE and the one answer to them
//! (MS-PSRP 2.2.2.6 to 8, 2.2.2.11, 2.2.2.31).

use clixml::{Object, Value};

use super::Body;
use super::members::Members;
use crate::Error;

/// A request that carries a number for its answer, and perhaps a limit.
macro_rules! request {
    ($(#[$doc:meta])* $name:ident, $spec:literal $(, $field:ident = $member:literal)?) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub struct $name {
            $(
                /// The limit.
                pub $field: i32,
            )?
            /// The number that the answer repeats.
            pub ci: i64,
        }

        impl Body for $name {
            const NAME: &'static str = $spec;

            fn to_value(&self) -> Value {
                Object::new()$(.extended($member, self.$field))?.extended("ci", self.ci).into()
            }

            fn from_value(value: &Value) -> Result<Self, Error> {
                let members = Members::of(Self::NAME, value)?;
                Ok($name { $($field: members.i32($member)?,)? ci: members.i64("ci")? })
            }
        }
    };
}

request!(
    /// The most runspaces that the pool may hold.
    SetMaxRunspaces, "SET_MAX_RUNSPACES", max_runspaces = "MaxRunspaces"
);
request!(
    /// The fewest runspaces that the pool keeps.
    SetMinRunspaces, "SET_MIN_RUNSPACES", min_runspaces = "MinRunspaces"
);
request!(
    /// How many are free?
    GetAvailableRunspaces, "GET_AVAILABLE_RUNSPACES"
);
request!(
    /// Back to the beginning (protocol 2.3).
    ResetRunspaceState, "RESET_RUNSPACE_STATE"
);

/// The answer to each of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunspaceAvailability {
    /// What the server says.
    pub answer: Availability,
    /// The number of the request.
    pub ci: i64,
}

/// Both answers share one member, which is why its type tells them apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Availability {
    /// To SET_* and RESET: whether it was done.
    Done(bool),
    /// To GET_AVAILABLE: how many. An I32 on the wire, PowerShell's client takes nothing else.
    Count(i32),
}

impl Body for RunspaceAvailability {
    const NAME: &'static str = "RUNSPACE_AVAILABILITY";

    fn to_value(&self) -> Value {
        let answer = match self.answer {
            Availability::Done(done) => Value::Bool(done),
            Availability::Count(count) => Value::Int32(count),
        };
        Object::new()
            .extended("SetMinMaxRunspacesResponse", answer)
            .extended("ci", self.ci)
            .into()
    }

    fn from_value(value: &Value) -> Result<Self, Error> {
        let members = Members::of(Self::NAME, value)?;
        let answer = members.need("SetMinMaxRunspacesResponse")?;
        let answer = match (answer.as_bool(), answer.as_i32()) {
            (Some(done), _) => Availability::Done(done),
            (None, Some(count)) => Availability::Count(count),
            (None, None) => return Err(members.wrong("SetMinMaxRunspacesResponse", "a boolean or a count")),
        };
        Ok(RunspaceAvailability {
            answer,
            ci: members.i64("ci")?,
        })
    }
}
