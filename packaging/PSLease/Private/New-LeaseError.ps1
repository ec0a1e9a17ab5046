function New-LeaseError {
    # An error record from what pslease said, or from words of our own. The category follows the exit code.
    [CmdletBinding()]
    [OutputType([System.Management.Automation.ErrorRecord])]
    param(
        # The exit code, as docs/exit-codes.md has it.
        [int] $Code = 1,

        # What pslease wrote to standard error: "error: ...", then "hint: ...".
        [string] $Text,

        [string] $Message,
        [string] $Hint,
        [string] $Id,
        [string] $Category,
        [object] $Target
    )

    $known = @{
        2   = @('PSLease.Usage', 'InvalidArgument')
        69  = @('PSLease.Unavailable', 'ConnectionError')
        70  = @('PSLease.Internal', 'InvalidResult')
        74  = @('PSLease.Incomplete', 'ConnectionError')
        75  = @('PSLease.WouldWait', 'ResourceUnavailable')
        76  = @('PSLease.Version', 'ProtocolError')
        77  = @('PSLease.LogIn', 'AuthenticationError')
        78  = @('PSLease.Configuration', 'InvalidData')
        124 = @('PSLease.TimedOut', 'OperationTimeout')
        130 = @('PSLease.Interrupted', 'OperationStopped')
    }
    $names = @('PSLease.Failed', 'NotSpecified')
    if ($known.ContainsKey($Code)) {
        $names = $known[$Code]
    }
    if (-not $Id) {
        $Id = $names[0]
    }
    if (-not $Category) {
        $Category = $names[1]
    }
    if ($Text) {
        $lines = @($Text -split '\r?\n' | Where-Object -FilterScript { $_ })
        $hints = @($lines | Where-Object -FilterScript { $_ -like 'hint: *' })
        $rest = @($lines | Where-Object -FilterScript { $_ -notlike 'hint: *' })
        # What was said on the way, of waiting for instance, is not what went wrong.
        $errors = @($rest | Where-Object -FilterScript { $_ -like 'error: *' })
        if ($errors.Count -gt 0) {
            $rest = $errors
        }
        if (-not $Message) {
            $Message = ($rest -join "`n") -replace '(?m)^error: ', ''
        }
        if (-not $Hint -and $hints.Count -gt 0) {
            $Hint = ($hints -join "`n") -replace '(?m)^hint: ', ''
        }
    }
    if (-not $Message) {
        $Message = "pslease ended with exit code $Code."
    }
    $exception = New-Object -TypeName System.Management.Automation.RuntimeException -ArgumentList $Message
    $exception.Data['ExitCode'] = $Code
    $record = New-Object -TypeName System.Management.Automation.ErrorRecord -ArgumentList $exception, $Id, $Category, $Target
    if ($Hint) {
        $record.ErrorDetails = New-Object -TypeName System.Management.Automation.ErrorDetails -ArgumentList "$Message`nhint: $Hint"
        $record.ErrorDetails.RecommendedAction = $Hint
    }
    $record
}
