//! How often commands may begin.

use std::time::Duration;

use crate::{Rate, Template};

impl Template {
    /// Commands of one account in how much time, over all its sessions; `None` where nothing is known of a limit.
    ///
    /// Exchange Online prints its own: `PowerShellCmdletsLeft 200/200`, `CmdletTimePeriod 5`.
    pub const fn command_rate(self) -> Option<Rate> {
        match self {
            Self::ExchangeOnline | Self::Eop => Some(Rate {
                count: 200,
                per: Duration::from_secs(5),
            }),
            _ => None,
        }
    }
}
