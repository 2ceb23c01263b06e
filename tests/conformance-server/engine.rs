//! The Engine.IO profiles.

pub(crate) mod echo;
pub(crate) mod lab;
