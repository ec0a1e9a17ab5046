function ConvertTo-CommandText {
    # A command and its parameters as text in which every value is a constant, which pslease turns into a command list.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [string] $Command,

        [AllowNull()]
        [System.Collections.IDictionary] $Parameters
    )

    $words = @($Command)
    if ($null -ne $Parameters) {
        foreach ($name in $Parameters.Keys) {
            # With its colon a name is never taken for a switch, nor its value for another argument.
            $words += '-{0}:{1}' -f "$name".TrimStart('-').TrimEnd(':'), (ConvertTo-Constant -Value $Parameters[$name])
        }
    }
    $words -join ' '
}
