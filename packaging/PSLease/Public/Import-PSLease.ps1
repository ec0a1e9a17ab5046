function Import-PSLease {
    <#
    .SYNOPSIS
    Borrows a lease on a remote session and imports its commands.

    .DESCRIPTION
    Connect-PSLease and Import-PSSession in one. The commands of the remote session are then at hand in this PowerShell,
    wherever you call them from, and run in the remote session.

    What the endpoint answers about its commands is kept by psleased, so that the next import is quick.

    .PARAMETER ProfileName
    The profile, as "pslease profile list" shows it. Without one, and without ConnectionUri, it is the default profile.

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
    What the lease gives. shared: take turns with others on one session, no state is promised. exclusive: a session to
    yourself, variables and location stay. fresh: the same, newly opened, closed afterwards. The usual one is exclusive
    where the endpoint has a language, and shared where it has none.

    .PARAMETER WaitSeconds
    How long to wait for a slot; 0 is not at all. Without it, as long as it takes at a console, and ten minutes in a
    script without one.

    .PARAMETER Name
    The session's friendly name, in Get-PSSession and in "pslease status". Without one it is the profile's.

    .PARAMETER Session
    A session that is open already, in place of a new lease.

    .PARAMETER Prefix
    Put before the nouns of the imported commands: Get-RemoteMailbox with the prefix Remote.

    .PARAMETER CommandName
    The commands to import; patterns are allowed. Without it all of them.

    .PARAMETER AllowClobber
    Imports commands also where there is one of that name here, which is hidden then.

    .PARAMETER DisableNameChecking
    Says nothing of imported commands whose verbs are unusual.

    .PARAMETER Refresh
    Asks the endpoint for its commands anew, in place of what psleased has kept for up to a day.

    .EXAMPLE
    Import-PSLease litware
    Get-CsTenant

    Connects with a profile, imports everything and runs a command.

    .EXAMPLE
    Import-PSLease mail -CommandName Get-Mailbox, Set-Mailbox -Prefix Mail

    Imports two commands, as Get-MailMailbox and Set-MailMailbox.

    .EXAMPLE
    Connect-PSLease litware | Import-PSLease -AllowClobber

    Imports the commands of a session that is open already.

    .INPUTS
    System.Management.Automation.Runspaces.PSSession

    .OUTPUTS
    System.Management.Automation.PSModuleInfo

    .LINK
    Connect-PSLease

    .LINK
    about_PSLease
    #>
    [CmdletBinding(DefaultParameterSetName = 'Profile')]
    [OutputType([System.Management.Automation.PSModuleInfo])]
    param(
        [Parameter(Position = 0, ParameterSetName = 'Profile')]
        [Alias('Profile')]
        [ValidateNotNullOrEmpty()]
        [string] $ProfileName,

        [Parameter(Mandatory = $true, ParameterSetName = 'Uri')]
        [Alias('URI', 'CU')]
        [uri] $ConnectionUri,

        [Parameter(ParameterSetName = 'Profile')]
        [Parameter(ParameterSetName = 'Uri')]
        [ValidateNotNullOrEmpty()]
        [string] $ConfigurationName,

        [Parameter(ParameterSetName = 'Profile')]
        [Parameter(ParameterSetName = 'Uri')]
        [System.Management.Automation.Runspaces.AuthenticationMechanism] $Authentication,

        [Parameter(ParameterSetName = 'Profile')]
        [Parameter(ParameterSetName = 'Uri')]
        [switch] $AllowRedirection,

        [Parameter(ParameterSetName = 'Profile')]
        [Parameter(ParameterSetName = 'Uri')]
        [ValidateNotNullOrEmpty()]
        [string] $UserName,

        [Parameter(ParameterSetName = 'Profile')]
        [Parameter(ParameterSetName = 'Uri')]
        [pscredential]
        [System.Management.Automation.Credential()]
        $Credential,

        [Parameter(ParameterSetName = 'Profile')]
        [Parameter(ParameterSetName = 'Uri')]
        [ValidateNotNull()]
        [object] $OAuthAccessToken,

        [Parameter(ParameterSetName = 'Profile')]
        [Parameter(ParameterSetName = 'Uri')]
        [ValidateNotNullOrEmpty()]
        [string] $OverrideAdminDomain,

        [Parameter(ParameterSetName = 'Profile')]
        [Parameter(ParameterSetName = 'Uri')]
        [uri] $OverrideDiscoveryUri,

        [Parameter(ParameterSetName = 'Profile')]
        [Parameter(ParameterSetName = 'Uri')]
        [uri] $OverridePowerShellUri,

        [Parameter(ParameterSetName = 'Profile')]
        [Parameter(ParameterSetName = 'Uri')]
        [uri] $OverrideAccessTokenResourceUri,

        [Parameter(ParameterSetName = 'Profile')]
        [Parameter(ParameterSetName = 'Uri')]
        [ValidateNotNull()]
        [object] $SessionOption,

        [Parameter(ParameterSetName = 'Profile')]
        [Parameter(ParameterSetName = 'Uri')]
        [ValidateSet('shared', 'exclusive', 'fresh')]
        [string] $Mode,

        [Parameter(ParameterSetName = 'Profile')]
        [Parameter(ParameterSetName = 'Uri')]
        [ValidateRange(0, 2147483647)]
        [int] $WaitSeconds,

        [Parameter(ParameterSetName = 'Profile')]
        [Parameter(ParameterSetName = 'Uri')]
        [ValidateNotNullOrEmpty()]
        [string] $Name,

        [Parameter(Mandatory = $true, ValueFromPipeline = $true, ParameterSetName = 'Session')]
        [ValidateNotNull()]
        [System.Management.Automation.Runspaces.PSSession] $Session,

        [ValidateNotNullOrEmpty()]
        [string] $Prefix,

        [Parameter(Position = 1)]
        [ValidateNotNullOrEmpty()]
        [string[]] $CommandName,

        [switch] $AllowClobber,

        [switch] $DisableNameChecking,

        [Parameter(ParameterSetName = 'Profile')]
        [switch] $Refresh
    )

    process {
        $opened = $null
        $done = $false
        try {
            $from = $Session
            if ($Refresh) {
                $fetch = @('import', '--refresh', '--quiet')
                if ($ProfileName) {
                    $fetch += @('--profile', $ProfileName)
                }
                $null = Invoke-Program -ArgumentList $fetch
            }
            if ($PSCmdlet.ParameterSetName -ne 'Session') {
                $opened = Connect-Door -Bound $PSBoundParameters -Cmdlet $PSCmdlet
                $from = $opened
            }
            $import = @{}
            foreach ($key in @('Prefix', 'CommandName', 'AllowClobber', 'DisableNameChecking')) {
                if ($PSBoundParameters.ContainsKey($key)) {
                    $import[$key] = $PSBoundParameters[$key]
                }
            }
            Import-Door -Session $from -Import $import
            $done = $true
        }
        catch {
            $PSCmdlet.ThrowTerminatingError($_)
        }
        finally {
            # Nobody has a session whose import failed.
            if (-not $done -and $null -ne $opened) {
                Remove-PSSession -Session $opened -Confirm:$false -WhatIf:$false
            }
        }
    }
}
