//! WS-Management for PowerShell as values: envelopes, operations and faults (MS-WSMV)
