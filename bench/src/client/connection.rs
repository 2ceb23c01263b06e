//! One connection to a server, ready for requests.

use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::dialect::{read_raw, read_socket_io};
use super::websocket::{self, Frame};
use super::{Dialect, Kind, Reply, Request};

/// How much is read at once at most.
const READ: usize = 64 << 10;
/// The receive buffer of one that does not read.
const NARROW: u32 = 4 << 10;

const HELLO: Request<'_> = Request {
    kind: Kind::Echo,
    typed: false,
    sender: 0,
    number: 0,
    room: 0,
    payload: b"",
};

/// A connection, connected to the namespace `/` where there are namespaces.
pub(crate) struct Connection {
    dialect: Dialect,
    stream: TcpStream,
    inbound: BytesMut,
    outbound: Vec<u8>,
    /// What the head of an event said whose attachment has not come.
    head: Option<Reply>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr, dialect: Dialect) -> Result<Self, String> {
        let stream = TcpStream::connect(address).await.map_err(text)?;
        Self::new(stream, dialect)?.opened(address).await
    }

    /// Like `open`, with next to no room for what is not read.
    pub(crate) async fn open_narrow(address: SocketAddr, dialect: Dialect) -> Result<Self, String> {
        let socket = TcpSocket::new_v4().map_err(text)?;
        socket.set_recv_buffer_size(NARROW).map_err(text)?;
        let stream = socket.connect(address).await.map_err(text)?;
        Self::new(stream, dialect)?.opened(address).await
    }

    /// Opens a websocket for a session that is on polling, and makes it the
    /// session's transport.
    pub(crate) async fn take_over(address: SocketAddr, sid: &str) -> Result<Self, String> {
        let stream = TcpStream::connect(address).await.map_err(text)?;
        let mut connection = Self::new(stream, Dialect::SocketIo)?;
        let target = format!("/socket.io/?EIO=4&transport=websocket&sid={sid}");
        connection.upgrade(address, &target).await?;
        connection.send_text(b"2probe").await?;
        connection.expect_text(b"3probe").await?;
        connection.send_text(b"5").await?;
        Ok(connection)
    }

    fn new(stream: TcpStream, dialect: Dialect) -> Result<Self, String> {
        stream.set_nodelay(true).map_err(text)?;
        Ok(Self {
            dialect,
            stream,
            inbound: BytesMut::new(),
            outbound: Vec::new(),
            head: None,
        })
    }

    async fn opened(mut self, address: SocketAddr) -> Result<Self, String> {
        match self.dialect {
            // What comes back tells that the server knows the connection.
            Dialect::Raw => {
                self.send(&HELLO).await?;
                self.next().await?;
            }
            Dialect::SocketIo => {
                let target = "/socket.io/?EIO=4&transport=websocket";
                self.upgrade(address, target).await?;
                self.expect_text(b"0{").await?;
                self.connect().await?;
            }
        }
        Ok(self)
    }

    /// Joins the namespace `/`.
    pub(crate) async fn connect(&mut self) -> Result<(), String> {
        self.send_text(b"40").await?;
        self.expect_text(b"40").await
    }

    /// Queues a request.
    pub(crate) fn push(&mut self, request: &Request<'_>) {
        self.dialect.write(request, &mut self.outbound);
    }

    /// Sends what is queued.
    pub(crate) async fn flush(&mut self) -> Result<(), String> {
        if !self.outbound.is_empty() {
            self.stream.write_all(&self.outbound).await.map_err(text)?;
            self.outbound.clear();
        }
        Ok(())
    }

    /// Sends a request, and what is queued before it.
    pub(crate) async fn send(&mut self, request: &Request<'_>) -> Result<(), String> {
        self.push(request);
        self.flush().await
    }

    /// The next reply that has come already.
    pub(crate) fn ready(&mut self) -> Result<Option<Reply>, String> {
        match self.dialect {
            Dialect::Raw => self.ready_raw(),
            Dialect::SocketIo => self.ready_socket_io(),
        }
    }

    /// Waits until more has come.
    pub(crate) async fn fill(&mut self) -> Result<(), String> {
        // Pongs may be queued.
        self.flush().await?;
        self.inbound.reserve(READ);
        match self
            .stream
            .read_buf(&mut self.inbound)
            .await
            .map_err(text)?
        {
            0 => Err("the server closed the connection".into()),
            _ => Ok(()),
        }
    }

    /// The next reply.
    pub(crate) async fn next(&mut self) -> Result<Reply, String> {
        loop {
            if let Some(reply) = self.ready()? {
                return Ok(reply);
            }
            self.fill().await?;
        }
    }

    fn ready_raw(&mut self) -> Result<Option<Reply>, String> {
        let Some(head) = self.inbound.first_chunk::<4>() else {
            return Ok(None);
        };
        let length = 4 + u32::from_le_bytes(*head) as usize;
        if self.inbound.len() < length {
            return Ok(None);
        }
        let frame = self.inbound.split_to(length);
        read_raw(&frame[4..]).map(Some)
    }

    fn ready_socket_io(&mut self) -> Result<Option<Reply>, String> {
        loop {
            let Some(frame) = websocket::next(&mut self.inbound)? else {
                return Ok(None);
            };
            match frame {
                Frame::Text(packet) if *packet == *b"2" => self.pong(),
                Frame::Text(_) if self.head.is_some() => return Err("no attachment".into()),
                Frame::Text(packet) => {
                    let reply = read_socket_io(&packet)?;
                    if !packet.starts_with(b"45") {
                        return Ok(Some(reply));
                    }
                    self.head = Some(reply);
                }
                Frame::Binary => match self.head.take() {
                    Some(reply) => return Ok(Some(reply)),
                    None => return Err("an attachment of nothing".into()),
                },
                Frame::Other => {}
                Frame::Close => return Err("the server closed the websocket".into()),
            }
        }
    }

    async fn upgrade(&mut self, address: SocketAddr, target: &str) -> Result<(), String> {
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        self.stream
            .write_all(request.as_bytes())
            .await
            .map_err(text)?;
        loop {
            let end = self.inbound.windows(4).position(|at| at == b"\r\n\r\n");
            if let Some(end) = end {
                let head = self.inbound.split_to(end + 4);
                if head.starts_with(b"HTTP/1.1 101") {
                    return Ok(());
                }
                return Err(format!("no websocket: {}", String::from_utf8_lossy(&head)));
            }
            self.fill().await?;
        }
    }

    async fn send_text(&mut self, packet: &[u8]) -> Result<(), String> {
        websocket::write(websocket::TEXT, packet, &mut self.outbound);
        self.flush().await
    }

    /// The next frame that is no ping, which has to be a text that starts with
    /// this.
    async fn expect_text(&mut self, start: &[u8]) -> Result<(), String> {
        loop {
            match websocket::next(&mut self.inbound)? {
                None => self.fill().await?,
                Some(Frame::Text(packet)) if *packet == *b"2" => self.pong(),
                Some(Frame::Text(packet)) if packet.starts_with(start) => return Ok(()),
                Some(other) => return Err(format!("unexpected frame: {other:?}")),
            }
        }
    }

    fn pong(&mut self) {
        websocket::write(websocket::TEXT, b"3", &mut self.outbound);
    }
}

fn text(error: std::io::Error) -> String {
    error.to_string()
}

/// A payload of this many characters.
pub(crate) fn payload(length: usize) -> Bytes {
    Bytes::from("x".repeat(length))
}
