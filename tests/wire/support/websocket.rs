//! A websocket client that shows frames as they are.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::DuplexStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};

pub(crate) struct Websocket(WebSocketStream<DuplexStream>);

/// How a server ended a websocket.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum End {
    /// With a close frame, and this status.
    Close(Option<u16>),
    /// Without one.
    Dropped,
}

impl Websocket {
    pub(crate) async fn open(stream: DuplexStream, target: &str) -> Result<Self, Box<Error>> {
        let url = format!("ws://localhost:3000{target}");
        let (socket, _) = tokio_tungstenite::client_async(url, stream).await?;
        Ok(Self(socket))
    }

    pub(crate) async fn send(&mut self, message: impl Into<Message>) {
        self.0.send(message.into()).await.unwrap();
    }

    /// Queues messages and sends them in one write.
    pub(crate) async fn send_at_once<const N: usize>(&mut self, messages: [&str; N]) {
        for message in messages {
            self.0.feed(message.into()).await.unwrap();
        }
        self.0.flush().await.unwrap();
    }

    /// The next message; a server that sends none within an hour of the paused
    /// clock never does.
    pub(crate) async fn next(&mut self) -> Result<Message, Box<Error>> {
        timeout(Duration::from_secs(3600), self.0.next())
            .await
            .expect("the server sends something")
            .unwrap_or(Err(Error::ConnectionClosed))
            .map_err(Box::new)
    }

    pub(crate) async fn text(&mut self) -> String {
        match self.next().await.unwrap() {
            Message::Text(text) => text.as_str().into(),
            other => panic!("expected text, got {other:?}"),
        }
    }

    pub(crate) async fn binary(&mut self) -> Vec<u8> {
        match self.next().await.unwrap() {
            Message::Binary(data) => data.into(),
            other => panic!("expected binary data, got {other:?}"),
        }
    }

    /// How it ends; nothing else may come before.
    pub(crate) async fn end(&mut self) -> End {
        match self.next().await {
            Ok(Message::Close(frame)) => {
                End::Close(frame.map(|CloseFrame { code, .. }| code.into()))
            }
            Ok(other) => panic!("expected the end, got {other:?}"),
            Err(_) => End::Dropped,
        }
    }

    pub(crate) async fn close(&mut self) {
        self.0.close(None).await.unwrap();
    }

    /// The bare connection below.
    pub(crate) fn stream(&mut self) -> &mut DuplexStream {
        self.0.get_mut()
    }
}
