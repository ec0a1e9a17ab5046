//! Every stream in one CLIXML document, marked as PowerShell's own XML output marks them: `<Obj S="error" RefId="0">`.
//! Whoever reads it can give errors, warnings and progress to the streams where they belong.

use proto::v1::{PipelineEnd, PipelineOutcome, Stream, Waiting};
use psrp::Body as _;
use psrp::body::{InformationalRecord, Level, ProgressRecord, ProgressType};

use crate::duration;
use crate::notice::waiting_text;

/// Whether a bar tells of waiting.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    waits: bool,
}

impl Streams {
    /// The mark of a stream, as PowerShell spells it.
    pub(crate) fn mark(stream: Stream) -> Option<&'static str> {
        match stream {
            Stream::Error => Some("error"),
            Stream::Warning => Some("warning"),
            Stream::Verbose => Some("verbose"),
            Stream::Debug => Some("debug"),
            Stream::Information => Some("information"),
            Stream::Progress => Some("progress"),
            Stream::Output | Stream::Unspecified => None,
        }
    }

    /// A bar for the waiting: what is in the way, and who on the line below.
    pub(crate) fn waiting(&mut self, waiting: &Waiting) -> Vec<u8> {
        self.waits = true;
        let text = waiting_text(waiting);
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let mut bar = bar(first);
        bar.current_operation = (!rest.is_empty()).then(|| rest.trim().into());
        bar.seconds_remaining = waiting
            .eta
            .as_ref()
            .and_then(duration::of_proto)
            .map_or(-1, |eta| i32::try_from(eta.as_secs()).unwrap_or(i32::MAX));
        bar.write().to_vec()
    }

    /// The bar's end, if there is one.
    pub(crate) fn served(&mut self) -> Option<Vec<u8>> {
        std::mem::take(&mut self.waits).then(|| {
            let mut bar = bar("done");
            bar.kind = ProgressType::Completed;
            bar.write().to_vec()
        })
    }

    /// A notice of the daemon's, as a warning.
    pub(crate) fn notice(message: &str, cure: &str) -> Vec<u8> {
        let text = match cure {
            "" => message.to_owned(),
            cure => format!("{message}\nhint: {cure}"),
        };
        InformationalRecord::new(Level::Warning, text).write().to_vec()
    }

    /// The server's own error that ended the pipeline, which did not come as a record.
    pub(crate) fn last_error(end: &PipelineEnd) -> Option<&[u8]> {
        let own = end.outcome() == PipelineOutcome::Failed && !end.error.is_empty();
        own.then(|| psrp::without_mark(&end.error))
    }
}

fn bar(status: &str) -> ProgressRecord {
    let mut bar = ProgressRecord::new("Waiting for a session", status);
    // Out of the way of the remote's own bars, which count from 0.
    bar.activity_id = 7411;
    bar
}
