//! CREATE_PIPELINE (MS-PSRP 2.2.2.10, 2.2.3.11; protocol.md 15).

use clixml::{Object, Text, Value, Version};

use super::command::{Command, list};
use super::host_info::HostInfo;
use super::members::Members;
use super::{ApartmentState, Body, RemoteStreamOptions};
use crate::Error;

/// A pipeline that is to run.
#[derive(Clone, PartialEq, Debug)]
pub struct CreatePipeline {
    /// Nothing will be piped in. Else END_OF_PIPELINE_INPUT must follow, or it waits forever.
    pub no_input: bool,
    /// The apartment of its thread.
    pub apartment_state: ApartmentState,
    /// Which records say where they come from.
    pub stream_options: RemoteStreamOptions,
    /// Whether it is remembered in the server's history.
    pub add_to_history: bool,
    /// Its host; [`HostInfo::none`] means the pool's.
    pub host_info: HostInfo,
    /// Whether it runs within the pipeline that is running.
    pub is_nested: bool,
    /// The commands.
    pub power_shell: PowerShell,
}

/// What a pipeline is made of.
#[derive(Clone, PartialEq, Debug)]
pub struct PowerShell {
    /// Statements in order, each a pipeline of commands.
    pub statements: Vec<Vec<Command>>,
    /// What the history shows instead.
    pub history: Option<Text>,
    /// Whether errors of the shell itself go into the error stream.
    pub redirect_shell_error_output_pipe: bool,
}

impl CreatePipeline {
    /// One statement of these commands, nothing piped in, under the pool's host.
    pub fn new(commands: Vec<Command>) -> CreatePipeline {
        CreatePipeline::statements(vec![commands])
    }

    /// Several statements.
    pub fn statements(statements: Vec<Vec<Command>>) -> CreatePipeline {
        CreatePipeline {
            no_input: true,
            apartment_state: ApartmentState::Unknown,
            stream_options: RemoteStreamOptions::Plain,
            add_to_history: false,
            host_info: HostInfo::none(),
            is_nested: false,
            power_shell: PowerShell {
                statements,
                history: None,
                redirect_shell_error_output_pipe: true,
            },
        }
    }

    /// Without the members that a server of this protocol version does not know.
    pub fn for_protocol(mut self, version: Version) -> CreatePipeline {
        for statement in &mut self.power_shell.statements {
            *statement = std::mem::take(statement)
                .into_iter()
                .map(|command| command.for_protocol(version))
                .collect();
        }
        self
    }
}

impl PowerShell {
    /// Several statements stand in `ExtraCmds`, all of them, and `Cmds` repeats the first.
    fn to_value(&self, is_nested: bool) -> Value {
        let commands = |statement: &Vec<Command>| list(statement.iter().map(Command::to_value));
        let mut object = Object::new();
        if self.statements.len() > 1 {
            let all = self
                .statements
                .iter()
                .map(|statement| Object::new().extended("Cmds", commands(statement)));
            object = object.extended("ExtraCmds", list(all));
        }
        object
            .extended(
                "Cmds",
                self.statements
                    .first()
                    .map_or_else(|| list(Vec::<Value>::new()), commands),
            )
            .extended("IsNested", is_nested)
            .extended("History", self.history.clone())
            .extended("RedirectShellErrorOutputPipe", self.redirect_shell_error_output_pipe)
            .into()
    }

    fn of(members: &Members<'_>) -> Result<PowerShell, Error> {
        let commands = |members: &Members<'_>| {
            members.raw("Cmds")?;
            let commands = members.list("Cmds")?.iter();
            commands
                .map(|command| Command::of(&members.part("Cmds", command)?))
                .collect::<Result<Vec<_>, Error>>()
        };
        let all = members.list("ExtraCmds")?.iter();
        let mut statements = all
            .map(|statement| commands(&members.part("ExtraCmds", statement)?))
            .collect::<Result<Vec<_>, Error>>()?;
        if statements.is_empty() {
            statements.push(commands(members)?);
        }
        Ok(PowerShell {
            statements,
            history: members.optional_text("History")?,
            redirect_shell_error_output_pipe: members.bool("RedirectShellErrorOutputPipe")?,
        })
    }
}

impl Body for CreatePipeline {
    const NAME: &'static str = "CREATE_PIPELINE";

    fn to_value(&self) -> Value {
        Object::new()
            .extended("PowerShell", self.power_shell.to_value(self.is_nested))
            .extended("NoInput", self.no_input)
            .extended("ApartmentState", self.apartment_state.to_value())
            .extended("RemoteStreamOptions", self.stream_options.to_value())
            .extended("AddToHistory", self.add_to_history)
            .extended("HostInfo", self.host_info.to_value())
            .extended("IsNested", self.is_nested)
            .into()
    }

    fn from_value(value: &Value) -> Result<Self, Error> {
        let members = Members::of(Self::NAME, value)?;
        let power_shell = members.part("PowerShell", members.raw("PowerShell")?)?;
        Ok(CreatePipeline {
            no_input: members.bool("NoInput")?,
            apartment_state: ApartmentState::from_number(members.i32("ApartmentState")?),
            stream_options: RemoteStreamOptions::from_number(members.i32("RemoteStreamOptions")?),
            add_to_history: members.bool("AddToHistory")?,
            host_info: HostInfo::of(&members)?,
            // Clients of protocol 2.1 have only the inner one.
            is_nested: members.optional_bool("IsNested")?.unwrap_or(false)
                || power_shell.optional_bool("IsNested")?.unwrap_or(false),
            power_shell: PowerShell::of(&power_shell)?,
        })
    }
}
