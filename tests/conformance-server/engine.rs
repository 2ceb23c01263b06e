//! The Engine.IO profiles.

pub(crate) mod client_suite;
pub(crate) mod echo;
pub(crate) mod lab;
mod posts;
