//! What PowerShell would print: objects as tables, lists, CSV and JSON
