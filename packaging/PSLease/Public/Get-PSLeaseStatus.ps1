function Get-PSLeaseStatus {
    <#
    .SYNOPSIS
    Shows who holds what: sessions, leases, the queue and the limits.

    .DESCRIPTION
    Asks psleased what "pslease status" shows, for all programs and consoles of this user on this machine, and gives it as
    objects. Times are TimeSpan values.

    .PARAMETER ProfileName
    Only what belongs to a profile.

    .EXAMPLE
    Get-PSLeaseStatus

    Shows everything.

    .EXAMPLE
    (Get-PSLeaseStatus).Queue | Sort-Object Position

    Shows who waits, in order.

    .EXAMPLE
    (Get-PSLeaseStatus litware).Leases | Where-Object Age -gt '01:00:00'

    Shows the leases of a profile that are more than an hour old.

    .INPUTS
    None.

    .OUTPUTS
    PSLease.Status

    .LINK
    Get-PSLease

    .LINK
    about_PSLease
    #>
    [CmdletBinding()]
    [OutputType('PSLease.Status')]
    param(
        [Parameter(Position = 0)]
        [Alias('Profile')]
        [ValidateNotNullOrEmpty()]
        [string] $ProfileName
    )

    try {
        $said = Invoke-Program -ArgumentList @('status', '--output', 'json') | ConvertFrom-Json
    }
    catch {
        $PSCmdlet.ThrowTerminatingError($_)
    }
    $mine = { -not $ProfileName -or $_.Profile -eq $ProfileName }
    [pscustomobject]@{
        PSTypeName = 'PSLease.Status'
        Daemon     = ConvertFrom-ProgramJson -Value $said.daemon -TypeName 'PSLease.Daemon'
        Sessions   = @(ConvertFrom-ProgramJson -Value $said.sessions -TypeName 'PSLease.RemoteSession' | Where-Object -FilterScript $mine)
        Leases     = @(ConvertFrom-ProgramJson -Value $said.leases -TypeName 'PSLease.LeaseRow' | Where-Object -FilterScript $mine)
        Queue      = @(ConvertFrom-ProgramJson -Value $said.queue -TypeName 'PSLease.Waiter' | Where-Object -FilterScript $mine)
        Limits     = @(ConvertFrom-ProgramJson -Value $said.limits -TypeName 'PSLease.Limit')
        Profiles   = @(ConvertFrom-ProgramJson -Value $said.profiles -TypeName 'PSLease.Profile' | Where-Object -FilterScript { -not $ProfileName -or $_.Name -eq $ProfileName })
    }
}
