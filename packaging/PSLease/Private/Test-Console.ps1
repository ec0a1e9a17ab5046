function Test-Console {
    # Whether somebody sits at a console: then waiting, which is shown, may take as long as it takes.
    [CmdletBinding()]
    [OutputType([bool])]
    param()

    try {
        [System.Environment]::UserInteractive -and -not [System.Console]::IsInputRedirected
    }
    catch {
        $false
    }
}
