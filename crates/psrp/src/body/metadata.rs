//! GET_COMMAND_METADATA and what it puts out (MS-PSRP 2.2.2.14, 2.2.3.21 to 23; protocol.md 15).

use clixml::{Content, ListKind, Object, Text, Value};

use super::Body;
use super::members::{Members, with_optional};
use crate::Error;

/// Which kinds of commands: flags.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CommandTypes(pub i32);

impl CommandTypes {
    /// Alias, function, filter, cmdlet, configuration: what PowerShell asks for.
    pub const DEFAULT: CommandTypes = CommandTypes(271);
    /// A cmdlet.
    pub const CMDLET: CommandTypes = CommandTypes(8);
    /// A function.
    pub const FUNCTION: CommandTypes = CommandTypes(2);
    /// Every kind.
    pub const ALL: CommandTypes = CommandTypes(511);

    const NAMES: [(i32, &'static str); 9] = [
        (1, "Alias"),
        (2, "Function"),
        (4, "Filter"),
        (8, "Cmdlet"),
        (16, "ExternalScript"),
        (32, "Application"),
        (64, "Script"),
        (128, "Workflow"),
        (256, "Configuration"),
    ];

    /// The enum object.
    pub fn to_value(self) -> Value {
        let all = CommandTypes::ALL.0;
        let name = if self.0 == all {
            "All".to_owned()
        } else if self.0 == 0 || self.0 & !all != 0 {
            self.0.to_string()
        } else {
            let set = CommandTypes::NAMES.iter().filter(|(flag, _)| self.0 & flag != 0);
            set.map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
        };
        Value::enumeration_of("System.Management.Automation.CommandTypes", name, self.0)
    }
}

/// Which commands does the server have?
#[derive(Clone, PartialEq, Debug)]
pub struct GetCommandMetadata {
    /// Names, with wildcards.
    pub names: Vec<Text>,
    /// Which kinds.
    pub command_type: CommandTypes,
    /// Only these modules. `Some` and empty is an empty list.
    pub namespace: Option<Vec<Text>>,
    /// Only these modules, by their full names; absent before PowerShell 3.
    pub fully_qualified_module: Option<Value>,
    /// For parameters that depend on arguments.
    pub argument_list: Value,
}

impl GetCommandMetadata {
    /// Commands of these names.
    pub fn new<I>(names: I) -> GetCommandMetadata
    where
        I: IntoIterator,
        I::Item: Into<Text>,
    {
        GetCommandMetadata {
            names: names.into_iter().map(Into::into).collect(),
            command_type: CommandTypes::DEFAULT,
            namespace: None,
            fully_qualified_module: Some(Value::Null),
            argument_list: Value::Null,
        }
    }
}

impl Body for GetCommandMetadata {
    const NAME: &'static str = "GET_COMMAND_METADATA";

    fn to_value(&self) -> Value {
        let object = Object::new()
            .extended("Name", strings(&self.names))
            .extended("CommandType", self.command_type.to_value())
            .extended("Namespace", self.namespace.as_deref().map(strings));
        with_optional(object, "FullyQualifiedModule", self.fully_qualified_module.clone())
            .extended("ArgumentList", self.argument_list.clone())
            .into()
    }

    fn from_value(value: &Value) -> Result<Self, Error> {
        let members = Members::of(Self::NAME, value)?;
        let namespace = match members.object().property("Namespace") {
            None | Some(Value::Null) => None,
            Some(_) => Some(members.texts("Namespace")?),
        };
        Ok(GetCommandMetadata {
            names: members.texts("Name")?,
            command_type: CommandTypes(members.i32("CommandType")?),
            namespace,
            fully_qualified_module: value.property("FullyQualifiedModule").cloned(),
            argument_list: members.value("ArgumentList"),
        })
    }
}

/// The first output: how many commands follow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CommandCount {
    /// So many.
    pub count: i32,
}

impl Body for CommandCount {
    const NAME: &'static str = "CommandMetadataCount";

    fn to_value(&self) -> Value {
        let types = [
            "Selected.Microsoft.PowerShell.Commands.GenericMeasureInfo",
            "System.Management.Automation.PSCustomObject",
            "System.Object",
        ];
        Object::new().with_types(types).extended("Count", self.count).into()
    }

    fn from_value(value: &Value) -> Result<Self, Error> {
        Ok(CommandCount {
            count: Members::of(Self::NAME, value)?.i32("Count")?,
        })
    }
}

/// Each further output: one command.
#[derive(Clone, PartialEq, Debug)]
pub struct CommandMetadata {
    /// Its name.
    pub name: Text,
    /// The module that it is from.
    pub namespace: Option<Text>,
    /// Where its help is.
    pub help_uri: Option<Text>,
    /// What kind it is.
    pub command_type: CommandTypes,
    /// What an alias stands for.
    pub resolved_command_name: Option<Text>,
    /// The types that it puts out.
    pub output_type: Vec<Text>,
    /// Its parameters.
    pub parameters: Vec<ParameterMetadata>,
}

/// One parameter.
#[derive(Clone, PartialEq, Debug)]
pub struct ParameterMetadata {
    /// Its name.
    pub name: Text,
    /// The full name of its .NET type.
    pub parameter_type: Option<Text>,
    /// Other names.
    pub aliases: Vec<Text>,
    /// Whether it depends on others.
    pub is_dynamic: bool,
    /// Whether it is a switch.
    pub switch_parameter: bool,
}

impl Body for CommandMetadata {
    const NAME: &'static str = "CommandMetadata";

    fn to_value(&self) -> Value {
        let selected = if self.command_type == CommandTypes::FUNCTION {
            "FunctionInfo"
        } else {
            "CmdletInfo"
        };
        let types = [
            format!("Selected.System.Management.Automation.{selected}"),
            "System.Management.Automation.PSCustomObject".to_owned(),
            "System.Object".to_owned(),
        ];
        let output = list(
            "System.Collections.ObjectModel.ReadOnlyCollection`1[[System.Management.Automation.PSTypeName, System.Management.Automation, Version=3.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]",
            &self.output_type,
        );
        let parameters = Value::dictionary_of(
            [
                "System.Collections.Generic.Dictionary`2[[System.String, mscorlib, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089],[System.Management.Automation.ParameterMetadata, System.Management.Automation, Version=3.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]",
                "System.Object",
            ],
            self.parameters
                .iter()
                .map(|parameter| (parameter.name.clone(), parameter.to_value())),
        );
        Object::new()
            .with_types(types)
            .extended("Name", self.name.clone())
            .extended("Namespace", self.namespace.clone())
            .extended("HelpUri", self.help_uri.clone())
            .extended("CommandType", self.command_type.to_value())
            .extended("ResolvedCommandName", self.resolved_command_name.clone())
            .extended("OutputType", output)
            .extended("Parameters", parameters)
            .into()
    }

    fn from_value(value: &Value) -> Result<Self, Error> {
        let members = Members::of(Self::NAME, value)?;
        let parameters = members.part("Parameters", members.raw("Parameters")?)?;
        let parameters = match &parameters.object().content {
            Content::Dictionary(entries) => entries
                .iter()
                .map(|(_, parameter)| ParameterMetadata::of(&members.part("Parameters", parameter)?))
                .collect::<Result<_, Error>>()?,
            Content::Empty | Content::Value(_) | Content::List(..) => {
                return Err(members.wrong("Parameters", "a dictionary"));
            }
        };
        Ok(CommandMetadata {
            name: members.text("Name")?,
            namespace: members.optional_text("Namespace")?,
            help_uri: members.optional_text("HelpUri")?,
            command_type: CommandTypes(members.i32("CommandType")?),
            resolved_command_name: members.optional_text("ResolvedCommandName")?,
            output_type: members.texts("OutputType")?,
            parameters,
        })
    }
}

impl ParameterMetadata {
    fn to_value(&self) -> Value {
        let type_name = "System.Management.Automation.ParameterMetadata";
        let aliases = list(
            "System.Collections.ObjectModel.Collection`1[[System.String, mscorlib, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089]]",
            &self.aliases,
        );
        Object::new()
            .with_types([type_name, "System.Object"])
            .with_text(type_name)
            .adapted("Name", self.name.clone())
            .adapted("ParameterType", self.parameter_type.clone())
            .adapted("Aliases", aliases)
            .adapted("IsDynamic", self.is_dynamic)
            .adapted("SwitchParameter", self.switch_parameter)
            .into()
    }

    fn of(members: &Members<'_>) -> Result<ParameterMetadata, Error> {
        Ok(ParameterMetadata {
            name: members.text("Name")?,
            parameter_type: members.optional_text("ParameterType")?,
            aliases: members.texts("Aliases")?,
            is_dynamic: members.optional_bool("IsDynamic")?.unwrap_or(false),
            switch_parameter: members.optional_bool("SwitchParameter")?.unwrap_or(false),
        })
    }
}

fn strings(items: &[Text]) -> Value {
    Value::list_of(
        ["System.String[]", "System.Array", "System.Object"],
        ListKind::List,
        items.iter().cloned(),
    )
}

fn list(type_name: &str, items: &[Text]) -> Value {
    Value::list_of([type_name, "System.Object"], ListKind::List, items.iter().cloned())
}
