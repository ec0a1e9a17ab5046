//! What users rely on, written once and run against each endpoint.

pub(crate) mod anchors;
mod carriers;
pub(crate) mod connector;
pub(crate) mod crash;
pub(crate) mod credentials;
pub(crate) mod doctor;
pub(crate) mod doors;
pub(crate) mod faults;
pub(crate) mod health;
pub(crate) mod input;
pub(crate) mod learned;
mod messages;
pub(crate) mod module;
mod negotiate;
pub(crate) mod operate;
pub(crate) mod owners;
pub(crate) mod passing;
pub(crate) mod restart;
pub(crate) mod run;
pub(crate) mod slots;
pub(crate) mod storms;
pub(crate) mod upgrade;
pub(crate) mod ways;
