function Open-Door {
    # The twin of the one for PowerShell 7: Assert-DoorSupport has refused before it is reached.
    [CmdletBinding()]
    param(
        [object] $Opened,
        [string] $Name,
        [System.Management.Automation.PSCmdlet] $Cmdlet
    )

    Assert-DoorSupport
}
