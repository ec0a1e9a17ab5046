function Wait-Task {
    # Waits for a task in steps: between two of them Ctrl-C counts, within a call to .NET it does not.
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true)]
        [object] $Task,

        # What is done between two steps.
        [scriptblock] $Between
    )

    $tasks = [System.Threading.Tasks.Task[]]@($Task)
    while ([System.Threading.Tasks.Task]::WaitAny($tasks, 100) -lt 0) {
        if ($null -ne $Between) {
            & $Between
        }
    }
    # What it failed with is thrown as it is; a task's Wait and Result would wrap it up.
    , $Task.GetAwaiter().GetResult()
}
