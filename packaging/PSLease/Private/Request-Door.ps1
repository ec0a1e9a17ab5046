function Request-Door {
    # Waits for a lease and gives the event that tells of its socket. The wait is shown, stages go to the verbose stream.
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param(
        [string] $ProfileName,

        # The lines of "--parameters -"; none, and the profile says it all.
        [AllowEmptyString()]
        [string[]] $InputLine = @(),

        [string] $Mode,

        # Below 0: as long as it takes where somebody sees it, else what pslease does.
        [int] $WaitSeconds = -1,

        [string] $Label
    )

    $arguments = @('door')
    if ($ProfileName) {
        $arguments += $ProfileName
    }
    $arguments += @('--output', 'jsonl')
    if ($Mode) {
        $arguments += @('--mode', $Mode)
    }
    if ($WaitSeconds -ge 0) {
        $arguments += @('--wait', "$WaitSeconds")
    }
    elseif (Test-Console) {
        $arguments += @('--wait', '365d')
    }
    if ($Label) {
        $arguments += "--label=$Label"
    }
    if ($InputLine.Count -gt 0) {
        $arguments += @('--parameters', '-')
    }

    $what = 'the default profile'
    if ($ProfileName) {
        $what = $ProfileName
    }
    elseif ($InputLine.Count -gt 0) {
        $what = 'the parameters given'
    }
    $process = Start-Program -ArgumentList $arguments -InputLine $InputLine
    $opened = $null
    $failed = $null
    $code = 0
    $said = ''
    $ended = $false
    try {
        $errors = $process.StandardError.ReadToEndAsync()
        while ($true) {
            $line = Wait-Task -Task $process.StandardOutput.ReadLineAsync()
            if ($null -eq $line) {
                break
            }
            if (-not $line.Trim()) {
                continue
            }
            $news = ConvertFrom-Json -InputObject $line
            switch ($news.event) {
                'waiting' { Show-Wait -Waiting $news -What $what }
                'stage' { Write-Verbose -Message $news.text }
                'notice' {
                    $words = $news.message
                    if ($news.hint) {
                        $words = "$words`nhint: $($news.hint)"
                    }
                    Write-Warning -Message $words
                }
                'granted' { Write-Verbose -Message "Lease $($news.lease) ($($news.mode)) of $($news.profile)" }
                'opened' { $opened = $news }
                'error' { $failed = $news }
            }
        }
        $said = Wait-Task -Task $errors
        $process.WaitForExit()
        $code = $process.ExitCode
        $ended = $true
    }
    finally {
        # Ctrl-C leaves the queue.
        Stop-Program -Process $process -Now:(-not $ended)
        Show-Wait -What $what
    }
    if ($null -ne $failed) {
        throw (New-LeaseError -Code $failed.code -Message $failed.message -Hint $failed.hint -Target $ProfileName)
    }
    if ($code -ne 0 -or $null -eq $opened) {
        throw (New-LeaseError -Code $code -Text $said -Target $ProfileName)
    }
    $opened
}
