//! DEBUG_RECORD, VERBOSE_RECORD, WARNING_RECORD and INFORMATION_RECORD (MS-PSRP 2.2.2.22 to 24 and 26).

use clixml::{DateTime, ListKind, Object, Property, Text, Value};

use super::Body;
use super::members::Members;
use crate::{Error, MessageType};

/// Which of the three streams of lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    /// Write-Debug.
    Debug,
    /// Write-Verbose.
    Verbose,
    /// Write-Warning.
    Warning,
}

impl Level {
    /// The message that carries it.
    pub const fn kind(self) -> MessageType {
        match self {
            Level::Debug => MessageType::DebugRecord,
            Level::Verbose => MessageType::VerboseRecord,
            Level::Warning => MessageType::WarningRecord,
        }
    }

    const fn type_name(self) -> &'static str {
        match self {
            Level::Debug => "System.Management.Automation.DebugRecord",
            Level::Verbose => "System.Management.Automation.VerboseRecord",
            Level::Warning => "System.Management.Automation.WarningRecord",
        }
    }
}

/// A line of one of them.
#[derive(Clone, PartialEq, Debug)]
pub struct InformationalRecord {
    /// The stream.
    pub level: Level,
    /// The line.
    pub message: Text,
    /// Whether `other` says which command wrote it.
    pub serialize_invocation_info: bool,
    /// `InvocationInfo_*` and `CommandInfo_*`, as they came.
    pub other: Vec<Property>,
}

impl InformationalRecord {
    /// A line.
    pub fn new(level: Level, message: impl Into<Text>) -> InformationalRecord {
        InformationalRecord {
            level,
            message: message.into(),
            serialize_invocation_info: false,
            other: Vec::new(),
        }
    }
}

impl Body for InformationalRecord {
    const NAME: &'static str = "WARNING_RECORD, VERBOSE_RECORD or DEBUG_RECORD";

    fn to_value(&self) -> Value {
        let types = [
            self.level.type_name(),
            "System.Management.Automation.InformationalRecord",
            "System.Object",
        ];
        let mut object = Object::new()
            .with_types(types)
            .with_text(self.message.clone())
            .extended("InformationalRecord_Message", self.message.clone())
            .extended(
                "InformationalRecord_SerializeInvocationInfo",
                self.serialize_invocation_info,
            );
        object
            .extended
            .get_or_insert_default()
            .extend(self.other.iter().cloned());
        object.into()
    }

    fn from_value(value: &Value) -> Result<Self, Error> {
        let members = Members::of(Self::NAME, value)?;
        let levels = [Level::Debug, Level::Verbose, Level::Warning];
        let level = levels.into_iter().find(|level| value.is_a(level.type_name()));
        Ok(InformationalRecord {
            level: level.ok_or(members.wrong("(body)", "a debug, verbose or warning record"))?,
            message: members.text("InformationalRecord_Message")?,
            serialize_invocation_info: members
                .optional_bool("InformationalRecord_SerializeInvocationInfo")?
                .unwrap_or(false),
            other: members.rest(&[
                "InformationalRecord_Message",
                "InformationalRecord_SerializeInvocationInfo",
            ]),
        })
    }
}

/// A record of the information stream; Write-Host writes such, tagged `PSHOST`.
#[derive(Clone, PartialEq, Debug)]
pub struct InformationRecord {
    /// Whatever was written; a `HostInformationMessage` from Write-Host.
    pub message_data: Value,
    /// Who wrote it.
    pub source: Option<Text>,
    /// When.
    pub time_generated: Option<DateTime>,
    /// For filtering.
    pub tags: Vec<Text>,
    /// As whom.
    pub user: Option<Text>,
    /// On which machine.
    pub computer: Option<Text>,
    /// In which process.
    pub process_id: u32,
    /// On which thread of the system.
    pub native_thread_id: u32,
    /// On which thread of .NET.
    pub managed_thread_id: u32,
}

impl Body for InformationRecord {
    const NAME: &'static str = "INFORMATION_RECORD";

    fn to_value(&self) -> Value {
        const TAGS: &str = "System.Collections.Generic.List`1[[System.String, mscorlib, Version=4.0.0.0, \
            Culture=neutral, PublicKeyToken=b77a5c561934e089]]";
        let tags = Value::list_of([TAGS, "System.Object"], ListKind::List, self.tags.iter().cloned());
        Object::new()
            .extended("MessageData", self.message_data.clone())
            .extended("Source", self.source.clone())
            .extended("TimeGenerated", self.time_generated)
            .extended("Tags", tags)
            .extended("User", self.user.clone())
            .extended("Computer", self.computer.clone())
            .extended("ProcessId", self.process_id)
            .extended("NativeThreadId", self.native_thread_id)
            .extended("ManagedThreadId", self.managed_thread_id)
            .into()
    }

    fn from_value(value: &Value) -> Result<Self, Error> {
        let members = Members::of(Self::NAME, value)?;
        let number = |member| match members.get(member).and_then(|value| value.as_i64()) {
            Some(number) => u32::try_from(number).map_err(|_| members.wrong(member, "an unsigned 32-bit integer")),
            None => Ok(0),
        };
        let time_generated = match value.property("TimeGenerated").map(Value::base) {
            Some(Value::DateTime(time)) => Some(*time),
            _ => None,
        };
        Ok(InformationRecord {
            message_data: members.raw("MessageData")?.clone(),
            source: members.optional_text("Source")?,
            time_generated,
            tags: members.texts("Tags")?,
            user: members.optional_text("User")?,
            computer: members.optional_text("Computer")?,
            process_id: number("ProcessId")?,
            native_thread_id: number("NativeThreadId")?,
            managed_thread_id: number("ManagedThreadId")?,
        })
    }
}
