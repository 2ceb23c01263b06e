//! Requests of a polling client, on one connection that is kept.

use std::collections::VecDeque;
use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Between the packets of a payload.
const SEPARATOR: u8 = 0x1e;

/// A connection for one request after the other.
pub(crate) struct Http {
    address: SocketAddr,
    stream: TcpStream,
    inbound: BytesMut,
    /// Packets that came with one before them.
    packets: VecDeque<Bytes>,
}

impl Http {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self, String> {
        let stream = TcpStream::connect(address).await.map_err(text)?;
        stream.set_nodelay(true).map_err(text)?;
        Ok(Self {
            address,
            stream,
            inbound: BytesMut::new(),
            packets: VecDeque::new(),
        })
    }

    /// Opens a session over polling, and gives its id.
    pub(crate) async fn handshake(&mut self) -> Result<String, String> {
        let body = self.request("GET", "", "").await?;
        let body = String::from_utf8_lossy(&body);
        let sid = body
            .strip_prefix("0{\"sid\":\"")
            .and_then(|rest| rest.split('"').next());
        sid.map(str::to_owned)
            .ok_or_else(|| format!("no handshake: {body}"))
    }

    /// The next packet that is no ping.
    pub(crate) async fn next(&mut self, sid: &str) -> Result<Bytes, String> {
        loop {
            match self.packets.pop_front() {
                None => {
                    let body = self.request("GET", sid, "").await?;
                    let packets = body.split(|byte| *byte == SEPARATOR);
                    self.packets = packets.map(|packet| body.slice_ref(packet)).collect();
                }
                Some(packet) if *packet == *b"2" => self.post(sid, "3").await?,
                Some(packet) => return Ok(packet),
            }
        }
    }

    pub(crate) async fn post(&mut self, sid: &str, body: &str) -> Result<(), String> {
        match &*self.request("POST", sid, body).await? {
            b"ok" => Ok(()),
            other => Err(format!("not ok: {}", String::from_utf8_lossy(other))),
        }
    }

    async fn request(&mut self, method: &str, sid: &str, body: &str) -> Result<Bytes, String> {
        let query = match sid {
            "" => String::new(),
            sid => format!("&sid={sid}"),
        };
        let length = match method {
            "POST" => format!("Content-Length: {}\r\n", body.len()),
            _ => String::new(),
        };
        let request = format!(
            "{method} /socket.io/?EIO=4&transport=polling{query} HTTP/1.1\r\n\
             Host: {}\r\n{length}\r\n{body}",
            self.address
        );
        self.stream
            .write_all(request.as_bytes())
            .await
            .map_err(text)?;
        self.response().await
    }

    async fn response(&mut self) -> Result<Bytes, String> {
        let end = loop {
            match self.inbound.windows(4).position(|at| at == b"\r\n\r\n") {
                Some(end) => break end + 4,
                None => self.fill().await?,
            }
        };
        let head = self.inbound.split_to(end);
        let head = String::from_utf8_lossy(&head).to_lowercase();
        if !head.starts_with("http/1.1 200") {
            return Err(format!("refused: {head}"));
        }
        let length = head.lines().find_map(|line| {
            let value = line.strip_prefix("content-length:")?;
            value.trim().parse::<usize>().ok()
        });
        let length = length.ok_or("a response without a length")?;
        while self.inbound.len() < length {
            self.fill().await?;
        }
        Ok(self.inbound.split_to(length).freeze())
    }

    async fn fill(&mut self) -> Result<(), String> {
        self.inbound.reserve(16 << 10);
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
}

fn text(error: std::io::Error) -> String {
    error.to_string()
}
