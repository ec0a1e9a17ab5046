function Invoke-Program {
    # Runs pslease to its end and gives its standard output; what it says of a failure is thrown.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string[]] $ArgumentList,

        [AllowEmptyString()]
        [string[]] $InputLine = @()
    )

    $process = Start-Program -ArgumentList $ArgumentList -InputLine $InputLine
    $code = $null
    $ended = $false
    try {
        $errors = $process.StandardError.ReadToEndAsync()
        $output = Wait-Task -Task $process.StandardOutput.ReadToEndAsync()
        $said = Wait-Task -Task $errors
        $process.WaitForExit()
        $code = $process.ExitCode
        $ended = $true
    }
    finally {
        Stop-Program -Process $process -Now:(-not $ended)
    }
    if ($code -ne 0) {
        throw (New-LeaseError -Code $code -Text $said)
    }
    $output
}
