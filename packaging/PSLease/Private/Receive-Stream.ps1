function Receive-Stream {
    # Runs "pslease run --output clixml --streams": each element as soon as it is there, to the stream that its mark names.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [string[]] $ArgumentList,

        # The lines of its standard input.
        [AllowEmptyString()]
        [string[]] $InputLine = @(),

        # Who was called.
        [Parameter(Mandatory = $true)]
        [System.Management.Automation.PSCmdlet] $Cmdlet
    )

    $process = Start-Program -ArgumentList $ArgumentList -InputLine $InputLine
    $settings = New-Object -TypeName System.Xml.XmlReaderSettings
    $settings.Async = $true
    $settings.CheckCharacters = $false
    $settings.DtdProcessing = [System.Xml.DtdProcessing]::Prohibit
    $settings.XmlResolver = $null
    # What the remote writes to its host comes line by line beside the document, and so does what went wrong with pslease.
    $side = @{
        Task  = $process.StandardError.ReadLineAsync()
        Ended = $false
        Kept  = New-Object -TypeName System.Collections.ArrayList
    }
    $between = { Receive-SideLine -Process $process -Side $side }
    $whole = $false
    $failed = $false
    $ended = $false
    $code = 1
    try {
        $reader = [System.Xml.XmlReader]::Create($process.StandardOutput.BaseStream, $settings)
        try {
            while (Wait-Task -Task $reader.ReadAsync() -Between $between) {
                # An element that was read leaves the reader at the next one.
                while ($reader.Depth -eq 1 -and $reader.NodeType -eq [System.Xml.XmlNodeType]::Element) {
                    $stream = $reader.GetAttribute('S')
                    $xml = Wait-Task -Task $reader.ReadOuterXmlAsync() -Between $between
                    $document = '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">' + $xml + '</Objs>'
                    foreach ($value in [System.Management.Automation.PSSerializer]::DeserializeAsList($document)) {
                        if ($stream) {
                            $failed = $failed -or $stream -eq 'error'
                            Write-RemoteRecord -Stream $stream -Value $value -Cmdlet $Cmdlet
                        }
                        else {
                            # An array that the remote wrote as one object stays one.
                            $PSCmdlet.WriteObject($value, $false)
                        }
                    }
                }
            }
            $whole = $true
        }
        catch [System.Xml.XmlException] {
            # No document, or half of one: the exit code says why.
            Write-Debug -Message "The document of pslease is not whole: $($_.Exception.Message)"
        }
        while (-not $side['Ended']) {
            $null = Wait-Task -Task $side['Task']
            Receive-SideLine -Process $process -Side $side
        }
        $process.WaitForExit()
        $code = $process.ExitCode
        $ended = $true
    }
    finally {
        Stop-Program -Process $process -Now:(-not $ended)
    }
    if ($code -eq 0 -and -not $whole) {
        throw (New-LeaseError -Code 74 -Message 'pslease ended before its document did; part of the output is missing.')
    }
    # Errors of the remote have been told; anything else that went wrong has not.
    if ($code -ne 0 -and -not ($code -eq 1 -and $failed)) {
        throw (New-LeaseError -Code $code -Text ($side['Kept'] -join "`n"))
    }
}
