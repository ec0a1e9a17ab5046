//! `pslease renew`: put off the end of a lease with a TTL.

use std::io::Write as _;

use proto::v1::RenewRequest;

use crate::cli;
use crate::context::{Context, needed_lease, stdout};
use crate::duration;
use crate::exit::Exit;
use crate::failure::Done;

pub(super) async fn run(context: &Context, args: cli::Renew) -> Done {
    let key = needed_lease(args.lease.as_deref())?;
    let request = RenewRequest {
        lease: key.lease,
        fence: key.fence,
        ttl: args.ttl.and_then(duration::to_proto),
    };
    let renewed = context.client().await?.leases().renew(request).await?.into_inner();
    if let Some(ttl) = renewed.ttl.as_ref().and_then(duration::of_proto) {
        writeln!(stdout(), "{}", duration::show(ttl))?;
    }
    Ok(Exit::Ok)
}
