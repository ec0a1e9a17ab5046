function ConvertFrom-ProgramJson {
    # Rows of pslease as objects: shell_id becomes ShellId, seconds become a TimeSpan, and each row gets a type's name.
    [CmdletBinding()]
    param(
        [AllowNull()]
        [object] $Value,

        # The type's name of the rows, for the format file.
        [string] $TypeName
    )

    $times = @('age', 'idle', 'expires', 'held', 'ttl_left', 'waited', 'eta', 'uptime', 'next_free')
    foreach ($row in $Value) {
        if ($null -eq $row) {
            continue
        }
        $found = [ordered]@{}
        foreach ($property in $row.PSObject.Properties) {
            $name = ($property.Name -split '_' | ForEach-Object -Process { $_.Substring(0, 1).ToUpperInvariant() + $_.Substring(1) }) -join ''
            $inner = $property.Value
            if ($times -contains $property.Name -and $null -ne $inner) {
                $inner = [timespan]::FromSeconds([double]$inner)
            }
            elseif ($inner -is [System.Management.Automation.PSCustomObject]) {
                $inner = ConvertFrom-ProgramJson -Value $inner
            }
            $found[$name] = $inner
        }
        $object = [pscustomobject]$found
        if ($TypeName) {
            $object.PSObject.TypeNames.Insert(0, $TypeName)
        }
        $object
    }
}
