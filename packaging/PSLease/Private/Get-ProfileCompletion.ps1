function Get-ProfileCompletion {
    # The profiles whose names begin with a word. A completion never fails: it is empty then.
    [CmdletBinding()]
    [OutputType([System.Management.Automation.CompletionResult])]
    param(
        [AllowEmptyString()]
        [string] $Word
    )

    try {
        $list = Invoke-Program -ArgumentList @('profile', 'list', '--output', 'json') | ConvertFrom-Json
        foreach ($entry in $list.profiles) {
            if ($entry.name -like "$Word*") {
                $about = ('{0} {1}' -f $entry.template, $entry.admin).Trim()
                if (-not $about) {
                    $about = $entry.name
                }
                New-Object -TypeName System.Management.Automation.CompletionResult -ArgumentList $entry.name, $entry.name, 'ParameterValue', $about
            }
        }
    }
    catch {
        Write-Debug -Message "No profiles to complete with: $_"
    }
}
