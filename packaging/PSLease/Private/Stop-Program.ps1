function Stop-Program {
    # The end of a program that was started here, also when Ctrl-C comes in between.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [System.Diagnostics.Process] $Process,

        # Whether it is ended at once, because nobody reads it any more.
        [switch] $Now
    )

    try {
        # It closes its outputs a moment before it ends.
        if ($Now -or -not $Process.WaitForExit(2000)) {
            $Process.Kill()
            $Process.WaitForExit()
        }
    }
    catch {
        Write-Debug -Message "pslease had ended: $($_.Exception.Message)"
    }
    $Process.Dispose()
}
