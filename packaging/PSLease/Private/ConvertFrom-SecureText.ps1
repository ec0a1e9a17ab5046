function ConvertFrom-SecureText {
    # The text of a SecureString, for the pipe to pslease and nothing else.
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [securestring] $Secret,

        # Whose it is, for the error.
        [Parameter(Mandatory = $true)]
        [string] $Name
    )

    $holder = New-Object -TypeName System.Net.NetworkCredential -ArgumentList '', $Secret
    $text = $holder.Password
    if ($text -match '[\r\n]') {
        throw (New-LeaseError -Code 2 -Message "$Name holds a line break, which no log-on takes.")
    }
    $text
}
