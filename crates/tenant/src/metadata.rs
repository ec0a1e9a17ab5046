//! GET_COMMAND_METADATA: what the service's commands are called and what they take, as Import-PSSession asks.

use clixml::{Text, Value};
use psrp::body::{Body as _, CommandCount, CommandMetadata, CommandTypes, GetCommandMetadata, ParameterMetadata};

use crate::binder::{COMMON, Parameter, Takes};
use crate::cmdlets::{Cmdlet, matches, offered};
use crate::config::Commands;

/// The count, then each command.
pub(crate) fn describe(commands: Commands, asked: &GetCommandMetadata) -> Vec<Value> {
    let wanted = |name: &str| {
        asked.names.is_empty()
            || asked
                .names
                .iter()
                .any(|pattern| matches(&pattern.to_string_lossy(), name))
    };
    let found: Vec<Value> = offered(commands)
        .filter(|cmdlet| wanted(cmdlet.name))
        .map(one)
        .collect();
    let count = CommandCount {
        count: i32::try_from(found.len()).unwrap_or(i32::MAX),
    };
    std::iter::once(count.to_value()).chain(found).collect()
}

fn one(cmdlet: &Cmdlet) -> Value {
    let metadata = CommandMetadata {
        name: cmdlet.name.into(),
        namespace: Some(cmdlet.module.into()),
        help_uri: Some(Text::default()),
        command_type: CommandTypes::CMDLET,
        resolved_command_name: None,
        output_type: Vec::new(),
        parameters: cmdlet.parameters.iter().chain(&COMMON).map(parameter).collect(),
    };
    metadata.to_value()
}

fn parameter(parameter: &Parameter) -> ParameterMetadata {
    let type_name = match parameter.takes {
        Takes::Switch => "System.Management.Automation.SwitchParameter",
        Takes::Text => "System.String",
        Takes::Number => "System.Int32",
        Takes::Any => "System.Object",
        Takes::Many => "System.String[]",
    };
    ParameterMetadata {
        name: parameter.name.into(),
        parameter_type: Some(type_name.into()),
        aliases: Vec::new(),
        is_dynamic: false,
        switch_parameter: parameter.takes == Takes::Switch,
    }
}
