# The module of pslease. One file for each function: Public/ is exported, Private/ is not.
#
# Every file here is parsed by Windows PowerShell 5.1 too. What only PowerShell 7 can do stands in Core/, what is said in its
# place elsewhere in Desktop/, and one of the two is loaded.

# Strictness of the caller's is the caller's: events of pslease leave out what is not known.
Set-StrictMode -Off

# The oldest program that takes the arguments, and writes the events, of this module.
$script:MinimumProgramVersion = [version]'0.1.0'

# Programs whose version was looked at: path and time of writing -> nothing to complain of.
$script:KnownPrograms = @{}

# What the leased sessions of this PowerShell really are, by the instance id of their PSSession.
$script:Leases = @{}

# PSSessions can be made of a pipe's name since 7.3.
$runtime = 'Desktop'
if ($PSVersionTable.PSVersion.Major -gt 7 -or ($PSVersionTable.PSVersion.Major -eq 7 -and $PSVersionTable.PSVersion.Minor -ge 3)) {
    $runtime = 'Core'
}

foreach ($folder in @('Private', $runtime, 'Public')) {
    foreach ($file in (Get-ChildItem -LiteralPath (Join-Path -Path $PSScriptRoot -ChildPath $folder) -Filter '*.ps1')) {
        . $file.FullName
    }
}

Register-ArgumentCompleter -ParameterName 'ProfileName' -CommandName @(
    'Connect-PSLease'
    'Get-PSLease'
    'Get-PSLeaseStatus'
    'Import-PSLease'
    'Invoke-PSLeaseCommand'
) -ScriptBlock {
    param($commandName, $parameterName, $wordToComplete, $commandAst, $fakeBoundParameters)
    Get-ProfileCompletion -Word $wordToComplete
}

Register-ArgumentCompleter -ParameterName 'Name' -CommandName @(
    'Disconnect-PSLease'
    'Get-PSLease'
) -ScriptBlock {
    param($commandName, $parameterName, $wordToComplete, $commandAst, $fakeBoundParameters)
    Get-LeaseCompletion -Word $wordToComplete
}

Export-ModuleMember -Function @(
    'Connect-PSLease'
    'Disconnect-PSLease'
    'Get-PSLease'
    'Get-PSLeaseStatus'
    'Import-PSLease'
    'Invoke-PSLeaseCommand'
)
