//! The profile that a request means, with the parameters that it came with.

use std::sync::Arc;

use proto::v1;
use tonic::Status;

use super::error;
use crate::config::Profile;
use crate::hub::Hub;

/// As [`profile`](super::profile), for a request that may have parameters.
pub(super) async fn profile_for(
    hub: &Hub,
    name: &str,
    parameters: Option<v1::Parameters>,
    caller: &v1::Caller,
) -> Result<(Arc<Profile>, Option<String>), Status> {
    if parameters.is_some() {
        return Err(error::usage("this psleased takes no parameters"));
    }
    super::profile(hub, name, caller).await
}
