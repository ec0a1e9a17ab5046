function ConvertTo-CommandLine {
    # One line that a program takes apart into the same arguments again. .NET Framework has no list of them.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string[]] $ArgumentList
    )

    $quoted = foreach ($argument in $ArgumentList) {
        if ($argument -match '^[A-Za-z0-9_.,:/=+@-]+$') {
            $argument
        }
        else {
            # Backslashes count only before a quote, where each must be doubled, and the quote has one of its own.
            $inner = $argument -replace '(\\*)"', '$1$1\"'
            '"{0}"' -f ($inner -replace '(\\+)$', '$1$1')
        }
    }
    $quoted -join ' '
}
