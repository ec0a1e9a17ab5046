//! ERROR_RECORD, in the flat form that PowerShell gives it on the wire (MS-PSRP 2.2.2.20, 2.2.3.15; protocol.md 15).

use clixml::{Object, Property, Text, Value};

use super::members::{Members, with_optional};
use super::{Body, ErrorCategory};
use crate::Error;

const TYPE: &str = "System.Management.Automation.ErrorRecord";

/// One error.
#[derive(Clone, PartialEq, Debug)]
pub struct ErrorRecord {
    /// ToString: what a person reads first.
    pub text: Option<Text>,
    /// The exception, an object with at least `Message`.
    pub exception: Value,
    /// What the command was working on.
    pub target_object: Value,
    /// Which error it is, for scripts.
    pub fully_qualified_error_id: Option<Text>,
    /// Which command wrote it, and where it stands.
    pub invocation_info: Value,
    /// What kind it is.
    pub category: CategoryInfo,
    /// Words that stand in for the exception's.
    pub details: ErrorDetails,
    /// Whether `other` holds where it was written.
    pub serialize_extended_info: bool,
    /// Said by Windows servers of errors that were written to the error stream.
    pub write_error_stream: Option<bool>,
    /// Everything else, as it came: `InvocationInfo_*`, `CommandInfo_*`, `PipelineIterationInfo`, `PSMessageDetails`.
    pub other: Vec<Property>,
}

/// `ErrorCategory_*`.
#[derive(Clone, PartialEq, Debug)]
pub struct CategoryInfo {
    /// The category.
    pub category: ErrorCategory,
    /// What was done.
    pub activity: Option<Text>,
    /// Why it failed: the exception's type.
    pub reason: Option<Text>,
    /// The name of the target.
    pub target_name: Option<Text>,
    /// The type of the target.
    pub target_type: Option<Text>,
    /// The line that shows all that.
    pub message: Option<Text>,
}

/// `ErrorDetails_*`.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ErrorDetails {
    /// Instead of the exception's message.
    pub message: Option<Text>,
    /// What to do.
    pub recommended_action: Option<Text>,
    /// Where in which scripts.
    pub script_stack_trace: Option<Text>,
}

const KNOWN: [&str; 15] = [
    "Exception",
    "TargetObject",
    "FullyQualifiedErrorId",
    "InvocationInfo",
    "ErrorCategory_Category",
    "ErrorCategory_Activity",
    "ErrorCategory_Reason",
    "ErrorCategory_TargetName",
    "ErrorCategory_TargetType",
    "ErrorCategory_Message",
    "ErrorDetails_Message",
    "ErrorDetails_RecommendedAction",
    "ErrorDetails_ScriptStackTrace",
    "SerializeExtendedInfo",
    "writeErrorStream",
];

impl ErrorRecord {
    /// An error of ours: the exception's full type name, its message, the error's id and kind.
    pub fn new(
        exception_type: &str,
        message: impl Into<Text>,
        id: impl Into<Text>,
        category: ErrorCategory,
    ) -> ErrorRecord {
        let message = message.into();
        let reason = exception_type.rsplit('.').next().unwrap_or(exception_type);
        let no_data = Value::dictionary_of(
            ["System.Collections.ListDictionaryInternal", "System.Object"],
            std::iter::empty::<(Value, Value)>(),
        );
        let exception = Object::new()
            .with_types([exception_type, "System.Exception", "System.Object"])
            .with_text(format!("{exception_type}: {message}"))
            .adapted("Message", message.clone())
            .adapted("Data", no_data)
            .adapted("InnerException", Value::Null)
            .adapted("TargetSite", Value::Null)
            .adapted("StackTrace", Value::Null)
            .adapted("HelpLink", Value::Null)
            .adapted("Source", Value::Null)
            .adapted("HResult", -2_146_233_088i32);
        let empty = Some(Text::default());
        ErrorRecord {
            text: Some(message),
            exception: exception.into(),
            target_object: Value::Null,
            fully_qualified_error_id: Some(id.into()),
            invocation_info: Value::Null,
            category: CategoryInfo {
                category,
                activity: empty.clone(),
                reason: Some(reason.into()),
                target_name: empty.clone(),
                target_type: empty,
                message: Some(format!("{}: (:) [], {reason}", category.name()).into()),
            },
            details: ErrorDetails::default(),
            serialize_extended_info: false,
            write_error_stream: None,
            other: Vec::new(),
        }
    }

    /// What a person reads: the details' message, else the exception's, else ToString.
    pub fn message(&self) -> Option<&Text> {
        let exception = || self.exception.property("Message").and_then(Value::as_text);
        self.details.message.as_ref().or_else(exception).or(self.text.as_ref())
    }

    /// The members without type names and ToString, as a host response carries them.
    pub(super) fn bag(&self) -> Object {
        let category = &self.category;
        let mut object = Object::new();
        object = with_optional(object, "writeErrorStream", self.write_error_stream)
            .extended("Exception", self.exception.clone())
            .extended("TargetObject", self.target_object.clone())
            .extended("FullyQualifiedErrorId", self.fully_qualified_error_id.clone())
            .extended("InvocationInfo", self.invocation_info.clone())
            .extended("ErrorCategory_Category", category.category.number())
            .extended("ErrorCategory_Activity", category.activity.clone())
            .extended("ErrorCategory_Reason", category.reason.clone())
            .extended("ErrorCategory_TargetName", category.target_name.clone())
            .extended("ErrorCategory_TargetType", category.target_type.clone())
            .extended("ErrorCategory_Message", category.message.clone())
            .extended("SerializeExtendedInfo", self.serialize_extended_info);
        for (member, text) in [
            ("ErrorDetails_Message", &self.details.message),
            ("ErrorDetails_RecommendedAction", &self.details.recommended_action),
            ("ErrorDetails_ScriptStackTrace", &self.details.script_stack_trace),
        ] {
            object = with_optional(object, member, text.clone());
        }
        object
            .extended
            .get_or_insert_default()
            .extend(self.other.iter().cloned());
        object
    }

    pub(super) fn of(members: &Members<'_>) -> Result<ErrorRecord, Error> {
        Ok(ErrorRecord {
            text: members.object().to_string.clone(),
            exception: members.raw("Exception")?.clone(),
            target_object: members.value("TargetObject"),
            fully_qualified_error_id: members.optional_text("FullyQualifiedErrorId")?,
            invocation_info: members.value("InvocationInfo"),
            category: CategoryInfo {
                category: ErrorCategory::from_number(members.optional_i32("ErrorCategory_Category")?.unwrap_or(0)),
                activity: members.optional_text("ErrorCategory_Activity")?,
                reason: members.optional_text("ErrorCategory_Reason")?,
                target_name: members.optional_text("ErrorCategory_TargetName")?,
                target_type: members.optional_text("ErrorCategory_TargetType")?,
                message: members.optional_text("ErrorCategory_Message")?,
            },
            details: ErrorDetails {
                message: members.optional_text("ErrorDetails_Message")?,
                recommended_action: members.optional_text("ErrorDetails_RecommendedAction")?,
                script_stack_trace: members.optional_text("ErrorDetails_ScriptStackTrace")?,
            },
            serialize_extended_info: members.optional_bool("SerializeExtendedInfo")?.unwrap_or(false),
            write_error_stream: members.optional_bool("writeErrorStream")?,
            other: members.rest(&KNOWN),
        })
    }
}

impl Body for ErrorRecord {
    const NAME: &'static str = "ERROR_RECORD";

    fn to_value(&self) -> Value {
        let object = self.bag().with_types([TYPE, "System.Object"]);
        match &self.text {
            Some(text) => object.with_text(text.clone()),
            None => object,
        }
        .into()
    }

    fn from_value(value: &Value) -> Result<Self, Error> {
        ErrorRecord::of(&Members::of(Self::NAME, value)?)
    }
}
