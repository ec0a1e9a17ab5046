//! `pslease kill`: end somebody's lease.

use proto::v1::{ErrorKind, RevokeRequest};

use crate::cli;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Done, Failure};
use crate::notice::say;

pub(super) async fn run(context: &Context, args: cli::Kill) -> Done {
    let numbers: Vec<u64> = args.leases.iter().map(|text| number(text)).collect::<Result<_, _>>()?;
    let client = context.client().await?;
    for lease in numbers {
        let revoked = client
            .leases()
            .revoke(RevokeRequest { lease })
            .await
            .map_err(pslease::Error::from);
        revoked.map_err(|error| match error.kind() {
            // To kill what is dead already is no loss of anything.
            ErrorKind::LeaseLost | ErrorKind::NotFound => {
                Failure::new(Exit::Failed, format!("there is no lease {lease}")).hint("pslease leases")
            }
            _ => error.into(),
        })?;
        if !context.quiet() {
            say(&format!("lease {lease} is ended"));
        }
    }
    Ok(Exit::Ok)
}

/// `12`, or `12:7` as `acquire` prints it.
fn number(text: &str) -> Result<u64, Failure> {
    let digits = text.split_once(':').map_or(text, |(lease, _)| lease);
    digits
        .parse()
        .map_err(|_| Failure::usage(format!("{text:?} is no lease's number")).hint("pslease leases"))
}
