//! A fault's XML, both ways (MS-WSMV 2.2.4.43).

use std::borrow::Cow;

use crate::names::{FAULT, FAULT_DETAIL};
use crate::xml::{Element, Ns, Pull, Writer};
use crate::{Error, Fault, FaultKind};

/// Reads the content of `s:Fault`.
pub(super) fn read(xml: &mut Pull<'_>) -> Result<Fault, Error> {
    let mut fault = Fault {
        code: None,
        kind: FaultKind::Unknown,
        sender: false,
        subcode: None,
        detail: None,
        reason: String::new(),
        message: String::new(),
        machine: None,
        provider: None,
        wait: None,
        limit: None,
        server_protocol: None,
        exchange: None,
    };
    while let Some(child) = xml.next()? {
        match child.name() {
            (Ns::Soap, "Code") => code(xml, &mut fault)?,
            (Ns::Soap, "Reason") => {
                while let Some(text) = xml.next()? {
                    match text.name() {
                        (Ns::Soap, "Text") => fault.reason = words(&xml.text()?),
                        _ => xml.skip()?,
                    }
                }
            }
            (Ns::Soap, "Detail") => {
                while let Some(part) = xml.next()? {
                    match part.name() {
                        (Ns::Fault, "WSManFault") => wsman_fault(xml, &part, &mut fault)?,
                        (Ns::Wsman, "FaultDetail") => fault.detail = last_part(&xml.text()?),
                        _ => xml.skip()?,
                    }
                }
            }
            _ => xml.skip()?,
        }
    }
    if fault.message.is_empty() {
        fault.message.clone_from(&fault.reason);
    }
    Ok(fault.judge())
}

/// The longest message that is kept, in characters; real ones have a few thousand at most.
const LONGEST: usize = 32 * 1024;

/// A message without the blanks around it; lines stay, since a budget's snapshot has them.
fn words(text: &str) -> String {
    text.trim().chars().take(LONGEST).collect()
}

fn last_part(uri: &str) -> Option<String> {
    uri.trim_ascii()
        .rsplit('/')
        .next()
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
}

/// `s:Code`: its value is Sender or Receiver, the innermost subcode is WS-Management's.
fn code(xml: &mut Pull<'_>, fault: &mut Fault) -> Result<(), Error> {
    let mut within = 1;
    while within > 0 {
        let Some(child) = xml.next()? else {
            within -= 1;
            continue;
        };
        match child.name() {
            (Ns::Soap, "Value") => {
                let value = xml.text()?;
                let local = value.trim_ascii().rsplit(':').next().unwrap_or_default().to_owned();
                if within == 1 {
                    fault.sender = local == "Sender";
                } else {
                    fault.subcode = Some(local);
                }
            }
            (Ns::Soap, "Subcode") => within += 1,
            _ => xml.skip()?,
        }
    }
    Ok(())
}

/// `f:WSManFault`, in which `f:Message` may hold an `f:ProviderFault`, which may hold another `f:WSManFault`. What is
/// innermost is nearest to the truth. Walked with a counter, since [`Pull`] bounds the depth.
fn wsman_fault(xml: &mut Pull<'_>, outer: &Element<'_>, fault: &mut Fault) -> Result<(), Error> {
    number(outer, fault)?;
    let mut text = String::new();
    let mut within = 1;
    while within > 0 {
        let Some(piece) = xml.node()? else {
            within -= 1;
            // Text counts for the element that it stands in, and deeper text replaces what was found before.
            let found = words(&std::mem::take(&mut text));
            if !found.is_empty() {
                fault.message = found;
            }
            continue;
        };
        match piece {
            crate::xml::Node::Text(piece) => text.push_str(&piece),
            crate::xml::Node::Element(element) => {
                within += 1;
                text.clear();
                match element.name() {
                    (Ns::Fault, "WSManFault") => number(&element, fault)?,
                    (Ns::Fault, "ProviderFault") => {
                        fault.provider = element
                            .attribute("provider")?
                            .map(Cow::into_owned)
                            .or(fault.provider.take());
                    }
                    (_, "PSProtocolVersionError") => {
                        let version = element.attribute("ServerProtocolVersion")?;
                        fault.server_protocol = version.map(Cow::into_owned);
                    }
                    _ => {}
                }
            }
        }
    }
    Ok(())
}

fn number(element: &Element<'_>, fault: &mut Fault) -> Result<(), Error> {
    if let Some(code) = element.attribute("Code")? {
        // A DWORD, but PowerShell shows it with a sign, and so may what quotes PowerShell.
        let code = code.trim_ascii();
        let signed = || code.parse::<i32>().ok().map(i32::cast_unsigned);
        fault.code = code.parse().ok().or_else(signed).or(fault.code);
    }
    if let Some(machine) = element.attribute("Machine")? {
        fault.machine = Some(machine.into_owned());
    }
    Ok(())
}

/// Writes `s:Fault`.
pub(super) fn write(w: &mut Writer, fault: &Fault) {
    w.raw("<s:Fault><s:Code><s:Value>");
    w.raw(if fault.sender { "s:Sender" } else { "s:Receiver" });
    w.raw("</s:Value>");
    if let Some(subcode) = &fault.subcode {
        w.raw("<s:Subcode><s:Value>w:");
        w.text(subcode);
        w.raw("</s:Value></s:Subcode>");
    }
    w.raw("</s:Code><s:Reason><s:Text xml:lang=\"en-US\">");
    w.text(&fault.reason);
    w.raw("</s:Text></s:Reason><s:Detail>");
    if let Some(detail) = &fault.detail {
        w.element("w:FaultDetail", &format!("{FAULT_DETAIL}{detail}"));
    }
    w.raw("<f:WSManFault");
    w.attribute("xmlns:f", FAULT);
    if let Some(code) = fault.code {
        w.attribute("Code", &code.to_string());
    }
    if let Some(machine) = &fault.machine {
        w.attribute("Machine", machine);
    }
    w.raw("><f:Message>");
    if let Some(provider) = &fault.provider {
        w.raw("<f:ProviderFault");
        w.attribute("provider", provider);
        w.raw(">");
        w.text(&fault.message);
        w.raw("</f:ProviderFault>");
    } else {
        w.text(&fault.message);
    }
    w.raw("</f:Message></f:WSManFault></s:Detail></s:Fault>");
}
