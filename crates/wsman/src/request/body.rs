//! A request's body: the operation.

use std::borrow::Cow;

use super::read::{Header, selectors, text, timeout};
use crate::limits::push;
use crate::operation::{Command, Connect, Create, Disconnect, Enumerate, Pull as PullMore, Receive, Send, Signal};
use crate::stream::{self, command_id, truth};
use crate::xml::{Element, Ns, Pull};
use crate::{BufferMode, Error, Operation, OptionValue, ShellId, SignalCode, Verb, names};

/// Takes an option out of those of the header: the first of its name that says something counts.
fn take(options: &mut Vec<OptionValue>, name: &str) -> Option<Box<str>> {
    let mut found = None;
    options.retain(|option| {
        let ours = option.name.eq_ignore_ascii_case(name);
        if ours && found.is_none() && !option.value.is_empty() {
            found = Some(option.value.clone());
        }
        !ours
    });
    found
}

pub(super) fn body(xml: &mut Pull<'_>, header: &mut Header) -> Result<Operation, Error> {
    let action = header.action.take();
    let verb = action
        .as_deref()
        .and_then(|action| Verb::ALL.into_iter().find(|v| v.action() == action));
    let mut found = None;
    while let Some(element) = xml.next()? {
        let payload = match (verb, element.name()) {
            // Its namespace is misspelt often enough.
            (None, (Ns::Identity | Ns::Other, "Identify")) => {
                xml.skip()?;
                Operation::Identify
            }
            (Some(Verb::Create), (Ns::Shell, "Shell")) => Operation::Create(create(xml, &element, header)?),
            (Some(Verb::Command), (Ns::Shell, "CommandLine")) => Operation::Command(command(xml, &element)?),
            (Some(Verb::Send), (Ns::Shell, "Send")) => Operation::Send(send(xml)?),
            (Some(Verb::Receive), (Ns::Shell, "Receive")) => Operation::Receive(receive(xml, header)?),
            (Some(Verb::Signal), (Ns::Shell, "Signal")) => Operation::Signal(signal(xml, &element)?),
            (Some(Verb::Disconnect), (Ns::Shell, "Disconnect")) => Operation::Disconnect(disconnect(xml)?),
            (Some(Verb::Reconnect), (Ns::Shell, "Reconnect")) => {
                let command = command_id(&element)?;
                xml.skip()?;
                Operation::Reconnect(command)
            }
            (Some(Verb::Connect), (Ns::Shell, "Connect")) => Operation::Connect(connect(xml, &element, header)?),
            (Some(Verb::Enumerate), (Ns::Enumeration, "Enumerate")) => Operation::Enumerate(enumerate(xml, header)?),
            (Some(Verb::Pull), (Ns::Enumeration, "Pull")) => Operation::Pull(pull(xml, header)?),
            _ => {
                xml.skip()?;
                continue;
            }
        };
        found.get_or_insert(payload);
    }
    if let Some(operation) = found {
        return Ok(operation);
    }
    let config = header.resource_uri.as_deref() == Some(names::CONFIG);
    match verb {
        Some(Verb::Delete) => Ok(Operation::Delete),
        Some(Verb::Get) if config => Ok(Operation::Config),
        Some(Verb::Get) => Ok(Operation::Get),
        Some(Verb::Disconnect) => Ok(Operation::Disconnect(Disconnect::default())),
        Some(Verb::Reconnect) => Ok(Operation::Reconnect(None)),
        Some(verb) => Err(Error::Missing { what: body_of(verb) }),
        None => match action {
            Some(action) => Err(Error::Action {
                action: action.chars().take(200).collect(),
            }),
            None => Err(Error::Missing { what: "Action" }),
        },
    }
}

fn body_of(verb: Verb) -> &'static str {
    match verb {
        Verb::Create => "Shell in its body",
        Verb::Command => "CommandLine in its body",
        _ => "element of its action in its body",
    }
}

fn create(xml: &mut Pull<'_>, element: &Element<'_>, header: &mut Header) -> Result<Create, Error> {
    let mut create = Create {
        shell_id: element.attribute("ShellId")?.map(|id| ShellId::new(id.trim_ascii())),
        name: element.attribute("Name")?.map(Cow::into_owned),
        input_streams: String::new(),
        output_streams: String::new(),
        idle_timeout: None,
        protocol: take(&mut header.options, "protocolversion").map(Into::into),
        no_profile: take(&mut header.options, "WINRS_NOPROFILE").is_some_and(|value| truth(&value)),
        creation: bytes::Bytes::new(),
        compression: header.compression.take(),
    };
    while let Some(child) = xml.next()? {
        match child.name() {
            (Ns::Shell, "InputStreams") => create.input_streams = text(xml)?,
            (Ns::Shell, "OutputStreams") => create.output_streams = text(xml)?,
            (Ns::Shell, "IdleTimeOut") => create.idle_timeout = Some(timeout(xml, "IdleTimeOut")?),
            (Ns::PowerShell, "creationXml") => create.creation = xml.base64("creationXml")?,
            _ => xml.skip()?,
        }
    }
    Ok(create)
}

fn command(xml: &mut Pull<'_>, element: &Element<'_>) -> Result<Command, Error> {
    let mut command = Command {
        id: command_id(element)?,
        text: String::new(),
        arguments: bytes::Bytes::new(),
    };
    while let Some(child) = xml.next()? {
        match child.name() {
            (Ns::Shell, "Command") => command.text = xml.text()?.into_owned(),
            (Ns::Shell, "Arguments") => command.arguments = xml.base64("Arguments")?,
            _ => xml.skip()?,
        }
    }
    Ok(command)
}

fn send(xml: &mut Pull<'_>) -> Result<Send, Error> {
    let mut streams = Vec::new();
    while let Some(child) = xml.next()? {
        match child.name() {
            (Ns::Shell, "Stream") => push(&mut streams, stream::read(xml, &child)?)?,
            _ => xml.skip()?,
        }
    }
    Ok(Send { streams })
}

fn receive(xml: &mut Pull<'_>, header: &mut Header) -> Result<Receive, Error> {
    let keep_alive = take(&mut header.options, "WSMAN_CMDSHELL_OPTION_KEEPALIVE").is_some_and(|value| truth(&value));
    let mut receive = Receive {
        command: None,
        streams: String::new(),
        keep_alive,
    };
    while let Some(child) = xml.next()? {
        match child.name() {
            (Ns::Shell, "DesiredStream") => {
                receive.command = command_id(&child)?;
                receive.streams = text(xml)?;
            }
            _ => xml.skip()?,
        }
    }
    Ok(receive)
}

fn signal(xml: &mut Pull<'_>, element: &Element<'_>) -> Result<Signal, Error> {
    let command = command_id(element)?;
    let mut code = None;
    while let Some(child) = xml.next()? {
        match child.name() {
            (Ns::Shell, "Code") => code = Some(SignalCode::of(&text(xml)?)),
            _ => xml.skip()?,
        }
    }
    Ok(Signal {
        command,
        code: code.ok_or(Error::Missing {
            what: "Code in its Signal",
        })?,
    })
}

impl SignalCode {
    /// The meaning of a code, in either case; PowerShell's own server compares exactly (protocol.md 9).
    #[must_use]
    pub fn of(code: &str) -> Self {
        if code.eq_ignore_ascii_case(names::SIGNAL_TERMINATE) {
            Self::Terminate
        } else if code.eq_ignore_ascii_case(names::SIGNAL_STOP) {
            Self::Stop
        } else {
            Self::Other(code.into())
        }
    }
}

fn disconnect(xml: &mut Pull<'_>) -> Result<Disconnect, Error> {
    let mut disconnect = Disconnect::default();
    while let Some(child) = xml.next()? {
        match child.name() {
            (Ns::Shell, "IdleTimeOut") => disconnect.idle_timeout = Some(timeout(xml, "IdleTimeOut")?),
            (Ns::Shell, "BufferMode") => disconnect.buffer_mode = BufferMode::of(&text(xml)?),
            _ => xml.skip()?,
        }
    }
    Ok(disconnect)
}

impl BufferMode {
    pub(crate) fn of(text: &str) -> Option<Self> {
        [Self::Block, Self::Drop]
            .into_iter()
            .find(|mode| mode.as_str().eq_ignore_ascii_case(text))
    }
}

fn connect(xml: &mut Pull<'_>, element: &Element<'_>, header: &mut Header) -> Result<Connect, Error> {
    let protocol = take(&mut header.options, "protocolversion").map(Into::into);
    let mut connect = Connect {
        command: command_id(element)?,
        protocol,
        connect: None,
    };
    while let Some(child) = xml.next()? {
        match child.name() {
            (Ns::PowerShell, "connectXml") => connect.connect = Some(xml.base64("connectXml")?),
            _ => xml.skip()?,
        }
    }
    Ok(connect)
}

fn number(xml: &mut Pull<'_>) -> Result<u32, Error> {
    let text = text(xml)?;
    text.parse().map_err(|_| Error::value("MaxElements", &text))
}

fn enumerate(xml: &mut Pull<'_>, header: &mut Header) -> Result<Enumerate, Error> {
    let (mut filtered, mut optimized, mut max) = (None, false, None);
    while let Some(child) = xml.next()? {
        match child.name() {
            (Ns::Wsman, "OptimizeEnumeration") => {
                optimized = true;
                xml.skip()?;
            }
            (Ns::Wsman | Ns::Enumeration, "MaxElements") => max = Some(number(xml)?),
            (Ns::Wsman, "Filter") => {
                while let Some(part) = xml.next()? {
                    if part.name() == (Ns::Wsman, "SelectorSet") {
                        filtered = selectors(xml)?;
                    } else {
                        xml.skip()?;
                    }
                }
            }
            _ => xml.skip()?,
        }
    }
    let commands = header.resource_uri.as_deref() == Some(names::COMMAND_RESOURCE);
    let commands_of = if commands {
        filtered.or_else(|| header.shell_id.clone())
    } else {
        None
    };
    if commands && commands_of.is_none() {
        return Err(Error::Missing {
            what: "ShellId to list commands of",
        });
    }
    Ok(Enumerate {
        commands_of,
        max_elements: if optimized { max.or(Some(1)) } else { None },
    })
}

fn pull(xml: &mut Pull<'_>, header: &Header) -> Result<PullMore, Error> {
    let mut pull = PullMore {
        context: String::new(),
        commands: false,
        max_elements: None,
    };
    pull.commands = header.resource_uri.as_deref() == Some(names::COMMAND_RESOURCE);
    while let Some(child) = xml.next()? {
        match child.name() {
            (Ns::Enumeration, "EnumerationContext") => pull.context = text(xml)?,
            (Ns::Wsman | Ns::Enumeration, "MaxElements") => pull.max_elements = Some(number(xml)?),
            _ => xml.skip()?,
        }
    }
    Ok(pull)
}
