//! What a console is told of the remote pool before it has had to do with it.

use bytes::Bytes;
use clixml::{Content, Value, Version};
use psrp::body::{ApplicationPrivateData, Body, SessionCapability, V2_3};

/// With these in the private data PowerShell sends its debugger's commands at every opening (protocol.md 24).
const DEBUGGER: [&str; 5] = [
    "DebugMode",
    "DebugStop",
    "DebugBreakpointCount",
    "BreakAll",
    "UnhandledBreakpointMode",
];

/// What the remote pool said when it was opened.
#[derive(Clone, PartialEq, Debug)]
pub struct Facts {
    /// Its capability; the version is the one that was agreed on with it, which is all that a console may be offered.
    pub capability: SessionCapability,
    /// APPLICATION_PRIVATE_DATA less the debugger's keys.
    pub private_data: Bytes,
    /// Which PowerShell it is, as far as it says.
    pub ps_version: Option<Version>,
}

impl Facts {
    /// From the bodies of the remote's SESSION_CAPABILITY and APPLICATION_PRIVATE_DATA. The remote was offered 2.3.
    ///
    /// # Errors
    /// A capability that cannot be read. Private data that cannot be read passes as it is.
    pub fn new(capability: &[u8], private_data: Option<&Bytes>) -> Result<Self, psrp::Error> {
        let mut capability = SessionCapability::read(capability)?;
        capability.protocol = SessionCapability::agree(V2_3, capability.protocol)?;
        let read = private_data.and_then(|body| ApplicationPrivateData::read(body).ok());
        let ps_version = read
            .as_ref()
            .and_then(ApplicationPrivateData::version_table)
            .and_then(|table| table.entry("PSVersion"))
            .and_then(|value| match value.base() {
                Value::Version(version) => Some(*version),
                other => other.as_str().and_then(|text| text.parse().ok()),
            });
        let private_data = match (private_data, read) {
            (Some(body), Some(read)) => quiet(body, read),
            (Some(body), None) => body.clone(),
            (None, _) => ApplicationPrivateData { data: Value::Null }.write(),
        };
        Ok(Self {
            capability,
            private_data,
            ps_version,
        })
    }

    /// The protocol version that a console is offered.
    pub fn protocol(&self) -> Version {
        self.capability.protocol
    }
}

/// The body without the debugger's keys: as it came where there are none.
fn quiet(body: &Bytes, mut data: ApplicationPrivateData) -> Bytes {
    let Some(object) = data.data.as_object_mut() else {
        return body.clone();
    };
    let Content::Dictionary(entries) = &mut object.content else {
        return body.clone();
    };
    let before = entries.len();
    entries.retain(|(key, _)| !key.as_str().is_some_and(|key| DEBUGGER.contains(&key)));
    if entries.len() == before {
        body.clone()
    } else {
        data.write()
    }
}
