//! What is read, written and read again: for tests and fuzzers.

use bytes::Bytes;

use super::{Header, NODES, read, write};
use crate::{Args, Data, Packet};

/// Reads any bytes. What is a message of a node is written and read again the
/// same.
pub(crate) fn read_again(body: Bytes) {
    let Ok((header, data)) = read(body) else {
        return;
    };
    let packet = data.clone().map(|data| {
        let nsp = "/".into();
        let packet = NODES.encode(&Packet { nsp, data });
        packet.expect("what was read can be written")
    });
    let (again, same) = read(write(&header, packet.as_ref())).expect("what was written is read");
    assert_eq!(format!("{again:?}"), format!("{header:?}"));
    assert_eq!(same, data);
}

/// Arguments as they arrive at another node.
pub(crate) fn through_nodes(args: &Args) -> Args {
    let header = r#"{"from":"a","nsp":"/","what":{"reply":{"request":1}}}"#;
    let header: Header = serde_json::from_str(header).expect("it is a header");
    let packet = NODES
        .encode_ack("/", 1, args)
        .expect("it is written already");
    let (_, data) = read(write(&header, Some(&packet))).expect("what was written is read");
    match data {
        Some(Data::Ack { args, .. }) => args,
        other => panic!("{other:?} is no answer"),
    }
}
