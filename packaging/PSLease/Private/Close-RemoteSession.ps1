function Close-RemoteSession {
    # Closes a remote session by its number. That it is gone already is no error.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string] $Id
    )

    try {
        $null = Invoke-Program -ArgumentList @('close', $Id, '--quiet')
    }
    catch {
        if ($_.Exception.Data['ExitCode'] -ne 1) {
            throw
        }
        Write-Verbose -Message "Session ${Id}: $($_.Exception.Message)"
    }
}
