//! Commands that every shell has.

use std::time::Duration;

use clixml::{Object, Value};

use super::{Cmdlet, offered};
use crate::binder::{Bound, Parameter, Takes, text};
use crate::config::Commands;
use crate::failure::{Category, Failure};
use crate::stage::{Question, Ready, Run, Stage, Step, Upstream, World};

const MODULE: &str = "Microsoft.PowerShell.Utility";
const CORE: &str = "Microsoft.PowerShell.Core";

pub(super) const CMDLETS: &[Cmdlet] = &[
    Cmdlet {
        name: "Get-Command",
        module: CORE,
        parameters: &[
            Parameter::new("Name", Takes::Many).at(0),
            Parameter::new("CommandType", Takes::Any),
        ],
        // `begin` never runs: the list depends on the service, see `get_command`.
        begin: |_| Ready::stage([]),
    },
    Cmdlet {
        name: "Get-FormatData",
        module: MODULE,
        parameters: &[
            Parameter::new("TypeName", Takes::Many).at(0),
            Parameter::new("PowerShellVersion", Takes::Any),
        ],
        begin: |_| Ready::stage([]),
    },
    Cmdlet {
        name: "Write-Output",
        module: MODULE,
        parameters: &[Parameter::new("InputObject", Takes::Any).at(0)],
        begin: write_output,
    },
    Cmdlet {
        name: "Write-Error",
        module: MODULE,
        parameters: &[Parameter::new("Message", Takes::Text).at(0).mandatory()],
        begin: write_error,
    },
    Cmdlet {
        name: "Write-Warning",
        module: MODULE,
        parameters: &[Parameter::new("Message", Takes::Text).at(0).mandatory()],
        begin: |bound| Ready::stage([Step::Warning(bound.text("Message").unwrap_or_default())]),
    },
    Cmdlet {
        name: "Write-Host",
        module: MODULE,
        parameters: &[Parameter::new("Object", Takes::Any).at(0)],
        begin: write_host,
    },
    Cmdlet {
        name: "Out-Default",
        module: CORE,
        parameters: &[],
        begin: |_| {
            Box::new(Run(|mut upstream: Upstream<'_>, world: &mut World| {
                upstream.step(world)
            }))
        },
    },
    Cmdlet {
        name: "Read-Host",
        module: MODULE,
        parameters: &[
            Parameter::new("Prompt", Takes::Text).at(0),
            Parameter::new("AsSecureString", Takes::Switch),
        ],
        begin: read_host,
    },
    Cmdlet {
        name: "Start-Sleep",
        module: MODULE,
        parameters: &[
            Parameter::new("Seconds", Takes::Any).at(0),
            Parameter::new("Milliseconds", Takes::Number),
        ],
        begin: start_sleep,
    },
    Cmdlet {
        name: "Select-Object",
        module: MODULE,
        parameters: &[
            Parameter::new("Property", Takes::Many).at(0),
            Parameter::new("First", Takes::Number),
            Parameter::new("ExpandProperty", Takes::Text),
        ],
        begin: select_object,
    },
    Cmdlet {
        name: "Where-Object",
        module: CORE,
        parameters: &[
            Parameter::new("Property", Takes::Text).at(0).mandatory(),
            Parameter::new("Value", Takes::Any).at(1),
            Parameter::new("EQ", Takes::Switch),
            Parameter::new("NE", Takes::Switch),
        ],
        begin: where_object,
    },
    Cmdlet {
        name: "Measure-Object",
        module: MODULE,
        parameters: &[],
        begin: measure_object,
    },
];

pub(super) fn get_command(commands: Commands, bound: Bound) -> Box<dyn Stage> {
    let names = bound.many("Name");
    let wanted = move |cmdlet: &&&Cmdlet| names.is_empty() || names.iter().any(|name| matches(name, cmdlet.name));
    let listed: Vec<_> = offered(commands)
        .collect::<Vec<_>>()
        .iter()
        .filter(wanted)
        .map(|cmdlet| {
            Step::Output(
                Object::custom()
                    .extended(
                        "CommandType",
                        Value::enumeration_of("System.Management.Automation.CommandTypes", "Cmdlet", 8),
                    )
                    .extended("Name", cmdlet.name)
                    .extended("ModuleName", cmdlet.module)
                    .into(),
            )
        })
        .collect();
    Ready::stage(listed)
}

/// Whether a name with `*` in it means this command.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_ascii_lowercase(), name.to_ascii_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<_> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn write_output(bound: Bound) -> Box<dyn Stage> {
    match bound.value("InputObject") {
        None => Box::new(Run(|mut upstream: Upstream<'_>, world: &mut World| {
            upstream.step(world)
        })),
        // A list is written item by item, as a pipeline always does.
        Some(value) => match value.as_list() {
            Some(items) => Ready::stage(items.iter().cloned().map(Step::Output).collect::<Vec<_>>()),
            None => Ready::stage([Step::Output(value.clone())]),
        },
    }
}

fn write_error(bound: Bound) -> Box<dyn Stage> {
    let message = bound.text("Message").unwrap_or_default();
    let failure = Failure::new(
        "Write-Error",
        "Microsoft.PowerShell.Commands.WriteErrorException",
        Category::NotSpecified,
        message,
    )
    .of("Microsoft.PowerShell.Commands.WriteErrorException");
    Ready::stage([Step::Error(failure)])
}

fn write_host(bound: Bound) -> Box<dyn Stage> {
    let line = bound.text("Object").unwrap_or_default();
    Ready::stage([
        Step::Information(line.as_str().into(), &["PSHOST"]),
        Step::WriteLine(line),
    ])
}

fn read_host(bound: Bound) -> Box<dyn Stage> {
    let question = if bound.switch("AsSecureString") {
        Question::ReadSecret
    } else {
        Question::ReadLine
    };
    let mut prompt = bound.text("Prompt").map(|prompt| format!("{prompt}: "));
    let mut asked = false;
    let mut told = false;
    Box::new(Run(move |_: Upstream<'_>, world: &mut World| {
        if let Some(prompt) = prompt.take() {
            return Step::WriteLine(prompt);
        }
        if !std::mem::replace(&mut asked, true) {
            return Step::Ask(question.clone());
        }
        if std::mem::replace(&mut told, true) {
            return Step::Done;
        }
        match world.answer.take().flatten() {
            Some(line) => Step::Output(line),
            None => Step::Fail(Failure::new(
                "Read-Host",
                "InvalidOperation,Microsoft.PowerShell.Commands.ReadHostCommand",
                Category::NotSpecified,
                "The host program or the command type does not support user interaction.".to_owned(),
            )),
        }
    }))
}

fn start_sleep(bound: Bound) -> Box<dyn Stage> {
    let seconds = match bound.value("Seconds") {
        Some(Value::Double(seconds)) => *seconds,
        Some(value) => text(value).parse().unwrap_or(0.0),
        None => 0.0,
    };
    let millis = bound.number("Milliseconds").unwrap_or(0);
    let pause = Duration::try_from_secs_f64(seconds).unwrap_or_default()
        + Duration::from_millis(u64::try_from(millis).unwrap_or(0));
    Ready::stage([Step::Pause(pause)])
}

fn select_object(bound: Bound) -> Box<dyn Stage> {
    let properties = bound.many("Property");
    let expand = bound.text("ExpandProperty");
    let mut left = bound.number("First").unwrap_or(i64::MAX);
    Box::new(Run(move |mut upstream: Upstream<'_>, world: &mut World| {
        if left <= 0 {
            return Step::Done;
        }
        let value = match upstream.step(world) {
            Step::Output(value) => value,
            other => return other,
        };
        left -= 1;
        if let Some(name) = &expand {
            return match value.property(name) {
                Some(value) => Step::Output(value.clone()),
                None => Step::Error(Failure::new(
                    "Select-Object",
                    "ExpandPropertyNotFound,Microsoft.PowerShell.Commands.SelectObjectCommand",
                    Category::InvalidArgument,
                    format!("Property \"{name}\" cannot be found."),
                )),
            };
        }
        if properties.is_empty() {
            return Step::Output(value);
        }
        let mut selected = Object::new().with_types([
            "Selected.System.Management.Automation.PSCustomObject",
            "System.Management.Automation.PSCustomObject",
            "System.Object",
        ]);
        for name in &properties {
            selected = selected.extended(name.as_str(), value.property(name).cloned().unwrap_or_default());
        }
        Step::Output(selected.into())
    }))
}

fn where_object(bound: Bound) -> Box<dyn Stage> {
    let name = bound.text("Property").unwrap_or_default();
    let wanted = bound.text("Value");
    let equal = !bound.switch("NE");
    Box::new(Run(move |mut upstream: Upstream<'_>, world: &mut World| {
        loop {
            let value = match upstream.step(world) {
                Step::Output(value) => value,
                other => return other,
            };
            let own = value.property(&name);
            let fits = match &wanted {
                Some(wanted) => own.is_some_and(|own| text(own).eq_ignore_ascii_case(wanted)) == equal,
                // Without a value the property itself is the condition.
                None => own.is_some_and(|own| own.as_bool().unwrap_or(!own.is_null())),
            };
            if fits {
                return Step::Output(value);
            }
        }
    }))
}

fn measure_object(_: Bound) -> Box<dyn Stage> {
    let mut count = 0;
    let mut told = false;
    Box::new(Run(move |mut upstream: Upstream<'_>, world: &mut World| {
        loop {
            match upstream.step(world) {
                Step::Output(_) => count += 1,
                Step::Done if !std::mem::replace(&mut told, true) => {
                    let measured = Object::new()
                        .with_types(["Microsoft.PowerShell.Commands.GenericMeasureInfo", "System.Object"])
                        .adapted("Count", count);
                    return Step::Output(measured.into());
                }
                other => return other,
            }
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name, fits) in [
            ("Get-Cs*", "Get-CsTenant", true),
            ("*", "Get-CsTenant", true),
            ("get-cstenant", "Get-CsTenant", true),
            ("*Tenant", "Get-CsTenant", true),
            ("Get-*User", "Get-CsTenant", false),
            ("Get-CsTenan", "Get-CsTenant", false),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern}");
        }
    }
}
