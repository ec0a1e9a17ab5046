//! What is known of the services before anybody connects: their addresses, configuration names, limits and idle times.
//! A profile names a [`Template`] and overrides what it knows better; every number here says where it comes from.
//!
//! - [`Template`]: the kinds of endpoint. - [`Defaults`]: what a template knows, as data.
//! - [`Address`]: the connection address of a profile, made of what it gives and what its template knows.

mod address;
mod defaults;
mod template;

pub use address::{Address, AddressError};
pub use defaults::{Defaults, LogOn, Rate};
pub use template::Template;
