//! The least that a tokio program can do: frames on raw TCP, no protocol.
//!
//! A frame is the length of the rest (four bytes, little-endian), a byte that
//! says what is to be done, and the body. `e`, `a`: the frame comes back. `b`:
//! it goes to every connection. `j`: the connection joins the room in the body,
//! and the frame comes back. `r`: the first four bytes of the body are a room,
//! whose connections get the frame. Rooms are four bytes.

use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

type Room = [u8; 4];
type Outbox = UnboundedSender<Bytes>;

/// Who is connected, by number, and who is in which room.
#[derive(Default)]
struct Hub {
    connections: BTreeMap<usize, Outbox>,
    rooms: BTreeMap<Room, BTreeMap<usize, Outbox>>,
    next: usize,
}

type Shared = Arc<Mutex<Hub>>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port: u16 = std::env::var("PORT")?.parse()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let hub = Shared::default();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(connection(stream, hub.clone()));
    }
}

async fn connection(stream: TcpStream, hub: Shared) {
    let (read, write) = stream.into_split();
    let (outbox, queue) = unbounded_channel();
    let id = with(&hub, |hub| {
        hub.next += 1;
        hub.connections.insert(hub.next, outbox.clone());
        hub.next
    });
    tokio::select! {
        _ = serve(read, &hub, id, &outbox) => {}
        _ = drain(write, queue) => {}
    }
    with(&hub, |hub| {
        hub.connections.remove(&id);
        for members in hub.rooms.values_mut() {
            members.remove(&id);
        }
    });
}

async fn serve(
    mut read: OwnedReadHalf,
    hub: &Shared,
    id: usize,
    outbox: &Outbox,
) -> io::Result<()> {
    let mut buffer = BytesMut::with_capacity(64 << 10);
    loop {
        while let Some(frame) = next_frame(&mut buffer) {
            handle(frame, hub, id, outbox);
        }
        buffer.reserve(16 << 10);
        if read.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
    }
}

fn handle(frame: Bytes, hub: &Shared, id: usize, outbox: &Outbox) {
    let room = || Room::try_from(&frame[5..9]).expect("four bytes are a room");
    let send = |to: &Outbox, frame: Bytes| drop(to.send(frame));
    match frame[4] {
        b'b' => with(hub, |hub| {
            for to in hub.connections.values() {
                send(to, frame.clone());
            }
        }),
        b'j' => {
            with(hub, |hub| {
                let members = hub.rooms.entry(room()).or_default();
                members.insert(id, outbox.clone());
            });
            send(outbox, frame);
        }
        b'r' => with(hub, |hub| {
            for to in hub.rooms.entry(room()).or_default().values() {
                send(to, frame.clone());
            }
        }),
        _ => send(outbox, frame),
    }
}

/// Writes what is queued, as much at once as there is.
async fn drain(mut write: OwnedWriteHalf, mut queue: UnboundedReceiver<Bytes>) -> io::Result<()> {
    let mut frames = Vec::new();
    let mut joined = Vec::new();
    while queue.recv_many(&mut frames, 64).await > 0 {
        if let [frame] = &frames[..] {
            write.write_all(frame).await?;
        } else {
            joined.clear();
            frames
                .iter()
                .for_each(|frame| joined.extend_from_slice(frame));
            write.write_all(&joined).await?;
        }
        frames.clear();
    }
    Ok(())
}

fn next_frame(buffer: &mut BytesMut) -> Option<Bytes> {
    let mut head = buffer.get(..4)?;
    let length = 4 + usize::try_from(head.get_u32_le()).expect("a frame fits into memory");
    (buffer.len() >= length).then(|| buffer.split_to(length).freeze())
}

fn with<R>(hub: &Shared, f: impl FnOnce(&mut Hub) -> R) -> R {
    f(&mut hub.lock().unwrap_or_else(PoisonError::into_inner))
}
