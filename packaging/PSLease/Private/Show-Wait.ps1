function Show-Wait {
    # A bar with one's place in the queue, who is in the way and for how long; without an event the bar is taken away.
    [CmdletBinding()]
    param(
        # The event "waiting".
        [object] $Waiting,

        # What is waited for.
        [Parameter(Mandatory = $true)]
        [string] $What
    )

    $bar = @{
        Id       = 7411
        Activity = "Waiting for a session of $What"
    }
    if ($null -eq $Waiting) {
        Write-Progress @bar -Completed
        return
    }
    if ($Waiting.blocked_by -eq 'opening') {
        $status = 'Opening a session'
    }
    else {
        $place = 'next in line'
        if ($Waiting.position -gt 1) {
            $place = "place $($Waiting.position) in line"
        }
        $status = "$place, blocked by $($Waiting.blocked_by)"
    }
    if ($Waiting.reason) {
        $status = "${status}: $($Waiting.reason)"
    }
    $bar['Status'] = $status
    $holders = foreach ($holder in $Waiting.holders) {
        $who = @($holder.command, $holder.tty) | Where-Object -FilterScript { $_ }
        if ($holder.lease) {
            'lease {0} ({1}), ended by: pslease kill {0}' -f $holder.lease, ($who -join ', ')
        }
        elseif ($holder.session) {
            'session {0}, ended by: pslease close {0}' -f $holder.session
        }
    }
    if ($holders) {
        $bar['CurrentOperation'] = @($holders) -join '; '
    }
    if ($null -ne $Waiting.eta_seconds) {
        $bar['SecondsRemaining'] = [int][math]::Ceiling([double]$Waiting.eta_seconds)
    }
    Write-Progress @bar
    Write-Verbose -Message "Waiting: $status"
}
