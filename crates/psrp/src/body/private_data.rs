//! APPLICATION_PRIVATE_DATA: what the server says of itself (MS-PSRP 2.2.2.13).

use clixml::{Object, Value};

use super::Body;
use super::members::Members;
use crate::Error;

/// A dictionary, `PSVersionTable` in it.
#[derive(Clone, PartialEq, Debug)]
pub struct ApplicationPrivateData {
    /// The dictionary, or Null.
    pub data: Value,
}

impl ApplicationPrivateData {
    /// With a `PSVersionTable` of these entries and nothing else: without `DebugMode` and its like PowerShell does not set its
    /// debugger up at every opening (protocol.md 24).
    pub fn with_version_table<I, K, V>(entries: I) -> ApplicationPrivateData
    where
        I: IntoIterator<Item = (K, V)>,
        K: Into<Value>,
        V: Into<Value>,
    {
        let table = primitive_dictionary(entries);
        ApplicationPrivateData {
            data: primitive_dictionary([("PSVersionTable", table)]),
        }
    }

    /// The entries of the server's `PSVersionTable`.
    pub fn version_table(&self) -> Option<&Value> {
        self.data.entry("PSVersionTable")
    }
}

/// A `PSPrimitiveDictionary` of these entries: what servers tell clients with, and clients servers
/// ([`InitRunspacePool::application_arguments`](super::InitRunspacePool::application_arguments)).
pub fn primitive_dictionary<I, K, V>(entries: I) -> Value
where
    I: IntoIterator<Item = (K, V)>,
    K: Into<Value>,
    V: Into<Value>,
{
    let types = [
        "System.Management.Automation.PSPrimitiveDictionary",
        "System.Collections.Hashtable",
        "System.Object",
    ];
    Value::dictionary_of(types, entries)
}

impl Body for ApplicationPrivateData {
    const NAME: &'static str = "APPLICATION_PRIVATE_DATA";

    fn to_value(&self) -> Value {
        Object::new()
            .extended("ApplicationPrivateData", self.data.clone())
            .into()
    }

    fn from_value(value: &Value) -> Result<Self, Error> {
        let members = Members::of(Self::NAME, value)?;
        Ok(ApplicationPrivateData {
            data: members.raw("ApplicationPrivateData")?.clone(),
        })
    }
}
