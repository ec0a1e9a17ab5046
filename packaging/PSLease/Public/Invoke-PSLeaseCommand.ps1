function Invoke-PSLeaseCommand {
    <#
    .SYNOPSIS
    Runs a command in a remote session and gives back its objects.

    .DESCRIPTION
    Borrows a lease for one command, in Windows PowerShell 5.1 as in PowerShell 7. The objects are those that Invoke-Command
    would give: deserialized, with their type names and properties. Errors, warnings and the other streams go where they
    belong. What is said of profiles, credentials and options is the same as for Connect-PSLease.

    The command becomes a list of commands with constant values, so that endpoints without a language take it. Variables
    of this PowerShell cannot stand in a script block; give values with Command and Parameters. What you give is on the
    command line of pslease, where others on the machine may read it: no secrets. Credentials go through a pipe.

    .PARAMETER ScriptBlock
    The command, as you would type it in the remote session.

    .PARAMETER Command
    The name of one command, or its text.

    .PARAMETER Parameters
    The command's parameters and their values. A value may be text, a number, true or false, null, a date, or an array or a
    hash table of these.

    .PARAMETER ProfileName
    The profile, as "pslease profile list" shows it; else the default one.

    .PARAMETER ConnectionUri
    The address of an endpoint for which there is no profile.

    .PARAMETER ConfigurationName
    The endpoint's session configuration, such as Microsoft.Exchange.

    .PARAMETER Authentication
    How to log on: Default, Basic, Negotiate or Kerberos. CredSSP and Digest are refused.

    .PARAMETER AllowRedirection
    Lets the endpoint send the connection to another address.

    .PARAMETER UserName
    The account. Its password is asked for where it is needed and not known yet.

    .PARAMETER Credential
    The account and its password: an object as Get-Credential makes it, or a name whose password is asked for. It goes to
    pslease through a pipe, and is kept in the memory of psleased only.

    .PARAMETER OAuthAccessToken
    An access token that you have already, as a SecureString or as a string.

    .PARAMETER OverrideAdminDomain
    The domain of the organization to manage, for accounts that manage several.

    .PARAMETER OverrideDiscoveryUri
    The address that is asked for the endpoint, in place of the service's own.

    .PARAMETER OverridePowerShellUri
    The address of the endpoint, in place of the one that discovery finds.

    .PARAMETER OverrideAccessTokenResourceUri
    What an access token is asked for, in place of what the endpoint names.

    .PARAMETER SessionOption
    Options of the session: an object as New-PSSessionOption makes it, or a hash table with the same names. Sessions with
    different options are not shared.

    .PARAMETER Mode
    What the lease gives: shared (the usual one), exclusive or fresh.

    .PARAMETER WaitSeconds
    How long to wait for a slot; 0 is not at all. Without it, as long as it takes at a console, and ten minutes in a
    script without one.

    .PARAMETER TimeoutSeconds
    How long the command may run.

    .PARAMETER AsScript
    Sends the text as a script, for endpoints with a language.

    .EXAMPLE
    Invoke-PSLeaseCommand { Get-CsOnlineUser -ResultSize 10 | Select-Object DisplayName, SipAddress } -ProfileName litware

    Runs a pipeline in a session of a profile.

    .EXAMPLE
    Invoke-PSLeaseCommand -Command Get-Mailbox -Parameters @{ Identity = $name; ErrorAction = 'Stop' } -ProfileName mail

    Runs a command with the value of a variable.

    .EXAMPLE
    $users = Invoke-PSLeaseCommand { Get-CsOnlineUser } -WaitSeconds 0

    Wants a slot now; without one the error's id is PSLease.WouldWait.

    .INPUTS
    None.

    .OUTPUTS
    System.Management.Automation.PSObject

    .LINK
    Connect-PSLease

    .LINK
    about_PSLease
    #>
    [CmdletBinding(DefaultParameterSetName = 'ScriptBlock')]
    [OutputType([psobject])]
    param(
        [Parameter(Mandatory = $true, Position = 0, ParameterSetName = 'ScriptBlock')]
        [ValidateNotNull()]
        [scriptblock] $ScriptBlock,

        [Parameter(Mandatory = $true, ParameterSetName = 'Command')]
        [ValidateNotNullOrEmpty()]
        [string] $Command,

        [Parameter(ParameterSetName = 'Command')]
        [ValidateNotNull()]
        [System.Collections.IDictionary] $Parameters,

        [Alias('Profile')]
        [ValidateNotNullOrEmpty()]
        [string] $ProfileName,

        [Alias('URI', 'CU')]
        [uri] $ConnectionUri,

        [ValidateNotNullOrEmpty()]
        [string] $ConfigurationName,

        [System.Management.Automation.Runspaces.AuthenticationMechanism] $Authentication,

        [switch] $AllowRedirection,

        [ValidateNotNullOrEmpty()]
        [string] $UserName,

        [pscredential]
        [System.Management.Automation.Credential()]
        $Credential,

        [ValidateNotNull()]
        [object] $OAuthAccessToken,

        [ValidateNotNullOrEmpty()]
        [string] $OverrideAdminDomain,

        [uri] $OverrideDiscoveryUri,

        [uri] $OverridePowerShellUri,

        [uri] $OverrideAccessTokenResourceUri,

        [ValidateNotNull()]
        [object] $SessionOption,

        [ValidateSet('shared', 'exclusive', 'fresh')]
        [string] $Mode,

        [ValidateRange(0, 2147483647)]
        [int] $WaitSeconds,

        [ValidateRange(1, 2147483647)]
        [int] $TimeoutSeconds,

        [switch] $AsScript
    )

    try {
        $text = "$ScriptBlock".Trim()
        if ($PSCmdlet.ParameterSetName -eq 'Command') {
            $text = ConvertTo-CommandText -Command $Command -Parameters $Parameters
        }
        if (-not $text) {
            throw (New-LeaseError -Code 2 -Message 'There is no command in the script block.')
        }
        $arguments = @('run', '--output', 'clixml', '--streams')
        if ($ProfileName) {
            $arguments += @('--profile', $ProfileName)
        }
        if ($Mode) {
            $arguments += @('--mode', $Mode)
        }
        if ($PSBoundParameters.ContainsKey('WaitSeconds')) {
            $arguments += @('--wait', "$WaitSeconds")
        }
        elseif (Test-Console) {
            $arguments += @('--wait', '365d')
        }
        if ($PSBoundParameters.ContainsKey('TimeoutSeconds')) {
            $arguments += @('--timeout', "$TimeoutSeconds")
        }
        if ($AsScript) {
            $arguments += '--script'
        }
        $lines = @(ConvertTo-ParameterInput -Bound $PSBoundParameters)
        if ($lines.Count -gt 0) {
            $arguments += @('--parameters', '-')
        }
        $arguments += @('--', $text)
        Receive-Stream -ArgumentList $arguments -InputLine $lines -Cmdlet $PSCmdlet
    }
    catch {
        $PSCmdlet.ThrowTerminatingError($_)
    }
}
