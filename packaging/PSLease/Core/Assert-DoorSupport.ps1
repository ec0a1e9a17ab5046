function Assert-DoorSupport {
    # Whether this PowerShell can make a PSSession of a socket: it can.
    [CmdletBinding()]
    param()
}
