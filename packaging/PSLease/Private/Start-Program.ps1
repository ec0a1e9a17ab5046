function Start-Program {
    # Starts pslease with pipes for its standard streams. Whoever calls reads both outputs.
    [CmdletBinding()]
    [OutputType([System.Diagnostics.Process])]
    param(
        [Parameter(Mandatory = $true)]
        [string[]] $ArgumentList,

        # The lines of its standard input: the only way for a secret.
        [AllowEmptyString()]
        [string[]] $InputLine = @(),

        # The program; found where none is named.
        [string] $Path
    )

    if (-not $Path) {
        $Path = Resolve-Program
    }
    $utf8 = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false
    $start = New-Object -TypeName System.Diagnostics.ProcessStartInfo
    $start.FileName = $Path
    $start.UseShellExecute = $false
    $start.CreateNoWindow = $true
    $start.RedirectStandardInput = $true
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    $start.StandardOutputEncoding = $utf8
    $start.StandardErrorEncoding = $utf8
    if ($PSVersionTable.PSEdition -eq 'Core') {
        foreach ($argument in $ArgumentList) {
            $start.ArgumentList.Add($argument)
        }
    }
    else {
        $start.Arguments = ConvertTo-CommandLine -ArgumentList $ArgumentList
    }
    $process = New-Object -TypeName System.Diagnostics.Process
    $process.StartInfo = $start
    try {
        $null = $process.Start()
    }
    catch {
        $process.Dispose()
        throw (New-LeaseError -Id 'PSLease.NoProgram' -Message "$Path cannot be started: $($_.Exception.Message)" -Category 'ResourceUnavailable')
    }
    # Bytes, because the writer's encoding is the console's.
    $text = ($InputLine | ForEach-Object -Process { "$_`n" }) -join ''
    $bytes = $utf8.GetBytes($text)
    try {
        if ($bytes.Length -gt 0) {
            $process.StandardInput.BaseStream.Write($bytes, 0, $bytes.Length)
            $process.StandardInput.BaseStream.Flush()
        }
        $process.StandardInput.Close()
    }
    catch {
        # It has ended already, and its own words say why.
        Write-Debug -Message "pslease does not read: $($_.Exception.Message)"
    }
    finally {
        [System.Array]::Clear($bytes, 0, $bytes.Length)
    }
    $process
}
