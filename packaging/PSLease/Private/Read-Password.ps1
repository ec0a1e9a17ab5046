function Read-Password {
    # Asks for somebody's password. Nothing, where nobody sits to be asked or the question is dismissed.
    [CmdletBinding()]
    [OutputType([pscredential])]
    param(
        [Parameter(Mandatory = $true)]
        [string] $UserName
    )

    try {
        $Host.UI.PromptForCredential('pslease', "Password for $UserName", $UserName, '')
    }
    catch {
        Write-Debug -Message "Nobody can be asked: $($_.Exception.Message)"
    }
}
