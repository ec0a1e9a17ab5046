function ConvertTo-ParameterInput {
    # The parameters of New-PSSession and New-CsOnlineSession as lines for "--parameters -": a table without secrets, then
    # each secret on a line of its own. Nothing where no parameter was given.
    [CmdletBinding()]
    [OutputType([string[]])]
    param(
        # What the caller was called with.
        [Parameter(Mandatory = $true)]
        [System.Collections.IDictionary] $Bound
    )

    $table = [ordered]@{}
    $secrets = New-Object -TypeName System.Collections.ArrayList
    $given = @('UserName', 'Credential', 'OAuthAccessToken') | Where-Object -FilterScript { $Bound.ContainsKey($_) }
    if (@($given).Count -gt 1) {
        throw (New-LeaseError -Code 2 -Message "Parameters $($given -join ' and ') do not go together.")
    }
    if ($Bound.ContainsKey('ConnectionUri') -and $Bound.ContainsKey('OverridePowerShellUri')) {
        throw (New-LeaseError -Code 2 -Message 'Parameters ConnectionUri and OverridePowerShellUri do not go together.')
    }

    if ($Bound.ContainsKey('UserName')) {
        $table['UserName'] = "$($Bound['UserName'])"
    }
    if ($Bound.ContainsKey('Credential') -and $null -ne $Bound['Credential'] -and $Bound['Credential'] -ne [pscredential]::Empty) {
        $credential = $Bound['Credential']
        $table['Credential'] = [ordered]@{ UserName = "$($credential.UserName)"; Stdin = $true }
        $null = $secrets.Add((ConvertFrom-SecureText -Secret $credential.Password -Name 'The password'))
    }
    if ($Bound.ContainsKey('OAuthAccessToken')) {
        $token = $Bound['OAuthAccessToken']
        if ($token -is [securestring]) {
            $token = ConvertFrom-SecureText -Secret $token -Name 'The token'
        }
        elseif ($token -isnot [string]) {
            throw (New-LeaseError -Code 2 -Message 'OAuthAccessToken must be a SecureString or a string.')
        }
        $token = $token.Trim()
        if ($token -match '\s' -or -not $token) {
            throw (New-LeaseError -Code 2 -Message 'OAuthAccessToken is no token: it is empty, or has spaces or line breaks in it.')
        }
        $table['OAuthAccessToken'] = '-'
        $null = $secrets.Add($token)
    }
    foreach ($name in @('OverrideAdminDomain', 'ConfigurationName', 'Authentication', 'Name')) {
        if ($Bound.ContainsKey($name)) {
            $table[$name] = "$($Bound[$name])"
        }
    }
    foreach ($name in @('OverrideDiscoveryUri', 'OverridePowerShellUri', 'OverrideAccessTokenResourceUri', 'ConnectionUri')) {
        if ($Bound.ContainsKey($name)) {
            $table[$name] = $Bound[$name].OriginalString
        }
    }
    if ($Bound.ContainsKey('AllowRedirection')) {
        $table['AllowRedirection'] = [bool]$Bound['AllowRedirection']
    }
    if ($Bound.ContainsKey('SessionOption') -and $null -ne $Bound['SessionOption']) {
        $options = ConvertTo-SessionOptionTable -SessionOption $Bound['SessionOption'] -Secret $secrets
        if ($options.Count -gt 0) {
            $table['SessionOption'] = $options
        }
    }

    # A name alone is no reason for a session of its own.
    $names = @($table.Keys | Where-Object -FilterScript { $_ -ne 'Name' })
    if ($names.Count -eq 0) {
        return
    }
    ConvertTo-Json -InputObject $table -Compress -Depth 8
    foreach ($secret in $secrets) {
        $secret
    }
}
