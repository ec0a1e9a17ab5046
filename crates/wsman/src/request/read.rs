//! Reading a request, as a server does: the envelope and its header.

use std::borrow::Cow;

use super::body::body;
use crate::stream::truth;
use crate::xml::{Element, Ns, Pull};
use crate::{
    Error, Limits, MessageId, Operation, OperationId, OptionValue, Rejected, Request, SessionId, ShellId, duration,
};

pub(super) fn read(envelope: &[u8], limits: &Limits) -> Result<Request, Rejected> {
    let mut header = Header::default();
    match request(envelope, limits, &mut header) {
        Ok(request) => Ok(request),
        Err(error) => Err(Rejected {
            message_id: header.message_id,
            error,
        }),
    }
}

/// What the header says; what an operation makes of its options comes later.
#[derive(Default)]
pub(super) struct Header {
    to: Option<String>,
    pub(super) action: Option<String>,
    message_id: Option<MessageId>,
    session_id: Option<SessionId>,
    operation_id: Option<OperationId>,
    sequence_id: Option<u64>,
    pub(super) resource_uri: Option<String>,
    pub(super) shell_id: Option<ShellId>,
    operation_timeout: Option<std::time::Duration>,
    max_envelope_size: Option<u32>,
    locale: Option<String>,
    data_locale: Option<String>,
    pub(super) compression: Option<String>,
    pub(super) options: Vec<OptionValue>,
}

fn request(envelope: &[u8], limits: &Limits, header: &mut Header) -> Result<Request, Error> {
    let mut xml = Pull::new(envelope, limits)?;
    let root = xml.next()?.ok_or(Error::Empty)?;
    if root.name() != (Ns::Soap, "Envelope") {
        return Err(Error::NotSoap {
            root: root.local().chars().take(80).collect(),
        });
    }
    let mut operation = None;
    while let Some(part) = xml.next()? {
        match part.name() {
            (Ns::Soap, "Header") => read_header(&mut xml, header)?,
            (Ns::Soap, "Body") => operation = Some(body(&mut xml, header)?),
            _ => xml.skip()?,
        }
    }
    xml.end()?;
    let operation = operation.ok_or(Error::Missing { what: "Body" })?;
    let identify = operation == Operation::Identify;
    let or_missing = |value: Option<String>, what| match value {
        Some(value) => Ok(value),
        None if identify => Ok(String::new()),
        None => Err(Error::Missing { what }),
    };
    Ok(Request {
        to: header.to.take().unwrap_or_default(),
        message_id: match header.message_id.clone() {
            Some(id) => id,
            None if identify => MessageId::new(""),
            None => return Err(Error::Missing { what: "MessageID" }),
        },
        session_id: header.session_id.take(),
        operation_id: header.operation_id.take(),
        sequence_id: header.sequence_id,
        resource_uri: or_missing(header.resource_uri.take(), "ResourceURI")?,
        shell_id: header.shell_id.take(),
        operation_timeout: header.operation_timeout,
        max_envelope_size: header.max_envelope_size,
        locale: header.locale.take(),
        data_locale: header.data_locale.take(),
        options: std::mem::take(&mut header.options),
        operation,
    })
}

fn read_header(xml: &mut Pull<'_>, header: &mut Header) -> Result<(), Error> {
    while let Some(element) = xml.next()? {
        match element.name() {
            (Ns::Addressing, "To") => header.to = Some(text(xml)?),
            (Ns::Addressing, "Action") => header.action = Some(text(xml)?),
            (Ns::Addressing, "MessageID") => header.message_id = Some(MessageId::new(text(xml)?)),
            (Ns::Wsmv, "SessionId") => header.session_id = Some(SessionId::new(text(xml)?)),
            (Ns::Wsmv, "OperationID") => header.operation_id = Some(OperationId::new(text(xml)?)),
            (Ns::Wsmv, "SequenceId") => {
                let number = text(xml)?;
                let parsed = number.parse().map_err(|_| Error::value("SequenceId", &number))?;
                header.sequence_id = Some(parsed);
            }
            (Ns::Wsman, "ResourceURI") => header.resource_uri = Some(text(xml)?),
            (Ns::Wsman, "OperationTimeout") => header.operation_timeout = Some(timeout(xml, "OperationTimeout")?),
            (Ns::Wsman, "MaxEnvelopeSize") => {
                let size = text(xml)?;
                let parsed = size.parse().map_err(|_| Error::value("MaxEnvelopeSize", &size))?;
                header.max_envelope_size = Some(parsed);
            }
            (Ns::Wsman, "Locale") => header.locale = skip_with(xml, &element, "lang")?,
            (Ns::Wsmv, "DataLocale") => header.data_locale = skip_with(xml, &element, "lang")?,
            (Ns::Wsman, "SelectorSet") => header.shell_id = selectors(xml)?.or(header.shell_id.take()),
            (Ns::Wsman, "OptionSet") => options(xml, &mut header.options)?,
            (Ns::Shell, "CompressionType") => header.compression = Some(text(xml)?),
            _ => xml.skip()?,
        }
    }
    Ok(())
}

pub(super) fn text(xml: &mut Pull<'_>) -> Result<String, Error> {
    Ok(xml.text()?.trim_ascii().to_owned())
}

pub(super) fn timeout(xml: &mut Pull<'_>, what: &'static str) -> Result<std::time::Duration, Error> {
    let text = text(xml)?;
    duration::parse(&text).ok_or_else(|| Error::value(what, &text))
}

fn skip_with(xml: &mut Pull<'_>, element: &Element<'_>, attribute: &str) -> Result<Option<String>, Error> {
    let value = element.attribute(attribute)?.map(Cow::into_owned);
    xml.skip()?;
    Ok(value)
}

/// The `ShellId` among the selectors.
pub(super) fn selectors(xml: &mut Pull<'_>) -> Result<Option<ShellId>, Error> {
    let mut shell = None;
    while let Some(element) = xml.next()? {
        if element.name() == (Ns::Wsman, "Selector") && element.attribute("Name")?.as_deref() == Some("ShellId") {
            shell = Some(ShellId::new(text(xml)?));
        } else {
            xml.skip()?;
        }
    }
    Ok(shell)
}

fn options(xml: &mut Pull<'_>, options: &mut Vec<OptionValue>) -> Result<(), Error> {
    while let Some(element) = xml.next()? {
        if element.name() != (Ns::Wsman, "Option") {
            xml.skip()?;
            continue;
        }
        let name = element.attribute("Name")?.unwrap_or_default().into();
        let must_comply = element.attribute("MustComply")?.is_some_and(|v| truth(&v));
        options.push(OptionValue {
            name,
            value: xml.text()?.trim_ascii().into(),
            must_comply,
        });
    }
    Ok(())
}
