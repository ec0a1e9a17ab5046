function Get-RemoteSessionId {
    # The number of the remote session that a lease has now. A shared lease may have none, or another one than before.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [object] $Lease
    )

    $rows = (Invoke-Program -ArgumentList @('leases', '--output', 'json') | ConvertFrom-Json).leases
    $row = $rows | Where-Object -FilterScript { $_.lease -eq $Lease.Opened.lease } | Select-Object -First 1
    if ($null -ne $row -and $null -ne $row.session) {
        $row.session
    }
    elseif ($null -ne $Lease.Opened.session) {
        $Lease.Opened.session
    }
}
