function Assert-ProgramVersion {
    # Refuses a program that is none of ours, or one that is older than this module.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string] $Path
    )

    $process = Start-Program -Path $Path -ArgumentList @('--version')
    $ended = $false
    try {
        $errors = $process.StandardError.ReadToEndAsync()
        $said = Wait-Task -Task $process.StandardOutput.ReadToEndAsync()
        $null = Wait-Task -Task $errors
        $ended = $true
    }
    finally {
        Stop-Program -Process $process -Now:(-not $ended)
    }
    if ($said -notmatch '^pslease (?<version>\d+\.\d+\.\d+)') {
        throw (New-LeaseError -Id 'PSLease.NoProgram' -Message "$Path is not pslease." -Category 'InvalidData' -Hint 'Set $env:PSLEASE_EXE to the right one.')
    }
    if ([version]$Matches['version'] -lt $script:MinimumProgramVersion) {
        $message = "$Path is pslease $($Matches['version']); this module needs $($script:MinimumProgramVersion) or later."
        throw (New-LeaseError -Id 'PSLease.Version' -Message $message -Category 'NotInstalled' -Hint 'Install the pslease that the module came with.')
    }
}
