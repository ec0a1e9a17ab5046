//! INIT_RUNSPACEPOOL, CONNECT_RUNSPACEPOOL and RUNSPACEPOOL_INIT_DATA (MS-PSRP 2.2.2.2, 2.2.2.28, 2.2.2.30).

use clixml::{Object, Value};

use super::host_info::HostInfo;
use super::members::{Members, with_optional};
use super::{ApartmentState, Body, ThreadOptions};
use crate::Error;

/// A pool is to be opened.
#[derive(Clone, PartialEq, Debug)]
pub struct InitRunspacePool {
    /// The fewest runspaces.
    pub min_runspaces: i32,
    /// The most runspaces.
    pub max_runspaces: i32,
    /// The threads of pipelines.
    pub thread_options: ThreadOptions,
    /// Their apartment.
    pub apartment_state: ApartmentState,
    /// A dictionary that scripts see as `$PSSenderInfo.ApplicationArguments`, or Null.
    pub application_arguments: Value,
    /// The client's host.
    pub host_info: HostInfo,
}

impl InitRunspacePool {
    /// One runspace under this host.
    pub fn new(host_info: HostInfo) -> InitRunspacePool {
        InitRunspacePool {
            min_runspaces: 1,
            max_runspaces: 1,
            thread_options: ThreadOptions::Default,
            apartment_state: ApartmentState::Unknown,
            application_arguments: Value::Null,
            host_info,
        }
    }
}

impl Body for InitRunspacePool {
    const NAME: &'static str = "INIT_RUNSPACEPOOL";

    fn to_value(&self) -> Value {
        Object::new()
            .extended("MinRunspaces", self.min_runspaces)
            .extended("MaxRunspaces", self.max_runspaces)
            .extended("PSThreadOptions", self.thread_options.to_value())
            .extended("ApartmentState", self.apartment_state.to_value())
            .extended("ApplicationArguments", self.application_arguments.clone())
            .extended("HostInfo", self.host_info.to_value())
            .into()
    }

    fn from_value(value: &Value) -> Result<Self, Error> {
        let members = Members::of(Self::NAME, value)?;
        Ok(InitRunspacePool {
            min_runspaces: members.i32("MinRunspaces")?,
            max_runspaces: members.i32("MaxRunspaces")?,
            thread_options: ThreadOptions::from_number(members.i32("PSThreadOptions")?),
            apartment_state: ApartmentState::from_number(members.i32("ApartmentState")?),
            application_arguments: members.value("ApplicationArguments"),
            host_info: HostInfo::of(&members)?,
        })
    }
}

/// A client attaches to a disconnected pool; it may want other limits.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ConnectRunspacePool {
    /// The fewest runspaces.
    pub min_runspaces: Option<i32>,
    /// The most runspaces.
    pub max_runspaces: Option<i32>,
}

impl Body for ConnectRunspacePool {
    const NAME: &'static str = "CONNECT_RUNSPACEPOOL";

    /// An empty string where nothing is wanted, as PowerShell has it.
    fn to_value(&self) -> Value {
        if self.min_runspaces.is_none() && self.max_runspaces.is_none() {
            return Value::from("");
        }
        let object = with_optional(Object::new(), "MinRunspaces", self.min_runspaces);
        with_optional(object, "MaxRunspaces", self.max_runspaces).into()
    }

    fn from_value(value: &Value) -> Result<Self, Error> {
        if value.as_object().is_none() {
            return Ok(ConnectRunspacePool::default());
        }
        let members = Members::of(Self::NAME, value)?;
        Ok(ConnectRunspacePool {
            min_runspaces: members.optional_i32("MinRunspaces")?,
            max_runspaces: members.optional_i32("MaxRunspaces")?,
        })
    }
}

/// The limits of the pool that a client attached to.
#[derive(Clone, PartialEq, Debug)]
pub struct RunspacePoolInitData {
    /// The fewest runspaces.
    pub min_runspaces: i32,
    /// The most runspaces.
    pub max_runspaces: i32,
}

impl Body for RunspacePoolInitData {
    const NAME: &'static str = "RUNSPACEPOOL_INIT_DATA";

    fn to_value(&self) -> Value {
        Object::new()
            .extended("MinRunspaces", self.min_runspaces)
            .extended("MaxRunspaces", self.max_runspaces)
            .into()
    }

    fn from_value(value: &Value) -> Result<Self, Error> {
        let members = Members::of(Self::NAME, value)?;
        Ok(RunspacePoolInitData {
            min_runspaces: members.i32("MinRunspaces")?,
            max_runspaces: members.i32("MaxRunspaces")?,
        })
    }
}
