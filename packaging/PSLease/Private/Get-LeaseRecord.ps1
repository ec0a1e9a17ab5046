function Get-LeaseRecord {
    # The leases of this PowerShell: all of them, or those of sessions, or those of names. What is closed is forgotten.
    [CmdletBinding()]
    param(
        [AllowNull()]
        [System.Management.Automation.Runspaces.PSSession[]] $Session,

        [AllowNull()]
        [string[]] $Name
    )

    foreach ($id in @($script:Leases.Keys)) {
        if ("$($script:Leases[$id].Session.State)" -eq 'Closed') {
            $script:Leases.Remove($id)
        }
    }
    if ($Session) {
        foreach ($one in $Session) {
            if ($script:Leases.ContainsKey($one.InstanceId)) {
                $script:Leases[$one.InstanceId]
            }
            else {
                throw (New-LeaseError -Id 'PSLease.NoLease' -Message "The session $($one.Name) is not leased: Remove-PSSession ends it." -Category 'InvalidArgument' -Target $one)
            }
        }
        return
    }
    $found = @($script:Leases.Values | Sort-Object -Property { $_.Session.Id })
    if ($Name) {
        $found = @($found | Where-Object -FilterScript {
                $one = $_.Session.Name
                @($Name | Where-Object -FilterScript { $one -like $_ }).Count -gt 0
            })
    }
    $found
}
