function Connect-PSLease {
    <#
    .SYNOPSIS
    Borrows a lease on a remote session and opens a PSSession on it.

    .DESCRIPTION
    The session that you get is a genuine PSSession: Invoke-Command, Import-PSSession, Enter-PSSession and
    Remove-PSSession work with it as they do with that of New-PSSession. The remote connection behind it belongs to
    psleased, which keeps to the limits of the service. Where no connection is free you wait in a queue, and see your
    place, who is in the way, and how long it may take.

    The lease ends with Remove-PSSession, with Disconnect-PSLease, or with this PowerShell, however it ends.

    PowerShell 7.4 or later is needed. Windows PowerShell 5.1 cannot open a session on a pipe's name; use
    Invoke-PSLeaseCommand there.

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

    .EXAMPLE
    $session = Connect-PSLease litware
    Import-PSSession $session

    Connects with a profile, and imports its commands.

    .EXAMPLE
    $session = Connect-PSLease litware -Credential kenmyer@litwareinc.com -Verbose

    Asks for the password, and shows each stage of the connection.

    .EXAMPLE
    Connect-PSLease -ConnectionUri https://mail.litwareinc.com/PowerShell -ConfigurationName Microsoft.Exchange -Credential $credential -Authentication Basic -AllowRedirection

    Connects as New-PSSession does, without a profile.

    .EXAMPLE
    Connect-PSLease litware -Mode exclusive -WaitSeconds 0

    Wants a session to itself, now or not at all.

    .INPUTS
    None.

    .OUTPUTS
    System.Management.Automation.Runspaces.PSSession

    .LINK
    Disconnect-PSLease

    .LINK
    Import-PSLease

    .LINK
    about_PSLease
    #>
    [CmdletBinding(DefaultParameterSetName = 'Profile')]
    [OutputType([System.Management.Automation.Runspaces.PSSession])]
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
        [string] $Name
    )

    try {
        Connect-Door -Bound $PSBoundParameters -Cmdlet $PSCmdlet
    }
    catch {
        $PSCmdlet.ThrowTerminatingError($_)
    }
}
