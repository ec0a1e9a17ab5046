//! PowerShell values and CLIXML, lossless in both directions (MS-PSRP 2.2.5)
