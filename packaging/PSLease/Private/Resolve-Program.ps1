function Resolve-Program {
    # Finds pslease: where PSLEASE_EXE says, beside the module, on the PATH. Its version is looked at once.
    [CmdletBinding()]
    [OutputType([string])]
    param()

    $name = 'pslease'
    if ($PSVersionTable.PSEdition -eq 'Desktop' -or $IsWindows) {
        $name = 'pslease.exe'
    }
    $path = $null
    if ($env:PSLEASE_EXE) {
        $path = $env:PSLEASE_EXE
        if (-not (Test-Path -LiteralPath $path -PathType Leaf)) {
            throw (New-LeaseError -Id 'PSLease.NoProgram' -Message "PSLEASE_EXE names $path, which is not there." -Category 'ObjectNotFound')
        }
    }
    if (-not $path) {
        $root = Split-Path -Path $PSScriptRoot -Parent
        $beside = @((Join-Path -Path $root -ChildPath $name), (Join-Path -Path (Join-Path -Path $root -ChildPath 'bin') -ChildPath $name))
        $path = $beside | Where-Object -FilterScript { Test-Path -LiteralPath $_ -PathType Leaf } | Select-Object -First 1
    }
    if (-not $path) {
        $found = Get-Command -Name $name -CommandType Application -TotalCount 1 -ErrorAction SilentlyContinue
        if ($found) {
            $path = $found.Path
        }
    }
    if (-not $path) {
        $message = 'The program pslease is not found.'
        $hint = 'Install pslease, or set $env:PSLEASE_EXE to where it is.'
        throw (New-LeaseError -Id 'PSLease.NoProgram' -Message $message -Hint $hint -Category 'ObjectNotFound')
    }
    $path = (Resolve-Path -LiteralPath $path).ProviderPath
    $key = '{0}|{1}' -f $path, [System.IO.File]::GetLastWriteTimeUtc($path).Ticks
    if (-not $script:KnownPrograms.ContainsKey($key)) {
        Assert-ProgramVersion -Path $path
        $script:KnownPrograms[$key] = $true
    }
    $path
}
