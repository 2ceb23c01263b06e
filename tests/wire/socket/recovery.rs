//! Coming back after a short interruption.

use std::time::Duration;

use serde_json::Value;
use socketio::{Args, Binary, BoxError, Config, Recovery, Server as Io};

use crate::support::Server;
use crate::support::websocket::Websocket;

#[tokio::test(start_paused = true)]
async fn events_carry_offsets_and_what_was_missed_comes_before_the_connect() {
    let (io, server) = recovering();
    let namespace = io.of("/");
    let mut socket = server.websocket().await;
    let (sid, pid) = join(&mut socket).await;

    namespace.emit("e1", 1).unwrap();
    let first = offset(&socket.text().await, r#"42["e1",1,"#);
    namespace.emit("bin", Binary::from(vec![1])).unwrap();
    let binary = r#"451-["bin",{"_placeholder":true,"num":0},"#;
    let second = offset(&socket.text().await, binary);
    assert_eq!(socket.binary().await, [1]);
    drop(namespace.emit_with_ack::<_, Args>("ack", ()));
    assert_eq!(socket.text().await, r#"420["ack"]"#);
    assert!(first < second, "offsets are in order");

    drop(socket);
    namespace.sockets()[0].closed().await;
    namespace.emit("missed", 2).unwrap();
    let mut socket = server.websocket().await;
    socket
        .send(format!(r#"40{{"pid":"{pid}","offset":"{first}"}}"#))
        .await;
    assert_eq!(socket.text().await, format!(r#"{binary}"{second}"]"#));
    assert_eq!(socket.binary().await, [1]);
    offset(&socket.text().await, r#"42["missed",2,"#);
    let answer = format!(r#"40{{"sid":"{sid}","pid":"{pid}"}}"#);
    assert_eq!(socket.text().await, answer);
    namespace.emit("new", 3).unwrap();
    offset(&socket.text().await, r#"42["new",3,"#);
}

#[tokio::test(start_paused = true)]
async fn over_polling_all_of_it_is_one_payload() {
    let (io, server) = recovering();
    let namespace = io.of("/");
    namespace.on_connect(async |socket| {
        if !socket.recovered() {
            socket.emit("first", ())?;
        }
        Ok::<_, BoxError>(())
    });
    let session = server.polling().await;
    session.post(r#"40{"token":"x"}"#).await.assert(200, "ok");
    let body = session.get().await;
    let (connect, event) = body.text().split_once('\x1e').unwrap();
    let (connect, offset) = (connect.to_owned(), offset(event, r#"42["first","#));
    let json: Value = serde_json::from_str(&connect[2..]).unwrap();
    session.post("1").await.assert(200, "ok");

    let id = json["sid"].as_str().unwrap();
    namespace.emit("a", ()).unwrap();
    namespace.to(id).emit("b", ()).unwrap();
    namespace.except(id).emit("other", ()).unwrap();
    namespace.emit("c", ()).unwrap();
    let session = server.polling().await;
    let pid = json["pid"].as_str().unwrap();
    let claim = format!(r#"40{{"token":"x","pid":"{pid}","offset":"{offset}"}}"#);
    session.post(claim).await.assert(200, "ok");
    let body = session.get().await;
    let packets: Vec<_> = body.text().split('\x1e').collect();
    let [a, b, c, last] = packets[..] else {
        panic!("{packets:?}")
    };
    for (packet, start) in [(a, r#"42["a","#), (b, r#"42["b","#), (c, r#"42["c","#)] {
        assert!(packet.starts_with(start), "{packet}");
    }
    assert_eq!(last, connect);
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_to_a_client_that_was_silent_already_is_not_lost() {
    let (io, server) = recovering();
    let namespace = io.of("/");
    let mut socket = server.websocket().await;
    let (sid, pid) = join(&mut socket).await;
    namespace.emit("heard", ()).unwrap();
    let offset = offset(&socket.text().await, r#"42["heard","#);
    // The ping is answered no more, and the connection stays open.
    tokio::time::sleep(Duration::from_secs(26)).await;
    namespace.emit("unheard", ()).unwrap();
    let reason = namespace.socket(&sid).unwrap().closed().await;
    assert_eq!(reason.to_string(), "ping timeout");
    tokio::time::sleep(Duration::from_secs(119)).await;

    let mut socket = server.websocket().await;
    socket
        .send(format!(r#"40{{"pid":"{pid}","offset":"{offset}"}}"#))
        .await;
    assert!(socket.text().await.starts_with(r#"42["unheard","#));
    let answer = format!(r#"40{{"sid":"{sid}","pid":"{pid}"}}"#);
    assert_eq!(socket.text().await, answer);
}

#[tokio::test(start_paused = true)]
async fn a_claim_of_another_server_makes_a_new_client() {
    let (before, server) = recovering();
    let mut socket = server.websocket().await;
    let (sid, pid) = join(&mut socket).await;
    before.of("/").emit("heard", ()).unwrap();
    let offset = offset(&socket.text().await, r#"42["heard","#);
    before.close().await;

    let (_io, server) = recovering();
    let mut socket = server.websocket().await;
    socket
        .send(format!(r#"40{{"pid":"{pid}","offset":"{offset}"}}"#))
        .await;
    let (new_sid, new_pid) = place(&socket.text().await);
    assert!(new_sid != sid && new_pid != pid);
}

#[tokio::test(start_paused = true)]
async fn clients_of_revision_3_see_neither_pid_nor_offset() {
    let config = Config::default().engine(|engine| engine.allow_revision_3(true));
    let io = Io::new(config.recovery(Recovery::default()));
    let server = Server::socketio(&io);
    let namespace = io.of("/chat");
    let mut old = server.dial("?EIO=3&transport=websocket").await;
    old.send("40/chat,").await;
    let answer = text(&mut old, "40/chat").await;
    assert!(!answer.contains("pid"), "{answer}");
    let mut new = server.websocket().await;
    new.send("40/chat,").await;
    assert!(new.text().await.contains("pid"));

    namespace.emit("all", 1).unwrap();
    assert_eq!(text(&mut old, "42").await, r#"42/chat,["all",1]"#);
    offset(&new.text().await, r#"42/chat,["all",1,"#);
    for socket in namespace.sockets() {
        socket.emit("one", Binary::from(vec![2])).unwrap();
    }
    let event = r#"451-/chat,["one",{"_placeholder":true,"num":0}"#;
    assert_eq!(text(&mut old, "45").await, format!("{event}]"));
    offset(&new.text().await, &format!("{event},"));
}

/// The next text that starts like this.
async fn text(socket: &mut Websocket, start: &str) -> String {
    loop {
        let text = socket.text().await;
        if text.starts_with(start) {
            return text;
        }
    }
}

fn recovering() -> (Io, Server) {
    let io = Io::new(Config::default().recovery(Recovery::default()));
    let server = Server::socketio(&io);
    (io, server)
}

/// Connects, and gives the id and the pid of the socket.
async fn join(socket: &mut Websocket) -> (String, String) {
    socket.send("40").await;
    place(&socket.text().await)
}

/// The id and the pid of a CONNECT, in this order.
fn place(answer: &str) -> (String, String) {
    let json: Value = serde_json::from_str(&answer[2..]).unwrap();
    let text = |key: &str| json[key].as_str().unwrap().to_owned();
    let (sid, pid) = (text("sid"), text("pid"));
    assert_eq!(answer, format!(r#"40{{"sid":"{sid}","pid":"{pid}"}}"#));
    (sid, pid)
}

/// The offset of an event that starts like this.
fn offset(packet: &str, start: &str) -> String {
    let rest = packet
        .strip_prefix(start)
        .and_then(|rest| rest.strip_suffix(']'));
    let offset = rest.unwrap_or_else(|| panic!("{packet}"));
    serde_json::from_str(offset).unwrap()
}
