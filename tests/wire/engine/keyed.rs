//! Messages of which only the newest counts.

use engineio::{Config, Engine, Limits, Message, Socket};

use crate::support::{Server, settle};

/// Longer than what the pipe to a client holds.
const LONG: usize = 2 << 20;

/// Sends something long, then, when the client asks, a row of positions with a
/// line of text among them.
async fn positions(socket: Socket) {
    socket.send("x".repeat(LONG)).expect("it is open");
    while socket.recv().await.is_some() {
        for number in 0..1000 {
            let position = [Message::from(number.to_string()), vec![7].into()];
            socket.send_keyed("position", &position).expect("it fits");
            if number == 500 {
                socket.send("half way").expect("it is open");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_gets_only_the_newest_of_a_key() {
    let limits = Limits::default().high_water(2 * LONG);
    let config = Config::default().limits(limits);
    let server = Server::engine(&Engine::new(config, positions));

    let mut socket = server.websocket().await;
    settle().await;
    socket.send("4go").await;
    settle().await;
    assert_eq!(socket.text().await.len(), LONG + 1);
    assert_eq!(socket.text().await, "4half way");
    assert_eq!(socket.text().await, "4999");
    assert_eq!(socket.binary().await, [7]);

    let session = server.polling().await;
    session.post("4go").await.assert(200, "ok");
    let body = session.get().await.body;
    assert!(body.ends_with("\u{1e}4half way\u{1e}4999\u{1e}bBw==".as_bytes()));
    assert_eq!(body.len(), LONG + 1 + "|4half way|4999|bBw==".len());
}

#[tokio::test(start_paused = true)]
async fn what_a_replaced_message_drops_may_call_the_session() {
    struct Guard(Socket);
    impl AsRef<[u8]> for Guard {
        fn as_ref(&self) -> &[u8] {
            b"payload"
        }
    }
    impl Drop for Guard {
        fn drop(&mut self) {
            let _ = self.0.buffered();
        }
    }
    let engine = Engine::new(Config::default(), async |socket| {
        for _ in 0..2 {
            let payload = bytes::Bytes::from_owner(Guard(socket.clone()));
            socket.send_keyed("x", &[payload.into()]).expect("it fits");
        }
        socket.recv().await;
    });
    let session = Server::engine(&engine).polling().await;
    session.get().await.assert(200, "bcGF5bG9hZA==");
}
