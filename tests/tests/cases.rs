//! What users rely on, written once and run against each endpoint.

pub(crate) mod anchors;
pub(crate) mod module;
pub(crate) mod run;
pub(crate) mod slots;
