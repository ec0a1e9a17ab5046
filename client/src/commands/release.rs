//! `pslease release`: give a lease back.

use proto::v1::ReleaseRequest;

use crate::cli;
use crate::context::{Context, needed_lease};
use crate::exit::Exit;
use crate::failure::Done;

pub(super) async fn run(context: &Context, args: cli::Release) -> Done {
    let key = needed_lease(args.lease.as_deref())?;
    let request = ReleaseRequest {
        lease: key.lease,
        fence: key.fence,
    };
    context.client().await?.leases().release(request).await?;
    Ok(Exit::Ok)
}
