//! Shells and listings of them.

use std::borrow::Cow;
use std::time::Duration;

use super::read::text;
use crate::limits::push;
use crate::xml::{Element, Ns, Pull};
use crate::{BufferMode, CommandId, CommandItem, Error, Item, Page, Shell, ShellId, ShellState, duration};

pub(super) fn shell(xml: &mut Pull<'_>, element: &Element<'_>) -> Result<Shell, Error> {
    let mut id = element.attribute("ShellId")?.map(|id| ShellId::new(id.trim_ascii()));
    let mut shell = Shell::new(ShellId::new(""));
    shell.name = element.attribute("Name")?.map(Cow::into_owned);
    while let Some(child) = xml.next()? {
        if child.ns != Ns::Shell {
            xml.skip()?;
            continue;
        }
        match child.local() {
            "ShellId" => id = Some(ShellId::new(text(xml)?)),
            "Name" => shell.name = Some(text(xml)?),
            "ResourceUri" => shell.resource_uri = Some(text(xml)?),
            "Owner" => shell.owner = Some(text(xml)?),
            "ClientIP" => shell.client_ip = Some(text(xml)?),
            "ProcessId" => shell.process_id = text(xml)?.parse().ok(),
            "IdleTimeOut" => shell.idle_timeout = time(xml)?,
            "MaxIdleTimeOut" => shell.max_idle_timeout = time(xml)?,
            "InputStreams" => shell.input_streams = Some(text(xml)?),
            "OutputStreams" => shell.output_streams = Some(text(xml)?),
            "Locale" => shell.locale = Some(text(xml)?),
            "DataLocale" => shell.data_locale = Some(text(xml)?),
            "CompressionMode" => shell.compression_mode = Some(text(xml)?),
            "ProfileLoaded" => shell.profile_loaded = Some(text(xml)?),
            "Encoding" => shell.encoding = Some(text(xml)?),
            "BufferMode" => shell.buffer_mode = BufferMode::of(&text(xml)?),
            "State" => shell.state = Some(ShellState::of(&text(xml)?)),
            "ShellRunTime" => shell.run_time = time(xml)?,
            "ShellInactivity" => shell.inactivity = time(xml)?,
            "MemoryUsed" => shell.memory_used = Some(text(xml)?),
            "ChildProcesses" => shell.child_processes = text(xml)?.parse().ok(),
            _ => xml.skip()?,
        }
    }
    shell.shell_id = id.ok_or(Error::Missing {
        what: "ShellId in its Shell",
    })?;
    Ok(shell)
}

/// A time in a description only informs: one that cannot be read is none.
fn time(xml: &mut Pull<'_>) -> Result<Option<Duration>, Error> {
    Ok(duration::parse(&xml.text()?))
}

impl ShellState {
    fn of(state: &str) -> Self {
        match state {
            "Connected" => Self::Connected,
            "Disconnected" => Self::Disconnected,
            other => Self::Other(other.into()),
        }
    }
}

/// A page; the end of a listing is told by EndOfSequence, and by an empty context.
pub(super) fn page(xml: &mut Pull<'_>, pulled: bool) -> Result<Page, Error> {
    let mut page = Page {
        pulled,
        ..Page::default()
    };
    let mut ended = false;
    while let Some(child) = xml.next()? {
        match child.name() {
            (Ns::Enumeration, "EnumerationContext") => page.context = Some(text(xml)?).filter(|c| !c.is_empty()),
            (Ns::Wsman | Ns::Enumeration, "EndOfSequence") => {
                ended = true;
                xml.skip()?;
            }
            (Ns::Wsman | Ns::Enumeration, "Items") => {
                while let Some(item) = xml.next()? {
                    match item.name() {
                        (Ns::Shell, "Shell") => push(&mut page.items, Item::Shell(Box::new(shell(xml, &item)?)))?,
                        (Ns::Shell, "Command") => push(&mut page.items, Item::Command(command(xml, &item)?))?,
                        _ => xml.skip()?,
                    }
                }
            }
            _ => xml.skip()?,
        }
    }
    if ended {
        page.context = None;
    }
    Ok(page)
}

fn command(xml: &mut Pull<'_>, element: &Element<'_>) -> Result<CommandItem, Error> {
    let attribute = |name| Ok::<_, Error>(element.attribute(name)?.map(|id| id.trim_ascii().to_owned()));
    let (mut id, mut shell) = (attribute("CommandId")?, attribute("ShellId")?);
    let (mut state, mut line) = (None, None);
    while let Some(child) = xml.next()? {
        match child.name() {
            (Ns::Shell, "CommandId") => id = Some(text(xml)?),
            (Ns::Shell, "ShellId") => shell = Some(text(xml)?),
            (Ns::Shell, "State") => state = Some(text(xml)?),
            (Ns::Shell, "CommandLine") => line = Some(text(xml)?),
            _ => xml.skip()?,
        }
    }
    let id = id.ok_or(Error::Missing {
        what: "CommandId in its Command",
    })?;
    Ok(CommandItem {
        command_id: CommandId::new(id),
        shell_id: shell.map(ShellId::new),
        state,
        text: line,
    })
}
