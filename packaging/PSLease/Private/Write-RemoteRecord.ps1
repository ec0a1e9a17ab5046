function Write-RemoteRecord {
    # Gives a remote record to the stream where it belongs. That the remote sent it is answer enough to whether it is wanted.
    [CmdletBinding()]
    param(
        # error, warning, verbose, debug, information or progress.
        [Parameter(Mandatory = $true)]
        [string] $Stream,

        [AllowNull()]
        [object] $Value,

        # Who was called: errors name it.
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCmdlet] $Cmdlet
    )

    $message = "$Value"
    if ($null -ne $Value -and $null -ne $Value.InformationalRecord_Message) {
        $message = $Value.InformationalRecord_Message
    }
    switch ($Stream) {
        'error' { $Cmdlet.WriteError((ConvertTo-ErrorRecord -Value $Value)) }
        'warning' { Write-Warning -Message $message }
        'verbose' {
            $VerbosePreference = 'Continue'
            Write-Verbose -Message $message
        }
        'debug' {
            $DebugPreference = 'Continue'
            Write-Debug -Message $message
        }
        'information' {
            $tags = @($Value.Tags | Where-Object -FilterScript { $_ } | ForEach-Object -Process { "$_" })
            # The line itself comes from the remote's host: what is marked so is not shown a second time.
            if ($tags -contains 'PSHOST' -and $tags -notcontains 'FORWARDED') {
                $tags += 'FORWARDED'
            }
            $Cmdlet.WriteInformation($Value.MessageData, [string[]]$tags)
        }
        'progress' {
            $bar = @{
                Id       = [int]$Value.ActivityId
                Activity = "$($Value.Activity)"
            }
            if (-not $bar['Activity']) {
                $bar['Activity'] = ' '
            }
            if ("$($Value.Type)" -eq 'Completed' -or "$($Value.Type)" -eq '1') {
                Write-Progress @bar -Completed
                return
            }
            if ($Value.StatusDescription) {
                $bar['Status'] = "$($Value.StatusDescription)"
            }
            if ($Value.CurrentOperation) {
                $bar['CurrentOperation'] = "$($Value.CurrentOperation)"
            }
            if ($Value.ParentActivityId -ge 0) {
                $bar['ParentId'] = [int]$Value.ParentActivityId
            }
            if ($Value.PercentComplete -ge 0) {
                $bar['PercentComplete'] = [math]::Min([int]$Value.PercentComplete, 100)
            }
            if ($Value.SecondsRemaining -ge 0) {
                $bar['SecondsRemaining'] = [int]$Value.SecondsRemaining
            }
            Write-Progress @bar
        }
    }
}
