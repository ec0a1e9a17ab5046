//! Reading a response, as a client does.

use super::shell::{page, shell};
use crate::limits::push;
use crate::stream;
use crate::xml::{Element, Ns, Pull};
use crate::{
    Answer, CommandId, CommandState, CommandStatus, Config, Created, Error, Identity, Limits, MessageId, Received,
    Response, Shell, ShellId, Verb, names,
};

pub(super) fn read(envelope: &[u8], limits: &Limits) -> Result<Response, Error> {
    let mut xml = Pull::new(envelope, limits)?;
    let root = xml.next()?.ok_or(Error::Empty)?;
    if root.name() != (Ns::Soap, "Envelope") {
        return Err(Error::NotSoap {
            root: root.local().chars().take(80).collect(),
        });
    }
    let mut header = Header::default();
    let mut answer = None;
    while let Some(part) = xml.next()? {
        match part.name() {
            (Ns::Soap, "Header") => read_header(&mut xml, &mut header)?,
            (Ns::Soap, "Body") => answer = Some(body(&mut xml, header.action.as_deref())?),
            _ => xml.skip()?,
        }
    }
    xml.end()?;
    let answer = answer.ok_or(Error::Missing { what: "Body" })?;
    Ok(Response {
        message_id: header.message_id,
        relates_to: header.relates_to,
        answer,
    })
}

#[derive(Default)]
struct Header {
    action: Option<String>,
    message_id: Option<MessageId>,
    relates_to: Option<MessageId>,
}

fn read_header(xml: &mut Pull<'_>, header: &mut Header) -> Result<(), Error> {
    while let Some(element) = xml.next()? {
        match element.name() {
            (Ns::Addressing, "Action") => header.action = Some(text(xml)?),
            (Ns::Addressing, "MessageID") => header.message_id = Some(MessageId::new(text(xml)?)),
            (Ns::Addressing, "RelatesTo") => header.relates_to = Some(MessageId::new(text(xml)?)),
            _ => xml.skip()?,
        }
    }
    Ok(())
}

pub(super) fn text(xml: &mut Pull<'_>) -> Result<String, Error> {
    Ok(xml.text()?.trim_ascii().to_owned())
}

/// The answer is what the body holds; where it holds nothing, what the action says.
fn body(xml: &mut Pull<'_>, action: Option<&str>) -> Result<Answer, Error> {
    let verb = action.and_then(|action| Verb::ALL.into_iter().find(|v| v.response_action() == action));
    let mut created = None::<Created>;
    let mut described = None;
    let mut found = None;
    while let Some(element) = xml.next()? {
        let answer = match element.name() {
            (Ns::Soap, "Fault") => Answer::Fault(Box::new(super::fault::read(xml)?)),
            (Ns::Transfer, "ResourceCreated") => {
                created = Some(resource_created(xml)?);
                continue;
            }
            (Ns::Shell, "Shell") => {
                described = Some(shell(xml, &element)?);
                continue;
            }
            (Ns::Shell, "CommandResponse") => Answer::Started(started(xml)?),
            (Ns::Shell, "ReceiveResponse") => Answer::Received(received(xml)?),
            (Ns::Shell, "ConnectResponse") => Answer::Connected(connected(xml)?),
            (Ns::Enumeration, "EnumerateResponse") => Answer::Listed(page(xml, false)?),
            (Ns::Enumeration, "PullResponse") => Answer::Listed(page(xml, true)?),
            (Ns::Config, "Config") => Answer::Configured(config(xml)?),
            (Ns::Identity, "IdentifyResponse") => Answer::Identified(identity(xml)?),
            _ => {
                xml.skip()?;
                continue;
            }
        };
        found.get_or_insert(answer);
    }
    if let Some(answer) = found {
        return Ok(answer);
    }
    match (verb, created, described) {
        (Some(Verb::Create), created, shell) => create(created, shell).ok_or(Error::Missing {
            what: "ShellId in its CreateResponse",
        }),
        (Some(Verb::Get), _, Some(shell)) => Ok(Answer::Described(Box::new(shell))),
        (Some(Verb::Send), ..) => Ok(Answer::Sent),
        (Some(Verb::Signal), ..) => Ok(Answer::Signalled),
        (Some(Verb::Delete), ..) => Ok(Answer::Deleted),
        (Some(Verb::Disconnect), ..) => Ok(Answer::Disconnected),
        (Some(Verb::Reconnect), ..) => Ok(Answer::Reconnected),
        (Some(Verb::Command), ..) => Err(Error::Missing {
            what: "CommandId in its CommandResponse",
        }),
        (Some(Verb::Receive), ..) => Err(Error::Missing {
            what: "ReceiveResponse in its body",
        }),
        (Some(_), ..) => Err(Error::Missing {
            what: "answer in its body",
        }),
        (None, ..) => match action {
            Some(names::FAULT_ACTION | names::ADDRESSING_FAULT_ACTION) => Err(Error::Missing {
                what: "Fault in its body",
            }),
            Some(action) => Err(Error::Action {
                action: action.chars().take(200).collect(),
            }),
            None => Err(Error::Missing { what: "Action" }),
        },
    }
}

/// What a newer server says in the shell's description counts; a 2.1 server has only the reference.
fn create(created: Option<Created>, shell: Option<Shell>) -> Option<Answer> {
    let (mut uri, id) = match (&created, &shell) {
        (_, Some(shell)) => (shell.resource_uri.clone(), shell.shell_id.clone()),
        (Some(created), None) => (None, created.shell_id.clone()),
        (None, None) => return None,
    };
    uri = uri.or_else(|| created.map(|c| c.resource_uri));
    Some(Answer::Created(Box::new(Created {
        resource_uri: uri?,
        shell_id: id,
        shell,
    })))
}

fn resource_created(xml: &mut Pull<'_>) -> Result<Created, Error> {
    let (mut uri, mut id) = (None, None);
    let mut within = 1;
    while within > 0 {
        let Some(element) = xml.next()? else {
            within -= 1;
            continue;
        };
        match element.name() {
            (Ns::Wsman, "ResourceURI") => uri = Some(text(xml)?),
            (Ns::Wsman, "Selector") if element.attribute("Name")?.as_deref() == Some("ShellId") => {
                id = Some(text(xml)?);
            }
            (Ns::Addressing, "ReferenceParameters") | (Ns::Wsman, "SelectorSet") => within += 1,
            _ => xml.skip()?,
        }
    }
    let shell_id = ShellId::new(id.ok_or(Error::Missing {
        what: "ShellId in its ResourceCreated",
    })?);
    let resource_uri = uri.ok_or(Error::Missing {
        what: "ResourceURI in its ResourceCreated",
    })?;
    Ok(Created {
        resource_uri,
        shell_id,
        shell: None,
    })
}

fn started(xml: &mut Pull<'_>) -> Result<CommandId, Error> {
    let mut id = None;
    while let Some(child) = xml.next()? {
        match child.name() {
            (Ns::Shell, "CommandId") => id = Some(CommandId::new(text(xml)?)),
            _ => xml.skip()?,
        }
    }
    id.ok_or(Error::Missing {
        what: "CommandId in its CommandResponse",
    })
}

fn received(xml: &mut Pull<'_>) -> Result<Received, Error> {
    let mut received = Received::default();
    while let Some(child) = xml.next()? {
        match child.name() {
            (Ns::Shell, "Stream") => push(&mut received.streams, stream::read(xml, &child)?)?,
            (Ns::Shell, "CommandState") => received.status = Some(status(xml, &child)?),
            _ => xml.skip()?,
        }
    }
    Ok(received)
}

fn status(xml: &mut Pull<'_>, element: &Element<'_>) -> Result<CommandStatus, Error> {
    let command = stream::command_id(element)?;
    let state = element.attribute("State")?.ok_or(Error::Missing {
        what: "State in its CommandState",
    })?;
    let state = CommandState::of(state.trim_ascii());
    let mut exit_code = None;
    while let Some(child) = xml.next()? {
        match child.name() {
            (Ns::Shell, "ExitCode") => {
                // A DWORD: either sign is seen.
                let text = text(xml)?;
                exit_code = text.parse().ok().or_else(|| text.parse().ok().map(u32::cast_signed));
            }
            _ => xml.skip()?,
        }
    }
    Ok(CommandStatus {
        command,
        state,
        exit_code,
    })
}

impl CommandState {
    fn of(uri: &str) -> Self {
        match uri.rsplit('/').next().unwrap_or(uri) {
            "Pending" => Self::Pending,
            "Running" => Self::Running,
            "Done" => Self::Done,
            other => Self::Other(other.into()),
        }
    }
}

fn connected(xml: &mut Pull<'_>) -> Result<bytes::Bytes, Error> {
    let mut fragments = bytes::Bytes::new();
    while let Some(child) = xml.next()? {
        match child.name() {
            (Ns::PowerShell, "connectResponseXml") => fragments = xml.base64("connectResponseXml")?,
            _ => xml.skip()?,
        }
    }
    Ok(fragments)
}

fn config(xml: &mut Pull<'_>) -> Result<Config, Error> {
    let mut size = None;
    while let Some(child) = xml.next()? {
        match child.name() {
            (Ns::Config, "MaxEnvelopeSizekb") => {
                let text = text(xml)?;
                let bytes = text.parse::<u32>().ok().and_then(|kb| kb.checked_mul(1024));
                size = Some(bytes.ok_or_else(|| Error::value("MaxEnvelopeSizekb", &text))?);
            }
            _ => xml.skip()?,
        }
    }
    Ok(Config {
        max_envelope_size: size.ok_or(Error::Missing {
            what: "MaxEnvelopeSizekb in its Config",
        })?,
    })
}

fn identity(xml: &mut Pull<'_>) -> Result<Identity, Error> {
    let mut identity = Identity::default();
    while let Some(child) = xml.next()? {
        match child.name() {
            (Ns::Identity, "ProtocolVersion") => identity.protocol_version = Some(text(xml)?),
            (Ns::Identity, "ProductVendor") => identity.product_vendor = Some(text(xml)?),
            (Ns::Identity, "ProductVersion") => identity.product_version = Some(text(xml)?),
            _ => xml.skip()?,
        }
    }
    Ok(identity)
}
