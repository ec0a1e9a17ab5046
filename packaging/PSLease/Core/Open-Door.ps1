function Open-Door {
    # Makes a PSSession of a door's socket, and keeps what it really is.
    [CmdletBinding()]
    [OutputType([System.Management.Automation.Runspaces.PSSession])]
    param(
        # The event that told of the socket.
        [Parameter(Mandatory = $true)]
        [object] $Opened,

        # The session's friendly name.
        [Parameter(Mandatory = $true)]
        [string] $Name,

        # Who asked: the session is entered in its list, which Get-PSSession shows.
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCmdlet] $Cmdlet
    )

    # .NET takes a pipe's bare name on Windows, and an absolute path as it is elsewhere.
    $path = $Opened.path -replace '^\\\\\.\\pipe\\', ''
    $runspace = $null
    $session = $null
    try {
        $info = [System.Management.Automation.Runspaces.NamedPipeConnectionInfo]::new($path)
        $types = [System.Management.Automation.Runspaces.TypeTable]::LoadDefaultTypeFiles()
        $runspace = [System.Management.Automation.Runspaces.RunspaceFactory]::CreateRunspace($info, $Host, $types)
        $runspace.Open()
        $session = [System.Management.Automation.Runspaces.PSSession]::Create($runspace, 'PSLease', $Cmdlet)
    }
    finally {
        # After a failure, and after Ctrl-C, which no catch sees.
        if ($null -eq $session) {
            if ($null -ne $runspace) {
                $runspace.Dispose()
            }
            # Nobody else can use the lease any more: it is given back now, not when its door closes by itself.
            $key = '{0}:{1}' -f $Opened.lease, $Opened.fence
            try {
                $null = Invoke-Program -ArgumentList @('release', $key, '--quiet')
            }
            catch {
                Write-Debug -Message "The lease $key was not released: $_"
            }
        }
    }
    $session.Name = $Name
    $script:Leases[$session.InstanceId] = [pscustomobject]@{
        Session = $session
        Opened  = $Opened
    }
    $session
}
