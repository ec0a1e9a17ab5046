function ConvertTo-Constant {
    # A value as PowerShell text that means the same value again, on any culture.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [AllowNull()]
        [object] $Value
    )

    $invariant = [System.Globalization.CultureInfo]::InvariantCulture
    if ($null -eq $Value) {
        '$null'
    }
    elseif ($Value -is [bool] -or $Value -is [System.Management.Automation.SwitchParameter]) {
        if ($Value) { '$true' } else { '$false' }
    }
    elseif ($Value -is [int] -or $Value -is [long] -or $Value -is [int16] -or $Value -is [byte] -or $Value -is [uint16] -or $Value -is [uint32]) {
        # A minus at the beginning of an argument makes text of it.
        if ($Value -lt 0) { '(' + $Value.ToString($invariant) + ')' } else { $Value.ToString($invariant) }
    }
    elseif ($Value -is [double] -or $Value -is [single]) {
        if ($Value -lt 0) { '(' + $Value.ToString('R', $invariant) + ')' } else { $Value.ToString('R', $invariant) }
    }
    elseif ($Value -is [datetime]) {
        "'{0}'" -f $Value.ToString('o', $invariant)
    }
    elseif ($Value -is [securestring] -or $Value -is [pscredential]) {
        throw (New-LeaseError -Code 2 -Message 'A secret cannot be a parameter here: it would be on a command line.' -Hint 'Use Connect-PSLease in PowerShell 7, and Invoke-Command with its session.')
    }
    elseif ($Value -is [System.Collections.IDictionary]) {
        $entries = foreach ($key in $Value.Keys) {
            '{0}={1}' -f (ConvertTo-Constant -Value "$key"), (ConvertTo-Constant -Value $Value[$key])
        }
        '@{' + (@($entries) -join ';') + '}'
    }
    elseif ($Value -is [System.Collections.IEnumerable] -and $Value -isnot [string]) {
        $items = foreach ($item in $Value) {
            ConvertTo-Constant -Value $item
        }
        '@({0})' -f (@($items) -join ',')
    }
    else {
        "'{0}'" -f [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent("$Value")
    }
}
