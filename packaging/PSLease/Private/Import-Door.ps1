function Import-Door {
    # Import-PSSession, whose commands everybody sees and none of ours is hidden by.
    [CmdletBinding()]
    [OutputType([System.Management.Automation.PSModuleInfo])]
    param(
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.Runspaces.PSSession] $Session,

        # Prefix, CommandName, AllowClobber, DisableNameChecking, as far as they were given.
        [Parameter(Mandatory = $true)]
        [hashtable] $Import
    )

    # In a module Import-PSSession imports into that module. So it gets an empty one, and from there the commands go to
    # everybody: endpoints export commands such as Select-Object, which must not take the place of ours in here.
    $apart = New-Module -Name 'PSLease.Import' -ScriptBlock { Export-ModuleMember }
    $quiet = @{} + $Import
    $quiet['DisableNameChecking'] = $true
    $made = & $apart {
        param($Session, $Import)
        Microsoft.PowerShell.Utility\Import-PSSession -Session $Session @Import
    } $Session $quiet
    if ($null -eq $made) {
        # Import-PSSession has said why there is nothing.
        return
    }

    # The proxies that Import-PSSession writes open a connection of their own where their session is gone. They know of no
    # door, so that would be one to this very computer. In its place they are given words.
    & $made {
        ${function:Get-PSImplicitRemotingSession} = {
            param(
                [Parameter(Mandatory = $true, Position = 0)]
                [string] $commandName
            )

            if ($null -eq $script:PSSession -or $script:PSSession.Runspace.RunspaceStateInfo.State -ne 'Opened') {
                throw "$commandName cannot run: its leased session is gone. Import-PSLease gets another one."
            }
            $script:PSSession
        }
    }

    $everybody = @{
        Name                = $made.Path
        Global              = $true
        PassThru            = $true
        DisableNameChecking = [bool]$Import['DisableNameChecking']
    }
    if ($Import['Prefix']) {
        $everybody['Prefix'] = $Import['Prefix']
    }
    Microsoft.PowerShell.Core\Import-Module @everybody
}
