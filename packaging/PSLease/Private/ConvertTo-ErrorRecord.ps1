function ConvertTo-ErrorRecord {
    # An error record from a deserialized one, with the members that scripts look at.
    [CmdletBinding()]
    [OutputType([System.Management.Automation.ErrorRecord])]
    param(
        [AllowNull()]
        [object] $Value
    )

    $message = "$Value"
    if ($null -ne $Value.Exception -and $Value.Exception.Message) {
        $message = "$($Value.Exception.Message)"
    }
    elseif ($Value.ErrorDetails_Message) {
        $message = "$($Value.ErrorDetails_Message)"
    }
    if (-not $message) {
        $message = 'The remote command failed, and did not say why.'
    }
    $id = 'PSLease.RemoteError'
    if ($Value.FullyQualifiedErrorId) {
        $id = "$($Value.FullyQualifiedErrorId)"
    }
    $category = [System.Management.Automation.ErrorCategory]::NotSpecified
    if ($null -ne $Value.ErrorCategory_Category) {
        $number = $Value.ErrorCategory_Category -as [int]
        if ($null -ne $number -and [enum]::IsDefined([System.Management.Automation.ErrorCategory], $number)) {
            $category = [System.Management.Automation.ErrorCategory]$number
        }
    }
    $exception = New-Object -TypeName System.Management.Automation.RemoteException -ArgumentList $message
    $record = New-Object -TypeName System.Management.Automation.ErrorRecord -ArgumentList $exception, $id, $category, $Value.TargetObject
    if ($Value.ErrorCategory_Activity) {
        $record.CategoryInfo.Activity = "$($Value.ErrorCategory_Activity)"
    }
    if ($Value.ErrorCategory_Reason) {
        $record.CategoryInfo.Reason = "$($Value.ErrorCategory_Reason)"
    }
    if ($Value.ErrorCategory_TargetName) {
        $record.CategoryInfo.TargetName = "$($Value.ErrorCategory_TargetName)"
    }
    if ($Value.ErrorCategory_TargetType) {
        $record.CategoryInfo.TargetType = "$($Value.ErrorCategory_TargetType)"
    }
    if ($Value.ErrorDetails_Message) {
        $record.ErrorDetails = New-Object -TypeName System.Management.Automation.ErrorDetails -ArgumentList "$($Value.ErrorDetails_Message)"
        if ($Value.ErrorDetails_RecommendedAction) {
            $record.ErrorDetails.RecommendedAction = "$($Value.ErrorDetails_RecommendedAction)"
        }
    }
    $record
}
