//! PowerShell command text to a list of commands, as ScriptBlock.GetPowerShell makes it
