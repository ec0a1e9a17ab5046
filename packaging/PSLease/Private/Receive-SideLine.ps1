function Receive-SideLine {
    # Takes the lines of standard error that are there. Errors and hints are kept for the end, the rest is the remote's host's.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [System.Diagnostics.Process] $Process,

        # The line that is being read, whether it was the last, and what is kept.
        [Parameter(Mandatory = $true)]
        [hashtable] $Side
    )

    while (-not $Side['Ended'] -and $Side['Task'].IsCompleted) {
        $line = $Side['Task'].GetAwaiter().GetResult()
        if ($null -eq $line) {
            $Side['Ended'] = $true
            return
        }
        if ($line -like 'error: *' -or $line -like 'hint: *') {
            $null = $Side['Kept'].Add($line)
        }
        else {
            $Host.UI.WriteLine($line)
        }
        $Side['Task'] = $Process.StandardError.ReadLineAsync()
    }
}
