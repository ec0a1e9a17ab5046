@{
    RootModule           = 'PSLease.psm1'
    ModuleVersion        = '0.1.0'
    GUID                 = 'b7a4d0f2-6c1e-4f0b-9a53-2d8c7e51b6aa'
    Author               = 'The pslease contributors'
    CompanyName          = 'The pslease contributors'
    Copyright            = '(c) The pslease contributors. MIT or Apache-2.0, at your choice.'
    Description          = 'Borrow leases on remote PowerShell sessions from psleased: a genuine PSSession in every console, on Linux and macOS too, without running out of connections.'

    PowerShellVersion    = '5.1'
    CompatiblePSEditions = @('Desktop', 'Core')

    FunctionsToExport    = @(
        'Connect-PSLease'
        'Disconnect-PSLease'
        'Get-PSLease'
        'Get-PSLeaseStatus'
        'Import-PSLease'
        'Invoke-PSLeaseCommand'
    )
    CmdletsToExport      = @()
    VariablesToExport    = @()
    AliasesToExport      = @()

    FormatsToProcess     = @('PSLease.Format.ps1xml')

    PrivateData          = @{
        PSData = @{
            Tags                     = @('PSSession', 'Remoting', 'Exchange', 'SkypeForBusiness', 'JEA', 'WinRM', 'PSEdition_Core', 'PSEdition_Desktop', 'Windows', 'Linux', 'MacOS')
            LicenseUri               = 'https://spdx.org/licenses/MIT.html'
            ReleaseNotes             = 'See CHANGELOG.md of the project.'
            RequireLicenseAcceptance = $false
        }
    }
}
