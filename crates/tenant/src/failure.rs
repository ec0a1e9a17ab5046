//! What a cmdlet says when it fails, in the words that PowerShell uses.

use clixml::Value;

/// An error, terminating or not; it becomes an error record.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) message: String,
    /// The first part of FullyQualifiedErrorId.
    pub(crate) id: String,
    pub(crate) category: Category,
    pub(crate) exception: &'static str,
    pub(crate) target: Value,
    /// The command that failed.
    pub(crate) activity: String,
}

/// The error categories that are used here (System.Management.Automation.ErrorCategory).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Category {
    NotSpecified,
    InvalidArgument,
    ObjectNotFound,
    OperationStopped,
    ParserError,
}

impl Category {
    pub(crate) const fn number(self) -> i32 {
        match self {
            Self::NotSpecified => 0,
            Self::InvalidArgument => 5,
            Self::ObjectNotFound => 13,
            Self::OperationStopped => 14,
            Self::ParserError => 17,
        }
    }
}

impl Failure {
    pub(crate) fn new(activity: &str, id: &str, category: Category, message: String) -> Self {
        Self {
            message,
            id: id.to_owned(),
            category,
            exception: "System.Management.Automation.RuntimeException",
            target: Value::Null,
            activity: activity.to_owned(),
        }
    }

    pub(crate) fn of(mut self, exception: &'static str) -> Self {
        self.exception = exception;
        self
    }

    pub(crate) fn about(mut self, target: impl Into<Value>) -> Self {
        self.target = target.into();
        self
    }

    pub(crate) fn unknown_command(name: &str) -> Self {
        let message = format!(
            "The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable program. \
             Check the spelling of the name, or if a path was included, verify that the path is correct and try again."
        );
        Self::new(name, "CommandNotFoundException", Category::ObjectNotFound, message)
            .of("System.Management.Automation.CommandNotFoundException")
            .about(name)
    }

    pub(crate) fn unknown_parameter(activity: &str, name: &str) -> Self {
        let message = format!("A parameter cannot be found that matches parameter name '{name}'.");
        Self::new(
            activity,
            &format!("NamedParameterNotFound,{activity}"),
            Category::InvalidArgument,
            message,
        )
        .of("System.Management.Automation.ParameterBindingException")
    }

    pub(crate) fn missing_argument(activity: &str, name: &str) -> Self {
        let message = format!("Missing an argument for parameter '{name}'. Specify a parameter and try again.");
        Self::new(
            activity,
            &format!("MissingArgument,{activity}"),
            Category::InvalidArgument,
            message,
        )
        .of("System.Management.Automation.ParameterBindingException")
    }

    pub(crate) fn wrong_type(activity: &str, name: &str, wanted: &str) -> Self {
        let message = format!("Cannot bind parameter '{name}'. Cannot convert the value to type \"{wanted}\".");
        Self::new(
            activity,
            &format!("CannotConvertArgumentNoMessage,{activity}"),
            Category::InvalidArgument,
            message,
        )
        .of("System.Management.Automation.ParameterBindingException")
    }

    pub(crate) fn surplus_argument(activity: &str, value: &str) -> Self {
        let message = format!("A positional parameter cannot be found that accepts argument '{value}'.");
        Self::new(
            activity,
            &format!("PositionalParameterNotFound,{activity}"),
            Category::InvalidArgument,
            message,
        )
        .of("System.Management.Automation.ParameterBindingException")
    }

    pub(crate) fn missing_mandatory(activity: &str, name: &str) -> Self {
        let message = format!("Cannot process command because of one or more missing mandatory parameters: {name}.");
        Self::new(
            activity,
            &format!("MissingMandatoryParameter,{activity}"),
            Category::InvalidArgument,
            message,
        )
        .of("System.Management.Automation.ParameterBindingException")
    }

    pub(crate) fn no_such_object(activity: &str, identity: &str) -> Self {
        let message = format!("Management object not found for identity \"{identity}\".");
        Self::new(
            activity,
            &format!("ManagementObjectNotFound,{activity}"),
            Category::ObjectNotFound,
            message,
        )
        .of("Microsoft.Rtc.Management.ManagementException")
        .about(identity)
    }

    pub(crate) fn no_language() -> Self {
        let message = "The syntax is not supported by this runspace. This can occur if the runspace is in no-language \
                       mode."
            .to_owned();
        Self::new("", "ScriptsNotAllowed", Category::ParserError, message)
            .of("System.Management.Automation.PSNotSupportedException")
    }

    pub(crate) fn script(message: String) -> Self {
        Self::new("", "ParserError", Category::ParserError, message).of("System.Management.Automation.ParseException")
    }
}
