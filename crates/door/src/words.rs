//! What a console is told when something ends that it did not end: PSRP's own error records, the cure in the message, since
//! PowerShell shows nothing else of them.

use psrp::body::{ErrorCategory, ErrorRecord};

/// As PowerShell's own, for a transport that is gone.
const TRANSPORT: &str = "System.Management.Automation.Remoting.PSRemotingTransportException";
/// As PowerShell's own, for a pipeline that was stopped.
const STOPPED: &str = "System.Management.Automation.PipelineStoppedException";

fn sentence(cause: &str, cure: &str) -> String {
    let cause = cause.trim_end_matches(['.', ' ']);
    if cure.is_empty() {
        format!("{cause}.")
    } else {
        format!("{cause}. To go on: {cure}")
    }
}

fn record(exception: &str, cause: &str, cure: &str, id: &str, category: ErrorCategory) -> ErrorRecord {
    let mut record = ErrorRecord::new(exception, sentence(cause, cure), id, category);
    if !cure.is_empty() {
        record.details.recommended_action = Some(cure.into());
    }
    record
}

/// The session, or the lease on it, is gone.
pub fn lost(cause: &str, cure: &str) -> ErrorRecord {
    record(
        TRANSPORT,
        cause,
        cure,
        "PSLeaseSessionLost",
        ErrorCategory::ConnectionError,
    )
}

/// A pipeline ended without a state of its own.
pub fn failed(cause: &str, cure: &str) -> ErrorRecord {
    record(
        TRANSPORT,
        cause,
        cure,
        "PSLeasePipelineLost",
        ErrorCategory::ConnectionError,
    )
}

/// No session could be had for a pipeline.
pub fn refused(cause: &str, cure: &str) -> ErrorRecord {
    record(
        TRANSPORT,
        cause,
        cure,
        "PSLeaseRefused",
        ErrorCategory::ResourceUnavailable,
    )
}

/// A pipeline was stopped by somebody else.
pub fn stopped(cause: &str, cure: &str) -> ErrorRecord {
    record(STOPPED, cause, cure, "PipelineStopped", ErrorCategory::OperationStopped)
}

/// The console broke the protocol.
pub fn broken(cause: &str) -> ErrorRecord {
    record(TRANSPORT, cause, "", "PSLeaseProtocol", ErrorCategory::ProtocolError)
}
