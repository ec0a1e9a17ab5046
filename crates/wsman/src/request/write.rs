//! A request's envelope.

use crate::names::*;
use crate::operation::{Create, Enumerate, Pull, Receive};
use crate::stream::{self, powershell};
use crate::xml::{Writer, encoded_len};
use crate::{BufferMode, CommandId, Operation, Request, SignalCode, duration};

/// The envelope, its base64 written straight into it.
pub(super) fn write(request: &Request) -> String {
    let payload = payload_len(&request.operation);
    let mut w = Writer::with_capacity(2048 + encoded_len(payload) + request.to.len());
    envelope(&mut w, request);
    w.finish()
}

/// How long the envelope is without its payload's base64.
pub(super) fn overhead(request: &Request) -> usize {
    let mut w = Writer::with_capacity(2048);
    let mut bare = request.clone();
    match &mut bare.operation {
        Operation::Create(create) => create.creation.clear(),
        Operation::Command(command) => command.arguments.clear(),
        Operation::Send(send) => send.streams.iter_mut().for_each(|s| s.data.clear()),
        Operation::Connect(connect) => connect.connect.iter_mut().for_each(bytes::Bytes::clear),
        _ => {}
    }
    envelope(&mut w, &bare);
    w.len()
}

fn payload_len(operation: &Operation) -> usize {
    match operation {
        Operation::Create(create) => create.creation.len(),
        Operation::Command(command) => command.arguments.len(),
        Operation::Send(send) => send.streams.iter().map(|s| s.data.len() + 64).sum(),
        Operation::Connect(connect) => connect.connect.as_ref().map_or(0, bytes::Bytes::len),
        _ => 0,
    }
}

fn envelope(w: &mut Writer, request: &Request) {
    if request.operation == Operation::Identify {
        identify(w);
        return;
    }
    w.raw("<s:Envelope");
    for (prefix, namespace) in [
        ("xmlns:s", SOAP),
        ("xmlns:a", ADDRESSING),
        ("xmlns:w", WSMAN),
        ("xmlns:p", WSMV),
        ("xmlns:rsp", SHELL),
        ("xmlns:n", ENUMERATION),
    ] {
        w.attribute(prefix, namespace);
    }
    w.raw("><s:Header>");
    header(w, request);
    w.raw("</s:Header><s:Body>");
    body(w, &request.operation);
    w.raw("</s:Body></s:Envelope>");
}

fn identify(w: &mut Writer) {
    w.raw("<s:Envelope");
    w.attribute("xmlns:s", SOAP);
    w.attribute("xmlns:wsmid", IDENTITY);
    w.raw("><s:Header/><s:Body><wsmid:Identify/></s:Body></s:Envelope>");
}

fn header(w: &mut Writer, request: &Request) {
    w.element("a:To", &request.to);
    must(w, "w:ResourceURI", &request.resource_uri);
    w.raw("<a:ReplyTo><a:Address s:mustUnderstand=\"true\">");
    w.raw(ANONYMOUS);
    w.raw("</a:Address></a:ReplyTo>");
    must(w, "a:Action", &request.action());
    if let Some(size) = request.max_envelope_size {
        must(w, "w:MaxEnvelopeSize", &size.to_string());
    }
    w.element("a:MessageID", request.message_id.as_str());
    for (name, language) in [("w:Locale", &request.locale), ("p:DataLocale", &request.data_locale)] {
        if let Some(language) = language {
            w.raw("<");
            w.raw(name);
            w.attribute("xml:lang", language);
            w.raw(" s:mustUnderstand=\"false\"/>");
        }
    }
    if let Some(id) = &request.session_id {
        may(w, "p:SessionId", id.as_str());
    }
    if let Some(id) = &request.operation_id {
        may(w, "p:OperationID", id.as_str());
    }
    if let Some(number) = request.sequence_id {
        may(w, "p:SequenceId", &number.to_string());
    }
    if let Some(timeout) = request.operation_timeout {
        w.element("w:OperationTimeout", &duration::write(timeout));
    }
    options(w, request);
    if let Some(shell) = &request.shell_id {
        selector(w, shell.as_str());
    }
    if let Operation::Create(Create {
        compression: Some(kind),
        ..
    }) = &request.operation
    {
        must(w, "rsp:CompressionType", kind);
    }
}

fn must(w: &mut Writer, name: &str, text: &str) {
    marked(w, name, " s:mustUnderstand=\"true\">", text);
}

fn may(w: &mut Writer, name: &str, text: &str) {
    marked(w, name, " s:mustUnderstand=\"false\">", text);
}

fn marked(w: &mut Writer, name: &str, mark: &str, text: &str) {
    w.raw("<");
    w.raw(name);
    w.raw(mark);
    w.text(text);
    w.raw("</");
    w.raw(name);
    w.raw(">");
}

fn selector(w: &mut Writer, shell: &str) {
    w.raw("<w:SelectorSet><w:Selector Name=\"ShellId\">");
    w.text(shell);
    w.raw("</w:Selector></w:SelectorSet>");
}

fn options(w: &mut Writer, request: &Request) {
    let own: &[(&str, &str, bool)] = match &request.operation {
        Operation::Create(create) => &[
            ("protocolversion", create.protocol.as_deref().unwrap_or_default(), true),
            ("WINRS_NOPROFILE", if create.no_profile { "1" } else { "" }, true),
        ],
        Operation::Connect(connect) => &[("protocolversion", connect.protocol.as_deref().unwrap_or_default(), true)],
        Operation::Receive(Receive { keep_alive: true, .. }) => &[("WSMAN_CMDSHELL_OPTION_KEEPALIVE", "True", false)],
        _ => &[],
    };
    let own = own.iter().filter(|(_, value, _)| !value.is_empty()).copied();
    let given = request.options.iter().map(|o| (&*o.name, &*o.value, o.must_comply));
    let mut all = own.chain(given).peekable();
    if all.peek().is_none() {
        return;
    }
    w.raw("<w:OptionSet s:mustUnderstand=\"true\">");
    for (name, value, must_comply) in all {
        w.raw("<w:Option");
        w.attribute("Name", name);
        if must_comply {
            w.raw(" MustComply=\"true\"");
        }
        w.raw(">");
        w.text(value);
        w.raw("</w:Option>");
    }
    w.raw("</w:OptionSet>");
}

fn body(w: &mut Writer, operation: &Operation) {
    match operation {
        Operation::Create(create) => shell(w, create),
        Operation::Command(command) => {
            open(w, "rsp:CommandLine", command.id.as_ref());
            w.element("rsp:Command", &command.text);
            w.raw("<rsp:Arguments>");
            w.base64(&command.arguments);
            w.raw("</rsp:Arguments></rsp:CommandLine>");
        }
        Operation::Send(send) => {
            w.raw("<rsp:Send>");
            send.streams.iter().for_each(|s| stream::write(w, s));
            w.raw("</rsp:Send>");
        }
        Operation::Receive(receive) => {
            w.raw("<rsp:Receive>");
            open(w, "rsp:DesiredStream", receive.command.as_ref());
            w.text(&receive.streams);
            w.raw("</rsp:DesiredStream></rsp:Receive>");
        }
        Operation::Signal(signal) => {
            open(w, "rsp:Signal", signal.command.as_ref());
            w.element("rsp:Code", signal.code.as_str());
            w.raw("</rsp:Signal>");
        }
        Operation::Disconnect(disconnect) => {
            w.raw("<rsp:Disconnect>");
            w.optional(
                "rsp:IdleTimeOut",
                disconnect.idle_timeout.map(duration::write).as_deref(),
            );
            w.optional("rsp:BufferMode", disconnect.buffer_mode.map(BufferMode::as_str));
            w.raw("</rsp:Disconnect>");
        }
        Operation::Reconnect(Some(command)) => {
            open(w, "rsp:Reconnect", Some(command));
            w.raw("</rsp:Reconnect>");
        }
        Operation::Connect(connect) => {
            open(w, "rsp:Connect", connect.command.as_ref());
            if let Some(fragments) = &connect.connect {
                powershell(w, "connectXml", fragments);
            }
            w.raw("</rsp:Connect>");
        }
        Operation::Enumerate(enumerate) => listing(w, enumerate),
        Operation::Pull(Pull {
            context, max_elements, ..
        }) => {
            w.raw("<n:Pull>");
            w.element("n:EnumerationContext", context);
            w.optional("n:MaxElements", max_elements.map(|n| n.to_string()).as_deref());
            w.raw("</n:Pull>");
        }
        Operation::Delete | Operation::Reconnect(None) | Operation::Get | Operation::Config | Operation::Identify => {}
    }
}

/// A start tag that may name a command.
fn open(w: &mut Writer, name: &str, command: Option<&CommandId>) {
    w.raw("<");
    w.raw(name);
    if let Some(id) = command {
        w.attribute("CommandId", id.as_str());
    }
    w.raw(">");
}

fn shell(w: &mut Writer, create: &Create) {
    w.raw("<rsp:Shell");
    if let Some(id) = &create.shell_id {
        w.attribute("ShellId", id.as_str());
    }
    if let Some(name) = &create.name {
        w.attribute("Name", name);
    }
    w.raw(">");
    w.element("rsp:InputStreams", &create.input_streams);
    w.element("rsp:OutputStreams", &create.output_streams);
    w.optional("rsp:IdleTimeOut", create.idle_timeout.map(duration::write).as_deref());
    powershell(w, "creationXml", &create.creation);
    w.raw("</rsp:Shell>");
}

fn listing(w: &mut Writer, enumerate: &Enumerate) {
    w.raw("<n:Enumerate>");
    if let Some(max) = enumerate.max_elements {
        w.raw("<w:OptimizeEnumeration/><w:MaxElements>");
        w.number(max);
        w.raw("</w:MaxElements>");
    }
    if let Some(shell) = &enumerate.commands_of {
        w.raw("<w:Filter");
        w.attribute("Dialect", SELECTOR_FILTER);
        w.raw(">");
        selector(w, shell.as_str());
        w.raw("</w:Filter>");
    }
    w.raw("</n:Enumerate>");
}

impl SignalCode {
    /// The code on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Terminate => SIGNAL_TERMINATE,
            Self::Stop => SIGNAL_STOP,
            Self::Other(code) => code,
        }
    }
}

impl BufferMode {
    /// The mode on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Block => "Block",
            Self::Drop => "Drop",
        }
    }
}
