function Disconnect-PSLease {
    <#
    .SYNOPSIS
    Ends leases and removes their PSSessions.

    .DESCRIPTION
    The lease goes back to psleased at once, for whoever waits. The remote session behind it stays open for a while, so
    that the next connection is quick; with Close it is closed now, and its slot at the service is free.

    Remove-PSSession ends a lease as well.

    .PARAMETER Session
    The sessions: from Connect-PSLease or from Get-PSLease. Without any, all leased sessions of this PowerShell.

    .PARAMETER Name
    The friendly names of the sessions; patterns are allowed.

    .PARAMETER Close
    Closes the remote session too. Others who take turns on it get another one, if there is a slot.

    .EXAMPLE
    Disconnect-PSLease $session

    Ends one lease.

    .EXAMPLE
    Disconnect-PSLease -Close

    Ends all leases of this PowerShell, and closes their remote sessions.

    .EXAMPLE
    Get-PSLease | Where-Object Mode -eq exclusive | Disconnect-PSLease

    Ends the leases of which nobody else has a share.

    .INPUTS
    System.Management.Automation.Runspaces.PSSession

    .OUTPUTS
    None.

    .LINK
    Connect-PSLease

    .LINK
    about_PSLease
    #>
    [CmdletBinding(SupportsShouldProcess = $true, DefaultParameterSetName = 'Session')]
    param(
        [Parameter(Position = 0, ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true, ParameterSetName = 'Session')]
        [System.Management.Automation.Runspaces.PSSession[]] $Session,

        [Parameter(Mandatory = $true, ParameterSetName = 'Name')]
        [SupportsWildcards()]
        [ValidateNotNullOrEmpty()]
        [string[]] $Name,

        [switch] $Close
    )

    process {
        try {
            $leases = Get-LeaseRecord -Session $Session -Name $Name
            foreach ($lease in $leases) {
                $one = $lease.Session
                if (-not $PSCmdlet.ShouldProcess($one.Name, 'Disconnect-PSLease')) {
                    continue
                }
                $behind = $null
                if ($Close) {
                    $behind = Get-RemoteSessionId -Lease $lease
                }
                Remove-PSSession -Session $one -Confirm:$false -WhatIf:$false
                $script:Leases.Remove($one.InstanceId)
                if ($null -ne $behind) {
                    Close-RemoteSession -Id $behind
                }
            }
        }
        catch {
            $PSCmdlet.ThrowTerminatingError($_)
        }
    }
}
