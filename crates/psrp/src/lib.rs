//! The PowerShell Remoting Protocol without I/O: messages, fragments, client and server roles (MS-PSRP)
