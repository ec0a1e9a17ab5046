function Receive-Stream {
    # Runs "pslease run --output clixml --streams": a document with an element a line, each to the stream that its mark names.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string[]] $ArgumentList,

        # The lines of its standard input.
        [AllowEmptyString()]
        [string[]] $InputLine = @(),

        # Who was called.
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCmdlet] $Cmdlet
    )

    $process = Start-Program -ArgumentList $ArgumentList -InputLine $InputLine
    # What the remote writes to its host comes line by line beside the document, and so does what went wrong with pslease.
    $side = @{
        Task  = $process.StandardError.ReadLineAsync()
        Ended = $false
        Kept  = New-Object -TypeName System.Collections.ArrayList
    }
    $between = { Receive-SideLine -Process $process -Side $side }
    $begun = $false
    $whole = $false
    $failed = $false
    $ended = $false
    $code = 1
    try {
        while ($true) {
            $line = Wait-Task -Task $process.StandardOutput.ReadLineAsync() -Between $between
            if ($null -eq $line) {
                break
            }
            if (-not $begun) {
                # The document's own tag.
                $begun = $true
                continue
            }
            if ($line -eq '</Objs>') {
                $whole = $true
                continue
            }
            $stream = ''
            if ($line -match '^<[A-Za-z0-9]+ S="(?<stream>[a-z]+)"') {
                $stream = $Matches['stream']
            }
            $document = '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">' + $line + '</Objs>'
            try {
                $values = [System.Management.Automation.PSSerializer]::DeserializeAsList($document)
            }
            catch {
                $Cmdlet.WriteError((New-LeaseError -Code 74 -Message "An object cannot be read: $($_.Exception.Message)" -Target $line))
                continue
            }
            foreach ($value in $values) {
                if ($stream) {
                    $failed = $failed -or $stream -eq 'error'
                    Write-RemoteRecord -Stream $stream -Value $value -Cmdlet $Cmdlet
                }
                else {
                    # An array that the remote wrote as one object stays one.
                    $PSCmdlet.WriteObject($value, $false)
                }
            }
        }
        while (-not $side['Ended']) {
            $null = Wait-Task -Task $side['Task']
            Receive-SideLine -Process $process -Side $side
        }
        $process.WaitForExit()
        $code = $process.ExitCode
        $ended = $true
    }
    finally {
        Stop-Program -Process $process -Now:(-not $ended)
    }
    if ($code -eq 0 -and -not $whole) {
        throw (New-LeaseError -Code 74 -Message 'pslease ended before its document did; part of the output is missing.')
    }
    # Errors of the remote have been told; anything else that went wrong has not.
    if ($code -ne 0 -and -not ($code -eq 1 -and $failed)) {
        throw (New-LeaseError -Code $code -Text ($side['Kept'] -join "`n"))
    }
}
