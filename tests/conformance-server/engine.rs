//! The Engine.IO profiles.

pub(crate) mod echo;
