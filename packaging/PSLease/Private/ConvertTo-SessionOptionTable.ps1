function ConvertTo-SessionOptionTable {
    # Session options as a table of plain values: of an object only what differs from a new one, of a hash table all.
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param(
        # A PSSessionOption object or a hash table.
        [Parameter(Mandatory = $true)]
        [object] $SessionOption,

        # Where the proxy's password is added.
        [Parameter(Mandatory = $true)]
        [AllowEmptyCollection()]
        [System.Collections.ArrayList] $Secret
    )

    $found = [ordered]@{}
    if ($SessionOption -is [System.Collections.IDictionary]) {
        foreach ($name in $SessionOption.Keys) {
            $found["$name"] = $SessionOption[$name]
        }
    }
    elseif ($SessionOption -is [System.Management.Automation.Remoting.PSSessionOption]) {
        $usual = New-Object -TypeName System.Management.Automation.Remoting.PSSessionOption
        foreach ($property in $SessionOption.PSObject.Properties) {
            # Without a credential there is nothing to authenticate with at the proxy.
            $idle = $property.Name -eq 'ProxyAuthentication' -and $null -eq $SessionOption.ProxyCredential
            if (-not $idle -and "$($property.Value)" -ne "$($usual.($property.Name))") {
                $found[$property.Name] = $property.Value
            }
        }
    }
    else {
        $message = 'SessionOption must be a hash table, or an object from New-PSSessionOption.'
        throw (New-LeaseError -Code 2 -Message $message)
    }

    $table = [ordered]@{}
    foreach ($name in $found.Keys) {
        $value = $found[$name]
        if ($null -eq $value) {
            continue
        }
        if ($value -is [timespan]) {
            $table[$name] = [long]$value.TotalMilliseconds
        }
        elseif ($value -is [pscredential]) {
            $table[$name] = [ordered]@{ UserName = "$($value.UserName)"; Stdin = $true }
            $null = $Secret.Add((ConvertFrom-SecureText -Secret $value.Password -Name "The password of $name"))
        }
        elseif ($value -is [System.Globalization.CultureInfo]) {
            $table[$name] = $value.Name
        }
        elseif ($value -is [bool] -or $value -is [System.Management.Automation.SwitchParameter]) {
            $table[$name] = [bool]$value
        }
        elseif ($value -is [System.Collections.IDictionary]) {
            $inner = [ordered]@{}
            foreach ($key in $value.Keys) {
                $inner["$key"] = $value[$key]
            }
            $table[$name] = $inner
        }
        elseif ($value -is [int] -or $value -is [long] -or $value -is [uint32] -or $value -is [double]) {
            $table[$name] = $value
        }
        else {
            # Enumerations by name, and what is text already.
            $table[$name] = "$value"
        }
    }
    $table
}
