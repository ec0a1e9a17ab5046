function Get-LeaseCompletion {
    # The leased sessions of this PowerShell whose names begin with a word. A completion never fails: it is empty then.
    [CmdletBinding()]
    [OutputType([System.Management.Automation.CompletionResult])]
    param(
        [AllowEmptyString()]
        [string] $Word
    )

    try {
        foreach ($lease in (Get-LeaseRecord)) {
            $name = $lease.Session.Name
            if ($name -like "$Word*") {
                $text = $name
                if ($name -match '[^A-Za-z0-9_.-]') {
                    $text = "'{0}'" -f ($name -replace "'", "''")
                }
                $about = 'lease {0} ({1}) of {2}' -f $lease.Opened.lease, $lease.Opened.mode, $lease.Opened.computer_name
                New-Object -TypeName System.Management.Automation.CompletionResult -ArgumentList $text, $name, 'ParameterValue', $about
            }
        }
    }
    catch {
        Write-Debug -Message "No sessions to complete with: $_"
    }
}
