//! SESSION_CAPABILITY (MS-PSRP 2.2.2.1).

use clixml::{Object, Value, Version};

use super::Body;
use super::members::{Members, with_optional};
use crate::Error;

/// Windows PowerShell 2.
pub const V2_1: Version = Version::new(2, 1);
/// Windows PowerShell 3 and 4: disconnect and reconnect.
pub const V2_2: Version = Version::new(2, 2);
/// Windows PowerShell 5 to PowerShell 7.5: information records, reset of the runspace.
pub const V2_3: Version = Version::new(2, 3);
/// PowerShell 7.6: no session key any more.
pub const V2_4: Version = Version::new(2, 4);

/// What an end is able to do.
#[derive(Clone, PartialEq, Debug)]
pub struct SessionCapability {
    /// The protocol that it speaks.
    pub protocol: Version,
    /// 2.0, whatever PowerShell it is.
    pub ps_version: Version,
    /// 1.1.0.1, ever since.
    pub serialization: Version,
    /// The client's time zone, as .NET's own serializer writes it. Nobody needs it.
    pub time_zone: Option<Value>,
}

impl SessionCapability {
    /// What PowerShell says at this protocol version.
    pub fn new(protocol: Version) -> SessionCapability {
        SessionCapability {
            protocol,
            ps_version: Version::new(2, 0),
            serialization: "1.1.0.1".parse().unwrap_or(Version::new(1, 1)),
            time_zone: None,
        }
    }

    /// The version that both ends speak: the lower one.
    ///
    /// # Errors
    /// [`Error::Version`] for another major version than 2, or a version below 2.0.
    pub fn agree(ours: Version, theirs: Version) -> Result<Version, Error> {
        if theirs.major() == 2 {
            Ok(ours.min(theirs))
        } else {
            Err(Error::Version { theirs, ours })
        }
    }
}

impl Default for SessionCapability {
    /// Protocol 2.3, which every server understands and none answers with surprises.
    fn default() -> SessionCapability {
        SessionCapability::new(V2_3)
    }
}

impl Body for SessionCapability {
    const NAME: &'static str = "SESSION_CAPABILITY";

    fn to_value(&self) -> Value {
        let object = Object::new()
            .extended("protocolversion", self.protocol)
            .extended("PSVersion", self.ps_version)
            .extended("SerializationVersion", self.serialization);
        with_optional(object, "TimeZone", self.time_zone.clone()).into()
    }

    fn from_value(value: &Value) -> Result<Self, Error> {
        let members = Members::of(Self::NAME, value)?;
        let version = |member| match members.need(member)?.base() {
            Value::Version(version) => Ok(*version),
            other => other
                .as_str()
                .and_then(|text| text.parse().ok())
                .ok_or(Error::WrongType {
                    kind: Self::NAME,
                    member,
                    expected: "a version",
                }),
        };
        Ok(SessionCapability {
            protocol: version("protocolversion")?,
            ps_version: version("PSVersion")?,
            serialization: version("SerializationVersion")?,
            time_zone: value.property("TimeZone").cloned(),
        })
    }
}
