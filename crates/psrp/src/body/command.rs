//! One command of a pipeline, and its arguments (MS-PSRP 2.2.3.12 and 13).

use clixml::{Content, ListKind, Object, Text, Value, Version};

use super::PipelineResultTypes;
use super::capability::{V2_2, V2_3};
use super::members::{Members, with_optional};
use crate::Error;

/// A command, or a script.
#[derive(Clone, PartialEq, Debug)]
pub struct Command {
    /// The command's name, or the script's text.
    pub name: Text,
    /// Whether `name` is script text. Endpoints without a language refuse it.
    pub is_script: bool,
    /// Whether it runs in a scope of its own.
    pub use_local_scope: Option<bool>,
    /// The stream that is merged, protocol 2.1.
    pub merge_my_result: PipelineResultTypes,
    /// Into which.
    pub merge_to_result: PipelineResultTypes,
    /// What of the commands before it is merged into its input.
    pub merge_previous_results: PipelineResultTypes,
    /// Where errors go, since 2.2.
    pub merge_error: Option<PipelineResultTypes>,
    /// Where warnings go, since 2.2.
    pub merge_warning: Option<PipelineResultTypes>,
    /// Where verbose records go, since 2.2.
    pub merge_verbose: Option<PipelineResultTypes>,
    /// Where debug records go, since 2.2.
    pub merge_debug: Option<PipelineResultTypes>,
    /// Where information records go, since 2.3.
    pub merge_information: Option<PipelineResultTypes>,
    /// Its arguments in order.
    pub arguments: Vec<Argument>,
}

/// An argument: a name, a value, or both.
#[derive(Clone, PartialEq, Debug)]
pub struct Argument {
    /// A parameter's name without a dash; with a dash it is a token that the server's binder places (protocol.md 25).
    pub name: Option<Text>,
    /// The value. Null both for `$null` and for none.
    pub value: Value,
}

impl Argument {
    /// A value that the binder places.
    pub fn positional(value: impl Into<Value>) -> Argument {
        Argument {
            name: None,
            value: value.into(),
        }
    }

    /// A named one.
    pub fn named(name: impl Into<Text>, value: impl Into<Value>) -> Argument {
        Argument {
            name: Some(name.into()),
            value: value.into(),
        }
    }
}

impl Command {
    /// A command by its name.
    pub fn new(name: impl Into<Text>) -> Command {
        let none = PipelineResultTypes::None;
        Command {
            name: name.into(),
            is_script: false,
            use_local_scope: None,
            merge_my_result: none,
            merge_to_result: none,
            merge_previous_results: none,
            merge_error: Some(none),
            merge_warning: Some(none),
            merge_verbose: Some(none),
            merge_debug: Some(none),
            merge_information: Some(none),
            arguments: Vec::new(),
        }
    }

    /// Script text.
    pub fn script(text: impl Into<Text>) -> Command {
        Command {
            is_script: true,
            ..Command::new(text)
        }
    }

    /// With one more argument.
    pub fn with(mut self, argument: Argument) -> Command {
        self.arguments.push(argument);
        self
    }

    /// Without the members that a server of this protocol version does not know.
    pub fn for_protocol(mut self, version: Version) -> Command {
        if version < V2_3 {
            self.merge_information = None;
        }
        if version < V2_2 {
            self.merge_error = None;
            self.merge_warning = None;
            self.merge_verbose = None;
            self.merge_debug = None;
        }
        self
    }

    pub(super) fn to_value(&self) -> Value {
        let mut object = Object::new()
            .extended("Cmd", self.name.clone())
            .extended("IsScript", self.is_script)
            .extended("UseLocalScope", self.use_local_scope)
            .extended("MergeMyResult", self.merge_my_result.to_value())
            .extended("MergeToResult", self.merge_to_result.to_value())
            .extended("MergePreviousResults", self.merge_previous_results.to_value());
        for (member, merge) in [
            ("MergeError", self.merge_error),
            ("MergeWarning", self.merge_warning),
            ("MergeVerbose", self.merge_verbose),
            ("MergeDebug", self.merge_debug),
            ("MergeInformation", self.merge_information),
        ] {
            object = with_optional(object, member, merge.map(PipelineResultTypes::to_value));
        }
        let arguments = self.arguments.iter().map(|argument| {
            Object::new()
                .extended("N", argument.name.clone())
                .extended("V", argument.value.clone())
        });
        object.extended("Args", list(arguments)).into()
    }

    pub(super) fn of(members: &Members<'_>) -> Result<Command, Error> {
        let merge = |member| members.i32(member).map(PipelineResultTypes::from_number);
        let later = |member| Ok(members.optional_i32(member)?.map(PipelineResultTypes::from_number));
        let arguments = members.list("Args")?.iter().map(|argument| {
            let argument = members.part("Args", argument)?;
            Ok(Argument {
                name: argument.optional_text("N")?,
                value: argument.value("V"),
            })
        });
        Ok(Command {
            name: members.text("Cmd")?,
            is_script: members.bool("IsScript")?,
            use_local_scope: members.optional_bool("UseLocalScope")?,
            merge_my_result: merge("MergeMyResult")?,
            merge_to_result: merge("MergeToResult")?,
            merge_previous_results: merge("MergePreviousResults")?,
            merge_error: later("MergeError")?,
            merge_warning: later("MergeWarning")?,
            merge_verbose: later("MergeVerbose")?,
            merge_debug: later("MergeDebug")?,
            merge_information: later("MergeInformation")?,
            arguments: arguments.collect::<Result<_, Error>>()?,
        })
    }
}

/// A `List<PSObject>`, as PowerShell calls it.
pub(super) fn list<I>(items: I) -> Value
where
    I: IntoIterator,
    I::Item: Into<Value>,
{
    const TYPE: &str = "System.Collections.Generic.List`1[[System.Management.Automation.PSObject, \
        System.Management.Automation, Version=3.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]";
    let items = items.into_iter().map(Into::into).collect();
    Object::new()
        .with_types([TYPE, "System.Object"])
        .with_content(Content::List(ListKind::List, items))
        .into()
}
