//! PROGRESS_RECORD (MS-PSRP 2.2.2.25, protocol.md 15).

use clixml::{Object, Text, Value};

use super::Body;
use super::enums::wire_enum;
use super::members::Members;
use crate::Error;

wire_enum! {
    /// Whether it goes on.
    ProgressType: "System.Management.Automation.ProgressRecordType" {
        /// It goes on.
        Processing = 0, "Processing";
        /// It is over: take the bar away.
        Completed = 1, "Completed";
    }
}

/// How far a command has come.
#[derive(Clone, PartialEq, Debug)]
pub struct ProgressRecord {
    /// What it does.
    pub activity: Text,
    /// Which bar it is.
    pub activity_id: i32,
    /// What it does right now.
    pub status_description: Option<Text>,
    /// On what.
    pub current_operation: Option<Text>,
    /// The bar above it; -1 for none.
    pub parent_activity_id: i32,
    /// 0 to 100; -1 for unknown.
    pub percent_complete: i32,
    /// Whether it goes on.
    pub kind: ProgressType,
    /// -1 for unknown.
    pub seconds_remaining: i32,
}

impl ProgressRecord {
    /// A bar that has begun.
    pub fn new(activity: impl Into<Text>, status: impl Into<Text>) -> ProgressRecord {
        ProgressRecord {
            activity: activity.into(),
            activity_id: 0,
            status_description: Some(status.into()),
            current_operation: None,
            parent_activity_id: -1,
            percent_complete: -1,
            kind: ProgressType::Processing,
            seconds_remaining: -1,
        }
    }
}

impl Body for ProgressRecord {
    const NAME: &'static str = "PROGRESS_RECORD";

    fn to_value(&self) -> Value {
        Object::new()
            .extended("Activity", self.activity.clone())
            .extended("ActivityId", self.activity_id)
            .extended("StatusDescription", self.status_description.clone())
            .extended("CurrentOperation", self.current_operation.clone())
            .extended("ParentActivityId", self.parent_activity_id)
            .extended("PercentComplete", self.percent_complete)
            .extended("Type", self.kind.to_value())
            .extended("SecondsRemaining", self.seconds_remaining)
            .into()
    }

    fn from_value(value: &Value) -> Result<Self, Error> {
        let members = Members::of(Self::NAME, value)?;
        Ok(ProgressRecord {
            activity: members.text("Activity")?,
            activity_id: members.i32("ActivityId")?,
            status_description: members.optional_text("StatusDescription")?,
            current_operation: members.optional_text("CurrentOperation")?,
            parent_activity_id: members.i32("ParentActivityId")?,
            percent_complete: members.i32("PercentComplete")?,
            kind: ProgressType::from_number(members.i32("Type")?),
            seconds_remaining: members.i32("SecondsRemaining")?,
        })
    }
}
