function Get-PSLease {
    <#
    .SYNOPSIS
    Shows what the leased sessions of this PowerShell really are.

    .DESCRIPTION
    Get-PSSession shows localhost for every session on a socket. This shows the same sessions with the remote host, its
    session configuration, and what they borrow: the profile, the mode and the number of the lease.

    .PARAMETER Session
    The sessions; without any, all leased sessions of this PowerShell.

    .PARAMETER Name
    The friendly names of the sessions; patterns are allowed.

    .PARAMETER ProfileName
    Only those of a profile.

    .EXAMPLE
    Get-PSLease

    Shows all leased sessions of this PowerShell.

    .EXAMPLE
    Get-PSLease -ProfileName litware | Format-List

    Shows everything about those of one profile.

    .INPUTS
    System.Management.Automation.Runspaces.PSSession

    .OUTPUTS
    PSLease.Lease

    .LINK
    Get-PSLeaseStatus

    .LINK
    about_PSLease
    #>
    [CmdletBinding(DefaultParameterSetName = 'Session')]
    [OutputType('PSLease.Lease')]
    param(
        [Parameter(Position = 0, ValueFromPipeline = $true, ParameterSetName = 'Session')]
        [System.Management.Automation.Runspaces.PSSession[]] $Session,

        [Parameter(Mandatory = $true, ParameterSetName = 'Name')]
        [SupportsWildcards()]
        [ValidateNotNullOrEmpty()]
        [string[]] $Name,

        [Alias('Profile')]
        [ValidateNotNullOrEmpty()]
        [string] $ProfileName
    )

    process {
        try {
            foreach ($lease in (Get-LeaseRecord -Session $Session -Name $Name)) {
                if ($ProfileName -and $lease.Opened.profile -ne $ProfileName) {
                    continue
                }
                [pscustomobject]@{
                    PSTypeName        = 'PSLease.Lease'
                    Id                = $lease.Session.Id
                    Name              = $lease.Session.Name
                    ComputerName      = $lease.Opened.computer_name
                    State             = $lease.Session.State
                    ConfigurationName = $lease.Opened.configuration
                    Availability      = $lease.Session.Availability
                    ProfileName       = $lease.Opened.profile
                    Mode              = $lease.Opened.mode
                    Lease             = $lease.Opened.lease
                    Admin             = $lease.Opened.admin
                    Organization      = $lease.Opened.organization
                    ConnectionUri     = $lease.Opened.uri
                    ProtocolVersion   = $lease.Opened.protocol
                    InstanceId        = $lease.Session.InstanceId
                    Session           = $lease.Session
                }
            }
        }
        catch {
            $PSCmdlet.ThrowTerminatingError($_)
        }
    }
}
