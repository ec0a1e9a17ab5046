//! `pslease kill`: end somebody's lease.

use proto::v1::{ErrorKind, RevokeRequest};

use crate::cli;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Done, Failure};
use crate::notice::{hint, say};

pub(super) async fn run(context: &Context, args: cli::Kill) -> Done {
    let numbers: Vec<u64> = args.leases.iter().map(|text| number(text)).collect::<Result<_, _>>()?;
    let client = context.look().await?;
    let mut exit = Exit::Ok;
    for lease in numbers {
        match client
            .leases()
            .revoke(RevokeRequest { lease })
            .await
            .map_err(pslease::Error::from)
        {
            Ok(_) if context.quiet() => {}
            Ok(_) => say(&format!("lease {lease} is ended")),
            // To kill what is dead already is no loss of anything; the others are killed all the same.
            Err(error) if matches!(error.kind(), ErrorKind::LeaseLost | ErrorKind::NotFound) => {
                say(&format!("error: there is no lease {lease}"));
                exit = Exit::Failed;
            }
            Err(error) => return Err(error.into()),
        }
    }
    if exit == Exit::Failed {
        hint("pslease leases");
    }
    Ok(exit)
}

/// `12`, or `12:7` as `acquire` prints it.
fn number(text: &str) -> Result<u64, Failure> {
    let digits = text.split_once(':').map_or(text, |(lease, _)| lease);
    digits
        .parse()
        .map_err(|_| Failure::usage(format!("{text:?} is no lease's number")).hint("pslease leases"))
}
