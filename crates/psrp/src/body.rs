//! The bodies of messages, typed (MS-PSRP 2.2.2 and 2.2.3, protocol.md 15 and 16).
//!
//! One file for each family. Every type is a [`Body`]: it goes to a [`clixml::Value`] with every member that PowerShell demands,
//! and comes from one whatever the order of its members. Nothing here is read unless somebody asks: messages carry bytes.

mod capability;
mod command;
mod create_pipeline;
mod enums;
mod error_record;
mod event;
mod host_call;
mod host_info;
mod host_method;
mod host_request;
mod host_struct;
mod information;
mod init;
mod key;
mod members;
mod metadata;
mod nested;
mod private_data;
mod progress;
mod runspaces;
mod state;

use bytes::Bytes;
use clixml::{Budget, Value};

pub use capability::{SessionCapability, V2_1, V2_2, V2_3, V2_4};
pub use command::{Argument, Command};
pub use create_pipeline::{CreatePipeline, PowerShell};
pub use enums::{ApartmentState, ErrorCategory, PipelineResultTypes, RemoteStreamOptions, ThreadOptions};
pub use error_record::{CategoryInfo, ErrorDetails, ErrorRecord};
pub use event::UserEvent;
pub use host_call::{HostCall, HostOutcome, HostResponse, VOID};
pub use host_info::{Coordinates, HostDefaultData, HostInfo, Size};
pub use host_method::RemoteHostMethodId;
pub use host_request::{Choice, Field, HostRequest, credential, prompt_answers};
pub use host_struct::{BufferCell, HostStruct, KeyInfo, Rectangle};
pub use information::{InformationRecord, InformationalRecord, Level};
pub use init::{ConnectRunspacePool, InitRunspacePool, RunspacePoolInitData};
pub use key::{EncryptedSessionKey, PublicKey, PublicKeyRequest};
pub use metadata::{CommandCount, CommandMetadata, CommandTypes, GetCommandMetadata, ParameterMetadata};
pub use nested::is_nested;
pub use private_data::{ApplicationPrivateData, primitive_dictionary};
pub use progress::{ProgressRecord, ProgressType};
pub use runspaces::{
    Availability, GetAvailableRunspaces, ResetRunspaceState, RunspaceAvailability, SetMaxRunspaces, SetMinRunspaces,
};
pub use state::{InvocationState, PipelineState, RunspacePoolState, RunspaceState};

use crate::Error;
use crate::message::without_mark;

/// A body that is read and written through a value.
pub trait Body: Sized {
    /// The message that it belongs to, for errors.
    const NAME: &'static str;

    /// The value that PowerShell writes for it.
    fn to_value(&self) -> Value;

    /// Reads it from a value.
    ///
    /// # Errors
    /// [`Error::Missing`] and [`Error::WrongType`], which name the member.
    fn from_value(value: &Value) -> Result<Self, Error>;

    /// The bytes of a message body, without a byte order mark.
    fn write(&self) -> Bytes {
        Bytes::from(clixml::write(&self.to_value()))
    }

    /// Reads a message body.
    ///
    /// # Errors
    /// [`Error::Clixml`] for what is no CLIXML, else as [`Body::from_value`].
    fn read(body: &[u8]) -> Result<Self, Error> {
        Self::from_value(&read_value(Self::NAME, body)?)
    }
}

/// Reads the one value that a body is. The reassembly limit has bounded its size already.
fn read_value(kind: &'static str, body: &[u8]) -> Result<Value, Error> {
    let xml = without_mark(body);
    let budget = Budget {
        bytes: xml.len(),
        ..Budget::default()
    };
    clixml::read_value(xml, &budget).map_err(|source| Error::Clixml { kind, source })
}

/// The object that a PIPELINE_OUTPUT or PIPELINE_INPUT carries: whatever it is. An empty body is `$null`, as PowerShell sends it.
///
/// # Errors
/// [`Error::Clixml`] for what is no CLIXML.
pub fn read_object(body: &[u8]) -> Result<Value, Error> {
    if body.is_empty() {
        Ok(Value::Null)
    } else {
        read_value("PIPELINE_OUTPUT or PIPELINE_INPUT", body)
    }
}

/// The body of a PIPELINE_OUTPUT or PIPELINE_INPUT for an object; empty for `$null`.
pub fn write_object(value: &Value) -> Bytes {
    if value.is_null() {
        Bytes::new()
    } else {
        Bytes::from(clixml::write(value))
    }
}

#[cfg(test)]
mod tests;
