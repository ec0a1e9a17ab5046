function Connect-Door {
    # What Connect-PSLease and Import-PSLease have in common: from their parameters to an open PSSession.
    [CmdletBinding()]
    [OutputType([System.Management.Automation.Runspaces.PSSession])]
    param(
        # What the caller was called with.
        [Parameter(Mandatory = $true)]
        [System.Collections.IDictionary] $Bound,

        # The caller, in whose list the session is entered.
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCmdlet] $Cmdlet
    )

    Assert-DoorSupport
    $door = @{ ProfileName = "$($Bound['ProfileName'])" }
    if ($Bound.ContainsKey('Mode')) {
        $door['Mode'] = $Bound['Mode']
    }
    if ($Bound.ContainsKey('WaitSeconds')) {
        $door['WaitSeconds'] = $Bound['WaitSeconds']
    }
    if ($Bound.ContainsKey('Name')) {
        $door['Label'] = $Bound['Name']
    }
    $lines = @(ConvertTo-ParameterInput -Bound $Bound)
    try {
        $opened = Request-Door @door -InputLine $lines
    }
    catch {
        $failure = $_
        if ($failure.Exception.Data['ExitCode'] -ne 77 -or -not $Bound.ContainsKey('UserName')) {
            throw $failure
        }
        # A name alone stands for a question, and here is where somebody can be asked.
        $credential = Read-Password -UserName $Bound['UserName']
        if ($null -eq $credential) {
            throw $failure
        }
        $again = @{}
        foreach ($key in $Bound.Keys) {
            if ($key -ne 'UserName') {
                $again[$key] = $Bound[$key]
            }
        }
        $again['Credential'] = $credential
        $lines = @(ConvertTo-ParameterInput -Bound $again)
        $opened = Request-Door @door -InputLine $lines
    }
    finally {
        $lines = $null
    }
    $name = $opened.profile
    if ($Bound.ContainsKey('Name')) {
        $name = $Bound['Name']
    }
    if (-not $name) {
        $name = $opened.computer_name
    }
    Open-Door -Opened $opened -Name $name -Cmdlet $Cmdlet
}
