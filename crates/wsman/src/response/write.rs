//! A response's envelope.

use crate::names::*;
use crate::stream::{self, powershell};
use crate::xml::{Writer, encoded_len};
use crate::{Answer, BufferMode, CommandState, CommandStatus, Item, Page, Received, Response, Shell, ShellState};
use crate::{Created, Identity, duration};

pub(super) fn write(response: &Response) -> String {
    let payload = match &response.answer {
        Answer::Received(received) => received.streams.iter().map(|s| encoded_len(s.data.len()) + 128).sum(),
        Answer::Connected(fragments) => encoded_len(fragments.len()),
        _ => 0,
    };
    let mut w = Writer::with_capacity(2048 + payload);
    envelope(&mut w, response);
    w.finish()
}

/// How long a ReceiveResponse of so many streams is without their base64.
pub(super) fn receive_overhead(streams: usize) -> usize {
    let id = uuid::Uuid::nil();
    let piece = crate::Stream::new(crate::StreamName::Stdout, Some(id.into()), bytes::Bytes::new());
    let status = CommandStatus {
        command: Some(id.into()),
        state: CommandState::Running,
        exit_code: Some(i32::MIN),
    };
    let received = |streams: usize| Received {
        streams: vec![piece.clone(); streams],
        status: Some(status.clone()),
    };
    let len = |streams| {
        Response::new(id.into(), id.into(), Answer::Received(received(streams)))
            .to_bytes()
            .len()
    };
    // Padding may add three characters to each piece.
    let (none, one) = (len(0), len(1));
    none + (one - none + 4) * streams
}

fn envelope(w: &mut Writer, response: &Response) {
    if let Answer::Identified(identity) = &response.answer {
        identified(w, identity);
        return;
    }
    w.raw("<s:Envelope xml:lang=\"en-US\"");
    for (prefix, namespace) in [
        ("xmlns:s", SOAP),
        ("xmlns:a", ADDRESSING),
        ("xmlns:x", TRANSFER),
        ("xmlns:w", WSMAN),
        ("xmlns:p", WSMV),
        ("xmlns:rsp", SHELL),
        ("xmlns:n", ENUMERATION),
    ] {
        w.attribute(prefix, namespace);
    }
    w.raw("><s:Header><a:Action>");
    match response.answer.verb() {
        Some(verb) => w.raw(&verb.response_action()),
        None => w.raw(FAULT_ACTION),
    }
    w.raw("</a:Action>");
    w.optional(
        "a:MessageID",
        response.message_id.as_ref().map(crate::MessageId::as_str),
    );
    w.element("a:To", ANONYMOUS);
    w.optional(
        "a:RelatesTo",
        response.relates_to.as_ref().map(crate::MessageId::as_str),
    );
    w.raw("</s:Header><s:Body>");
    body(w, &response.answer);
    w.raw("</s:Body></s:Envelope>");
}

fn identified(w: &mut Writer, identity: &Identity) {
    w.raw("<s:Envelope xml:lang=\"en-US\"");
    w.attribute("xmlns:s", SOAP);
    w.attribute("xmlns:wsmid", IDENTITY);
    w.raw("><s:Header/><s:Body><wsmid:IdentifyResponse>");
    w.optional("wsmid:ProtocolVersion", identity.protocol_version.as_deref());
    w.optional("wsmid:ProductVendor", identity.product_vendor.as_deref());
    w.optional("wsmid:ProductVersion", identity.product_version.as_deref());
    w.raw("</wsmid:IdentifyResponse></s:Body></s:Envelope>");
}

fn body(w: &mut Writer, answer: &Answer) {
    match answer {
        Answer::Created(created) => create(w, created),
        Answer::Started(id) => {
            w.raw("<rsp:CommandResponse>");
            w.element("rsp:CommandId", id.as_str());
            w.raw("</rsp:CommandResponse>");
        }
        Answer::Sent => w.raw("<rsp:SendResponse/>"),
        Answer::Received(received) => receive(w, received),
        Answer::Signalled => w.raw("<rsp:SignalResponse/>"),
        Answer::Deleted | Answer::Disconnected | Answer::Reconnected | Answer::Identified(_) => {}
        Answer::Connected(fragments) => {
            w.raw("<rsp:ConnectResponse>");
            if !fragments.is_empty() {
                powershell(w, "connectResponseXml", fragments);
            }
            w.raw("</rsp:ConnectResponse>");
        }
        Answer::Described(shell) => describe(w, shell),
        Answer::Configured(config) => {
            w.raw("<cfg:Config");
            w.attribute("xmlns:cfg", CONFIG);
            w.raw("><cfg:MaxEnvelopeSizekb>");
            w.number(config.max_envelope_size / 1024);
            w.raw("</cfg:MaxEnvelopeSizekb></cfg:Config>");
        }
        Answer::Listed(page) => list(w, page),
        Answer::Fault(fault) => super::fault::write(w, fault),
    }
}

fn create(w: &mut Writer, created: &Created) {
    w.raw("<x:ResourceCreated>");
    w.element("a:Address", ANONYMOUS);
    w.raw("<a:ReferenceParameters>");
    w.element("w:ResourceURI", &created.resource_uri);
    w.raw("<w:SelectorSet><w:Selector Name=\"ShellId\">");
    w.text(created.shell_id.as_str());
    w.raw("</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>");
    if let Some(shell) = &created.shell {
        describe(w, shell);
    }
}

fn receive(w: &mut Writer, received: &Received) {
    w.raw("<rsp:ReceiveResponse>");
    received.streams.iter().for_each(|s| stream::write(w, s));
    if let Some(status) = &received.status {
        w.raw("<rsp:CommandState");
        if let Some(id) = &status.command {
            w.attribute("CommandId", id.as_str());
        }
        w.raw(" State=\"");
        w.raw(COMMAND_STATE);
        w.text(status.state.as_str());
        w.raw("\">");
        w.optional("rsp:ExitCode", status.exit_code.map(|code| code.to_string()).as_deref());
        w.raw("</rsp:CommandState>");
    }
    w.raw("</rsp:ReceiveResponse>");
}

fn describe(w: &mut Writer, shell: &Shell) {
    let time = |d: Option<std::time::Duration>| d.map(duration::write);
    w.raw("<rsp:Shell");
    if let Some(name) = &shell.name {
        w.attribute("Name", name);
    }
    w.raw(">");
    w.element("rsp:ShellId", shell.shell_id.as_str());
    let state = shell.state.as_ref().map(ShellState::as_str);
    for (name, value) in [
        ("rsp:ResourceUri", shell.resource_uri.as_deref()),
        ("rsp:Owner", shell.owner.as_deref()),
        ("rsp:ClientIP", shell.client_ip.as_deref()),
        ("rsp:ProcessId", shell.process_id.map(|id| id.to_string()).as_deref()),
        ("rsp:IdleTimeOut", time(shell.idle_timeout).as_deref()),
        ("rsp:InputStreams", shell.input_streams.as_deref()),
        ("rsp:OutputStreams", shell.output_streams.as_deref()),
        ("rsp:MaxIdleTimeOut", time(shell.max_idle_timeout).as_deref()),
        ("rsp:Locale", shell.locale.as_deref()),
        ("rsp:DataLocale", shell.data_locale.as_deref()),
        ("rsp:CompressionMode", shell.compression_mode.as_deref()),
        ("rsp:ProfileLoaded", shell.profile_loaded.as_deref()),
        ("rsp:Encoding", shell.encoding.as_deref()),
        ("rsp:BufferMode", shell.buffer_mode.map(BufferMode::as_str)),
        ("rsp:State", state),
        ("rsp:ShellRunTime", time(shell.run_time).as_deref()),
        ("rsp:ShellInactivity", time(shell.inactivity).as_deref()),
        ("rsp:MemoryUsed", shell.memory_used.as_deref()),
        (
            "rsp:ChildProcesses",
            shell.child_processes.map(|n| n.to_string()).as_deref(),
        ),
    ] {
        w.optional(name, value);
    }
    w.raw("</rsp:Shell>");
}

/// Enumerate with OptimizeEnumeration answers in WS-Management's namespace, Pull in WS-Enumeration's.
fn list(w: &mut Writer, page: &Page) {
    let (answer, items, end) = if page.pulled {
        ("n:PullResponse", "n:Items", "<n:EndOfSequence/>")
    } else {
        ("n:EnumerateResponse", "w:Items", "<w:EndOfSequence/>")
    };
    let tag = |w: &mut Writer, start: &str, name: &str| {
        w.raw(start);
        w.raw(name);
        w.raw(">");
    };
    tag(w, "<", answer);
    w.element("n:EnumerationContext", page.context.as_deref().unwrap_or_default());
    if !page.items.is_empty() {
        tag(w, "<", items);
        for item in &page.items {
            match item {
                Item::Shell(shell) => describe(w, shell),
                Item::Command(command) => {
                    w.raw("<rsp:Command>");
                    w.optional("rsp:ShellId", command.shell_id.as_ref().map(crate::ShellId::as_str));
                    w.element("rsp:CommandId", command.command_id.as_str());
                    w.optional("rsp:State", command.state.as_deref());
                    w.optional("rsp:CommandLine", command.text.as_deref());
                    w.raw("</rsp:Command>");
                }
            }
        }
        tag(w, "</", items);
    }
    if page.context.is_none() {
        w.raw(end);
    }
    tag(w, "</", answer);
}

impl CommandState {
    /// The last part of the state's URI.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Done => "Done",
            Self::Other(state) => state,
        }
    }
}

impl ShellState {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Connected => "Connected",
            Self::Disconnected => "Disconnected",
            Self::Other(state) => state,
        }
    }
}
