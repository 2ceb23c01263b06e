//! What the fuzzers run that needs the inside of this crate. It may change at
//! any time.

use bytes::Bytes;

use crate::proto::draft::Draft;
use crate::{Args, Encoded, Parser};

/// Reads bytes as operations on rooms, and does them to a naive model as well.
pub fn rooms(data: &[u8]) {
    crate::rooms::model::run(&crate::rooms::model::operations(data));
}

/// Reads bytes as a message of another server. What is one is written and read
/// again the same.
pub fn nodes(data: &[u8]) {
    crate::cluster::again::read_again(Bytes::copy_from_slice(data));
}

/// Arguments as they arrive at another server.
pub fn through_nodes(args: &Args) -> Args {
    crate::cluster::again::through_nodes(args)
}

/// An event that was written before its offset was known, 16 characters which
/// follow its arguments.
pub fn with_offset(parser: Parser, nsp: &str, name: &str, args: &Args, offset: &str) -> Encoded {
    let draft = Draft::new(parser, nsp, name, args).expect("it is written already");
    let (event, _) = draft.with_offset(offset);
    event
}
