//! What nodes send each other, as bytes.
//!
//! ```text
//! socketio/1 <bytes of the header> <bytes of a part>...
//! <header><part>...
//! ```
//!
//! The header is JSON. The parts, if there are some, are a packet of the
//! protocol as it stands in a message: its text, then its attachments. A key of
//! data that would make a placeholder is spelled with an escape, and only there
//! does that mean something.

#[cfg(any(test, feature = "__fuzzing"))]
pub(crate) mod again;

use bytes::Bytes;
use engineio::Message;
use memchr::memchr;
use serde::{Deserialize, Serialize};

use crate::rooms::Selection;
use crate::{Data, Decoder, Encoded, Limits, Packet, PacketError, Parser};

/// What one node tells others.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Header {
    /// The node that tells it.
    pub(crate) from: String,
    pub(crate) nsp: String,
    pub(crate) what: What,
}

/// What is to be done. What has a `request` is answered with any number of
/// `Reply`, and then `Done`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    /// The node that asked waits no more.
    Cancel {
        request: u64,
    },
    /// Disconnect the sockets; with `close` their whole connections.
    Disconnect {
        to: To,
        close: bool,
    },
    /// This node has no more replies.
    Done {
        request: u64,
    },
    /// Send the packet, which is an event, to the sockets.
    Emit {
        to: To,
        volatile: bool,
        request: Option<u64>,
        /// The number of the event at this node, if it is kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    },
    /// Tell about the sockets.
    Fetch {
        to: To,
        request: u64,
    },
    Join {
        to: To,
        room: String,
    },
    Leave {
        to: To,
        room: String,
    },
    /// The packet, which is an acknowledgement, is a reply.
    Reply {
        request: u64,
    },
    /// Hand the packet, which is an event, to the node's own handlers.
    ServerSide {
        request: Option<u64>,
    },
}

/// A [`Selection`].
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct To {
    rooms: Vec<String>,
    except: Vec<String>,
    sender: Option<String>,
}

impl From<&Selection> for To {
    fn from(selection: &Selection) -> Self {
        Self {
            rooms: selection.rooms.iter().map(ToString::to_string).collect(),
            except: selection.except.iter().map(ToString::to_string).collect(),
            sender: selection.sender.as_deref().map(str::to_owned),
        }
    }
}

impl From<To> for Selection {
    fn from(to: To) -> Self {
        Self {
            rooms: to.rooms.into_iter().map(Into::into).collect(),
            except: to.except.into_iter().map(Into::into).collect(),
            sender: to.sender.map(Into::into),
        }
    }
}

/// Why something is not a message of a node.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    #[error("not of this protocol, or of another version of it")]
    Foreign,
    #[error("bad header: {0}")]
    Header(#[from] serde_json::Error),
    #[error("shorter or longer than it says")]
    Length,
    #[error("bad packet: {0}")]
    Packet(#[from] PacketError),
    #[error("a packet is missing, or not wanted")]
    Parts,
    #[error("larger than the limit")]
    TooLarge,
}

pub(crate) fn write(header: &Header, packet: Option<&Encoded>) -> Bytes {
    let json = serde_json::to_vec(header).expect("strings and numbers are serializable");
    let parts = packet.map_or(&[][..], Encoded::parts);
    let mut line = format!("{MAGIC}{}", json.len());
    for part in parts {
        line.push(' ');
        line.push_str(&part.len().to_string());
    }
    line.push('\n');
    let len = line.len() + json.len() + parts.iter().map(Message::len).sum::<usize>();
    let mut body = Vec::with_capacity(len);
    body.extend_from_slice(line.as_bytes());
    body.extend_from_slice(&json);
    for part in parts {
        body.extend_from_slice(match part {
            Message::Binary(data) => data,
            Message::Text(text) => text.as_str().as_bytes(),
        });
    }
    body.into()
}

/// Reads a message, and the packet that it carries, if it carries one.
pub(crate) fn read(mut body: Bytes) -> Result<(Header, Option<Data>), WireError> {
    if !body.starts_with(MAGIC.as_bytes()) {
        return Err(WireError::Foreign);
    }
    let end = memchr(b'\n', &body).ok_or(WireError::Foreign)?;
    let line = body.split_to(end + 1);
    let line = str::from_utf8(&line[MAGIC.len()..end]).map_err(|_| WireError::Foreign)?;
    let mut lengths = line.split(' ');
    let header = serde_json::from_slice(&take(&mut body, lengths.next())?)?;
    let packet = read_packet(&mut body, lengths)?;
    match body.is_empty() {
        true => Ok((header, packet)),
        false => Err(WireError::Length),
    }
}

fn read_packet<'a>(
    body: &mut Bytes,
    mut lengths: impl Iterator<Item = &'a str>,
) -> Result<Option<Data>, WireError> {
    let Some(length) = lengths.next() else {
        return Ok(None);
    };
    let text = take(body, Some(length))?;
    let text = str::from_utf8(&text).map_err(|_| PacketError::Payload)?;
    // What nodes send is limited as a whole.
    let limits = Limits::default()
        .attachments(ATTACHMENTS)
        .attachment_bytes(usize::MAX)
        .depth(usize::MAX);
    let mut decoder = Decoder::of_nodes(NODES, limits);
    let mut packet = decoder.handle(Message::Text(text.into()))?;
    for length in lengths {
        let part = Message::Binary(take(body, Some(length))?);
        packet = match packet {
            None => decoder.handle(part)?,
            Some(_) => return Err(WireError::Parts),
        };
    }
    let Packet { data, .. } = packet.ok_or(WireError::Parts)?;
    Ok(Some(data))
}

fn take(body: &mut Bytes, length: Option<&str>) -> Result<Bytes, WireError> {
    let length = length.and_then(|length| length.parse().ok());
    match length {
        Some(length) if length <= body.len() => Ok(body.split_to(length)),
        _ => Err(WireError::Length),
    }
}

/// How nodes write packets, whatever their clients speak.
pub(crate) const NODES: Parser = Parser::Json;

/// The protocol and its version.
const MAGIC: &str = "socketio/1 ";

/// Attachments of a packet, each of which takes more than its bytes.
const ATTACHMENTS: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::proto::testing;
    use crate::{Args, Binary};

    #[test]
    fn a_message_has_the_form_that_is_documented() {
        let event = NODES.encode_event("/", "say", &("hi", Binary::from(&b"\x01\x02"[..])), None);
        let body = write(&header(Some(7)), Some(&event.unwrap()));
        let expected: &[u8] = b"socketio/1 120 45 2\n\
            {\"from\":\"a\",\"nsp\":\"/chat\",\"what\":{\"emit\":{\"to\":{\"rooms\":[\"x\"],\"except\":[],\
            \"sender\":null},\"volatile\":false,\"request\":7}}}\
            51-[\"say\",\"hi\",{\"_placeholder\":true,\"num\":0}]\x01\x02";
        assert_eq!(
            String::from_utf8_lossy(&body),
            String::from_utf8_lossy(expected)
        );
    }

    #[test]
    fn what_is_written_is_read() {
        let args = Args::new((1, [Binary::from(vec![7]), Binary::from(vec![8, 9])])).unwrap();
        let event = NODES.encode_event("/", "say", &args, None).unwrap();
        let (read_header, data) = read(write(&header(None), Some(&event))).unwrap();
        assert_eq!(format!("{read_header:?}"), format!("{:?}", header(None)));
        let Some(Data::Event {
            name,
            args: read_args,
            ack: None,
        }) = data
        else {
            panic!("{data:?}");
        };
        assert_eq!((&*name, read_args), ("say", args));
        let (_, data) = read(write(&header(None), None)).unwrap();
        assert!(data.is_none());
    }

    #[test]
    fn what_is_of_another_form_is_no_message() {
        let good = write(&header(None), None);
        let good = str::from_utf8(&good).unwrap();
        for bad in [
            "",
            "\n",
            "hello",
            "socketio/1\n",
            "socketio/1 \n",
            "socketio/1 2\n{}",
            "socketio/1 3\n{}",
            "socketio/1 -1\n{}",
            &good.replace("socketio/1", "socketio/2"),
            &good.replace("emit", "omit"),
            &good[..good.len() - 1],
            &format!("{good} "),
            &good.replacen('\n', " 1\n", 1),
            &format!("{}x", good.replacen('\n', " 1\n", 1)),
            &format!("{}0{{}}\u{1}", good.replacen('\n', " 3 1\n", 1)),
            &format!("{}51-[\"a\"]", good.replacen('\n', " 8\n", 1)),
        ] {
            assert!(read(Bytes::from(bad.to_owned())).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn arguments_arrive_at_other_nodes_as_they_are(
            values in prop::collection::vec(testing::value(), 0..4),
            num in any::<i8>(),
        ) {
            let imitation = json!({ "_placeholder": true, "num": num });
            let args = Args::new((values, imitation)).unwrap();
            prop_assert_eq!(again::through_nodes(&args), args);
        }

        #[test]
        fn arbitrary_messages_of_nodes_do_not_panic(body: Vec<u8>, lengths: Vec<u16>) {
            again::read_again(body.clone().into());
            let lengths: Vec<_> = lengths.iter().map(ToString::to_string).collect();
            let mut message = format!("{MAGIC}{}", lengths.join(" ")).into_bytes();
            message.push(b'\n');
            message.extend(body);
            again::read_again(message.into());
        }
    }

    fn header(request: Option<u64>) -> Header {
        let to = To {
            rooms: vec!["x".into()],
            ..To::default()
        };
        Header {
            from: "a".into(),
            nsp: "/chat".into(),
            what: What::Emit {
                to,
                volatile: false,
                request,
                id: None,
            },
        }
    }
}
