//! Namespaces, actions and URIs as they stand on the wire (protocol.md 3 and 4).

/// SOAP 1.2 envelope.
pub const SOAP: &str = "http://www.w3.org/2003/05/soap-envelope";
/// WS-Addressing.
pub const ADDRESSING: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
/// WS-Management of DMTF.
pub const WSMAN: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd";
/// Microsoft's additions to WS-Management.
pub const WSMV: &str = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd";
/// Remote shells.
pub const SHELL: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell";
/// WS-Transfer.
pub const TRANSFER: &str = "http://schemas.xmlsoap.org/ws/2004/09/transfer";
/// WS-Enumeration.
pub const ENUMERATION: &str = "http://schemas.xmlsoap.org/ws/2004/09/enumeration";
/// Fault details of Microsoft's service.
pub const FAULT: &str = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault";
/// PowerShell's payload (`creationXml` and its kin), and the prefix of its configurations.
pub const POWERSHELL: &str = "http://schemas.microsoft.com/powershell";
/// The Identify operation.
pub const IDENTITY: &str = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd";
/// The service's configuration; also the resource that holds it.
pub const CONFIG: &str = "http://schemas.microsoft.com/wbem/wsman/1/config";

/// The resource that lists and describes shells.
pub const SHELL_RESOURCE: &str = SHELL;
/// The resource that lists commands of a shell.
pub const COMMAND_RESOURCE: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Command";
/// The dialect of a filter by selectors.
pub const SELECTOR_FILTER: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter";
/// Where answers go: back on the same connection.
pub const ANONYMOUS: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous";

/// The action of a fault of WS-Management.
pub const FAULT_ACTION: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault";
/// The action of a fault of WS-Addressing.
pub const ADDRESSING_FAULT_ACTION: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing/fault";

/// Ends a command and frees what it holds (MS-WSMV 2.2.4.38).
pub const SIGNAL_TERMINATE: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/Terminate";
/// Stops a pipeline: misspelt and without a prefix, and compared ordinally by the server (MS-PSRP 3.1.5.3.9).
pub const SIGNAL_STOP: &str = "powershell/signal/crtl_c";
/// A signal of command shells, which pypsrp also sends to pipelines.
pub const SIGNAL_CTRL_C: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/ctrl_c";

/// The start of a command state.
pub const COMMAND_STATE: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/";
/// The start of a `FaultDetail`.
pub const FAULT_DETAIL: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/";

/// The content type of everything that is sent.
pub const CONTENT_TYPE: &str = "application/soap+xml;charset=UTF-8";
