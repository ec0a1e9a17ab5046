//! USER_EVENT (MS-PSRP 2.2.2.12).

use clixml::{DateTime, Object, Text, Value};
use uuid::Uuid;

use super::Body;
use super::members::Members;
use crate::Error;

/// An event that a script forwards to the client.
#[derive(Clone, PartialEq, Debug)]
pub struct UserEvent {
    /// The how-many-eth event.
    pub event_identifier: i32,
    /// What it is called.
    pub source_identifier: Option<Text>,
    /// When.
    pub time_generated: Option<DateTime>,
    /// Who raised it.
    pub sender: Value,
    /// Its arguments, an array.
    pub source_args: Value,
    /// What its subscriber gave along.
    pub message_data: Value,
    /// On which machine.
    pub computer_name: Option<Text>,
    /// In which runspace.
    pub runspace_id: Option<Uuid>,
}

impl Body for UserEvent {
    const NAME: &'static str = "USER_EVENT";

    fn to_value(&self) -> Value {
        Object::new()
            .extended("PSEventArgs.EventIdentifier", self.event_identifier)
            .extended("PSEventArgs.SourceIdentifier", self.source_identifier.clone())
            .extended("PSEventArgs.TimeGenerated", self.time_generated)
            .extended("PSEventArgs.Sender", self.sender.clone())
            .extended("PSEventArgs.SourceArgs", self.source_args.clone())
            .extended("PSEventArgs.MessageData", self.message_data.clone())
            .extended("PSEventArgs.ComputerName", self.computer_name.clone())
            .extended("PSEventArgs.RunspaceId", self.runspace_id)
            .into()
    }

    fn from_value(value: &Value) -> Result<Self, Error> {
        let members = Members::of(Self::NAME, value)?;
        let time_generated = match value.property("PSEventArgs.TimeGenerated").map(Value::base) {
            Some(Value::DateTime(time)) => Some(*time),
            _ => None,
        };
        Ok(UserEvent {
            event_identifier: members.i32("PSEventArgs.EventIdentifier")?,
            source_identifier: members.optional_text("PSEventArgs.SourceIdentifier")?,
            time_generated,
            sender: members.value("PSEventArgs.Sender"),
            source_args: members.value("PSEventArgs.SourceArgs"),
            message_data: members.value("PSEventArgs.MessageData"),
            computer_name: members.optional_text("PSEventArgs.ComputerName")?,
            runspace_id: members.optional_uuid("PSEventArgs.RunspaceId")?,
        })
    }
}
