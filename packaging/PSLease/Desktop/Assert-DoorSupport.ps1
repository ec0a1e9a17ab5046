function Assert-DoorSupport {
    # Whether this PowerShell can make a PSSession of a socket: it cannot.
    [CmdletBinding()]
    param()

    $message = "PowerShell $($PSVersionTable.PSVersion) cannot open a session on a named pipe or a socket."
    $hint = 'Use Connect-PSLease in PowerShell 7.4 or later (pwsh), or Invoke-PSLeaseCommand here.'
    throw (New-LeaseError -Id 'PSLease.NoDoor' -Message $message -Hint $hint -Category 'NotImplemented')
}
